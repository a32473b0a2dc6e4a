//! One JSON-RPC message, read strictly and kept as the text that came.
//!
//! What a host sends is refused where two readers might take it differently: a duplicate key at any level, a key of the
//! envelope or of a `tools/call` in other letters (`Name` for `name`: some parsers fold case), half of a surrogate pair.
//! What a downstream sends is only passed on, and judged by nobody, so it is read tolerantly inside of its envelope.

use std::borrow::Cow;

use argala_json::{ErrorKind, Limits, Node, Options, Outline, Span};

use crate::reply::{self, code};
use crate::{Id, legacy, recover};

/// A frame may have this many bytes.
pub const MAX_FRAME: usize = 16 << 20;

/// The levels of a frame around a call's arguments, and the arguments' own.
const MAX_DEPTH: usize = 136;
const MAX_NODES: usize = 1_100_000;

/// The levels whose places are kept: `params._meta.progressToken` lies at the third.
const KEPT: usize = 3;

/// Who sent a frame, and so how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// An agent's host: strictly.
    Host,
    /// A server: what it holds is only passed on.
    Downstream,
}

/// A message and its text.
#[derive(Debug, Clone)]
pub struct Frame {
    text: String,
    outline: Outline,
    kind: Kind,
}

/// What a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Wants an answer under this id.
    Request {
        /// The sender's id.
        id: Id,
        /// What is wanted.
        method: String,
    },
    /// Wants none.
    Notification {
        /// What happened.
        method: String,
    },
    /// The answer to a request: a result or an error.
    Response {
        /// The request's id; None for an error that couldn't name its request.
        id: Option<Id>,
    },
}

/// A frame that isn't taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The request's id, where it could be made out.
    pub id: Option<Id>,
    /// The error's code.
    pub code: i32,
    /// What is wrong.
    pub message: String,
    /// Whether an answer is owed: a notification and a response get none.
    pub answer: bool,
}

impl Refused {
    /// The error frame, where one is owed.
    #[must_use]
    pub fn reply(&self) -> Option<String> {
        self.answer.then(|| reply::error(self.id.as_ref(), self.code, &self.message))
    }
}

/// How frames of this sender are read.
pub(crate) fn options(sender: Sender) -> Options {
    let limits = Limits { max_bytes: MAX_FRAME, max_depth: MAX_DEPTH, max_nodes: MAX_NODES };
    match sender {
        Sender::Host => Options::strict(limits),
        Sender::Downstream => Options::tolerant(Limits::UNBOUNDED),
    }
}

impl Frame {
    /// Reads one message.
    ///
    /// # Errors
    /// What is wrong, as an error that can be sent back.
    pub fn read(bytes: &[u8], sender: Sender) -> Result<Self, Box<Refused>> {
        let outline =
            Outline::of_members(bytes, &options(sender), KEPT).map_err(|error| unreadable(bytes, &error))?;
        let text = String::from_utf8_lossy(bytes).into_owned();
        let kind = classify(&text, &outline)?;
        let frame = Self { text, outline, kind };
        frame.check_params()?;
        Ok(frame)
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The id of the request that it is, or that it answers.
    #[must_use]
    pub fn id(&self) -> Option<&Id> {
        match &self.kind {
            Kind::Request { id, .. } => Some(id),
            Kind::Response { id } => id.as_ref(),
            Kind::Notification { .. } => None,
        }
    }

    /// The text as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as it came.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// The value at the end of these keys, at most three of them.
    #[must_use]
    pub fn at(&self, keys: &[&str]) -> Option<&Node> {
        self.outline.at(keys)
    }

    /// The raw text of the value at the end of these keys.
    #[must_use]
    pub fn raw(&self, keys: &[&str]) -> Option<&str> {
        self.at(keys).map(|node| node.raw(&self.text))
    }

    /// The decoded text of the string at the end of these keys.
    #[must_use]
    pub fn string(&self, keys: &[&str]) -> Option<Cow<'_, str>> {
        self.at(keys)?.string(&self.text)
    }

    /// The text with some of its places replaced. Places must not overlap.
    #[must_use]
    pub fn edited(&self, edits: &[(Span, String)]) -> String {
        edited(&self.text, edits)
    }

    /// The members of the object at the end of these keys, as raw text, in their order.
    pub fn members(&self, keys: &[&str]) -> impl Iterator<Item = (&str, &str)> {
        let object = self.at(keys).filter(|node| node.raw(&self.text).starts_with('{'));
        let members = object.into_iter().flat_map(|object| self.outline.children(object));
        members.filter_map(|node| Some((node.key.as_deref()?, node.raw(&self.text))))
    }

