//! Requests that several servers answer together: merged lists, and settings that are told to all.

use std::collections::BTreeMap;
use std::time::Duration;

use argala_wire::reply::{self, code};
use argala_wire::{Frame, Id, legacy};
use tokio::time::Instant;

use super::answers::ReplyTo;
use super::calls::{Call, CallId, GatherId, Purpose};
use super::catalogue::{List, ListKind, PROMPTS, RESOURCES, TASKS, TEMPLATES, TOOLS};
use super::{Hearing, Session};
use crate::connection::ServerId;

/// How long the slowest server is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// A list is followed over this many pages of one server.
const MAX_PAGES: usize = 1000;
/// Entries of one server are kept up to this many bytes.
const MAX_BYTES: usize = 32 << 20;

/// All requests that several servers answer together.
#[derive(Debug, Default)]
pub(super) struct Gathers {
    open: BTreeMap<GatherId, Gather>,
    last: GatherId,
}

#[derive(Debug)]
struct Gather {
    to: ReplyTo,
    /// The list that is merged; None where an empty result is the answer.
    kind: Option<ListKind>,
    /// The calls that haven't been answered, and to whom.
    waiting: BTreeMap<CallId, ServerId>,
    /// What each server has answered, in the order of servers.
    parts: BTreeMap<ServerId, Part>,
    deadline: Instant,
}

#[derive(Debug, Default)]
struct Part {
    entries: Vec<String>,
    bytes: usize,
    pages: usize,
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
    pub(super) fn has_host_id(&self, id: &Id) -> bool {
        self.open.values().any(|gather| gather.to.id.as_ref() == Some(id))
    }

    /// Forgets a request that the host has cancelled.
    pub(super) fn cancel(&mut self, id: &Id) -> Option<ReplyTo> {
        let found = self.open.iter().find(|(_, gather)| gather.to.id.as_ref() == Some(id));
        let gather_id = found.map(|(gather_id, _)| *gather_id)?;
        self.open.remove(&gather_id).map(|gather| gather.to)
    }
}

impl Session {
    /// Asks every server that has it for its list, and answers with all of them.
    pub(super) fn gather_list(&mut self, kind: ListKind, to: ReplyTo) {
        let servers = (0..self.downstreams.len()).filter(|server| self.has_list(*server, kind)).collect();
        self.gather(servers, Some(kind), kind.method, None, to);
    }

    /// Tells every server how much to log.
    pub(super) fn gather_log_level(&mut self, params: Option<&str>, to: ReplyTo) {
        let servers = (0..self.downstreams.len()).filter(|server| self.offers(*server, "logging")).collect();
        self.gather(servers, None, legacy::LOGGING_SET_LEVEL, params, to);
    }

    fn gather(
        &mut self,
        servers: Vec<ServerId>,
        kind: Option<ListKind>,
        method: &str,
        params: Option<&str>,
        to: ReplyTo,
    ) {
        self.gathers.last += 1;
        let id = self.gathers.last;
        let deadline = Instant::now() + PATIENCE;
        let mut gather = Gather { to, kind, waiting: BTreeMap::new(), parts: BTreeMap::new(), deadline };
        for server in servers {
            if self.is_silent(server) {
                self.probe(server);
                continue;
            }
            let call = self.calls.next_id();
            if self.to_downstream(server, reply::request(call, method, params)).is_ok() {
                self.calls.insert(call, Call { server, purpose: Purpose::Part(id), token: None });
                gather.waiting.insert(call, server);
            }
        }
        self.gathers.open.insert(id, gather);
        self.try_end_gather(id);
    }

    /// One server's answer, or its failure where there is no frame.
    pub(super) fn take_part(&mut self, id: GatherId, call: CallId, server: ServerId, frame: Option<&Frame>) {
        let Some(gather) = self.gathers.open.get_mut(&id) else { return };
        gather.waiting.remove(&call);
        if let (Some(kind), Some(frame)) = (gather.kind, frame) {
            match frame.raw(&["result"]).and_then(|result| List::read(result, kind)) {
                Some(list) => {
                    let listed = list.entries();
                    let entries: Vec<String> =
                        listed.iter().filter_map(|entry| self.show(server, kind, entry)).collect();
                    if kind == TOOLS {
                        self.warn_of_none(server, listed.len(), entries.len());
                    }
                    let cursor = list.next_cursor().map(str::to_owned);
                    self.keep_entries(id, server, kind, entries, cursor);
                }
                None => {
                    let said = frame.raw(&["error"]).unwrap_or("something else");
                    tracing::warn!(server = self.name(server), "answered `{}` with {said}", kind.method);
                }
            }
        }
        self.try_end_gather(id);
    }

