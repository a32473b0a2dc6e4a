//! A downstream as its session sees it: whether it runs, what it offers, and what can be sent to it.

use std::collections::BTreeSet;

use argala_json::{Limits, Options, Outline};
use argala_wire::Era;
use argala_wire::outbox::{Outbox, Unsent};

use super::Session;
use super::circuit::Circuit;
use super::introduction::Attempt;
use crate::connection::{Down, Outgoing, ServerId};
use crate::servers::Server;

/// One downstream.
pub(super) struct Downstream {
    pub(super) name: String,
    pub(super) state: State,
    /// The era in which it is spoken to, once it has been introduced.
    pub(super) era: Option<Era>,
    /// The introduction that it hasn't answered.
    pub(super) attempt: Option<Attempt>,
    /// It has ended over its introduction, and gets another one when it runs again.
    pub(super) is_awaited: bool,
    /// What it said of itself, as JSON: the result of `initialize` or `server/discover`.
    pub(super) introduction: Option<String>,
    /// The names of its capabilities, as it said then.
    pub(super) capabilities: BTreeSet<String>,
    /// The error that it answered its introduction with, as JSON, if it did.
    pub(super) refusal: Option<String>,
    pub(super) hearing: Hearing,
    pub(super) circuit: Circuit,
}

/// Whether a downstream can be sent something.
pub(super) enum State {
    /// It is being started for the first time.
    Starting,
    /// It doesn't run, and why.
    Down(Down),
    /// It runs and hasn't been introduced to the host.
    Up(Outbox<Outgoing>),
    /// It takes requests.
    Ready(Outbox<Outgoing>),
}

/// Whether a downstream answers in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hearing {
    /// As far as is known.
    Prompt,
    /// It missed a deadline and hasn't been heard since: nobody waits for it.
    Silent,
}

impl Downstream {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            name: server.name.clone(),
            state: State::Starting,
            era: None,
            attempt: None,
            is_awaited: false,
            introduction: None,
            capabilities: BTreeSet::new(),
            refusal: None,
            hearing: Hearing::Prompt,
            circuit: Circuit::new(server.status.clone()),
        }
    }

    /// Takes note of its result of `initialize` or `server/discover`.
    pub(super) fn introduce(&mut self, era: Era, introduction: &str) {
        self.era = Some(era);
        self.is_awaited = false;
        let outline =
            Outline::of_members(introduction.as_bytes(), &Options::tolerant(Limits::UNBOUNDED), 2).ok();
        self.capabilities = outline
            .as_ref()
            .and_then(|outline| Some(outline.children(outline.at(&["capabilities"])?)))
            .map(|members| members.filter_map(|member| member.key.clone()).collect())
            .unwrap_or_default();
        self.introduction = Some(introduction.to_owned());
        self.state = match std::mem::replace(&mut self.state, State::Starting) {
            State::Up(outbox) => State::Ready(outbox),
            other => other,
        };
    }

    /// The queue of one that takes requests.
    ///
    /// # Errors
    /// A sentence, where it takes none.
    fn ready(&self) -> Result<&Outbox<Outgoing>, String> {
        let name = &self.name;
        match &self.state {
            State::Ready(outbox) => Ok(outbox),
            State::Starting => Err(format!("the server `{name}` is being started; try again later")),
            State::Up(_) => {
                Err(format!("the server `{name}` has not answered its introduction yet; try again later"))
            }
            State::Down(down) => Err(format!("the server `{name}` doesn't run: {down}; {}", down.again())),
        }
    }
}

impl Session {
    pub(super) fn set_state(&mut self, server: ServerId, state: State) {
        if let Some(downstream) = self.downstreams.get_mut(server) {
            downstream.state = state;
            downstream.hearing = Hearing::Prompt;
        }
    }

    pub(super) fn name(&self, server: ServerId) -> &str {
        self.downstreams.get(server).map_or("", |downstream| &downstream.name)
    }

    /// Whether a server takes requests.
    pub(super) fn is_ready(&self, server: ServerId) -> bool {
        self.downstreams.get(server).is_some_and(|downstream| matches!(downstream.state, State::Ready(_)))
    }

    /// Whether a server is one of the legacy era, or may be.
    pub(super) fn is_legacy(&self, server: ServerId) -> bool {
        self.downstreams.get(server).is_none_or(|downstream| downstream.era != Some(Era::Modern))
    }

    /// Whether a server has said that it has a capability.
    pub(super) fn offers(&self, server: ServerId, capability: &str) -> bool {
        self.downstreams.get(server).is_some_and(|downstream| downstream.capabilities.contains(capability))
    }

    /// Whether a server missed a deadline and hasn't been heard since.
    pub(super) fn is_silent(&self, server: ServerId) -> bool {
        self.downstreams.get(server).is_some_and(|downstream| downstream.hearing == Hearing::Silent)
    }

    /// Notes that a server has been heard.
    pub(super) fn heard_from(&mut self, server: ServerId) {
        if let Some(downstream) = self.downstreams.get_mut(server) {
            downstream.hearing = Hearing::Prompt;
        }
    }

    /// Sends a frame to a downstream that takes requests.
    ///
    /// # Errors
    /// A sentence, where it can't be sent.
    pub(super) fn to_downstream(&self, server: ServerId, frame: impl Into<Outgoing>) -> Result<(), String> {
        let Some(downstream) = self.downstreams.get(server) else {
            return Err("there is no such server".to_owned());
        };
        let name = &downstream.name;
        downstream.ready()?.send(frame.into()).map_err(|unsent| match unsent {
            Unsent::Full => format!("the server `{name}` doesn't read what it is sent; try again later"),
            Unsent::Closed => format!("the server `{name}` has just ended; try again later"),
        })
    }

    /// Answers a request of a downstream's, which may make some before it takes any.
    pub(super) fn reply(&self, server: ServerId, frame: String) {
        if let Some(State::Up(outbox) | State::Ready(outbox)) =
            self.downstreams.get(server).map(|one| &one.state)
        {
            // A server that doesn't read its answers can't be helped.
            let _ = outbox.send(Outgoing::new(frame));
        }
    }
}
