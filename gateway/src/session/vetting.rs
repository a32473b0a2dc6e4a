//! What is known of the tools of a session's servers, and whether it lets them be shown and called.
//!
//! Where tools are pinned, none is called before its server has listed it, and once the server says that its list has changed, not
//! before it has listed it again: the call waits meanwhile. Lists are fetched whole then, and judged before the host gets to see them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use argala_json::{Limits, Options, Outline, look_alike, quote};
use argala_wire::Frame;
use argala_wire::reply::code;
use tokio::time::Instant;

use super::Session;
use super::answers::{HostKey, ReplyTo};
use super::catalogue::{List, TOOLS};
use crate::audit::Event;
use crate::connection::ServerId;
use crate::host::PostId;
use crate::pins::{Definition, Handling, Judged, Names, Offer, Withheld, imitations, visible_name};

/// How long a call waits for its server to list its tools.
const PATIENCE: Duration = Duration::from_secs(30);
/// Calls that wait.
const MAX_WAITING: usize = 1000;
/// Past this many tools of a server no more are remembered of lists that come page by page.
const MAX_TOOLS: usize = 10_000;
/// The member of an introduction that models are told.
const INSTRUCTIONS: &str = "instructions";

/// All that is known of servers' tools, and the calls that wait to know more.
#[derive(Debug, Default)]
pub(super) struct Vetting {
    servers: BTreeMap<ServerId, Vetted>,
    waiting: Vec<Waiting>,
}

/// What is known of one server's tools.
#[derive(Debug, Default)]
struct Vetted {
    /// What it said for models when it introduced itself.
    instructions: Option<String>,
    judged: Judged,
    /// Whether the server hasn't said since that they have changed.
    is_current: bool,
    names: Names,
    imitations: BTreeMap<String, Withheld>,
}

/// A call that waits for its server's list.
#[derive(Debug)]
struct Waiting {
    server: ServerId,
    frame: Frame,
    to: ReplyTo,
    until: Instant,
}

/// Whether a tool may be called.
#[derive(Debug)]
pub(super) enum Standing {
    /// As far as its definition goes.
    Fine,
    /// It is held back.
    Withheld(Withheld),
    /// That can't be said before the server has listed its tools.
    Unlisted,
}

impl Vetting {
    /// Whether a tool is held back.
    pub(super) fn withheld(&self, server: ServerId, own: &str) -> Option<&Withheld> {
        let vetted = self.servers.get(&server)?;
        vetted.judged.tools.get(own).and_then(Option::as_ref).or_else(|| vetted.imitations.get(own))
    }

    /// What is known of a server's tools isn't what they are now.
    pub(super) fn outdate(&mut self, server: ServerId, capability: &str) {
        if let Some(vetted) = self.servers.get_mut(&server).filter(|_| capability == TOOLS.capability) {
            vetted.is_current = false;
        }
    }

    /// Forgets a server that is gone: the next one may be another.
    pub(super) fn forget(&mut self, server: ServerId) {
        self.servers.remove(&server);
    }

    /// How many calls wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The bytes of the calls that wait.
    pub(super) fn kept(&self) -> usize {
        self.waiting.iter().map(|waiting| waiting.frame.text().len()).sum()
    }

    /// When the first of them has waited long enough.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.until).min()
    }

    /// Whether a call of the host's with this id waits.
    pub(super) fn has_host_id(&self, key: &HostKey) -> bool {
        self.waiting.iter().any(|waiting| waiting.to.key().as_ref() == Some(key))
    }

    /// Forgets a call that the host has cancelled.
    pub(super) fn cancel(&mut self, key: &HostKey) -> Option<ReplyTo> {
        let found = self.waiting.iter().position(|waiting| waiting.to.key().as_ref() == Some(key))?;
        Some(self.waiting.remove(found).to)
    }

    /// Forgets the calls of a POST that nobody waits for.
    pub(super) fn cancel_post(&mut self, post: PostId) {
        self.waiting.retain(|waiting| waiting.to.post != Some(post));
    }

    fn take_waiting(&mut self, ends: impl Fn(&Waiting) -> bool) -> Vec<Waiting> {
        let (ended, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(ends);
        self.waiting = waiting;
        ended
    }
}

