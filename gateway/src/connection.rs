//! The connection to one downstream, whatever carries it: kept up for as long as its session lasts.

pub(crate) mod http;
mod process;

use std::fmt;
use std::time::Duration;

use argala_wire::line::Line;
use argala_wire::outbox::{Outbox, Weigh};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};

use crate::health::Status;
use crate::servers::{Server, Transport};

/// The index of a server in its session.
pub(crate) type ServerId = usize;

/// What a session hears of a downstream.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) server: ServerId,
    pub(crate) news: News,
}

/// What has happened to a downstream.
#[derive(Debug)]
pub(crate) enum News {
    /// It runs, and takes frames here. Where it was up already, it knows nothing of its session any more: it must be
    /// introduced again, and the requests in flight are still answered.
    Up(Outbox<Outgoing>),
    /// It sent a frame.
    Line {
        line: Line,
        /// The request of ours that the frame came in answer to, by its id, where the transport tells.
        about: Option<u64>,
    },
    /// A request of ours won't be answered, as the transport knows.
    Failed(Failed),
    /// It has ended, or couldn't be started, or can't be reached.
    Down(Down),
}

/// A request that came to nothing.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) request: u64,
    pub(crate) reason: String,
    /// The server may still be at it: it is to be told that nobody waits any more.
    pub(crate) given_up: bool,
}

/// Why a downstream isn't to be had, and until when it is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Down {
    pub(crate) reason: String,
    /// The last that it said beside the protocol: not of ours, but without control characters, and short.
    pub(crate) last_words: Option<String>,
    pub(crate) until: Instant,
}

impl Down {
    /// It is tried again at once.
    pub(crate) fn now(reason: String) -> Self {
        Self { reason, last_words: None, until: Instant::now() }
    }

    /// When it is tried again, for a person.
    pub(crate) fn again(&self) -> String {
        match self.until.saturating_duration_since(Instant::now()).as_secs_f32().ceil() {
            0.0 => "it is being started again".to_owned(),
            seconds => format!("it is tried again in {seconds} s"),
        }
    }
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match &self.last_words {
            Some(words) => write!(f, "; the last line of its stderr: {words:?}"),
            None => Ok(()),
        }
    }
}

/// A frame for a downstream.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) text: String,
    /// `Mcp-Param-…` headers that go with it over HTTP: names, and values as they are meant (they are encoded here).
    pub(crate) headers: Vec<(String, String)>,
}

impl Outgoing {
    /// A frame that needs no headers of its own.
    pub(crate) fn new(text: String) -> Self {
        Self { text, headers: Vec::new() }
    }
}

impl From<String> for Outgoing {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl Weigh for Outgoing {
    fn weight(&self) -> usize {
        self.text.len()
    }
}

impl From<Outgoing> for String {
    fn from(outgoing: Outgoing) -> Self {
        outgoing.text
    }
}

/// A downstream that is kept running until the session ends.
#[derive(Debug)]
pub(crate) struct Connection {
    ending: watch::Sender<Ending>,
    /// Closes when everything has ended.
    gone: watch::Receiver<()>,
}

/// How a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ending {
    /// Not at all.
    Open,
    /// Its server has time to end by itself.
    Close,
    /// Its server is asked to end at once.
    Hurry,
}

/// A line of a downstream may have this many bytes: results are larger than calls.
const MAX_LINE: usize = 64 << 20;
/// Bytes that may wait for a downstream that doesn't read.
const QUEUE: usize = 32 << 20;
/// The first and the longest wait before a server is started, or called on, again.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// After a server that ran this long the waits begin anew.
const STEADY: Duration = Duration::from_secs(10);

impl Connection {
    /// Opens a session's connection: its own, or a link to the one that all sessions share. What happens to it is told to
    /// `reports`.
    pub(crate) fn open(id: ServerId, server: &Server, reports: mpsc::Sender<Report>) -> Self {
        match &server.shared {
            Some(shared) => shared.link(id, server, reports),
            None => Self::of_its_own(id, server, reports),
        }
    }

    /// A connection that someone else keeps, who hears how it is to end, and drops the last when it has.
    pub(crate) fn kept() -> (Self, watch::Receiver<Ending>, watch::Sender<()>) {
        let (ending, told) = watch::channel(Ending::Open);
        let (alive, gone) = watch::channel(());
        (Self { ending, gone }, told, alive)
    }

    /// Starts a downstream and keeps it running.
    pub(crate) fn of_its_own(id: ServerId, server: &Server, reports: mpsc::Sender<Report>) -> Self {
        let (connection, told, alive) = Self::kept();
        let (name, status) = (server.name.clone(), server.status.clone());
        let contact = Contact { server: id, name, status, reports, told };
        match &server.transport {
            Transport::Stdio(command) => {
                tokio::spawn(process::keep(contact, command.clone(), alive));
            }
            Transport::Http(remote) => {
                tokio::spawn(http::keep(contact, remote.clone(), alive));
            }
        }
        connection
    }

    /// Tells the server, and all that it started, to end. [`Self::closed`] waits for it.
    pub(crate) fn end(&self, ending: Ending) {
        let _ = self.ending.send(ending);
    }

    /// Waits until the server, and all that it started, have ended, as far as it is ours to end.
    pub(crate) async fn closed(&self) {
        // Nothing is ever sent: the only news is that the sender is gone.
        while self.gone.clone().changed().await.is_ok() {}
    }
}

/// What the task that keeps a downstream up knows of the session that it does so for.
#[derive(Debug, Clone)]
struct Contact {
    server: ServerId,
    name: String,
    status: Status,
    reports: mpsc::Sender<Report>,
    told: watch::Receiver<Ending>,
}

impl Contact {
    /// False where nobody listens any more.
    async fn tell(&self, news: News) -> bool {
        match &news {
            News::Up(_) => self.status.up(),
            News::Down(down) => self.status.down(&down.reason),
            News::Line { .. } | News::Failed(_) => {}
        }
        self.reports.send(Report { server: self.server, news }).await.is_ok()
    }

    fn is_told_to_end(&self) -> bool {
        *self.told.borrow() != Ending::Open
    }

    /// Waits until the connection is told to end, for this long at most.
    async fn pause(&mut self, wait: Duration) {
        let _ = timeout(wait, self.told.changed()).await;
    }
}

/// The waits between two attempts, each about twice the one before. No two servers that fall together rise together.
#[derive(Debug)]
struct Backoff(Duration);

impl Backoff {
    fn new() -> Self {
        Self(BACKOFF.0)
    }

    /// The wait after an attempt that began then: of the whole one, between half and all.
    fn after(&mut self, started: Instant) -> Duration {
        let wait = if started.elapsed() > STEADY { BACKOFF.0 } else { self.0 };
        self.0 = (wait * 2).min(BACKOFF.1);
        let chance = getrandom::u32().unwrap_or(u32::MAX);
        wait / 2 + (wait / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::{BACKOFF, Backoff, STEADY};
    use std::time::Duration;
    use tokio::time::{Instant, advance};

    #[tokio::test(start_paused = true)]
    async fn a_server_that_keeps_ending_is_started_ever_less_often() {
        let mut backoff = Backoff::new();
        let mut whole = BACKOFF.0;
        for _ in 0..12 {
            let wait = backoff.after(Instant::now());
            assert!((whole / 2..=whole).contains(&wait), "{wait:?} of {whole:?}");
            whole = (whole * 2).min(BACKOFF.1);
        }
        let started = Instant::now();
        advance(STEADY + Duration::from_secs(1)).await;
        assert!(backoff.after(started) <= BACKOFF.0, "it had been steady");
    }
}
