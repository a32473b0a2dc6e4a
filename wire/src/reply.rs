//! Results and errors, as frames.

use argala_json::quote;

use crate::Id;

/// Error codes: those of JSON-RPC 2.0 (section 5.1), and one of the range that it leaves to servers.
pub mod code {
    /// The frame is not JSON.
    pub const PARSE_ERROR: i32 = -32700;
    /// The frame is JSON and no message that can be taken.
    pub const INVALID_REQUEST: i32 = -32600;
    /// The method isn't relayed.
    pub const METHOD_NOT_FOUND: i32 = -32601;
    /// The method's parameters can't be taken.
    pub const INVALID_PARAMS: i32 = -32602;
    /// The server that should have answered can't.
    pub const INTERNAL_ERROR: i32 = -32603;
    /// There is no such resource (MCP up to 2025-11-25; later it is [`INVALID_PARAMS`]).
    pub const RESOURCE_NOT_FOUND: i32 = -32002;
    /// The headers of an HTTP request contradict its body (MCP 2026-07-28).
    pub const HEADER_MISMATCH: i32 = -32020;
    /// The host can't do what answering would need (MCP 2026-07-28).
    pub const MISSING_CLIENT_CAPABILITY: i32 = -32021;
    /// The request is written in a revision that isn't spoken here (MCP 2026-07-28).
    pub const UNSUPPORTED_VERSION: i32 = -32022;
    /// The policy denied a request that has no result to say so in.
    pub const DENIED: i32 = -32010;
}

/// A result. `result` is JSON.
#[must_use]
pub fn result(id: &Id, result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, id.to_json())
}

/// An error. `id` is None where the request's is not known.
#[must_use]
pub fn error(id: Option<&Id>, code: i32, message: &str) -> String {
    error_with(id, code, message, None)
}

/// An error with `data`, which is JSON.
#[must_use]
pub fn error_with(id: Option<&Id>, code: i32, message: &str, data: Option<&str>) -> String {
    let id = id.map_or_else(|| "null".to_owned(), Id::to_json);
    let mut text = String::new();
    quote(message, &mut text);
    let data = data.map(|data| format!(r#","data":{data}"#)).unwrap_or_default();
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{text}{data}}}}}"#)
}

/// A notification. `params` is JSON, if there are any.
#[must_use]
pub fn notification(method: &str, params: Option<&str>) -> String {
    let params = params.map(|params| format!(r#","params":{params}"#)).unwrap_or_default();
    format!(r#"{{"jsonrpc":"2.0","method":"{method}"{params}}}"#)
}

/// A request. `params` is JSON, if there are any.
#[must_use]
pub fn request(id: u64, method: &str, params: Option<&str>) -> String {
    let params = params.map(|params| format!(r#","params":{params}"#)).unwrap_or_default();
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"{params}}}"#)
}
