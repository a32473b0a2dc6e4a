//! Who is told of changes: `subscriptions/listen` of the modern era, list changes and `resources/subscribe` of the legacy one.
//!
//! A host's `subscriptions/listen` passes to its server where that is the only one and knows the request. Otherwise it is
//! served here: each server is asked, in the way of its own era, for all that anyone wants of it, and what it says is
//! handed to those who have asked for that.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use argala_json::quote;
use argala_wire::reply::{self, code};
use argala_wire::{Era, Frame, Sender, legacy, modern};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Session;
use super::answers::{HostKey, ReplyTo};
use super::calls::{Call, CallId, Purpose};
use crate::connection::ServerId;
use crate::host::PostId;

/// Listens that one session serves at once.
const MAX_OPEN: usize = 1000;
/// URIs in all of them, and the length of one.
const MAX_URIS: usize = 10_000;
const LONGEST: usize = 8 << 10;
/// How long after a server has ended our listening it is asked again.
const AGAIN: Duration = Duration::from_secs(5);

/// The lists that can change: the capability they belong to, the member of a filter, the notification.
const LISTS: [(&str, &str, &str); 3] = [
    ("tools", "toolsListChanged", legacy::TOOLS_LIST_CHANGED),
    ("prompts", "promptsListChanged", legacy::PROMPTS_LIST_CHANGED),
    ("resources", "resourcesListChanged", legacy::RESOURCES_LIST_CHANGED),
];

/// All that a session's host wants to be told of, and what its servers have been asked for.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    open: BTreeMap<u64, Subscription>,
    watches: BTreeMap<ServerId, Watch>,
    last: u64,
}

/// A `subscriptions/listen` that is served here.
#[derive(Debug)]
struct Subscription {
    to: ReplyTo,
    wanted: Wanted,
}

/// What someone wants to be told of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Wanted {
    /// Lists, by the capability that they belong to.
    lists: BTreeSet<&'static str>,
    /// Resources.
    uris: BTreeSet<String>,
}

/// Our own `subscriptions/listen` at a server of the modern era.
#[derive(Debug)]
enum Watch {
    Open {
        call: CallId,
        wanted: Wanted,
    },
    /// The server has ended it; it is asked again then.
    Ended {
        again: Instant,
    },
    /// The server doesn't know the request.
    Unknown,
}

impl Wanted {
    /// Reads the filter of a `subscriptions/listen`.
    fn read(frame: &Frame) -> Option<Self> {
        let filter: Value = serde_json::from_str(frame.raw(&["params", "notifications"])?).ok()?;
        let filter = filter.as_object()?;
        let is_on = |member: &str| filter.get(member).and_then(Value::as_bool) == Some(true);
        let lists = LISTS.iter().filter(|(_, member, _)| is_on(member)).map(|(list, ..)| *list).collect();
        let uris = filter.get("resourceSubscriptions").and_then(Value::as_array);
        let uris = uris.into_iter().flatten().filter_map(|uri| uri.as_str().map(str::to_owned)).collect();
        Some(Self { lists, uris })
    }

    /// The filter that asks for it.
    fn filter(&self) -> Value {
        let mut filter = serde_json::Map::new();
        for (list, member, _) in LISTS {
            if self.lists.contains(list) {
                filter.insert(member.to_owned(), Value::Bool(true));
            }
        }
        if !self.uris.is_empty() {
            filter.insert("resourceSubscriptions".to_owned(), json!(self.uris));
        }
        Value::Object(filter)
    }

    fn is_empty(&self) -> bool {
        self.lists.is_empty() && self.uris.is_empty()
    }
}

impl Subscriptions {
    /// Whether a `subscriptions/listen` of the host's with this id is open.
    pub(super) fn has_host_id(&self, key: &HostKey) -> bool {
        self.open.values().any(|one| one.to.key().as_ref() == Some(key))
    }

    /// When a server shall be asked again.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let again = |watch: &Watch| match watch {
            Watch::Ended { again } => Some(*again),
            _ => None,
        };
        self.watches.values().filter_map(again).min()
    }
}

impl Session {
    /// A host's `subscriptions/listen` that no single server can serve.
    pub(super) fn listen(&mut self, frame: &Frame, to: ReplyTo) {
        let Some(wanted) = Wanted::read(frame) else {
            return self.refuse(
                &to,
                code::INVALID_PARAMS,
                "`params.notifications` must be an object that says what to listen for",
            );
        };
        let open = &self.subscriptions.open;
        let uris = open.values().map(|one| one.wanted.uris.len()).sum::<usize>() + wanted.uris.len();
        if open.len() >= MAX_OPEN || uris > MAX_URIS || wanted.uris.iter().any(|uri| uri.len() > LONGEST) {
            let message = format!(
                "at most {MAX_OPEN} listens are served at once, of {MAX_URIS} resources, whose URIs have at most {LONGEST} bytes"
            );
            return self.refuse(&to, code::INTERNAL_ERROR, &message);
        }
        let params = json!({"notifications": wanted.filter()}).to_string();
        let acknowledged = reply::notification(modern::ACKNOWLEDGED, Some(&params));
        self.tell_listener(&to, &acknowledged);
        self.subscriptions.last += 1;
        self.subscriptions.open.insert(self.subscriptions.last, Subscription { to, wanted });
        self.watch_all();
    }

