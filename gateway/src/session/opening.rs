//! How a session opens: one `initialize` of the host's, introduced to every server, and one answer.

use std::time::Duration;

use argala_json::Span;
use argala_wire::line::Line;
use argala_wire::reply::{self, code};
use argala_wire::{Frame, Kind, Sender, legacy};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::Session;
use super::answers::ReplyTo;
use super::calls::{Call, Purpose};
use super::catalogue::ListKind;
use super::downstream::{Downstream, State};
use crate::connection::{Outgoing, ServerId};
use crate::host::PostId;

/// How long the host waits for one server, and for the slowest of several.
const PATIENCE: Duration = Duration::from_secs(30);
const PATIENCE_FEDERATED: Duration = Duration::from_secs(4);

/// Where the opening of a session stands.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// The host's `initialize`, for servers that come later, too.
    request: Option<Frame>,
    /// Whom to answer, and when at the latest.
    waiting: Option<(ReplyTo, Instant)>,
    /// The revision that was agreed on, once the host has been answered.
    version: Option<String>,
    /// The host's `notifications/initialized`.
    initialized: Option<String>,
    /// What the host has sent without waiting for the answer.
    held: Vec<(Line, Option<PostId>)>,
    held_bytes: usize,
}

/// Bytes that a host may send without waiting for the answer to its `initialize`.
const HELD: usize = 32 << 20;
const HELD_LINES: usize = 10_000;

impl Opening {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.as_ref().map(|(_, deadline)| *deadline)
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Keeps a line until the session is open; gives it back where it can't be kept, or need not.
    pub(super) fn hold(&mut self, line: Line, post: Option<PostId>) -> Option<Line> {
        if !self.is_waiting() || self.held_bytes > HELD || self.held.len() > HELD_LINES || is_urgent(&line) {
            return Some(line);
        }
        self.held_bytes += line.len();
        self.held.push((line, post));
        None
    }

    /// Whether the host has its answer, and so may send requests.
    pub(super) fn is_answered(&self) -> bool {
        self.version.is_some()
    }

    /// Whether the revision that was agreed on has batches.
    pub(super) fn has_batches(&self) -> bool {
        self.version.as_deref() == Some(legacy::WITH_BATCHES)
    }
}

impl Session {
    /// The host's `initialize`.
    pub(super) fn take_initialize(&mut self, frame: Frame, to: ReplyTo) {
        if self.opening.request.is_some() {
            return self.refuse(&to, code::INVALID_REQUEST, "this session has been initialized already");
        }
        let patience = if self.is_federated() { PATIENCE_FEDERATED } else { PATIENCE };
        self.opening.waiting = Some((to, Instant::now() + patience));
        self.opening.request = Some(frame);
        for server in 0..self.downstreams.len() {
            self.introduce(server);
        }
        self.try_answer_initialize();
    }

    /// The host's `notifications/initialized`.
    pub(super) fn take_initialized(&mut self, frame: Frame) {
        let text = frame.into_text();
        for server in 0..self.downstreams.len() {
            // A server that isn't ready hears it when it is.
            let _ = self.to_downstream(server, text.clone());
        }
        self.opening.initialized = Some(text);
    }

    /// Introduces the host to a server that runs, once there is a host.
    pub(super) fn introduce(&mut self, server: ServerId) {
        let Some(request) = &self.opening.request else { return };
        if let Some(downstream) = self.downstreams.get_mut(server) {
            downstream.refusal = None;
        }
        let Some(State::Up(outbox)) = self.downstreams.get(server).map(|downstream| &downstream.state) else {
            return;
        };
        let id = self.calls.next_id();
        let mut edits: Vec<(Span, String)> = Vec::new();
        edits.extend(request.at(&["id"]).map(|node| (node.span.clone(), id.to_string())));
        if let Some(version) = request.at(&["params", "protocolVersion"])
            && !version
                .string(request.text())
                .is_some_and(|version| legacy::VERSIONS.contains(&version.as_ref()))
        {
            edits.push((version.span.clone(), format!("\"{}\"", legacy::LATEST)));
        }
        if outbox.send(Outgoing::new(request.edited(&edits))).is_ok() {
            self.calls.insert(id, Call { server, purpose: Purpose::Introduction, token: None });
        }
    }

    /// A server's answer to `initialize`.
    pub(super) fn take_introduction(&mut self, server: ServerId, frame: &Frame) {
        let Some(downstream) = self.downstreams.get_mut(server) else { return };
        let Some(introduction) = frame.raw(&["result"]) else {
            let error = frame.raw(&["error"]).unwrap_or_default();
            tracing::error!(server = downstream.name, "it refused `initialize`: {error}");
            downstream.refusal = Some(error.to_owned());
            return self.try_answer_initialize();
        };
        downstream.introduce(introduction);
        tracing::info!(server = downstream.name, "ready");
        if let Some(initialized) = self.opening.initialized.clone() {
            let _ = self.to_downstream(server, initialized);
        }
        if self.opening.is_answered() {
            self.ask_again(server);
            self.announce_lists(server);
        }
        self.try_answer_initialize();
    }

    /// Answers `initialize` once every server has been introduced or can't be.
    pub(super) fn try_answer_initialize(&mut self) {
        let pending = |downstream: &Downstream| {
            downstream.refusal.is_none() && matches!(downstream.state, State::Starting | State::Up(_))
        };
        if self.opening.is_waiting() && !self.downstreams.iter().any(pending) {
            self.answer_initialize();
        }
    }

