//! Requests that several servers answer together: merged lists, and settings that are told to all.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use argala_json::quote;
use argala_wire::reply::{self, code};
use argala_wire::{Era, Frame, legacy, modern};
use tokio::time::Instant;

use super::Session;
use super::answers::{HostKey, ReplyTo};
use super::caching::Caching;
use super::calls::{GatherId, Purpose};
use super::catalogue::{ListKind, RESOURCES, TASKS, TEMPLATES, TOOLS};
use super::downstream::Hearing;
use super::paging::{Page, Place};
use crate::connection::ServerId;
use crate::host::PostId;

/// How long the slowest server is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long the only one is.
const PATIENCE_ALONE: Duration = Duration::from_secs(30);

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
    /// A list, merged of these servers' lists, from a place on.
    List { kind: ListKind, servers: Vec<ServerId>, from: Option<Place> },
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

    fn open(&mut self, to: ReplyTo, what: What, waiting: BTreeSet<ServerId>, patience: Duration) -> GatherId {
        self.last += 1;
        self.open.insert(self.last, Gather { to, what, waiting, deadline: Instant::now() + patience });
        self.last
    }
}

impl Session {
    /// A host's request for a merged list, or for the next page of one.
    pub(super) fn list(&mut self, kind: ListKind, frame: &Frame, to: ReplyTo) {
        let cursor = frame.at(&["params", "cursor"]).filter(|cursor| cursor.raw(frame.text()) != "null");
        let from = cursor.map(|cursor| {
            let named = |name: &str| (0..self.downstreams.len()).find(|server| self.name(*server) == name);
            Place::read(&cursor.string(frame.text())?, kind, named)
        });
        if from == Some(None) {
            let message = format!(
                "this cursor is none that `{}` has given out here; list again without one",
                kind.method
            );
            return self.refuse(&to, code::INVALID_PARAMS, &message);
        }
        self.gather_list(kind, from.flatten(), to);
    }

    /// Answers with the lists of all servers that have such a list. Each is asked for its own, but for a further page.
    fn gather_list(&mut self, kind: ListKind, from: Option<Place>, to: ReplyTo) {
        let servers: Vec<ServerId> =
            (0..self.downstreams.len()).filter(|server| self.has_list(*server, kind)).collect();
        // In the modern era it may be another session that has given the pages before.
        let is_kept = from.is_some() && servers.iter().any(|server| self.listings.has(*server, kind));
        let mut waiting = BTreeSet::new();
        for server in servers.iter().filter(|_| !is_kept) {
            // A server that is late is asked all the same, for the next time.
            let late = self.is_silent(*server) || self.listings.is_late(*server, kind);
            if self.fetch_list(*server, kind) && !late {
                waiting.insert(*server);
            }
        }
        let patience = if self.is_federated() { PATIENCE } else { PATIENCE_ALONE };
        let id = self.gathers.open(to, What::List { kind, servers, from }, waiting, patience);
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
            PATIENCE,
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
                tracing::warn!(server = self.name(*server), "didn't answer in time; it isn't waited for");
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
            What::List { kind, servers, from } => self.merged_list(kind, &servers, from),
        };
        self.answer(&gather.to, reply::result(id, &result));
    }

    /// A page of the lists of these servers, in the order of servers.
    fn merged_list(&mut self, kind: ListKind, servers: &[ServerId], from: Option<Place>) -> String {
        let mut merged = "{".to_owned();
        if self.era() == Era::Modern {
            let all = servers.iter().map(|server| self.listings.caching(*server, kind));
            // The policy may show others other tools.
            let first = if self.setup.caller.principal.is_some() { Caching::OWN } else { Caching::ANY };
            merged.push_str(&format!(r#""resultType":"{}","#, modern::COMPLETE));
            for (name, value) in all.fold(first, Caching::and).members() {
                merged.push_str(&format!(r#""{name}":{value},"#));
            }
        }
        let mut page = Page::default();
        // The last entry on the page, and whether there are more.
        let (mut last, mut more) = (from.clone(), false);
        let first = from.as_ref().map_or(0, |from| from.server);
        'page: for server in servers.iter().copied().filter(|server| *server >= first) {
            let entries = self.listings.give(server, kind);
            let start =
                from.as_ref().filter(|from| from.server == server).map_or(0, |from| from.next(entries));
            for (index, shown) in entries.iter().enumerate().skip(start) {
                let (key, entry) = shown;
                let own = || self.routes.own_name(key).map(|(_, own)| own);
                if kind == TOOLS && own().is_some_and(|own| self.vetting.withheld(server, own).is_some()) {
                    continue;
                }
                if !page.add(entry) {
                    more = true;
                    break 'page;
                }
                last = Some(Place::behind(server, index, shown));
                match kind {
                    RESOURCES => self.routes.learn_resource(key, server),
                    TEMPLATES => self.routes.learn_template(key, server),
                    TASKS => self.routes.learn_listed_task(key, server),
                    _ => {}
                }
            }
        }
        merged.push_str(&format!(r#""{}":[{}]"#, kind.member, page.text));
        if let Some(last) = last.filter(|_| more) {
            merged.push_str(r#","nextCursor":"#);
            quote(&last.cursor(kind, self.name(last.server)), &mut merged);
        }
        merged.push('}');
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
}
