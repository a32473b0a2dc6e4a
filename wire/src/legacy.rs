//! The methods of the protocol's legacy era: sessions that begin with `initialize`, revisions 2024-11-05 to 2025-11-25.

/// The revisions, oldest first.
pub const VERSIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", LATEST];
/// The newest revision of the era.
pub const LATEST: &str = "2025-11-25";
/// The one revision with JSON-RPC batches.
pub const WITH_BATCHES: &str = "2025-03-26";

/// Opens a session.
pub const INITIALIZE: &str = "initialize";
/// Says that a session is open.
pub const INITIALIZED: &str = "notifications/initialized";
/// Asks whether the other side is there.
pub const PING: &str = "ping";
/// Calls a tool.
pub const TOOLS_CALL: &str = "tools/call";
/// Lists tools.
pub const TOOLS_LIST: &str = "tools/list";
/// Lists prompts.
pub const PROMPTS_LIST: &str = "prompts/list";
/// Fetches a prompt.
pub const PROMPTS_GET: &str = "prompts/get";
/// Lists resources.
pub const RESOURCES_LIST: &str = "resources/list";
/// Lists templates of resources.
pub const RESOURCES_TEMPLATES_LIST: &str = "resources/templates/list";
/// Reads a resource.
pub const RESOURCES_READ: &str = "resources/read";
/// Asks to be told of a resource's changes.
pub const RESOURCES_SUBSCRIBE: &str = "resources/subscribe";
/// Asks no longer to be told.
pub const RESOURCES_UNSUBSCRIBE: &str = "resources/unsubscribe";
/// Completes an argument of a prompt or a template.
pub const COMPLETION_COMPLETE: &str = "completion/complete";
/// Sets how much is logged.
pub const LOGGING_SET_LEVEL: &str = "logging/setLevel";
/// Lists tasks.
pub const TASKS_LIST: &str = "tasks/list";
/// Asks how a task stands.
pub const TASKS_GET: &str = "tasks/get";
/// Fetches a task's result.
pub const TASKS_RESULT: &str = "tasks/result";
/// Cancels a task.
pub const TASKS_CANCEL: &str = "tasks/cancel";

/// A server asks the host's user.
pub const ELICITATION_CREATE: &str = "elicitation/create";
/// A server asks the host's model.
pub const SAMPLING_CREATE_MESSAGE: &str = "sampling/createMessage";
/// A server asks for the host's roots.
pub const ROOTS_LIST: &str = "roots/list";

/// Cancels a request.
pub const CANCELLED: &str = "notifications/cancelled";
/// Tells how far a request has come.
pub const PROGRESS: &str = "notifications/progress";
/// The host's roots have changed.
pub const ROOTS_LIST_CHANGED: &str = "notifications/roots/list_changed";
/// A task has changed.
pub const TASKS_STATUS: &str = "notifications/tasks/status";
/// The server's tools have changed.
pub const TOOLS_LIST_CHANGED: &str = "notifications/tools/list_changed";
/// The server's prompts have changed.
pub const PROMPTS_LIST_CHANGED: &str = "notifications/prompts/list_changed";
/// A server's words for the log.
pub const MESSAGE: &str = "notifications/message";
/// A resource has changed.
pub const RESOURCES_UPDATED: &str = "notifications/resources/updated";
/// The server's resources have changed.
pub const RESOURCES_LIST_CHANGED: &str = "notifications/resources/list_changed";

/// Whether a host may send this request in the legacy era.
#[must_use]
pub fn is_host_request(method: &str) -> bool {
    matches!(
        method,
        INITIALIZE
            | PING
            | TOOLS_CALL
            | TOOLS_LIST
            | PROMPTS_LIST
            | PROMPTS_GET
            | RESOURCES_LIST
            | RESOURCES_TEMPLATES_LIST
            | RESOURCES_READ
            | RESOURCES_SUBSCRIBE
            | RESOURCES_UNSUBSCRIBE
            | COMPLETION_COMPLETE
            | LOGGING_SET_LEVEL
            | TASKS_LIST
            | TASKS_GET
            | TASKS_RESULT
            | TASKS_CANCEL
    )
}

/// Whether a host may send this notification in the legacy era.
#[must_use]
pub fn is_host_notification(method: &str) -> bool {
    matches!(method, INITIALIZED | CANCELLED | PROGRESS | ROOTS_LIST_CHANGED | TASKS_STATUS)
}
