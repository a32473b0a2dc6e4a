//! The headers of MCP over HTTP, and how a value that is no plain text is written in one
//! (2026-07-28, basic/transports/streamable-http, "Request Metadata").

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::{legacy, modern};

/// Names a session of the legacy era.
pub const SESSION_ID: &str = "mcp-session-id";
/// The revision that a message is written in.
pub const PROTOCOL_VERSION: &str = "mcp-protocol-version";
/// The message's method.
pub const METHOD: &str = "mcp-method";
/// What the request is about: see [`named_by`].
pub const NAME: &str = "mcp-name";
/// Begins the name of a header that mirrors an argument of a tool's call.
pub const PARAM_PREFIX: &str = "mcp-param-";
/// The last event that a client has of a stream.
pub const LAST_EVENT_ID: &str = "last-event-id";

/// What one reads by its first copy and another by its last must not come twice.
pub const ROUTING: [&str; 3] = [PROTOCOL_VERSION, METHOD, NAME];

/// The parameter that [`NAME`] mirrors in requests of this method.
#[must_use]
pub fn named_by(method: &str) -> Option<&'static str> {
    match method {
        legacy::TOOLS_CALL | legacy::PROMPTS_GET => Some("name"),
        legacy::RESOURCES_READ => Some("uri"),
        // An extension's: see [`is_named`].
        legacy::TASKS_GET | modern::TASKS_UPDATE | legacy::TASKS_CANCEL => Some("taskId"),
        _ => None,
    }
}

/// Whether requests of this method must have [`NAME`]. Those of the extension for tasks may do without.
#[must_use]
pub fn is_named(method: &str) -> bool {
    matches!(method, legacy::TOOLS_CALL | legacy::PROMPTS_GET | legacy::RESOURCES_READ)
}

const SENTINEL: (&str, &str) = ("=?base64?", "?=");

/// A value as a header can carry it: as it is, or in base64 where it would not come out the same.
#[must_use]
pub fn encode(value: &str) -> Cow<'_, str> {
    let plain = value.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
    if plain && value.trim_matches(' ') == value && sentinel(value).is_none() {
        return Cow::Borrowed(value);
    }
    Cow::Owned(format!("{}{}{}", SENTINEL.0, BASE64_STANDARD.encode(value), SENTINEL.1))
}

/// What a header's value says; None where it has characters that no value has, or base64 that isn't.
#[must_use]
pub fn decode(value: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(value).ok()?;
    if !text.bytes().all(|byte| matches!(byte, b'\t' | 0x20..=0x7e)) {
        return None;
    }
    let Some(payload) = sentinel(text) else { return Some(Cow::Borrowed(text)) };
    // Strict: padding must be there, and the bits that it covers must be zero. One value has one spelling.
    String::from_utf8(BASE64_STANDARD.decode(payload).ok()?).ok().map(Cow::Owned)
}

fn sentinel(text: &str) -> Option<&str> {
    text.strip_prefix(SENTINEL.0)?.strip_suffix(SENTINEL.1)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn a_value_comes_out_as_it_went_in() {
        for (value, header) in [
            ("us-west1", "us-west1"),
            ("", ""),
            ("a b", "a b"),
            ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
            (" padded ", "=?base64?IHBhZGRlZCA=?="),
            ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
            ("tab\there", "=?base64?dGFiCWhlcmU=?="),
            ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
            ("=?base64?half", "=?base64?half"),
        ] {
            assert_eq!(encode(value), header);
            assert_eq!(decode(header.as_bytes()).as_deref(), Some(value));
        }
    }

    #[test]
    fn a_value_that_two_readers_could_take_differently_is_none() {
        for header in [
            &b"=?base64?SGVsbG8?="[..],
            b"=?base64?SGVs!!!bG8=?=",
            b"=?base64?SGVsbG9=?=",
            b"=?base64?/w==?=",
            b"=?base64?SGVs bG8=?=",
            b"caf\xc3\xa9",
            b"\xff",
            b"a\x7fb",
        ] {
            assert_eq!(decode(header), None, "{}", String::from_utf8_lossy(header));
        }
        // Only the whole pattern, in these very letters, is one.
        for header in ["SGVsbG8=", "=?BASE64?SGVsbG8=?=", "=?base64?SGVsbG8="] {
            assert_eq!(decode(header.as_bytes()).as_deref(), Some(header));
        }
    }
}
