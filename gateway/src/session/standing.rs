//! What a host has asked of a server for as long as the session lasts: how much to log, which resources to tell it of.
//!
//! A server that is started again knows nothing of it, and the host doesn't know that the server is another one.

use std::collections::BTreeSet;

use argala_json::quote;
use argala_wire::{Frame, Kind, legacy, reply};

use super::Session;
use super::calls::{Call, Purpose};
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
                if let Some(uri) = uri()
                    && uri.len() <= LONGEST
                    && self.subscriptions.len() < MAX_SUBSCRIPTIONS
                {
                    self.subscriptions.insert((server, uri));
                }
            }
            legacy::RESOURCES_UNSUBSCRIBE => {
                if let Some(uri) = uri() {
                    self.subscriptions.remove(&(server, uri));
                }
            }
            _ => {}
        }
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
    /// Asks a server that has been started again for what the host has asked of it before.
    pub(super) fn ask_again(&mut self, server: ServerId) {
        for (method, params) in self.standing.of(server) {
            if method == legacy::LOGGING_SET_LEVEL && !self.offers(server, "logging") {
                continue;
            }
            let id = self.calls.next_id();
            if self.to_downstream(server, reply::request(id, method, Some(&params))).is_ok() {
                self.calls.insert(id, Call { server, purpose: Purpose::Ignore, token: None });
            }
        }
    }
}
