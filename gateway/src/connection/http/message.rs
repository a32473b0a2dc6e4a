//! A frame on its way to a server: what the transport must know of it, and the headers that say so.

use argala_wire::http::headers;
use argala_wire::{Era, Frame, Id, Kind, Sender, batch, legacy, modern};
use bytes::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::super::Outgoing;
use super::client;

/// A frame for a server.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) text: Bytes,
    pub(super) what: What,
    pub(super) era: Era,
    /// Headers that mirror what it says.
    mirrored: HeaderMap,
    /// It has been refused once, since the server had forgotten the session.
    pub(super) repeated: bool,
}

/// What a frame is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Request {
        id: u64,
        method: String,
    },
    Notification {
        method: String,
        /// The request that it takes back.
        cancels: Option<u64>,
    },
    /// A response, to a request of the server's.
    Response,
}

impl Message {
    /// Reads a frame. None for what is no message: it is never sent.
    pub(super) fn read(outgoing: Outgoing) -> Option<Self> {
        let frame = Frame::read(outgoing.text.as_bytes(), Sender::Downstream).ok()?;
        let what = match frame.kind() {
            Kind::Request { id, method } => What::Request { id: number(id)?, method: method.clone() },
            Kind::Notification { method } => {
                let cancels = frame.raw(&["params", "requestId"]).filter(|_| method == legacy::CANCELLED);
                What::Notification { method: method.clone(), cancels: cancels.and_then(|id| id.parse().ok()) }
            }
            Kind::Response { .. } => What::Response,
        };
        let version = frame.string(&["params", "_meta", modern::PROTOCOL_VERSION]);
        let mirrored = match &version {
            Some(version) => mirror(&frame, &what, version, &outgoing.headers),
            None => HeaderMap::new(),
        };
        let era = if version.is_some() { Era::Modern } else { Era::Legacy };
        Some(Self { what, era, mirrored, repeated: false, text: outgoing.text.into() })
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.what.is(name)
    }

    /// The headers of its POST, but for those of a session.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = self.mirrored.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        headers
    }
}

impl What {
    /// Whether it is a request or a notification of this method.
    pub(super) fn is(&self, name: &str) -> bool {
        match self {
            Self::Request { method, .. } | Self::Notification { method, .. } => method == name,
            Self::Response => false,
        }
    }

    /// Whether it asks a server what it is.
    pub(super) fn is_introduction(&self) -> bool {
        self.is(legacy::INITIALIZE) || self.is(modern::DISCOVER)
    }
}

/// The headers that a server of the modern era holds against the body.
fn mirror(frame: &Frame, what: &What, version: &str, params: &[(String, String)]) -> HeaderMap {
    let mut mirrored = HeaderMap::new();
    let mut set = |name: &str, text: &str| {
        if let (Ok(name), Some(value)) = (HeaderName::from_bytes(name.as_bytes()), client::value(text)) {
            mirrored.insert(name, value);
        }
    };
    set(headers::PROTOCOL_VERSION, version);
    if let What::Request { method, .. } | What::Notification { method, .. } = what {
        set(headers::METHOD, method);
        let name = headers::named_by(method).and_then(|member| frame.string(&["params", member]));
        if let Some(name) = name {
            set(headers::NAME, &name);
        }
    }
    for (name, value) in params {
        // Whoever chose the name must not choose another header by it.
        if name.to_ascii_lowercase().starts_with(headers::PARAM_PREFIX) {
            set(name, value);
        }
    }
    mirrored
}

fn number(id: &Id) -> Option<u64> {
    match id {
        Id::Number(digits) => digits.parse().ok(),
        Id::String(_) => None,
    }
}

/// Whether what a server sent is the answer to this request, or has it in it.
pub(super) fn answers(bytes: &[u8], request: u64) -> bool {
    answered(bytes).contains(&request)
}

