//! The lists of single servers: each is fetched page by page, once at a time, and kept.
//!
//! What is kept is shown in the place of a list that is late, so a slow server doesn't make its entries come and go.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use argala_wire::{Era, Frame};
use tokio::time::Instant;

use super::Session;
use super::caching::Caching;
use super::calls::Purpose;
use super::catalogue::{Entry, LISTS, List, ListKind, PROMPTS, TOOLS};
use super::gather::PATIENCE;
use crate::connection::ServerId;
use crate::pins::Definition;

/// A list is followed over this many pages.
const MAX_PAGES: usize = 1000;
/// Entries are kept up to this many bytes.
const MAX_BYTES: usize = 32 << 20;

/// An entry as the host is shown it, under its name, URI or id.
pub(super) type Shown = (String, String);

/// All lists of a session, by server and request.
#[derive(Debug, Default)]
pub(super) struct Listings {
    lists: BTreeMap<(ServerId, &'static str), Listing>,
}

/// One list of one server.
#[derive(Debug, Default)]
struct Listing {
    /// The pages that have come of a list that is being fetched.
    fetching: Option<Pages>,
    /// The last whole list.
    whole: Vec<Shown>,
    /// Stands for all of it.
    print: u64,
    /// How long it holds.
    caching: Option<Caching>,
    /// What the host was given last, if it was given anything.
    given: Option<u64>,
    /// Whether the last whole list took longer than anyone waits for one: what is kept is shown until the next one is there.
    late: bool,
}

#[derive(Debug)]
struct Pages {
    since: Instant,
    entries: Vec<Shown>,
    bytes: usize,
    count: usize,
    caching: Caching,
    /// Whether the server has said since that the list has changed.
    outdated: bool,
    /// Whether it is fetched because the one before was outdated. Some servers say so at each fetch: once is enough.
    again: bool,
    /// Of a list of tools, what they are: what isn't to be shown, too.
    tools: Vec<Definition>,
    /// Whether a page didn't come.
    is_broken: bool,
}

impl Pages {
    fn begin() -> Self {
        Self {
            since: Instant::now(),
            entries: Vec::new(),
            bytes: 0,
            count: 0,
            caching: Caching::ANY,
            outdated: false,
            again: false,
            tools: Vec::new(),
            is_broken: false,
        }
    }
}

impl Listings {
    /// The last whole list of a server, which the host is given now.
    pub(super) fn give(&mut self, server: ServerId, kind: ListKind) -> &[Shown] {
        let listing = self.lists.entry((server, kind.method)).or_default();
        listing.given = Some(listing.print);
        &listing.whole
    }

    /// Whether a server's list has come.
    pub(super) fn has(&self, server: ServerId, kind: ListKind) -> bool {
        self.lists.get(&(server, kind.method)).is_some_and(|listing| listing.caching.is_some())
    }

    /// How long the last whole list of a server holds.
    pub(super) fn caching(&self, server: ServerId, kind: ListKind) -> Caching {
        let listing = self.lists.get(&(server, kind.method));
        listing.and_then(|listing| listing.caching).unwrap_or(Caching::NONE)
    }

    /// Whether a server's list is not to be waited for.
    pub(super) fn is_late(&self, server: ServerId, kind: ListKind) -> bool {
        self.lists.get(&(server, kind.method)).is_some_and(|listing| listing.late)
    }

    /// Notes that a server's list has changed: what is being fetched of it may be the old one.
    pub(super) fn outdate(&mut self, server: ServerId, capability: &str) {
        for kind in LISTS.iter().filter(|kind| kind.capability == capability) {
            if let Some(pages) =
                self.lists.get_mut(&(server, kind.method)).and_then(|listing| listing.fetching.as_mut())
            {
                pages.outdated = true;
            }
        }
    }

    /// Forgets the lists of a server that is gone.
    pub(super) fn forget(&mut self, server: ServerId) {
        self.lists.retain(|(owner, _), _| *owner != server);
    }