impl Session {
    /// Whether a tool may be called, as far as its definition goes.
    pub(super) fn standing(&self, server: ServerId, own: &str) -> Standing {
        let pins = &self.setup.pins;
        let withheld = self.vetting.withheld(server, own).cloned();
        // To a server that isn't ready nothing is sent.
        if !pins.is_on() || !self.is_ready(server) {
            return withheld.map_or(Standing::Fine, Standing::Withheld);
        }
        let known = self.vetting.servers.get(&server).filter(|vetted| vetted.is_current);
        match (known, withheld) {
            (None, _) => Standing::Unlisted,
            // Someone may have accepted it since, or taken that back.
            (Some(known), _) if known.judged.edition != pins.edition(self.name(server)) => Standing::Unlisted,
            (Some(_), Some(withheld)) => Standing::Withheld(withheld),
            (Some(known), None) if known.judged.tools.contains_key(own) => Standing::Fine,
            (Some(_), None) => Standing::Withheld(Withheld::unlisted(self.name(server))),
        }
    }

    /// Keeps a call until its server has listed its tools. False where it can't be asked to.
    pub(super) fn wait_for_tools(&mut self, server: ServerId, frame: &Frame, to: &ReplyTo) -> bool {
        if self.vetting.len() >= MAX_WAITING {
            self.refuse(to, code::INTERNAL_ERROR, "too many calls wait for their server; try again later");
            return true;
        }
        let asked = self.fetch_list(server, TOOLS);
        if asked {
            let until = Instant::now() + PATIENCE;
            self.vetting.waiting.push(Waiting { server, frame: frame.clone(), to: to.clone(), until });
        }
        asked
    }

    /// Calls whose server hasn't listed its tools in time are denied.
    pub(super) fn end_waiting(&mut self, now: Instant) {
        let late = self.vetting.take_waiting(|waiting| waiting.until <= now);
        self.call_at_last(late);
    }

    fn call_at_last(&mut self, calls: Vec<Waiting>) {
        for Waiting { frame, to, .. } in calls {
            self.judge_tool_call(&frame, to, true);
        }
    }

    /// A server's whole list of tools has come, or (None) won't come.
    pub(super) fn vet_list(&mut self, server: ServerId, tools: Option<&[Definition]>) {
        if let Some(tools) = tools {
            let vetted = self.vetting.servers.entry(server).or_default();
            let name = self.downstreams.get(server).map_or("", |downstream| &downstream.name);
            let offer = Offer { instructions: vetted.instructions.as_deref(), tools };
            let judged = self.setup.pins.judge(name, &offer);
            let before = std::mem::replace(&mut vetted.judged, judged);
            vetted.is_current = true;
            if before.tools.keys().ne(vetted.judged.tools.keys()) {
                let prefix = self.routes.public_name(server, "");
                vetted.names = Names::of(&prefix, vetted.judged.tools.keys());
                self.find_imitations();
            }
            self.note_vetted(server, &before);
        }
    }

    /// Calls that have waited for a server's list.
    pub(super) fn end_waiting_for(&mut self, server: ServerId) {
        let calls = self.vetting.take_waiting(|waiting| waiting.server == server);
        self.call_at_last(calls);
    }

    /// A page of tools that the host has asked the only server for. Nothing is pinned.
    pub(super) fn vet_page(&mut self, server: ServerId, list: &List<'_>) {
        let wanted = self.setup.pins.wanted();
        if !wanted.hidden {
            return;
        }
        let read = |entry: &super::catalogue::Entry<'_>| Definition::read(&entry.key, entry.raw(), wanted);
        let tools: Vec<Definition> = list.entries().iter().map(read).collect();
        let name = self.name(server).to_owned();
        let judged = self.setup.pins.judge(&name, &Offer { instructions: None, tools: &tools });
        let vetted = self.vetting.servers.entry(server).or_default();
        let before = std::mem::take(&mut vetted.judged);
        for (tool, withheld) in before.tools.iter().filter(|(tool, _)| !judged.tools.contains_key(*tool)) {
            vetted.judged.tools.insert(tool.clone(), withheld.clone());
        }
        for (tool, withheld) in judged.tools.into_iter().filter(|(_, withheld)| withheld.is_some()) {
            if vetted.judged.tools.len() < MAX_TOOLS {
                vetted.judged.tools.insert(tool, withheld);
            }
        }
        self.note_vetted(server, &before);
    }