    /// Ends the listens that a host has cancelled.
    pub(super) fn end_listens(&mut self, ends: impl Fn(&ReplyTo) -> bool) {
        let before = self.subscriptions.open.len();
        self.subscriptions.open.retain(|_, one| !ends(&one.to));
        if self.subscriptions.open.len() < before {
            self.watch_all();
        }
    }

    /// Asks every server anew for all that is wanted of it.
    fn watch_all(&mut self) {
        for server in 0..self.downstreams.len() {
            self.watch(server);
        }
    }

    /// Asks a server for all that is wanted of it, unless it has been asked for just that.
    pub(super) fn watch(&mut self, server: ServerId) {
        let wanted = self.wanted(server);
        match self.downstreams.get(server).and_then(|downstream| downstream.era) {
            Some(Era::Modern) if self.is_ready(server) => self.watch_modern(server, wanted),
            // Of the host's own `resources/subscribe` the servers of its era hear themselves.
            Some(Era::Legacy) if self.is_ready(server) && self.era() == Era::Modern => {
                self.subscribe(server, wanted.uris);
            }
            _ => {}
        }
    }

    fn wanted(&self, server: ServerId) -> Wanted {
        let mut wanted = Wanted::default();
        if self.era() == Era::Legacy {
            if self.opening.is_open() {
                wanted.lists.extend(LISTS.iter().map(|(list, ..)| *list));
            }
            wanted.uris = self.standing.subscriptions(server);
        }
        for subscription in self.subscriptions.open.values() {
            wanted.lists.extend(&subscription.wanted.lists);
            let own = subscription.wanted.uris.iter().filter(|uri| self.may_have(server, uri));
            wanted.uris.extend(own.cloned());
        }
        wanted.lists.retain(|list| self.offers(server, list));
        wanted
    }

    /// Whether a server may have a resource: it is known to, or none is.
    fn may_have(&self, server: ServerId, uri: &str) -> bool {
        !self.is_federated()
            || self.routes.resource(uri).map_or(self.offers(server, "resources"), |owner| owner == server)
    }

