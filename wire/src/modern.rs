//! The methods of the protocol's modern era: no session, each request says what its sender is and can do. Revision
//! 2026-07-28.
//!
//! What both eras have goes by the names in [`crate::legacy`].

use crate::legacy;

/// The revisions, oldest first.
pub const VERSIONS: [&str; 1] = [LATEST];
/// The newest revision of the era.
pub const LATEST: &str = "2026-07-28";

/// Asks what a server is and can do.
pub const DISCOVER: &str = "server/discover";
/// Asks to be told of changes, for as long as the request is open.
pub const LISTEN: &str = "subscriptions/listen";
/// Brings a task what it needs to go on (extension `io.modelcontextprotocol/tasks`).
pub const TASKS_UPDATE: &str = "tasks/update";

/// Says which changes a `subscriptions/listen` will hear of.
pub const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";

/// Members of a request's `_meta`: the revision it is written in.
pub const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// Who has sent it.
pub const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
/// What its sender can do.
pub const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
/// How much its sender wants to be told of its handling.
pub const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
/// Member of a result's `_meta`: who has sent it.
pub const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
/// Member of a notification's `_meta`: the id of the `subscriptions/listen` that it is for.
pub const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";

/// Values of `resultType`: the request is answered.
pub const COMPLETE: &str = "complete";
/// The request must be repeated, with what the result asks for.
pub const INPUT_REQUIRED: &str = "input_required";

/// Whether a host may send this request in the modern era.
#[must_use]
pub fn is_host_request(method: &str) -> bool {
    matches!(
        method,
        DISCOVER
            | LISTEN
            | legacy::TOOLS_CALL
            | legacy::TOOLS_LIST
            | legacy::PROMPTS_LIST
            | legacy::PROMPTS_GET
            | legacy::RESOURCES_LIST
            | legacy::RESOURCES_TEMPLATES_LIST
            | legacy::RESOURCES_READ
            | legacy::COMPLETION_COMPLETE
            | legacy::TASKS_GET
            | TASKS_UPDATE
            | legacy::TASKS_CANCEL
    )
}

/// What a result may ask a host for (basic/patterns/mrtr, "InputRequests").
pub const INPUT_REQUESTS: [&str; 3] =
    [legacy::ELICITATION_CREATE, legacy::SAMPLING_CREATE_MESSAGE, legacy::ROOTS_LIST];

/// Whether a result may ask a host for this.
#[must_use]
pub fn is_input_request(method: &str) -> bool {
    INPUT_REQUESTS.contains(&method)
}

/// Whether a result of this request may ask for input (basic/patterns/mrtr, "Supported Requests").
#[must_use]
pub fn may_need_input(method: &str) -> bool {
    matches!(method, legacy::TOOLS_CALL | legacy::PROMPTS_GET | legacy::RESOURCES_READ)
}
