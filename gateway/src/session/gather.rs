//! Requests that several servers answer together: merged lists, and settings that are told to all.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use argala_wire::reply::{self, code};
use argala_wire::{Era, Frame, legacy, modern};
use tokio::time::Instant;

use super::Session;
use super::answers::{HostKey, ReplyTo};
use super::caching::Caching;
use super::calls::{GatherId, Purpose};
use super::catalogue::{ListKind, RESOURCES, TASKS, TEMPLATES};
use super::downstream::Hearing;
use crate::connection::ServerId;
use crate::host::PostId;

/// How long the slowest server is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// All requests that several servers answer together.
#[derive(Debug, Default)]
pub(super) struct Gathers {
    open: BTreeMap<GatherId, Gather>,
    last: GatherId,
}

#[derive(Debug)]
struct Gather {
    to: ReplyTo,
    what: What,
    /// The servers that haven't answered.
    waiting: BTreeSet<ServerId>,
    deadline: Instant,
}

#[derive(Debug)]
enum What {
    /// A list, merged of these servers' lists.
    List { kind: ListKind, servers: Vec<ServerId> },
    /// A setting: done where one server has taken it, else the first error, as JSON.
    Setting { taken: bool, error: Option<String> },
}

impl Gathers {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.open.values().map(|gather| gather.deadline).min()
    }

    /// Whether a request of the host's with this id is being answered.
    pub(super) fn has_host_id(&self, key: &HostKey) -> bool {
        self.open.values().any(|gather| gather.to.key().as_ref() == Some(key))
    }

    /// Forgets a request that the host has cancelled. What servers answer to it is kept for the next one.
    pub(super) fn cancel(&mut self, key: &HostKey) -> Option<ReplyTo> {
        let found = self.open.iter().find(|(_, gather)| gather.to.key().as_ref() == Some(key));
        let gather_id = found.map(|(gather_id, _)| *gather_id)?;
        self.open.remove(&gather_id).map(|gather| gather.to)
    }

    /// Forgets what a POST has asked for.
    pub(super) fn cancel_post(&mut self, post: PostId) {
        self.open.retain(|_, gather| gather.to.post != Some(post));
    }

    fn open(&mut self, to: ReplyTo, what: What, waiting: BTreeSet<ServerId>) -> GatherId {
        self.last += 1;
        self.open.insert(self.last, Gather { to, what, waiting, deadline: Instant::now() + PATIENCE });
        self.last
    }
}

impl Session {
    /// Asks every server that has it for its list, and answers with all of them.
    pub(super) fn gather_list(&mut self, kind: ListKind, to: ReplyTo) {
        let servers: Vec<ServerId> =
            (0..self.downstreams.len()).filter(|server| self.has_list(*server, kind)).collect();
        let mut waiting = BTreeSet::new();
        for server in &servers {
            // A server that is late is asked all the same, for the next time.
            let late = self.is_silent(*server) || self.listings.is_late(*server, kind);
            if self.fetch_list(*server, kind) && !late {
                waiting.insert(*server);
            }
        }
        let id = self.gathers.open(to, What::List { kind, servers }, waiting);
        self.try_end_gather(id);
    }

    /// Tells every server how much to log.
    pub(super) fn gather_log_level(&mut self, frame: &Frame, to: ReplyTo) {
        let params = frame.raw(&["params"]);
        let servers: Vec<ServerId> =
            (0..self.downstreams.len()).filter(|server| self.offers(*server, "logging")).collect();
        let id = self.gathers.open(
            to,
            What::Setting { taken: false, error: None },
            servers.iter().copied().collect(),
        );
        for server in servers {
            let call = self.calls.next_id();
            self.standing.note(server, frame);
            let asked = self.is_legacy(server)
                && self.ask_server(server, call, legacy::LOGGING_SET_LEVEL, params, Purpose::Part(id));
            if asked {
                continue;
            }
            if let Some(Gather { what: What::Setting { taken, .. }, .. }) = self.gathers.open.get_mut(&id) {
                // A server of the modern era is told with each request.
                *taken |= !self.downstreams.get(server).is_some_and(|one| one.era == Some(Era::Legacy));
            }
            if let Some(gather) = self.gathers.open.get_mut(&id) {
                gather.waiting.remove(&server);
            }
        }
        self.try_end_gather(id);
    }