    /// Looks for names of each server's that look like another's.
    fn find_imitations(&mut self) {
        let handling = self.setup.pins.on_imitation();
        if !self.is_federated() || handling == Handling::Off {
            return;
        }
        let servers: Vec<ServerId> = self.vetting.servers.keys().copied().collect();
        let names: Vec<&Names> = self.vetting.servers.values().map(|vetted| &vetted.names).collect();
        let found = imitations(&names);
        let mut before = BTreeMap::new();
        for (server, vetted) in &mut self.vetting.servers {
            before.insert(*server, std::mem::take(&mut vetted.imitations));
        }
        for one in found {
            let Some(server) = servers.get(one.server) else { continue };
            let withheld = Withheld::imitation(&one.of);
            let known = before.get(server).is_some_and(|before| before.contains_key(&one.tool));
            if !known {
                let tool = visible_name(&self.routes.public_name(*server, &one.tool));
                tracing::warn!(rule = withheld.rule, "the tool `{tool}`: {}", withheld.reason);
            }
            if let Some(vetted) = self.vetting.servers.get_mut(server) {
                vetted.imitations.insert(one.tool, withheld);
            }
        }
        if handling == Handling::Warn {
            self.vetting.servers.values_mut().for_each(|vetted| vetted.imitations.clear());
        }
    }

    /// Logs and records what has come of a server's tools, where that is another thing than before.
    fn note_vetted(&self, server: ServerId, before: &Judged) {
        let Some(vetted) = self.vetting.servers.get(&server) else { return };
        let now = &vetted.judged;
        if now.tools == before.tools && !now.recorded {
            return;
        }
        let name = self.name(server);
        if now.recorded {
            tracing::info!(
                server = name,
                "its {} tools were seen for the first time, and are pinned",
                now.tools.len()
            );
        }
        for (tool, withheld) in &now.tools {
            if let Some(withheld) = withheld.as_ref().filter(|_| before.tools.get(tool) != Some(withheld)) {
                let (tool, reason) = (visible_name(tool), &withheld.reason);
                tracing::warn!(
                    server = name,
                    rule = withheld.rule,
                    "the tool `{tool}` is withheld: {reason}"
                );
            }
        }
        let rules =
            now.tools.iter().filter_map(|(tool, withheld)| Some((tool.as_str(), withheld.as_ref()?.rule)));
        let imitations = vetted.imitations.iter().map(|(tool, withheld)| (tool.as_str(), withheld.rule));
        self.setup.audit.note(&Event::ToolsChanged {
            session: &self.setup.caller.session,
            server: name,
            tools: vetted.is_current.then_some(now.tools.len()),
            recorded: now.recorded,
            withheld: imitations.chain(rules).collect(),
        });
    }

    /// A server's introduction without the instructions that are withheld.
    pub(super) fn vet_introduction<'a>(&mut self, server: ServerId, introduction: &'a str) -> Cow<'a, str> {
        let options = Options::tolerant(Limits::UNBOUNDED);
        let Ok(outline) = Outline::of_members(introduction.as_bytes(), &options, 1) else {
            return Cow::Borrowed(introduction);
        };
        let is_it = |key: &str| key == INSTRUCTIONS || look_alike(key, INSTRUCTIONS);
        let members: Vec<_> = outline.root().map(|root| outline.children(root).collect()).unwrap_or_default();
        let instructions: Vec<_> =
            members.iter().filter(|member| member.key.as_deref().is_some_and(is_it)).collect();
        let name = self.name(server).to_owned();
        let withheld = match instructions.as_slice() {
            [] => None,
            [one] if one.raw(introduction) == "null" => None,
            [one] if one.key.as_deref() == Some(INSTRUCTIONS) => match one.string(introduction) {
                Some(text) => {
                    let withheld = self.setup.pins.judge_instructions(&name, &text);
                    self.vetting.servers.entry(server).or_default().instructions = Some(text.into_owned());
                    withheld.map(|withheld| withheld.reason)
                }
                None => Some("they are no text".to_owned()),
            },
            // Some hosts would take the one, some the other.
            _ => Some("they stand there in more than one way".to_owned()),
        };
        let Some(reason) = withheld else { return Cow::Borrowed(introduction) };
        tracing::warn!(server = name, "its instructions are withheld: {reason}");
        let kept = members.iter().filter(|member| !member.key.as_deref().is_some_and(is_it)).map(|member| {
            let mut text = String::new();
            quote(member.key.as_deref().unwrap_or_default(), &mut text);
            format!("{text}:{}", member.raw(introduction))
        });
        Cow::Owned(format!("{{{}}}", kept.collect::<Vec<_>>().join(",")))
    }
}
