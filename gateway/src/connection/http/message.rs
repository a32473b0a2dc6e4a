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