/// The requests that are answered by what a server sent.
pub(super) fn answered(bytes: &[u8]) -> Vec<u64> {
    let one = |message: &[u8]| match Frame::read(message, Sender::Downstream).ok()?.kind() {
        Kind::Response { id: Some(id) } => number(id),
        _ => None,
    };
    match batch::is_batch(bytes).then(|| batch::split(bytes, Sender::Downstream)) {
        Some(Ok(messages)) => messages.into_iter().filter_map(one).collect(),
        _ => one(bytes).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use argala_wire::modern;

    use super::super::super::Outgoing;
    use super::{Message, What, answered};

    const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;

    fn read(method: &str, params: &str, headers: &[(&str, &str)]) -> Message {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let text = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{{{params}}}}}"#);
        Message::read(Outgoing { text, headers }).unwrap()
    }

    #[test]
    fn a_modern_request_is_mirrored_in_headers_and_a_legacy_one_is_not() {
        for (method, member, name) in [
            ("tools/call", r#""name":"a tool""#, Some("a tool")),
            ("prompts/get", r#""name":"p""#, Some("p")),
            ("resources/read", r#""uri":"file:///a?b""#, Some("file:///a?b")),
            ("tools/list", r#""name":"not a name""#, None),
        ] {
            let headers = read(method, &format!("{member},{META}"), &[]).headers();
            let header = |name| headers.get(name).map(|value| value.to_str().unwrap());
            assert_eq!(header("mcp-method"), Some(method));
            assert_eq!(header("mcp-name"), name);
            assert_eq!(header("mcp-protocol-version"), Some(modern::LATEST));
            let headers = read(method, member, &[]).headers();
            assert!(headers.keys().all(|name| !name.as_str().starts_with("mcp-")), "{headers:?}");
        }
    }

    #[test]
    fn no_name_and_no_value_becomes_another_header() {
        for evil in ["a\\r\\nX-Evil: 1", "a\\nX-Evil: 1", "a\\u0000b", " a", "n\u{e4}ive"] {
            for (method, member) in [("tools/call", "name"), ("resources/read", "uri")] {
                let headers = read(method, &format!(r#""{member}":"{evil}",{META}"#), &[]).headers();
                assert!(headers["mcp-name"].to_str().unwrap().starts_with("=?base64?"), "{headers:?}");
                assert!(!headers.contains_key("x-evil"));
            }
        }
        let given = [
            ("Mcp-Param-A", "x\r\nX-Evil: 1"),
            ("Mcp-Param-B\r\nX-Evil", "1"),
            ("Mcp-Param-C: 1", "2"),
            ("Authorization", "Bearer x"),
            ("mcp-param-d", "plain"),
        ];
        let headers = read("tools/call", &format!(r#""name":"t",{META}"#), &given).headers();
        let mut params: Vec<&str> =
            headers.keys().map(|name| name.as_str()).filter(|name| !name.starts_with("mcp-n")).collect();
        params.sort_unstable();
        assert_eq!(
            params,
            ["accept", "content-type", "mcp-method", "mcp-param-a", "mcp-param-d", "mcp-protocol-version"]
        );
        assert!(headers["mcp-param-a"].to_str().unwrap().starts_with("=?base64?"));
        assert_eq!(headers["mcp-param-d"], "plain");
    }

    #[test]
    fn a_cancellation_names_the_request_that_it_takes_back() {
        let text = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":12}}"#;
        let message = Message::read(Outgoing::new(text.to_owned())).unwrap();
        assert_eq!(
            message.what,
            What::Notification { method: "notifications/cancelled".to_owned(), cancels: Some(12) }
        );
    }

    #[test]
    fn an_answer_is_one_by_its_id_alone() {
        for (text, ids) in [
            (r#"{"jsonrpc":"2.0","id":7,"result":{}}"#, &[7][..]),
            (r#"{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":""}}"#, &[7]),
            (r#"{"jsonrpc":"2.0","id":7,"method":"roots/list"}"#, &[]),
            (r#"{"jsonrpc":"2.0","id":"7","result":{}}"#, &[]),
            (r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#, &[]),
            (r#"[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}]"#, &[1, 2]),
            ("[]", &[]),
            ("no message", &[]),
        ] {
            assert_eq!(answered(text.as_bytes()), ids, "{text}");
        }
    }
}