    /// Answers `initialize` with what is known by now.
    pub(super) fn answer_initialize(&mut self) {
        let Some((to, _)) = self.opening.waiting.take() else { return };
        self.open_session(&to);
        self.opening.held_bytes = 0;
        for (line, post) in std::mem::take(&mut self.opening.held) {
            self.take_line(line, post);
        }
    }

    fn open_session(&mut self, to: &ReplyTo) {
        for downstream in &self.downstreams {
            if !matches!(downstream.state, State::Ready(_)) {
                tracing::warn!(server = downstream.name, "not ready; the session opens without it");
            }
        }
        let only = self.downstreams.first().filter(|_| !self.is_federated());
        if let Some(error) = only.and_then(|only| only.refusal.clone()) {
            // The host may try once more.
            let id = to.id.as_ref().map_or_else(|| "null".to_owned(), argala_wire::Id::to_json);
            self.opening.request = None;
            return self.answer(to, format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#));
        }
        let result = only.and_then(|only| only.introduction.clone()).unwrap_or_else(|| self.introduction());
        let version = serde_json::from_str::<Value>(&result).ok();
        let version = version.as_ref().and_then(|result| result.get("protocolVersion")?.as_str());
        self.opening.version = Some(version.unwrap_or(legacy::LATEST).to_owned());
        if let Some(id) = &to.id {
            self.answer(to, reply::result(id, &result));
        }
    }

    /// What the gateway says of itself, where it stands for several servers, or for one that isn't there yet.
    fn introduction(&self) -> String {
        let mut capabilities = Map::new();
        let mut instructions = String::new();
        let mut version = None;
        let mut all_ready = true;
        for downstream in &self.downstreams {
            let ready = matches!(downstream.state, State::Ready(_));
            let introduction = downstream.introduction.as_deref().filter(|_| ready);
            let Some(Value::Object(said)) = introduction.and_then(|text| serde_json::from_str(text).ok())
            else {
                all_ready = false;
                continue;
            };
            if let Some(Value::Object(offered)) = said.get("capabilities") {
                merge(&mut capabilities, offered);
            }
            if let Some(text) = said.get("instructions").and_then(Value::as_str) {
                instructions.push_str(&format!("# {}\n{text}\n\n", downstream.name));
            }
            let theirs = said.get("protocolVersion").and_then(Value::as_str);
            version = version
                .max(theirs.and_then(|theirs| legacy::VERSIONS.iter().position(|known| *known == theirs)));
        }
        // Capabilities can't be added later: what a server that isn't ready may offer is offered in its place.
        let late: &[&str] = if all_ready { &[] } else { &["prompts", "resources"] };
        for list in late.iter().chain(["tools"].iter()) {
            let entry = capabilities.entry(*list).or_insert_with(|| json!({}));
            if let Value::Object(entry) = entry {
                entry.insert("listChanged".to_owned(), Value::Bool(true));
            }
        }
        let asked =
            self.opening.request.as_ref().and_then(|request| request.string(&["params", "protocolVersion"]));
        let asked = asked.and_then(|asked| legacy::VERSIONS.iter().find(|known| **known == asked));
        let version =
            version.and_then(|index| legacy::VERSIONS.get(index)).or(asked).unwrap_or(&legacy::LATEST);
        let mut result = json!({
            "protocolVersion": version,
            "capabilities": capabilities,
            "serverInfo": {"name": "argala", "version": env!("CARGO_PKG_VERSION")},
        });
        if !instructions.is_empty()
            && let Value::Object(result) = &mut result
        {
            result.insert("instructions".to_owned(), Value::String(instructions.trim_end().to_owned()));
        }
        result.to_string()
    }

    /// Tells the host that a server's lists have changed: it has come, or gone.
    pub(super) fn announce_lists(&self, server: ServerId) {
        for capability in ["tools", "prompts", "resources"] {
            if self.offers(server, capability) {
                self.announce_list(capability);
            }
        }
    }

    /// Tells the host that a list has changed.
    pub(super) fn announce_list(&self, capability: &str) {
        let notification = match capability {
            "tools" => legacy::TOOLS_LIST_CHANGED,
            "prompts" => legacy::PROMPTS_LIST_CHANGED,
            "resources" => legacy::RESOURCES_LIST_CHANGED,
            // The protocol has no such notification.
            _ => return,
        };
        if self.opening.initialized.is_some() {
            self.to_host(reply::notification(notification, None), None);
        }
    }

    /// Whether a server that takes requests has such a list.
    pub(super) fn has_list(&self, server: ServerId, kind: ListKind) -> bool {
        self.is_ready(server) && self.offers(server, kind.capability)
    }
}

/// Whether a line can be taken at any time: the host asks if anyone is there, or answers somebody.
fn is_urgent(line: &Line) -> bool {
    let Line::Whole(bytes) = line else { return false };
    Frame::read(bytes, Sender::Host).is_ok_and(|frame| match frame.kind() {
        Kind::Request { method, .. } => method == legacy::PING,
        Kind::Response { .. } => true,
        Kind::Notification { .. } => false,
    })
}

/// Adds capabilities to those of other servers: one that any of them has, all of them have.
fn merge(merged: &mut Map<String, Value>, offered: &Map<String, Value>) {
    for (name, value) in offered {
        match (merged.get_mut(name), value) {
            (Some(Value::Object(known)), Value::Object(more)) => merge(known, more),
            (Some(Value::Bool(known)), Value::Bool(more)) => *known |= more,
            (Some(_), _) => {}
            (None, value) => {
                merged.insert(name.clone(), value.clone());
            }
        }
    }
}
