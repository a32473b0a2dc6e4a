//! MCP over HTTP: what both of its faces, the host's and the server's, must agree on.
//!
//! [`headers`] names the headers that mirror a message, and writes and reads their values; [`event`] writes the events of a
//! stream of messages, and [`sse`] reads them.

pub mod event;
pub mod headers;
pub mod sse;
