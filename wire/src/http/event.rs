//! Events of a stream ([server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html)), as they are
//! written.

use crate::frame::single_line;

/// An event that carries a message. `id` is what a client names to have what comes behind it.
#[must_use]
pub fn message(id: Option<&str>, frame: String) -> String {
    let frame = single_line(frame);
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("event: message\n{id}data: {frame}\n\n")
}

/// An event without a message, so that a client can resume a stream on which nothing has come yet, and learns after how many
/// milliseconds to try.
#[must_use]
pub fn priming(id: &str, retry: u64) -> String {
    format!("id: {id}\nretry: {retry}\ndata:\n\n")
}

/// The event that tells a client of 2024-11-05 where its messages go.
#[must_use]
pub fn endpoint(path: &str) -> String {
    format!("event: endpoint\ndata: {path}\n\n")
}

/// Says nothing, so that nobody on the way takes the connection for dead.
pub const KEEP_ALIVE: &str = ": keep-alive\n\n";

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn a_message_is_one_line_of_an_event() {
        assert_eq!(message(None, "{\"a\":1}".into()), "event: message\ndata: {\"a\":1}\n\n");
        assert_eq!(
            message(Some("3-1"), "{\"a\":\r\n1}".into()),
            "event: message\nid: 3-1\ndata: {\"a\":1}\n\n"
        );
    }
}
