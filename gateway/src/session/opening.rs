//! How a session opens: in the legacy era by the host's `initialize`, in the modern one by its first request. What it sends
//! before its servers have been introduced is kept.

use std::time::Duration;

use argala_wire::line::Line;
use argala_wire::reply::{self, code};
use argala_wire::{Era, Frame, Kind, Sender, legacy};
use serde_json::Value;
use tokio::time::Instant;

use super::Session;
use super::answers::ReplyTo;
use super::client::Client;
use super::downstream::{Downstream, State};
use crate::host::PostId;

/// How long the host waits for one server, and for the slowest of several.
const PATIENCE: Duration = Duration::from_secs(30);
const PATIENCE_FEDERATED: Duration = Duration::from_secs(4);

/// Where the opening of a session stands.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// The host's `initialize`, for servers that come later, too.
    request: Option<Frame>,
    client: Option<Client>,
    /// When the session opens at the latest.
    deadline: Option<Instant>,
    /// Who waits for the answer to `initialize`.
    waiting: Option<ReplyTo>,
    open: bool,
    /// The legacy revision that was agreed on.
    version: Option<String>,
    /// What servers of the legacy era are told once they have answered `initialize`.
    initialized: Option<String>,
    /// What the host has sent without waiting.
    held: Vec<(Line, Option<PostId>)>,
    held_bytes: usize,
}

/// Bytes that a host may send without waiting for the answer to its `initialize`.
const HELD: usize = 32 << 20;
const HELD_LINES: usize = 10_000;

impl Opening {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.deadline.is_some()
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

    /// Forgets what a POST has brought that nobody waits for any more.
    pub(super) fn let_go(&mut self, post: PostId) {
        self.held.retain(|(_, held)| *held != Some(post));
    }

    /// Who the host is, once it has said so.
    pub(super) fn client(&self) -> Option<&Client> {
        self.client.as_ref()
    }

    /// The host's `initialize`.
    pub(super) fn request(&self) -> Option<&Frame> {
        self.request.as_ref()
    }

    /// What a server of the legacy era is told once it has answered `initialize`.
    pub(super) fn initialized(&self) -> Option<String> {
        self.initialized.clone()
    }

    /// Whether requests are taken.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// The legacy revision that the host has asked for, where it is known.
    pub(super) fn asked(&self) -> Option<&'static str> {
        let asked = self.request.as_ref()?.string(&["params", "protocolVersion"])?;
        legacy::VERSIONS.into_iter().find(|known| *known == asked)
    }

    /// Whether the revision that was agreed on has batches.
    pub(super) fn has_batches(&self) -> bool {
        self.version.as_deref() == Some(legacy::WITH_BATCHES)
    }
}

impl Session {
    /// The era of the host. As long as it has said nothing, the one that can be told from nothing.
    pub(super) fn era(&self) -> Era {
        self.setup.era.unwrap_or(Era::Legacy)
    }

    /// The host's `initialize`.
    pub(super) fn take_initialize(&mut self, frame: Frame, to: ReplyTo) {
        if self.opening.request.is_some() {
            return self.refuse(&to, code::INVALID_REQUEST, "this session has been initialized already");
        }
        self.opening.client = Some(Client::of_initialize(&frame));
        self.opening.request = Some(frame);
        self.opening.waiting = Some(to);
        self.introduce_all();
    }

    /// The first request of a host of the modern era: it is kept until the servers have been introduced.
    pub(super) fn open_for(&mut self, request: Frame, post: Option<PostId>) {
        self.opening.client = Some(Client::of_request(&request));
        self.opening.initialized = Some(reply::notification(legacy::INITIALIZED, None));
        self.opening.held.push((Line::Whole(request.into_text().into_bytes()), post));
        self.introduce_all();
    }

    fn introduce_all(&mut self) {
        let patience = if self.is_federated() { PATIENCE_FEDERATED } else { PATIENCE };
        self.opening.deadline = Some(Instant::now() + patience);
        for server in 0..self.downstreams.len() {
            self.introduce(server);
        }
        self.try_open();
    }

    /// The host's `notifications/initialized`.
    pub(super) fn take_initialized(&mut self, frame: Frame) {
        let text = frame.into_text();
        for server in 0..self.downstreams.len() {
            // A server that isn't ready hears it when it is.
            if self.is_legacy(server) {
                let _ = self.to_downstream(server, text.clone());
            }
        }
        self.opening.initialized = Some(text);
    }

    /// Opens the session once every server has been introduced or can't be.
    pub(super) fn try_open(&mut self) {
        let pending = |downstream: &Downstream| {
            downstream.refusal.is_none()
                && (downstream.is_awaited || matches!(downstream.state, State::Starting | State::Up(_)))
        };
        if self.opening.is_waiting() && !self.downstreams.iter().any(pending) {
            self.open();
        }
    }

    /// Opens the session with what is known by now.
    pub(super) fn open(&mut self) {
        self.opening.deadline = None;
        for downstream in &self.downstreams {
            if !matches!(downstream.state, State::Ready(_)) {
                tracing::warn!(server = downstream.name, "not ready; the session opens without it");
            }
        }
        match self.opening.waiting.take() {
            Some(to) => self.answer_initialize(&to),
            None => self.opening.open = true,
        }
        self.opening.held_bytes = 0;
        for (line, post) in std::mem::take(&mut self.opening.held) {
            self.take_line(line, post);
        }
    }

    fn answer_initialize(&mut self, to: &ReplyTo) {
        let only = self.downstreams.first().filter(|_| !self.is_federated());
        if let Some(error) = only.and_then(|only| only.refusal.clone()) {
            // The host may try once more.
            let id = to.id.as_ref().map_or_else(|| "null".to_owned(), argala_wire::Id::to_json);
            self.opening.request = None;
            return self.answer(to, format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#));
        }
        let unchanged = only.filter(|only| only.era == Some(Era::Legacy));
        let result =
            unchanged.and_then(|only| only.introduction.clone()).unwrap_or_else(|| self.introduction());
        let version = serde_json::from_str::<Value>(&result).ok();
        let version = version.as_ref().and_then(|result| result.get("protocolVersion")?.as_str());
        self.opening.version = Some(version.unwrap_or(legacy::LATEST).to_owned());
        self.opening.open = true;
        if let Some(id) = &to.id {
            self.answer(to, reply::result(id, &result));
        }
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
