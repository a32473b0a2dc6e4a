//! The circuit between a session and a server: where one call after the other fails, none is sent for a while.
//!
//! Each session has its own, also to a server that sessions share: what one host makes of a server is nothing that another
//! one should feel.

use std::time::Duration;

use tokio::time::Instant;

use super::Session;
use crate::audit::{Event, ServerState};
use crate::connection::ServerId;
use crate::health::{Counted, Status};

/// So many failures in a row open it.
const FAILURES: usize = 5;
/// How long it stays open, at first and at most: twice as long after each call that was let through to no use.
const OPEN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

#[derive(Debug)]
pub(super) struct Circuit {
    status: Status,
    /// Failures since the last success.
    failures: usize,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    wait: Duration,
    /// Whether a call has been let through to see how the server is.
    trial: bool,
    _counted: Counted,
}

impl Circuit {
    pub(super) fn new(status: Status) -> Self {
        Self { status, failures: 0, open: None }
    }

    /// Whether a call may be sent. An open one lets a single call through when its time is up.
    ///
    /// # Errors
    /// How long none is sent.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        let Some(open) = &mut self.open else { return Ok(()) };
        if now < open.until {
            return Err(open.until - now);
        }
        // Should nothing ever come of that call, there will be another.
        open.until = now + open.wait;
        open.trial = true;
        Ok(())
    }

    /// The server has failed. Whether that has opened the circuit.
    pub(super) fn fail(&mut self, now: Instant) -> bool {
        self.failures += 1;
        match &mut self.open {
            Some(open) if open.trial => {
                open.wait = (open.wait * 2).min(OPEN.1);
                open.until = now + open.wait;
                open.trial = false;
            }
            // Calls that were sent before it opened.
            Some(_) => {}
            None if self.failures < FAILURES => {}
            None => {
                let counted = self.status.open_circuit();
                self.open = Some(Open { until: now + OPEN.0, wait: OPEN.0, trial: false, _counted: counted });
                return true;
            }
        }
        false
    }

    /// The server has answered. Whether that has closed the circuit.
    pub(super) fn succeed(&mut self) -> bool {
        self.failures = 0;
        self.open.take().is_some()
    }
}

impl Session {
    /// Whether a call may be sent to a server.
    ///
    /// # Errors
    /// A sentence, where it has failed too often.
    pub(super) fn admit(&mut self, server: ServerId) -> Result<(), String> {
        // One that doesn't run fails the call in any case: it is no trial.
        if !self.is_ready(server) {
            return Ok(());
        }
        let Some(downstream) = self.downstreams.get_mut(server) else { return Ok(()) };
        downstream.circuit.admit(Instant::now()).map_err(|wait| {
            let (name, failures) = (&downstream.name, downstream.circuit.failures);
            let seconds = wait.as_secs_f32().ceil();
            format!(
                "the server `{name}` has failed {failures} times in a row, so nothing is sent to it now; \
                 try again in {seconds} s"
            )
        })
    }

    /// A server has failed: it has ended, or has not answered in time or at all.
    pub(super) fn note_failure(&mut self, server: ServerId, reason: &str) {
        let Some(downstream) = self.downstreams.get_mut(server) else { return };
        downstream.circuit.status.failed(reason);
        if downstream.circuit.fail(Instant::now()) {
            tracing::warn!(
                server = downstream.name,
                "failed {FAILURES} times in a row; calls to it fail at once"
            );
            self.note_state(server, ServerState::CircuitOpened, Some(reason));
        }
    }

    /// A server has answered what the host has asked.
    pub(super) fn note_success(&mut self, server: ServerId) {
        let closed = self.downstreams.get_mut(server).is_some_and(|downstream| downstream.circuit.succeed());
        if closed {
            tracing::info!(server = self.name(server), "answers again");
            self.note_state(server, ServerState::CircuitClosed, None);
        }
    }

    /// Notes in the audit log what has become of a server.
    pub(super) fn note_state(&self, server: ServerId, state: ServerState, reason: Option<&str>) {
        let session = &self.setup.caller.session;
        self.setup.audit.note(&Event::Server { session, server: self.name(server), state, reason });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Circuit, FAILURES, OPEN};
    use crate::health::Status;

    fn opened(now: Instant) -> Circuit {
        let mut circuit = Circuit::new(Status::default());
        for failure in 1..=FAILURES {
            assert!(circuit.admit(now).is_ok());
            assert_eq!(circuit.fail(now), failure == FAILURES);
        }
        circuit
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_success_closes_it() {
        let now = Instant::now();
        let mut circuit = opened(now);
        assert_eq!(circuit.admit(now), Err(OPEN.0));
        assert!(circuit.succeed(), "an answer to what was sent before");
        assert!(circuit.admit(now).is_ok());
        for _ in 1..FAILURES {
            assert!(!circuit.fail(now));
        }
        assert!(!circuit.succeed(), "it wasn't open");
        assert!(!circuit.fail(now), "the failures before don't count");
    }

    #[test]
    fn one_call_at_a_time_is_let_through_ever_less_often() {
        let mut now = Instant::now();
        let mut circuit = opened(now);
        let mut wait = OPEN.0;
        for _ in 0..8 {
            circuit.fail(now);
            assert_eq!(circuit.admit(now), Err(wait), "failures of calls sent before don't prolong it");
            now += wait;
            assert!(circuit.admit(now).is_ok());
            assert!(circuit.admit(now).is_err(), "a second one");
            assert!(!circuit.fail(now));
            wait = (wait * 2).min(OPEN.1);
        }
        now += wait;
        assert!(circuit.admit(now).is_ok());
        now += wait;
        assert!(circuit.admit(now).is_ok(), "nothing came of the first one");
        assert!(circuit.succeed());
        assert_eq!(circuit.admit(now + Duration::from_secs(1)), Ok(()));
    }
}