    /// The edits by which the object at the end of these keys gets members; one that it has gets another value. Objects on
    /// the way that aren't there come to be. Names must need no escapes, values must be JSON.
    #[must_use]
    pub fn with_members(&self, keys: &[&str], members: &[(&str, &str)]) -> Vec<(Span, String)> {
        if members.is_empty() {
            return Vec::new();
        }
        let is_object = |node: &&Node| node.raw(&self.text).starts_with('{');
        let Some(object) = self.at(keys).filter(is_object) else {
            let value = format!("{{{}}}", joined(members.iter()));
            return match (self.at(keys), keys.split_last()) {
                (Some(other), _) => vec![(other.span.clone(), value)],
                (None, Some((last, parents))) => self.with_members(parents, &[(last, &value)]),
                (None, None) => Vec::new(),
            };
        };
        let (known, new): (Vec<&(&str, &str)>, Vec<_>) =
            members.iter().partition(|(name, _)| self.outline.member(object, name).is_some());
        let mut edits: Vec<(Span, String)> = Vec::new();
        for (name, value) in known {
            edits.extend(
                self.outline.member(object, name).map(|node| (node.span.clone(), (*value).to_owned())),
            );
        }
        if !new.is_empty() {
            let comma = if self.outline.children(object).next().is_some() { "," } else { "" };
            let at = object.span.start + 1;
            edits.push((at..at, format!("{}{comma}", joined(new))));
        }
        edits
    }

    fn check_params(&self) -> Result<(), Box<Refused>> {
        let Some(params) = self.at(&["params"]) else { return Ok(()) };
        let raw = params.raw(&self.text);
        let method = match &self.kind {
            Kind::Request { method, .. } | Kind::Notification { method } => method.as_str(),
            Kind::Response { .. } => return Ok(()),
        };
        // Some hosts write null for no parameters. A call is more than that.
        if !raw.starts_with('{') && (raw != "null" || method == legacy::TOOLS_CALL) {
            return Err(self.bad_params("params must be an object"));
        }
        if method == legacy::TOOLS_CALL {
            const KNOWN: [&str; 6] = ["name", "arguments", "_meta", "task", "inputResponses", "requestState"];
            for node in self.outline.children(params) {
                if let Some((key, known)) =
                    node.key.as_deref().and_then(|key| Some((key, taken_for(key, &KNOWN)?)))
                {
                    return Err(self
                        .bad_params(&format!("params has {key:?}, which some parsers take for `{known}`")));
                }
            }
        }
        Ok(())
    }

    fn bad_params(&self, message: &str) -> Box<Refused> {
        let (id, answer) = match &self.kind {
            Kind::Request { id, .. } => (Some(id.clone()), true),
            _ => (None, false),
        };
        Box::new(Refused { id, code: code::INVALID_PARAMS, message: message.to_owned(), answer })
    }
}

fn joined<'m>(members: impl IntoIterator<Item = &'m (&'m str, &'m str)>) -> String {
    let members: Vec<String> =
        members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    members.join(",")
}

