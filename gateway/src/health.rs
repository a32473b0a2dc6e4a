//! How each server is, as far as is known: one registry for all sessions of the process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// How a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// No session has needed it yet.
    Unknown,
    /// It runs.
    Up,
    /// It doesn't, or can't be reached.
    Down,
}

/// The registry. Copies share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Health(Arc<Mutex<Vec<Entry>>>);

/// The last that is known of a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) state: State,
    /// Why it is so.
    pub(crate) detail: String,
    /// Since when it is so: seconds since 1970.
    pub(crate) since: u64,
}

/// What is known of all of them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    /// Whether any server may answer.
    pub(crate) ready: bool,
    pub(crate) servers: Vec<Entry>,
}

impl Health {
    /// A registry of these servers, of which nothing is known.
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let entry = |name: &str| Entry {
            name: name.to_owned(),
            state: State::Unknown,
            detail: String::new(),
            since: now(),
        };
        Self(Arc::new(Mutex::new(names.map(entry).collect())))
    }

    /// Notes how a server is.
    pub(crate) fn note(&self, name: &str, state: State, detail: &str) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = entries.iter_mut().find(|entry| entry.name == name) else { return };
        if entry.state != state {
            (entry.state, entry.since) = (state, now());
        }
        detail.clone_into(&mut entry.detail);
    }

    /// What is known.
    pub(crate) fn page(&self) -> Page {
        let servers = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
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
    use super::{Health, State};

    #[test]
    fn the_gateway_is_ready_unless_no_server_is_to_be_had() {
        let health = Health::of(["a", "b"].into_iter());
        assert!(health.page().ready);
        health.note("a", State::Down, "gone");
        assert!(health.page().ready);
        health.note("b", State::Down, "gone");
        assert!(!health.page().ready);
        health.note("b", State::Up, "");
        health.note("c", State::Down, "not ours");
        let page = health.page();
        assert!(page.ready);
        assert_eq!(
            page.servers.iter().map(|entry| entry.state).collect::<Vec<_>>(),
            [State::Down, State::Up]
        );
    }
}
