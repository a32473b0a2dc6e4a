//! Refusals of access, in the audit log: counted, and written once a second, so that a flood of them can't fill the disk.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::audit::{Audit, Event};

/// How often they are written.
const EVERY: Duration = Duration::from_secs(1);
/// Kinds of them that are told from one another at once. More have no name.
const MOST: usize = 256;

/// Why somebody was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// `Host` or `Origin`.
    Origin,
    /// A connection by TLS didn't come about.
    Tls,
    /// He has shown nothing.
    Unknown,
    /// What he has shown is nothing worth.
    Invalid,
    /// His token isn't good for this.
    Scope,
    /// His token couldn't be judged.
    Unavailable,
    /// The session is another's.
    Session,
    /// He has asked for too much.
    Limit,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Tls => "tls",
            Self::Unknown => "unknown",
            Self::Invalid => "invalid_token",
            Self::Scope => "insufficient_scope",
            Self::Unavailable => "keys_unavailable",
            Self::Session => "session_of_another",
            Self::Limit => "limit",
        }
    }
}

/// The refusals that are yet to be written.
#[derive(Debug)]
pub(crate) struct Refusals {
    audit: Audit,
    waiting: Mutex<BTreeMap<(Reason, Option<String>), Counted>>,
}

#[derive(Debug)]
struct Counted {
    requests: u64,
    /// Who came last.
    from: IpAddr,
}

impl Refusals {
    pub(crate) fn new(audit: Audit) -> Arc<Self> {
        Arc::new(Self { audit, waiting: Mutex::default() })
    }

    /// Notes one.
    pub(crate) fn note(&self, reason: Reason, principal: Option<&str>, from: IpAddr) {
        if !self.audit.is_on() {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (reason, principal.filter(|_| waiting.len() < MOST).map(str::to_owned));
        let counted = waiting.entry(key).or_insert(Counted { requests: 0, from });
        (counted.requests, counted.from) = (counted.requests.saturating_add(1), from);
    }

    /// Writes them, for as long as the process runs.
    pub(crate) async fn write_all(&self) {
        loop {
            tokio::time::sleep(EVERY).await;
            self.write();
        }
    }

    /// Writes what waits.
    pub(crate) fn write(&self) {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        for ((reason, principal), Counted { requests, from }) in waiting {
            let principal = principal.as_deref();
            self.audit.note(&Event::AccessRefused { reason: reason.name(), principal, from, requests });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::{Audit, Reason, Refusals};
    use crate::audit::Settings;

    #[test]
    fn a_flood_of_refusals_is_a_line_for_each_kind() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.jsonl");
        let refusals = Refusals::new(Audit::open(&Settings::of(file.clone())).unwrap());
        let from = IpAddr::from(Ipv4Addr::LOCALHOST);
        for n in 0..10_000 {
            refusals.note(Reason::Unknown, None, from);
            refusals.note(Reason::Limit, Some(&format!("user:{n}")), from);
        }
        refusals.write();
        refusals.write();
        let log = std::fs::read_to_string(file).unwrap();
        let refused: Vec<&str> =
            log.lines().filter(|line| line.contains(r#""event":"access_refused""#)).collect();
        assert!(refused.len() <= super::MOST + 1, "{}", refused.len());
        assert!(
            refused[0].contains(r#""reason":"unknown","from":"127.0.0.1","requests":10000"#),
            "{}",
            refused[0]
        );
    }
}