    fn watch_modern(&mut self, server: ServerId, wanted: Wanted) {
        let before = match self.subscriptions.watches.get(&server) {
            Some(Watch::Open { wanted: known, .. }) if *known == wanted => return,
            Some(Watch::Unknown) => return,
            Some(Watch::Open { call, .. }) => Some(*call),
            _ => None,
        };
        self.subscriptions.watches.remove(&server);
        if !wanted.is_empty() {
            let call = self.calls.next_id();
            let params = json!({"notifications": wanted.filter()}).to_string();
            if self.ask_server(server, call, modern::LISTEN, Some(&params), Purpose::Watch) {
                self.subscriptions.watches.insert(server, Watch::Open { call, wanted });
            }
        }
        // Only now, so that nothing is missed in between.
        if let Some(call) = before {
            self.calls.forget(call);
            let params = format!(r#"{{"requestId":{call}}}"#);
            let _ = self.to_downstream(server, reply::notification(legacy::CANCELLED, Some(&params)));
        }
    }

    /// Subscribes to resources at a server of the legacy era, and to no others.
    fn subscribe(&mut self, server: ServerId, wanted: BTreeSet<String>) {
        let known = self.standing.subscriptions(server);
        for uri in known.difference(&wanted) {
            self.standing.unsubscribe(server, uri);
            self.change_subscription(server, legacy::RESOURCES_UNSUBSCRIBE, uri);
        }
        for uri in wanted.difference(&known) {
            if self.standing.subscribe(server, uri) {
                self.change_subscription(server, legacy::RESOURCES_SUBSCRIBE, uri);
            }
        }
    }

    fn change_subscription(&mut self, server: ServerId, method: &str, uri: &str) {
        let mut params = r#"{"uri":"#.to_owned();
        quote(uri, &mut params);
        params.push('}');
        let call = self.calls.next_id();
        self.ask_server(server, call, method, Some(&params), Purpose::Ignore);
    }

    /// A server has ended our listening.
    pub(super) fn end_watch(&mut self, server: ServerId, answer: Option<&Frame>) {
        let unknown = answer
            .and_then(|answer| answer.raw(&["error", "code"]))
            .is_some_and(|said| said == code::METHOD_NOT_FOUND.to_string());
        let watch = if unknown { Watch::Unknown } else { Watch::Ended { again: Instant::now() + AGAIN } };
        self.subscriptions.watches.insert(server, watch);
    }

    /// Asks those servers again that have ended our listening a while ago.
    pub(super) fn watch_again(&mut self, now: Instant) {
        let due: Vec<ServerId> = self
            .subscriptions
            .watches
            .iter()
            .filter(|(_, watch)| matches!(watch, Watch::Ended { again } if *again <= now))
            .map(|(server, _)| *server)
            .collect();
        for server in due {
            self.subscriptions.watches.remove(&server);
            self.watch(server);
        }
    }

    /// Forgets what a server that is gone had been asked for.
    pub(super) fn forget_watch(&mut self, server: ServerId) {
        self.subscriptions.watches.remove(&server);
        if self.era() == Era::Modern {
            self.standing.forget(server);
        }
    }

    /// What a server has sent to a `subscriptions/listen`: the host's own, or ours.
    pub(super) fn take_watched(&mut self, server: ServerId, frame: &Frame, method: &str) {
        let id = frame.raw(&["params", "_meta", modern::SUBSCRIPTION_ID]).and_then(|id| id.parse().ok());
        let Some(call) = id.and_then(|id: CallId| self.calls.get(id, server)) else {
            return tracing::debug!(server = self.name(server), "`{method}` for nobody was dropped");
        };
        if let Some(to) = call.purpose.reply_to().cloned() {
            return self.tell_listener(&to, frame.text());
        }
        match method {
            modern::ACKNOWLEDGED => {}
            legacy::RESOURCES_UPDATED => self.tell_of_update(frame.text(), frame, None),
            _ => {
                if let Some((list, ..)) = LISTS.iter().find(|(.., notification)| *notification == method) {
                    self.listings.outdate(server, list);
                    self.vetting.outdate(server, list);
                    self.announce_list(list);
                }
            }
        }
    }

    /// Tells the host that a list has changed.
    pub(super) fn announce_list(&mut self, capability: &str) {
        // Not every list has such a notification.
        let Some((_, _, method)) = LISTS.iter().find(|(list, ..)| *list == capability) else { return };
        let text = reply::notification(method, None);
        if self.era() == Era::Modern {
            for to in self.listeners(|wanted| wanted.lists.contains(capability)) {
                self.tell_listener(&to, &text);
            }
        } else if self.opening.initialized().is_some() {
            self.to_host(text, None);
        }
    }

    /// Tells the host that a resource has changed.
    pub(super) fn tell_of_update(&mut self, text: &str, frame: &Frame, post: Option<PostId>) {
        if self.era() == Era::Legacy {
            return self.to_host(text.to_owned(), post);
        }
        let uri = frame.string(&["params", "uri"]).unwrap_or_default();
        for to in self.listeners(|wanted| wanted.uris.iter().any(|wanted| is_part(&uri, wanted))) {
            self.tell_listener(&to, text);
        }
    }

    fn listeners(&self, wants: impl Fn(&Wanted) -> bool) -> Vec<ReplyTo> {
        let open = self.subscriptions.open.values().filter(|one| wants(&one.wanted));
        open.map(|one| one.to.clone()).collect()
    }

    /// Sends a notification to whoever has opened a `subscriptions/listen`, under its id.
    fn tell_listener(&self, to: &ReplyTo, notification: &str) {
        let (Some(id), Ok(frame)) = (&to.id, Frame::read(notification.as_bytes(), Sender::Downstream)) else {
            return;
        };
        let edits = frame.with_members(&["params", "_meta"], &[(modern::SUBSCRIPTION_ID, &id.to_json())]);
        self.to_host(frame.edited(&edits), to.post);
    }

    /// Sends a server a request of our own.
    pub(super) fn ask_server(
        &mut self,
        server: ServerId,
        call: CallId,
        method: &str,
        params: Option<&str>,
        purpose: Purpose,
    ) -> bool {
        let with_meta = match (self.is_legacy(server), self.opening.client()) {
            (false, Some(client)) => Some(client.with_meta(params.unwrap_or("{}"))),
            _ => None,
        };
        let text = reply::request(call, method, with_meta.as_deref().or(params));
        let sent = self.to_downstream(server, text).is_ok();
        if sent {
            let reviewing = self.reviewing_task(server, method, None);
            self.calls.insert(call, Call { reviewing, ..Call::own(server, purpose) });
        }
        sent
    }
}

/// Whether a resource is one that was subscribed to, or a part of it.
fn is_part(uri: &str, of: &str) -> bool {
    let rest = uri.strip_prefix(of).filter(|_| !of.is_empty());
    rest.is_some_and(|rest| rest.is_empty() || of.ends_with('/') || rest.starts_with(['/', '?', '#']))
}

#[cfg(test)]
mod tests {
    use super::is_part;

    #[test]
    fn a_resource_is_a_part_of_another_only_where_that_ends() {
        for (uri, of, expected) in [
            ("mem://a/b", "mem://a/b", true),
            ("mem://a/b/c", "mem://a/b", true),
            ("mem://a/b#c", "mem://a/b", true),
            ("mem://a/b", "mem://a/", true),
            ("mem://a/bc", "mem://a/b", false),
            ("mem://a", "mem://a/b", false),
            ("mem://a", "m", false),
            ("/a", "", false),
        ] {
            assert_eq!(is_part(uri, of), expected, "{uri} {of}");
        }
    }
}
