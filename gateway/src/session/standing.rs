//! What a host has asked of a server for as long as the session lasts: how much to log, which resources to tell it of.
//!
//! A server that is started again knows nothing of it, and the host doesn't know that the server is another one.

use std::collections::{BTreeMap, BTreeSet};

use argala_json::quote;
use argala_wire::{Frame, Kind, legacy};

use super::Session;
use super::calls::Purpose;
use crate::connection::ServerId;

/// Past this many no further subscription is remembered.
const MAX_SUBSCRIPTIONS: usize = 1000;
/// Nor one of a longer URI.
const LONGEST: usize = 8 << 10;

/// The standing requests of a session.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// The parameters of the host's last `logging/setLevel`.
    log_level: Option<String>,
    /// The level that each server was told last by a request of the modern era, as JSON.
    own_levels: BTreeMap<ServerId, String>,
    /// The URIs that the host has subscribed to, and at which server.
    subscriptions: BTreeSet<(ServerId, String)>,
}

impl Standing {
    /// Takes note of a request that a server has been sent.
    pub(super) fn note(&mut self, server: ServerId, frame: &Frame) {
        let Kind::Request { method, .. } = frame.kind() else { return };
        let uri = || frame.string(&["params", "uri"]).map(std::borrow::Cow::into_owned);
        match method.as_str() {
            legacy::LOGGING_SET_LEVEL => self.log_level = frame.raw(&["params"]).map(str::to_owned),
            legacy::RESOURCES_SUBSCRIBE => {
                if let Some(uri) = uri() {
                    self.subscribe(server, &uri);
                }
            }
            legacy::RESOURCES_UNSUBSCRIBE => {
                if let Some(uri) = uri() {
                    self.unsubscribe(server, &uri);
                }
            }
            _ => {}
        }
    }

    /// Remembers a subscription; false where there are too many, or it is too long.
    pub(super) fn subscribe(&mut self, server: ServerId, uri: &str) -> bool {
        let fits = uri.len() <= LONGEST && self.subscriptions.len() < MAX_SUBSCRIPTIONS;
        if fits {
            self.subscriptions.insert((server, uri.to_owned()));
        }
        fits
    }

    pub(super) fn unsubscribe(&mut self, server: ServerId, uri: &str) {
        self.subscriptions.remove(&(server, uri.to_owned()));
    }

    /// Forgets what a server was told that is gone, and that the host will say again.
    pub(super) fn forget(&mut self, server: ServerId) {
        self.own_levels.remove(&server);
        self.subscriptions.retain(|(owner, _)| *owner != server);
    }

    /// The resources that a server has been asked to tell of.
    pub(super) fn subscriptions(&self, server: ServerId) -> BTreeSet<String> {
        let own = self.subscriptions.iter().filter(|(owner, _)| *owner == server);
        own.map(|(_, uri)| uri.clone()).collect()
    }

    /// The level that the host has set, as JSON.
    pub(super) fn log_level(&self) -> Option<String> {
        let params: serde_json::Value = serde_json::from_str(self.log_level.as_deref()?).ok()?;
        Some(params.get("level")?.to_string())
    }

    /// The requests that a server which is started again must be sent anew: methods and parameters.
    fn of(&self, server: ServerId) -> Vec<(&'static str, String)> {
        let level = self.log_level.iter().map(|params| (legacy::LOGGING_SET_LEVEL, params.clone()));
        let own = self.subscriptions.iter().filter(|(owner, _)| *owner == server);
        let subscriptions = own.map(|(_, uri)| {
            let mut params = r#"{"uri":"#.to_owned();
            quote(uri, &mut params);
            params.push('}');
            (legacy::RESOURCES_SUBSCRIBE, params)
        });
        level.chain(subscriptions).collect()
    }
}

impl Session {
    /// Tells a server of the legacy era how much to log, where a request of the modern era says so and it isn't so already.
    pub(super) fn set_log_level(&mut self, server: ServerId, level: &str) {
        let told = self.standing.own_levels.get(&server).is_some_and(|told| told == level);
        if told || !self.offers(server, "logging") {
            return;
        }
        let params = format!(r#"{{"level":{level}}}"#);
        let call = self.calls.next_id();
        if self.ask_server(server, call, legacy::LOGGING_SET_LEVEL, Some(&params), Purpose::Ignore) {
            self.standing.own_levels.insert(server, level.to_owned());
        }
    }

    /// Asks a server that has been started again for what the host has asked of it before.
    pub(super) fn ask_again(&mut self, server: ServerId) {
        if !self.is_legacy(server) {
            // It is told with each request, and by `subscriptions/listen`.
            return;
        }
        for (method, params) in self.standing.of(server) {
            if method == legacy::LOGGING_SET_LEVEL && !self.offers(server, "logging") {
                continue;
            }
            let id = self.calls.next_id();
            self.ask_server(server, id, method, Some(&params), Purpose::Ignore);
        }
    }
}
