//! How host and server are introduced: `initialize` or `server/discover`, whichever of them the server takes.
//!
//! The era of the host is tried first, as frames of one era pass unchanged. Any error but one that only a server of the
//! modern era would send means the other era (basic/transports/stdio, "Backward Compatibility").

use std::time::Duration;

use argala_json::Span;
use argala_wire::{Era, Frame, legacy, modern, reply};
use serde_json::json;
use tokio::time::Instant;

use super::Session;
use super::calls::{Call, CallId, Purpose};
use super::catalogue::ListKind;
use super::downstream::State;
use crate::connection::{Outgoing, ServerId};

/// How long a server may take to answer `server/discover`: some of the legacy era say nothing at all.
const PROBE: Duration = Duration::from_secs(3);

/// An introduction that the server hasn't answered.
#[derive(Debug)]
pub(super) struct Attempt {
    era: Era,
    call: CallId,
    deadline: Option<Instant>,
    /// The answer to the attempt before, as JSON, where this is not the first one.
    refused: Option<String>,
    /// Whether the server had said nothing at all to that one.
    after_silence: bool,
}

/// What is said of a server that says nothing.
const SILENCE: &str = r#"{"code":-32603,"message":"it doesn't answer"}"#;

impl Session {
    /// Introduces the host to a server that runs, once there is a host.
    pub(super) fn introduce(&mut self, server: ServerId) {
        if let Some(downstream) = self.downstreams.get_mut(server) {
            downstream.refusal = None;
        }
        let era = self.setup.servers.get(server).map(|known| known.eras.first(self.era()));
        self.attempt(server, era.unwrap_or(Era::Legacy), None, false);
    }

    fn attempt(&mut self, server: ServerId, era: Era, refused: Option<String>, after_silence: bool) {
        // One that the server has forgotten isn't waited for any more.
        if let Some(before) = self.downstreams.get_mut(server).and_then(|one| one.attempt.take()) {
            self.calls.forget(before.call);
        }
        let Some(client) = self.opening.client() else { return };
        let Some(State::Up(outbox)) = self.downstreams.get(server).map(|downstream| &downstream.state) else {
            return;
        };
        let outbox = outbox.clone();
        let call = self.calls.next_id();
        let text = match (era, self.opening.request()) {
            (Era::Modern, _) => reply::request(call, modern::DISCOVER, Some(&client.with_meta("{}"))),
            (Era::Legacy, Some(request)) => renewed(request, call),
            (Era::Legacy, None) => {
                reply::request(call, legacy::INITIALIZE, Some(&client.initialize_params()))
            }
        };
        // One that has just ended is told nothing, but that it has ended is its answer.
        if outbox.send(Outgoing::new(text)).is_ok() {
            self.calls.insert(call, Call::own(server, Purpose::Introduction));
        }
        let deadline = (era == Era::Modern).then(|| Instant::now() + PROBE);
        if let Some(downstream) = self.downstreams.get_mut(server) {
            downstream.attempt = Some(Attempt { era, call, deadline, refused, after_silence });
        }
    }

    /// When the next server will have been silent for too long.
    pub(super) fn probe_deadline(&self) -> Option<Instant> {
        self.downstreams.iter().filter_map(|downstream| downstream.attempt.as_ref()?.deadline).min()
    }

    /// Servers that have been silent for too long are of the other era.
    pub(super) fn end_probes(&mut self, now: Instant) {
        for server in 0..self.downstreams.len() {
            let late = |attempt: &mut Attempt| attempt.deadline.is_some_and(|deadline| deadline <= now);
            let attempt = self.downstreams.get_mut(server).and_then(|one| one.attempt.take_if(late));
            if let Some(attempt) = attempt {
                self.calls.forget(attempt.call);
                self.refused(server, attempt, SILENCE);
            }
        }
    }

    /// A server has ended. Some do so over an introduction of the other era: when they run again, theirs is tried.
    pub(super) fn end_attempt(&mut self, server: ServerId) {
        let Some(downstream) = self.downstreams.get_mut(server) else { return };
        let Some(known) = self.setup.servers.get(server) else { return };
        let Some(attempt) = downstream.attempt.take() else { return downstream.is_awaited = false };
        // Some answer with an error before they end: then it was the first of two questions that they have ended over.
        let blamed = if attempt.refused.is_some() { attempt.era.other() } else { attempt.era };
        downstream.is_awaited = known.eras.first(blamed) == blamed && !known.eras.speaks(blamed);
        if downstream.is_awaited {
            known.eras.note(blamed, false);
            downstream.is_awaited = known.eras.first(blamed) != blamed;
        }
    }

    /// A server's answer to its introduction.
    pub(super) fn take_introduction(&mut self, server: ServerId, frame: &Frame) {
        let attempt = self.downstreams.get_mut(server).and_then(|downstream| downstream.attempt.take());
        let Some(attempt) = attempt else { return };
        let introduction = frame.raw(&["result"]).filter(|_| attempt.era == Era::Legacy || discovers(frame));
        match introduction {
            Some(introduction) => self.settle(server, &attempt, introduction),
            None => {
                let error = frame.raw(&["error"]).unwrap_or(
                    r#"{"code":-32603,"message":"it speaks no revision of the protocol that is known here"}"#,
                );
                self.refused(server, attempt, error);
            }
        }
    }