/// A text with some of its places replaced. Places must not overlap.
#[must_use]
pub fn edited(text: &str, edits: &[(Span, String)]) -> String {
    let mut sorted: Vec<_> = edits.iter().collect();
    sorted.sort_by_key(|(span, _)| span.start);
    let mut out = String::with_capacity(text.len() + edits.iter().map(|(_, new)| new.len()).sum::<usize>());
    let mut from = 0;
    for (span, new) in sorted {
        out.push_str(text.get(from..span.start).unwrap_or_default());
        out.push_str(new);
        from = span.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// A frame's text as one line to every reader.
///
/// JSON allows a carriage return as white space, and some programs end a line there: what stands behind it would be a
/// message that nobody judged.
#[must_use]
pub fn single_line(text: String) -> String {
    if memchr::memchr2(b'\r', b'\n', text.as_bytes()).is_none() {
        return text;
    }
    argala_json::compact(&text, &options(Sender::Downstream))
        .unwrap_or_else(|_| text.replace(['\r', '\n'], " "))
}

fn classify(text: &str, outline: &Outline) -> Result<Kind, Box<Refused>> {
    let refuse = |id: Option<Id>, message: &str| {
        let message = message.to_owned();
        Err(Box::new(Refused { id, code: code::INVALID_REQUEST, message, answer: true }))
    };
    let Some(root) = outline.root().filter(|root| root.raw(text).starts_with('{')) else {
        return refuse(None, "a message must be a JSON object");
    };
    let id = outline.member(root, "id");
    let known_id = id.and_then(|node| Id::read(node, text));
    const KNOWN: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];
    let mut seen: Vec<&str> = Vec::new();
    for key in outline.children(root).filter_map(|node| node.key.as_deref()) {
        if let Some(known) = taken_for(key, &KNOWN) {
            return refuse(
                known_id,
                &format!("the message has {key:?}, which some parsers take for `{known}`"),
            );
        }
        if KNOWN.contains(&key) {
            // A tolerant reading lets a key pass twice; an envelope must not have one twice.
            if seen.contains(&key) {
                return refuse(None, &format!("the message has the key {key:?} twice"));
            }
            seen.push(key);
        }
    }
    if outline.member(root, "jsonrpc").and_then(|node| node.string(text)).as_deref() != Some("2.0") {
        return refuse(known_id, "`jsonrpc` must be \"2.0\"");
    }
    let answers =
        outline.member(root, "result").is_some() as u8 + outline.member(root, "error").is_some() as u8;
    if let Some(method) = outline.member(root, "method") {
        let Some(method) = method.string(text) else { return refuse(known_id, "`method` must be a string") };
        let method = method.into_owned();
        return match (id, known_id) {
            (_, known_id) if answers > 0 => refuse(known_id, "a message can't be a request and a response"),
            (None, _) => Ok(Kind::Notification { method }),
            (Some(_), Some(id)) => Ok(Kind::Request { id, method }),
            (Some(_), None) => refuse(None, "`id` must be a string or an integer"),
        };
    }
    match (answers, id, known_id) {
        (1, Some(_), Some(id)) => Ok(Kind::Response { id: Some(id) }),
        (1, None, _) => Ok(Kind::Response { id: None }),
        (1, Some(node), None) if node.raw(text) == "null" => Ok(Kind::Response { id: None }),
        (_, _, known_id) => {
            refuse(known_id, "a message needs a `method`, or an `id` and one of `result` and `error`")
        }
    }
}

/// The known key that a parser which folds case takes `key` for, where it isn't that key itself.
fn taken_for<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    known.iter().copied().find(|known| argala_json::look_alike(key, known))
}

fn unreadable(bytes: &[u8], error: &argala_json::Error) -> Box<Refused> {
    let code = match error.kind() {
        ErrorKind::DuplicateKey(_)
        | ErrorKind::LoneSurrogate
        | ErrorKind::TooLong(_)
        | ErrorKind::TooDeep(_)
        | ErrorKind::TooManyNodes(_) => code::INVALID_REQUEST,
        _ => code::PARSE_ERROR,
    };
    let message = format!("the message can't be read: {error}");
    Box::new(Refused { id: recover::id_of(bytes), code, message, answer: true })
}

/// The refusal of a frame of which only the beginning and the end have been kept.
#[must_use]
pub fn too_long(head: &[u8], tail: &[u8]) -> Refused {
    let message = format!("the message is longer than {MAX_FRAME} bytes");
    let id = recover::id_of(head).or_else(|| recover::id_at_end(tail));
    Refused { id, code: code::INVALID_REQUEST, message, answer: true }
}

#[cfg(test)]
mod tests {
    use super::{Frame, Sender};

    fn with(text: &str, keys: &[&str], members: &[(&str, &str)]) -> String {
        let frame = Frame::read(text.as_bytes(), Sender::Host).unwrap();
        frame.edited(&frame.with_members(keys, members))
    }

    #[test]
    fn members_are_set_where_they_belong_and_nothing_else_changes() {
        const META: [&str; 2] = ["params", "_meta"];
        let added = [("a/b", "1"), ("c", "{}")];
        for (params, expected) in [
            ("", r#","params":{"_meta":{"a/b":1,"c":{}}}"#),
            (r#","params":null"#, r#","params":{"_meta":{"a/b":1,"c":{}}}"#),
            (r#","params":{ }"#, r#","params":{"_meta":{"a/b":1,"c":{}} }"#),
            (r#","params":{"x": 1.0}"#, r#","params":{"_meta":{"a/b":1,"c":{}},"x": 1.0}"#),
            (r#","params":{"_meta":{ "d":2}}"#, r#","params":{"_meta":{"a/b":1,"c":{}, "d":2}}"#),
            (r#","params":{"_meta":{"a/b":[9]}}"#, r#","params":{"_meta":{"c":{},"a/b":1}}"#),
        ] {
            let frame = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m"{params}}}"#);
            let got = with(&frame, &META, &added);
            let absent = r#"{"params":{"_meta":{"a/b":1,"c":{}}},"jsonrpc":"2.0","id":1,"method":"m"}"#;
            let expected = match params {
                "" => absent.to_owned(),
                _ => format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m"{expected}}}"#),
            };
            assert_eq!(got, expected, "{params}");
        }
    }
}