    /// A server's answer to a setting; without a frame, the news that there won't be one.
    pub(super) fn take_part(&mut self, id: GatherId, server: ServerId, frame: Option<&Frame>) {
        let Some(gather) = self.gathers.open.get_mut(&id) else { return };
        gather.waiting.remove(&server);
        if let (What::Setting { taken, error }, Some(frame)) = (&mut gather.what, frame) {
            match frame.raw(&["error"]) {
                Some(said) => {
                    error.get_or_insert(said.to_owned());
                }
                None => *taken = true,
            }
        }
        self.try_end_gather(id);
    }

    /// A server's list has come as far as it will. Whether anyone has waited for it.
    pub(super) fn has_listed(&mut self, server: ServerId, kind: ListKind) -> bool {
        let waits =
            |gather: &Gather| matches!(gather.what, What::List { kind: wanted, .. } if wanted == kind);
        let ids: Vec<GatherId> = self
            .gathers
            .open
            .iter_mut()
            .filter_map(|(id, gather)| (waits(gather) && gather.waiting.remove(&server)).then_some(*id))
            .collect();
        for id in &ids {
            self.try_end_gather(*id);
        }
        !ids.is_empty()
    }

    fn try_end_gather(&mut self, id: GatherId) {
        if self.gathers.open.get(&id).is_some_and(|gather| gather.waiting.is_empty())
            && let Some(gather) = self.gathers.open.remove(&id)
        {
            self.end_gather(gather);
        }
    }

    /// Ends what has waited long enough: the servers that are late are waited for no more, until they are heard.
    pub(super) fn end_gathers(&mut self, now: Instant) {
        let late: Vec<GatherId> = self
            .gathers
            .open
            .iter()
            .filter(|(_, gather)| gather.deadline <= now)
            .map(|(id, _)| *id)
            .collect();
        for gather in late.into_iter().filter_map(|id| self.gathers.open.remove(&id)).collect::<Vec<_>>() {
            for server in &gather.waiting {
                tracing::warn!(
                    server = self.name(*server),
                    "didn't answer in {} s; it isn't waited for",
                    PATIENCE.as_secs()
                );
                if let Some(downstream) = self.downstreams.get_mut(*server) {
                    downstream.hearing = Hearing::Silent;
                }
            }
            self.end_gather(gather);
        }
    }

    fn end_gather(&mut self, gather: Gather) {
        let Some(id) = &gather.to.id else { return };
        let result = match gather.what {
            What::Setting { taken: false, error: Some(error) } => {
                let answer = format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, id.to_json());
                return self.answer(&gather.to, answer);
            }
            What::Setting { .. } => "{}".to_owned(),
            What::List { kind, servers } => self.merged_list(kind, &servers),
        };
        self.answer(&gather.to, reply::result(id, &result));
    }

    /// The lists of these servers as one result, in the order of servers.
    fn merged_list(&mut self, kind: ListKind, servers: &[ServerId]) -> String {
        let mut merged = "{".to_owned();
        if self.era() == Era::Modern {
            let all = servers.iter().map(|server| self.listings.caching(*server, kind));
            merged.push_str(&format!(r#""resultType":"{}","#, modern::COMPLETE));
            for (name, value) in all.fold(Caching::ANY, Caching::and).members() {
                merged.push_str(&format!(r#""{name}":{value},"#));
            }
        }
        merged.push_str(&format!(r#""{}":["#, kind.member));
        let mut separator = "";
        for server in servers {
            for (key, entry) in self.listings.give(*server, kind) {
                match kind {
                    RESOURCES => self.routes.learn_resource(key, *server),
                    TEMPLATES => self.routes.learn_template(key, *server),
                    TASKS => self.routes.learn_listed_task(key, *server),
                    _ => {}
                }
                merged.push_str(separator);
                merged.push_str(entry);
                separator = ",";
            }
        }
        merged.push_str("]}");
        merged
    }

    /// Whoever waits for a server that is gone waits no more for it.
    pub(super) fn forget_lists(&mut self, server: ServerId) {
        self.listings.forget(server);
        let ids: Vec<GatherId> = self
            .gathers
            .open
            .iter_mut()
            .filter_map(|(id, gather)| gather.waiting.remove(&server).then_some(*id))
            .collect();
        for id in ids {
            self.try_end_gather(id);
        }
    }

    /// The error for a cursor that no list of ours has given out.
    pub(super) fn refuse_cursor(&mut self, to: &ReplyTo) {
        self.refuse(to, code::INVALID_PARAMS, "lists of several servers come whole and have no cursor");
    }
}
