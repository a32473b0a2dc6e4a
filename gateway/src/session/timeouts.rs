//! How long a call may take at a server whose entry in the servers file says so. Progress begins the time anew.
//!
//! A server over HTTP is timed by its connection, which also hears what keeps a stream alive.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use argala_wire::{legacy, reply};
use tokio::time::Instant;

use super::Session;
use super::calls::CallId;

/// The calls whose time is limited.
#[derive(Debug, Default)]
pub(super) struct Timeouts {
    due: BTreeSet<(Instant, CallId)>,
    of_call: HashMap<CallId, (Instant, Duration)>,
}

impl Timeouts {
    /// The time of a call begins.
    pub(super) fn begin(&mut self, call: CallId, limit: Duration) {
        self.end(call);
        let due = Instant::now() + limit;
        self.due.insert((due, call));
        self.of_call.insert(call, (due, limit));
    }

    /// A server works on a call, and says so.
    pub(super) fn begin_anew(&mut self, call: CallId) {
        if let Some((_, limit)) = self.of_call.get(&call) {
            self.begin(call, *limit);
        }
    }

    /// A call's time is no more of interest.
    pub(super) fn end(&mut self, call: CallId) {
        if let Some((due, _)) = self.of_call.remove(&call) {
            self.due.remove(&(due, call));
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// A call that has taken too long, and its limit.
    fn late(&self, now: Instant) -> Option<(CallId, Duration)> {
        let (_, call) = self.due.first().filter(|(due, _)| *due <= now)?;
        self.of_call.get(call).map(|(_, limit)| (*call, *limit))
    }
}

impl Session {
    /// Gives up the calls that have taken too long: their servers are told so, and their callers.
    pub(super) fn end_late_calls(&mut self, now: Instant) {
        while let Some((id, limit)) = self.calls.timeouts().late(now) {
            let Some(call) = self.calls.take_late(id) else { continue };
            let params = format!(r#"{{"requestId":{id},"reason":"timeout"}}"#);
            let _ = self.to_downstream(call.server, reply::notification(legacy::CANCELLED, Some(&params)));
            let message = format!(
                "the server `{}` has not answered within {} s, its `timeout`; the call was cancelled there",
                self.name(call.server),
                limit.as_secs_f64()
            );
            tracing::warn!("{message}");
            self.fail_call(id, call, &message);
        }
    }
}
