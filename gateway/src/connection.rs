//! The connection to one downstream, whatever carries it: kept up for as long as its session lasts.

pub(crate) mod http;
mod process;

use std::time::Duration;

use argala_wire::line::Line;
use argala_wire::outbox::{Outbox, Weigh};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};

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
    /// It has ended, or couldn't be started, or can't be reached.
    Down(String),
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
/// A server that ran this long is started again at once.
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
        let contact = Contact { server: id, name: server.name.clone(), reports, told };
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
    reports: mpsc::Sender<Report>,
    told: watch::Receiver<Ending>,
}

impl Contact {
    /// False where nobody listens any more.
    async fn tell(&self, news: News) -> bool {
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

/// The waits between two attempts, each twice the one before.
#[derive(Debug)]
struct Backoff(Duration);

impl Backoff {
    fn new() -> Self {
        Self(BACKOFF.0)
    }

    /// The wait after an attempt that began then.
    fn after(&mut self, started: Instant) -> Duration {
        let wait = if started.elapsed() > STEADY { BACKOFF.0 } else { self.0 };
        self.0 = (wait * 2).min(BACKOFF.1);
        wait
    }
}