    fn keep_entries(
        &mut self,
        id: GatherId,
        server: ServerId,
        kind: ListKind,
        entries: Vec<String>,
        cursor: Option<String>,
    ) {
        let Some(gather) = self.gathers.open.get_mut(&id) else { return };
        let part = gather.parts.entry(server).or_default();
        part.pages += 1;
        part.bytes += entries.iter().map(String::len).sum::<usize>();
        part.entries.extend(entries);
        let (pages, bytes) = (part.pages, part.bytes);
        let Some(cursor) = cursor else { return };
        if pages >= MAX_PAGES || bytes >= MAX_BYTES {
            tracing::warn!(
                server = self.name(server),
                "`{}` has more than {pages} pages; the rest is left out",
                kind.method
            );
            return;
        }
        let call = self.calls.next_id();
        let params = format!(r#"{{"cursor":{cursor}}}"#);
        if self.to_downstream(server, reply::request(call, kind.method, Some(&params))).is_ok() {
            self.calls.insert(call, Call { server, purpose: Purpose::Part(id), token: None });
            if let Some(gather) = self.gathers.open.get_mut(&id) {
                gather.waiting.insert(call, server);
            }
        }
    }

    /// An entry as the host is shown it; None where it isn't.
    fn show(
        &mut self,
        server: ServerId,
        kind: ListKind,
        entry: &super::catalogue::Entry<'_>,
    ) -> Option<String> {
        match kind {
            RESOURCES => self.routes.learn_resource(&entry.key, server),
            TEMPLATES => self.routes.learn_template(&entry.key, server),
            TASKS => self.routes.learn_task(&entry.key, server),
            _ => {}
        }
        if !kind.prefixed {
            return Some(entry.raw().to_owned());
        }
        debug_assert!(kind == TOOLS || kind == PROMPTS);
        let public = self.routes.public_name(server, &entry.key);
        if kind == TOOLS && !self.setup.policy.could_allow(&public) {
            return None;
        }
        warn_of_length(&public);
        Some(entry.renamed(&public))
    }

    fn try_end_gather(&mut self, id: GatherId) {
        if self.gathers.open.get(&id).is_some_and(|gather| gather.waiting.is_empty())
            && let Some(gather) = self.gathers.open.remove(&id)
        {
            self.end_gather(gather);
        }
    }

    /// Ends what has waited long enough: the servers that are late are waited for no more.
    pub(super) fn end_gathers(&mut self, now: Instant) {
        let late: Vec<GatherId> = self
            .gathers
            .open
            .iter()
            .filter(|(_, gather)| gather.deadline <= now)
            .map(|(id, _)| *id)
            .collect();
        for gather in late.into_iter().filter_map(|id| self.gathers.open.remove(&id)).collect::<Vec<_>>() {
            for (call, server) in &gather.waiting {
                self.calls.take(&Id::from(*call), *server);
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
        let result = match gather.kind {
            None => "{}".to_owned(),
            Some(kind) => {
                let entries: Vec<String> = gather.parts.into_values().flat_map(|part| part.entries).collect();
                format!(r#"{{"{}":[{}]}}"#, kind.member, entries.join(","))
            }
        };
        self.answer(&gather.to, reply::result(id, &result));
    }

    /// A policy that was written for one server's own names allows none of several servers'.
    pub(super) fn warn_of_none(&self, server: ServerId, listed: usize, shown: usize) {
        if listed > 0 && shown == 0 {
            let name = self.routes.public_name(server, "*");
            tracing::warn!(
                server = self.name(server),
                "the policy allows none of its {listed} tools; they are called `{name}`"
            );
        }
    }

    fn is_silent(&self, server: ServerId) -> bool {
        self.downstreams.get(server).is_some_and(|downstream| downstream.hearing != Hearing::Prompt)
    }

    /// Asks a silent server whether it is there, once: its answer makes it one that is waited for again.
    fn probe(&mut self, server: ServerId) {
        let id = self.calls.next_id();
        let Some(downstream) = self.downstreams.get_mut(server) else { return };
        if downstream.hearing == Hearing::Silent {
            downstream.hearing = Hearing::Probed;
            self.calls.insert(id, Call { server, purpose: Purpose::Ignore, token: None });
            let _ = self.to_downstream(server, reply::request(id, legacy::PING, None));
        }
    }

    /// Notes that a server has been heard.
    pub(super) fn heard_from(&mut self, server: ServerId) {
        if self.is_silent(server) {
            if let Some(downstream) = self.downstreams.get_mut(server) {
                downstream.hearing = Hearing::Prompt;
            }
            tracing::info!(server = self.name(server), "answers again");
            self.announce_lists(server);
        }
    }

    /// The error for a cursor that no list of ours has given out.
    pub(super) fn refuse_cursor(&mut self, to: &ReplyTo) {
        self.refuse(to, code::INVALID_PARAMS, "lists of several servers come whole and have no cursor");
    }
}

/// Some hosts drop a tool whose name is longer than this, and say nothing.
fn warn_of_length(name: &str) {
    const KEPT_BY_HOSTS: usize = 60;
    if name.len() > KEPT_BY_HOSTS {
        tracing::warn!(
            "the name `{name}` is longer than {KEPT_BY_HOSTS} characters: some hosts drop it; shorten the server's name"
        );
    }
}