    fn fetching(&mut self, server: ServerId, kind: ListKind) -> Option<&mut Pages> {
        self.lists.get_mut(&(server, kind.method))?.fetching.as_mut()
    }
}

fn fingerprint(entries: &[Shown]) -> u64 {
    // As long as none has come.
    if entries.is_empty() {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    entries.hash(&mut hasher);
    hasher.finish()
}

impl Session {
    /// Fetches a list of a server, unless that is under way. False where it can't be asked.
    pub(super) fn fetch_list(&mut self, server: ServerId, kind: ListKind) -> bool {
        if self.listings.fetching(server, kind).is_some() {
            return true;
        }
        let asked = self.ask_for_page(server, kind, None);
        if asked {
            let listing = self.listings.lists.entry((server, kind.method)).or_default();
            listing.fetching = Some(Pages::begin());
        }
        asked
    }

    fn ask_for_page(&mut self, server: ServerId, kind: ListKind, cursor: Option<&str>) -> bool {
        let call = self.calls.next_id();
        let params = cursor.map(|cursor| format!(r#"{{"cursor":{cursor}}}"#));
        self.ask_server(server, call, kind.method, params.as_deref(), Purpose::Page(kind))
    }

    /// A page of a list; without a frame, the news that it won't come.
    pub(super) fn take_page(&mut self, server: ServerId, kind: ListKind, frame: Option<&Frame>) {
        let list = frame.and_then(|frame| List::read(frame.raw(&["result"])?, kind));
        let Some(list) = list else {
            let said = frame.and_then(|frame| frame.raw(&["error"])).unwrap_or("no list");
            tracing::warn!(server = self.name(server), "answered `{}` with {said}", kind.method);
            // What was kept before is better than nothing.
            if let Some(listing) = self.listings.lists.get_mut(&(server, kind.method))
                && let Some(pages) = &mut listing.fetching
            {
                pages.entries.clone_from(&listing.whole);
                pages.is_broken = true;
            }
            return self.end_fetch(server, kind);
        };
        if let Some(result) = frame.and_then(|frame| frame.raw(&["result"])).filter(|_| kind == TOOLS) {
            self.learn_mirrored(server, result);
        }
        let caching = frame.and_then(|frame| frame.raw(&["result"])).map_or(Caching::NONE, Caching::read);
        let listed = list.entries();
        let shown: Vec<Shown> = listed.iter().filter_map(|entry| self.show(server, kind, entry)).collect();
        let mut tools = Vec::new();
        if kind == TOOLS {
            self.warn_of_none(server, listed.len(), shown.len());
            let wanted = self.setup.pins.wanted();
            tools.extend(listed.iter().map(|entry| Definition::read(&entry.key, entry.raw(), wanted)));
        }
        let Some(pages) = self.listings.fetching(server, kind) else { return };
        pages.count += 1;
        // Of tools, what isn't shown is kept as well.
        pages.bytes += match tools.is_empty() {
            true => shown.iter().map(|(key, entry)| key.len() + entry.len()).sum::<usize>(),
            false => tools.iter().map(|tool| tool.bytes).sum(),
        };
        pages.entries.extend(shown);
        pages.tools.extend(tools);
        pages.caching = pages.caching.and(caching);
        let (count, full) = (pages.count, pages.count >= MAX_PAGES || pages.bytes >= MAX_BYTES);
        match list.next_cursor() {
            Some(_) if full => {
                let method = kind.method;
                tracing::warn!(
                    server = self.name(server),
                    "`{method}` has more than {count} pages; the rest is left out"
                );
                self.end_fetch(server, kind);
            }
            Some(cursor) if self.ask_for_page(server, kind, Some(cursor)) => {}
            _ => self.end_fetch(server, kind),
        }
    }

    /// A list has come as far as it will: whoever waits for it gets it, and a host that has an older one hears so.
    fn end_fetch(&mut self, server: ServerId, kind: ListKind) {
        let Some(listing) = self.listings.lists.get_mut(&(server, kind.method)) else { return };
        let Some(pages) = listing.fetching.take() else { return };
        listing.print = fingerprint(&pages.entries);
        listing.whole = pages.entries;
        listing.caching = Some(pages.caching);
        listing.late = pages.since.elapsed() >= PATIENCE;
        if pages.outdated && !pages.again && self.fetch_list(server, kind) {
            if let Some(pages) = self.listings.fetching(server, kind) {
                pages.again = true;
            }
            return;
        }
        if kind == TOOLS {
            self.vet_list(server, Some(pages.tools.as_slice()).filter(|_| !pages.is_broken));
        }
        let was_awaited = self.has_listed(server, kind);
        if kind == TOOLS {
            self.end_waiting_for(server);
        }
        if was_awaited {
            return;
        }
        let Some(listing) = self.listings.lists.get(&(server, kind.method)) else { return };
        if listing.given.is_some_and(|given| given != listing.print) {
            self.announce_list(kind.capability);
        }
    }

    /// An entry as the host is shown it; None where it isn't.
    fn show(&self, server: ServerId, kind: ListKind, entry: &Entry<'_>) -> Option<Shown> {
        if !kind.prefixed {
            return Some((entry.key.clone(), entry.raw().to_owned()));
        }
        debug_assert!(kind == TOOLS || kind == PROMPTS);
        let public = self.routes.public_name(server, &entry.key);
        if kind == TOOLS && !self.could_show(server, &entry.key) {
            return None;
        }
        warn_of_length(&public);
        let renamed = entry.renamed(&public);
        Some((public, renamed))
    }

    /// Whether the host is shown a tool: the policy could allow it, and it can be called as its server wants.
    pub(super) fn could_show(&self, server: ServerId, own: &str) -> bool {
        let known = self.setup.servers.get(server).filter(|_| !self.is_legacy(server));
        let faulty = known.is_some_and(|known| known.transport.is_http() && known.mirrored.is_faulty(own));
        !faulty
            && self
                .setup
                .policy
                .could_allow(&self.routes.public_name(server, own), &self.setup.caller.facts())
    }

    /// Takes note of what a server's tools want mirrored in headers.
    pub(super) fn learn_mirrored(&self, server: ServerId, result: &str) {
        if let Some(known) = self.setup.servers.get(server) {
            known.mirrored.learn(&known.name, result);
        }
    }

    /// Lists a server's tools before anyone asks, where calls to them may have to be mirrored in headers.
    pub(super) fn list_for_mirroring(&mut self, server: ServerId) {
        let over_http = self.setup.slot > 0 && self.era() == Era::Modern;
        let wanted = self.setup.servers.get(server).is_some_and(|known| {
            (over_http || known.transport.is_http() && !self.is_legacy(server)) && !known.mirrored.is_listed()
        });
        if wanted && self.offers(server, "tools") {
            self.fetch_list(server, TOOLS);
        }
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