    /// A server's introduction won't come, or can't be read.
    pub(super) fn fail_introduction(&mut self, server: ServerId, message: &str) {
        if let Some(attempt) = self.downstreams.get_mut(server).and_then(|one| one.attempt.take()) {
            let error = json!({"code": reply::code::INTERNAL_ERROR, "message": message}).to_string();
            self.refused(server, attempt, &error);
        }
    }

    fn settle(&mut self, server: ServerId, attempt: &Attempt, introduction: &str) {
        let era = attempt.era;
        if let Some(known) = self.setup.servers.get(server) {
            known.eras.note(era, true);
            if attempt.refused.is_some() {
                known.eras.note(era.other(), false);
            }
        }
        let introduction = self.vet_introduction(server, introduction);
        let Some(downstream) = self.downstreams.get_mut(server) else { return };
        downstream.introduce(era, &introduction);
        tracing::info!(server = downstream.name, ?era, "ready");
        if self.setup.pins.is_on() && !self.offers(server, "tools") {
            self.vet_list(server, Some(&[]));
        }
        if era == Era::Legacy
            && let Some(initialized) = self.opening.initialized()
        {
            let _ = self.to_downstream(server, initialized);
        }
        if self.opening.is_open() {
            self.ask_again(server);
            self.announce_lists(server);
        }
        self.watch(server);
        self.list_for_mirroring(server);
        self.try_open();
    }

    /// A server didn't take an introduction of one era: perhaps it takes that of the other one.
    fn refused(&mut self, server: ServerId, attempt: Attempt, error: &str) {
        let hopeless = attempt.era == Era::Modern && names_versions(error);
        match attempt.refused {
            None if !hopeless => {
                tracing::debug!(server = self.name(server), "answered {:?} with {error}", attempt.era);
                self.attempt(server, attempt.era.other(), Some(error.to_owned()), error == SILENCE);
            }
            // It was only slow to start: now it hears.
            Some(_) if attempt.after_silence => {
                self.attempt(server, attempt.era.other(), Some(error.to_owned()), false);
            }
            first => {
                // What the host gets to see is the answer to what it has asked itself.
                let own = if attempt.era == self.era() { None } else { first };
                let error = own.unwrap_or_else(|| error.to_owned());
                let Some(downstream) = self.downstreams.get_mut(server) else { return };
                tracing::error!(server = downstream.name, "it refused its introduction: {error}");
                downstream.refusal = Some(error);
                self.try_open();
            }
        }
    }

    /// Tells the host that a server's lists have changed: it has come, or gone.
    pub(super) fn announce_lists(&mut self, server: ServerId) {
        for capability in ["tools", "prompts", "resources"] {
            if self.offers(server, capability) {
                self.announce_list(capability);
            }
        }
    }

    /// Whether a server that takes requests has such a list.
    pub(super) fn has_list(&self, server: ServerId, kind: ListKind) -> bool {
        self.is_ready(server) && self.offers(server, kind.capability)
    }
}

/// The host's `initialize` under an id of ours, for a revision that is known here.
fn renewed(request: &Frame, call: CallId) -> String {
    let mut edits: Vec<(Span, String)> = Vec::new();
    edits.extend(request.at(&["id"]).map(|node| (node.span.clone(), call.to_string())));
    if let Some(version) = request.at(&["params", "protocolVersion"])
        && !version.string(request.text()).is_some_and(|version| legacy::VERSIONS.contains(&version.as_ref()))
    {
        edits.push((version.span.clone(), format!("\"{}\"", legacy::LATEST)));
    }
    request.edited(&edits)
}

/// Whether the answer to `server/discover` names a revision of the modern era that is known here. Some servers of the
/// legacy era answer it, too, and name their own.
fn discovers(frame: &Frame) -> bool {
    let versions = frame.raw(&["result", "supportedVersions"]);
    let versions = versions.and_then(|versions| serde_json::from_str::<Vec<String>>(versions).ok());
    versions
        .is_some_and(|versions| versions.iter().any(|version| modern::VERSIONS.contains(&version.as_str())))
}

/// Whether an error is the modern era's own about its revisions, and none of them is of the legacy era.
fn names_versions(error: &str) -> bool {
    let Ok(error) = serde_json::from_str::<serde_json::Value>(error) else { return false };
    let unsupported = error.get("code").and_then(serde_json::Value::as_i64)
        == Some(i64::from(reply::code::UNSUPPORTED_VERSION));
    let supported = error.pointer("/data/supported").and_then(serde_json::Value::as_array);
    unsupported
        && supported.is_some_and(|versions| {
            !versions
                .iter()
                .any(|version| version.as_str().is_some_and(|version| legacy::VERSIONS.contains(&version)))
        })
}
