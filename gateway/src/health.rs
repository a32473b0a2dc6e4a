//! How each server is, as far as is known: to all sessions of the process, and to who asks from outside.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::servers::Server;

/// How a server is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// No session has needed it yet.
    #[default]
    Unknown,
    /// It runs.
    Up,
    /// It doesn't, or can't be reached.
    Down,
}

/// Whether calls are let through to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Circuit {
    /// They are.
    Closed,
    /// Some session has seen it fail too often in a row, and calls it only now and then.
    Open,
}

/// How one server is. Copies share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Status(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    known: Mutex<Known>,
    in_flight: AtomicUsize,
    open_circuits: AtomicUsize,
}

#[derive(Debug, Default)]
struct Known {
    state: State,
    /// Since when it is so: seconds since 1970; None since the gateway started.
    since: Option<u64>,
    restarts: u64,
    last_error: Option<String>,
}

/// Something that counts for as long as it isn't dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    status: Status,
    what: fn(&Shared) -> &AtomicUsize,
}

impl Status {
    /// It runs, or is to be had.
    pub(crate) fn up(&self) {
        self.known().turn(State::Up);
    }

    /// It has ended, or isn't to be had: it will be tried again.
    pub(crate) fn down(&self, reason: &str) {
        let mut known = self.known();
        known.turn(State::Down);
        known.restarts += 1;
        known.last_error = Some(reason.to_owned());
    }

    /// It has failed, though it may run.
    pub(crate) fn failed(&self, reason: &str) {
        self.known().last_error = Some(reason.to_owned());
    }

    /// A call that it has to answer.
    pub(crate) fn call(&self) -> Counted {
        self.count(|shared| &shared.in_flight)
    }

    /// A session that has stopped calling it.
    pub(crate) fn open_circuit(&self) -> Counted {
        self.count(|shared| &shared.open_circuits)
    }

    fn count(&self, what: fn(&Shared) -> &AtomicUsize) -> Counted {
        what(&self.0).fetch_add(1, Ordering::Relaxed);
        Counted { status: self.clone(), what }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.what)(&self.status.0).fetch_sub(1, Ordering::Relaxed);
    }
}

impl Known {
    fn turn(&mut self, state: State) {
        if self.state != state {
            (self.state, self.since) = (state, Some(now()));
        }
    }
}

// How it is is no part of what a server is.
impl PartialEq for Status {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Status {}

/// All servers of the process. Copies share it.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    started: u64,
    servers: Arc<[(String, Status)]>,
}

/// What is known of a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// As the session saw it that heard of it last.
    pub(crate) state: State,
    /// Since when it is so: seconds since 1970.
    pub(crate) since: u64,
    pub(crate) circuit: Circuit,
    /// Calls that it has to answer, of all sessions.
    pub(crate) in_flight: usize,
    /// How often it has ended, or wasn't to be had, and was tried again.
    pub(crate) restarts: u64,
    /// What went wrong last.
    pub(crate) last_error: Option<String>,
}

/// What is known of all of them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    /// Whether any server may answer.
    pub(crate) ready: bool,
    pub(crate) servers: Vec<Entry>,
}

impl Health {
    pub(crate) fn of(servers: &[Server]) -> Self {
        let servers = servers.iter().map(|server| (server.name.clone(), server.status.clone()));
        Self { started: now(), servers: servers.collect() }
    }

    /// What is known.
    pub(crate) fn page(&self) -> Page {
        let entry = |(name, status): &(String, Status)| {
            let known = status.known();
            let open = status.0.open_circuits.load(Ordering::Relaxed) > 0;
            Entry {
                name: name.clone(),
                state: known.state,
                since: known.since.unwrap_or(self.started),
                circuit: if open { Circuit::Open } else { Circuit::Closed },
                in_flight: status.0.in_flight.load(Ordering::Relaxed),
                restarts: known.restarts,
                last_error: known.last_error.clone(),
            }
        };
        let servers: Vec<Entry> = self.servers.iter().map(entry).collect();
        Page { ready: servers.iter().any(|entry| entry.state != State::Down), servers }
    }
}

impl Page {
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::{Circuit, Health, State};
    use crate::servers::read_for_tests;

    #[test]
    fn the_gateway_is_ready_unless_no_server_is_to_be_had() {
        let servers = read_for_tests(r#"{"mcpServers": {"a": {"command": "x"}, "b": {"command": "x"}}}"#);
        let health = Health::of(&servers);
        assert!(health.page().ready);
        servers[0].status.down("gone");
        assert!(health.page().ready);
        servers[1].status.down("gone");
        assert!(!health.page().ready);
        servers[1].status.up();
        let page = health.page();
        assert!(page.ready);
        let states: Vec<_> = page.servers.iter().map(|entry| (entry.state, entry.restarts)).collect();
        assert_eq!(states, [(State::Down, 1), (State::Up, 1)]);
        assert_eq!(page.servers[1].last_error.as_deref(), Some("gone"));
    }

    #[test]
    fn what_a_session_leaves_open_is_counted_no_more_when_it_ends() {
        let servers = read_for_tests(r#"{"mcpServers": {"a": {"command": "x"}}}"#);
        let health = Health::of(&servers);
        let session = (servers[0].status.call(), servers[0].status.open_circuit());
        let entry = health.page().servers.remove(0);
        assert_eq!((entry.in_flight, entry.circuit), (1, Circuit::Open));
        drop(session);
        let entry = health.page().servers.remove(0);
        assert_eq!((entry.in_flight, entry.circuit), (0, Circuit::Closed));
    }
}
