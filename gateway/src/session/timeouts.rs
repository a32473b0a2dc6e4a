//! How long a call may take at a server whose entry in the servers file says so. Progress begins the time anew, up to a bound.
//!
//! That a server over HTTP says nothing is seen by its connection, which also hears what keeps a stream alive.

use std::collections::{BTreeSet, HashMap};

use argala_wire::{Frame, legacy, reply};
use tokio::time::Instant;

use super::Session;
use super::calls::CallId;
use crate::connection::ServerId;
use crate::servers::Limit;

/// The calls whose time is limited.
#[derive(Debug, Default)]
pub(super) struct Timeouts {
    due: BTreeSet<(Instant, CallId)>,
    of_call: HashMap<CallId, Timed>,
}

/// The time of a call.
#[derive(Debug, Clone, Copy)]
struct Timed {
    began: Instant,
    due: Instant,
    limit: Limit,
}

impl Timeouts {
    /// The time of a call begins.
    pub(super) fn begin(&mut self, call: CallId, limit: Limit) {
        self.end(call);
        let now = Instant::now();
        self.set(call, now, now, limit);
    }

    /// A server works on a call, and says so.
    pub(super) fn begin_anew(&mut self, call: CallId) {
        if let Some(Timed { began, limit, .. }) = self.of_call.get(&call).copied() {
            self.end(call);
            self.set(call, began, Instant::now(), limit);
        }
    }

    fn set(&mut self, call: CallId, began: Instant, now: Instant, limit: Limit) {
        let ends = [limit.silence.map(|silence| now + silence), limit.most.map(|most| began + most)];
        if let Some(due) = ends.into_iter().flatten().min() {
            self.due.insert((due, call));
            self.of_call.insert(call, Timed { began, due, limit });
        }
    }

    /// A call's time is no more of interest.
    pub(super) fn end(&mut self, call: CallId) {
        if let Some(Timed { due, .. }) = self.of_call.remove(&call) {
            self.due.remove(&(due, call));
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// A call that has taken too long, and which time that was.
    fn late(&self, now: Instant) -> Option<(CallId, String)> {
        let (_, call) = self.due.first().filter(|(due, _)| *due <= now)?;
        let Timed { began, limit, .. } = self.of_call.get(call)?;
        let spent = limit.most.filter(|most| *began + *most <= now);
        let said = match (spent, limit.silence) {
            (Some(most), _) => format!("{} s, whatever its progress: its `max_timeout`", most.as_secs_f64()),
            (None, Some(silence)) => format!("{} s, its `{}`", silence.as_secs_f64(), limit.key),
            (None, None) => return None,
        };
        Some((*call, said))
    }
}

impl Session {
    /// How long a request of the host's may take.
    pub(super) fn limit(&self, server: ServerId, frame: &Frame, method: &str) -> Limit {
        let public = frame.string(&["params", "name"]).filter(|_| method == legacy::TOOLS_CALL);
        let tool = public.as_deref().and_then(|public| self.routes.own_name(public)).map(|(_, own)| own);
        self.setup.servers.get(server).map(|known| known.timeouts.of(tool)).unwrap_or_default()
    }

    /// Gives up the calls that have taken too long: their servers are told so, and their callers.
    pub(super) fn end_late_calls(&mut self, now: Instant) {
        while let Some((id, said)) = self.calls.timeouts().late(now) {
            let Some(call) = self.calls.take_late(id) else { continue };
            let server = call.server;
            self.take_back(server, id);
            let message = format!(
                "the server `{}` has not answered within {said}; the call was cancelled there",
                self.name(server),
            );
            tracing::warn!("{message}");
            self.note_failure(server, &message);
            self.fail_call(id, call, &message);
        }
    }

    /// Tells a server that nobody waits for an answer any more.
    pub(super) fn take_back(&mut self, server: ServerId, call: CallId) {
        let params = format!(r#"{{"requestId":{call},"reason":"timeout"}}"#);
        let _ = self.to_downstream(server, reply::notification(legacy::CANCELLED, Some(&params)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::Timeouts;
    use crate::servers::Limit;

    #[tokio::test(start_paused = true)]
    async fn progress_prolongs_a_call_up_to_its_bound() {
        let second = Duration::from_secs(1);
        let limit = Limit { silence: Some(2 * second), most: Some(5 * second), key: "timeout" };
        let mut timeouts = Timeouts::default();
        timeouts.begin(1, limit);
        for _ in 0..4 {
            advance(second).await;
            assert!(timeouts.late(Instant::now()).is_none());
            timeouts.begin_anew(1);
        }
        advance(second).await;
        let (call, said) = timeouts.late(Instant::now()).unwrap();
        assert!(call == 1 && said.contains("max_timeout"), "{said}");
        timeouts.end(1);
        timeouts.begin(2, limit);
        advance(2 * second).await;
        let (call, said) = timeouts.late(Instant::now()).unwrap();
        assert!(call == 2 && said.contains("its `timeout`"), "{said}");
        timeouts.end(2);
        assert_eq!(timeouts.next_deadline(), None);
    }
}
