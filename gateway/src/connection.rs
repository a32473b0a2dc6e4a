//! One downstream process: started, read, started again when it ends, and ended with its session.

use std::time::{Duration, Instant};

use argala_wire::child::{Child, Command};
use argala_wire::line::{Line, LineReader, write_lines};
use argala_wire::outbox::{Outbox, Weigh, outbox};
use tokio::io::BufReader;
use tokio::process::ChildStderr;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

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
    /// It runs, and takes frames here.
    Up(Outbox<Outgoing>),
    /// It sent a frame.
    Line {
        line: Line,
        /// The request of ours that the frame came in answer to, by its id, where the transport tells.
        about: Option<u64>,
    },
    /// It has ended, or couldn't be started.
    Down(String),
}

/// A frame for a downstream.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) text: String,
    /// `Mcp-Param-…` headers that go with it over HTTP.
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
const READ_BUFFER: usize = 64 << 10;
/// The first and the longest wait before a server is started again.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// A server that ran this long is started again at once.
const STEADY: Duration = Duration::from_secs(10);
/// How long the last lines to a process that shall end, and from one that has ended, are waited for.
const LAST_LINES: Duration = Duration::from_millis(500);
/// How long the end of a process that has closed its output is waited for.
const LAST_WORDS: Duration = Duration::from_millis(200);

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
        let Transport::Stdio(command) = &server.transport;
        let keeper = Keeper {
            server: id,
            name: server.name.clone(),
            command: command.clone(),
            reports,
            told,
            _alive: alive,
        };
        tokio::spawn(keeper.keep());
        connection
    }

    /// Tells the process and all that it started to end. [`Self::closed`] waits for it.
    pub(crate) fn end(&self, ending: Ending) {
        let _ = self.ending.send(ending);
    }

    /// Waits until the process and all that it started have ended.
    pub(crate) async fn closed(&self) {
        // Nothing is ever sent: the only news is that the sender is gone.
        while self.gone.clone().changed().await.is_ok() {}
    }
}

struct Keeper {
    server: ServerId,
    name: String,
    command: Command,
    reports: mpsc::Sender<Report>,
    told: watch::Receiver<Ending>,
    /// Dropped when everything has ended, or with a task that has panicked and taken its process group along.
    _alive: watch::Sender<()>,
}

impl Keeper {
    async fn keep(mut self) {
        let mut wait = BACKOFF.0;
        while !self.is_told_to_end() {
            let started = Instant::now();
            let reason = match Child::spawn(&self.command) {
                Ok((child, streams)) => self.run(child, streams).await,
                Err(error) => {
                    format!("it can't be started: {}: {error}", self.culprit())
                }
            };
            if self.is_told_to_end() {
                break;
            }
            wait = if started.elapsed() > STEADY { BACKOFF.0 } else { wait };
            tracing::warn!(server = self.name, "{reason}; starting it again in {} ms", wait.as_millis());
            if !self.tell(News::Down(reason)).await {
                break;
            }
            let _ = timeout(wait, self.told.changed()).await;
            wait = (wait * 2).min(BACKOFF.1);
        }
    }

    /// What to look at where the process can't be started: its program, or the folder that it should run in.
    fn culprit(&self) -> String {
        match &self.command.cwd {
            Some(folder) if !folder.is_dir() => format!("the folder {}", folder.display()),
            _ => self.command.program.to_string_lossy().into_owned(),
        }
    }

    /// Runs one process to its end and says how that came.
    async fn run(&mut self, mut child: Child, streams: argala_wire::child::Streams) -> String {
        let (outbox, inlet) = outbox(QUEUE);
        let mut writer = tokio::spawn(write_lines(streams.stdin, inlet));
        let mut reader = tokio::spawn(read_lines(self.server, streams.stdout, self.reports.clone()));
        let log = tokio::spawn(log_lines(self.name.clone(), streams.stderr));
        tracing::debug!(server = self.name, "started");
        self.tell(News::Up(outbox)).await;
        let (mut ended, mut read_out) = (false, false);
        let reason = tokio::select! {
            status = child.ended() => {
                ended = true;
                match status {
                    Ok(status) => format!("it ended ({status})"),
                    Err(error) => format!("it ended ({error})"),
                }
            }
            _ = &mut reader => {
                read_out = true;
                // Most close their output because they end.
                match timeout(LAST_WORDS, child.ended()).await {
                    Ok(Ok(status)) => {
                        ended = true;
                        format!("it ended ({status})")
                    }
                    _ => "it closed its output".to_owned(),
                }
            }
            _ = self.told.changed() => "the session ended".to_owned(),
        };
        // A session that has ended has closed the queue, and the writer ends when it is empty.
        if self.is_told_to_end() {
            let _ = timeout(LAST_LINES, &mut writer).await;
        }
        // Closes its input, which is how a server is told that nobody needs it any more.
        writer.abort();
        if ended && !read_out {
            let _ = timeout(LAST_LINES, &mut reader).await;
        }
        if !ended {
            let mut told = self.told.clone();
            child
                .end(async move {
                    // An error means that nobody is left to tell us: that is in a hurry, too.
                    let _ = told.wait_for(|ending| *ending == Ending::Hurry).await;
                })
                .await;
        }
        reader.abort();
        log.abort();
        reason
    }

    fn is_told_to_end(&self) -> bool {
        *self.told.borrow() != Ending::Open
    }

    async fn tell(&self, news: News) -> bool {
        self.reports.send(Report { server: self.server, news }).await.is_ok()
    }
}

async fn read_lines(server: ServerId, stdout: tokio::process::ChildStdout, reports: mpsc::Sender<Report>) {
    let mut lines = LineReader::new(BufReader::with_capacity(READ_BUFFER, stdout), MAX_LINE);
    while let Ok(Some(line)) = lines.next().await {
        if reports.send(Report { server, news: News::Line { line, about: None } }).await.is_err() {
            break;
        }
    }
}

/// A server's words, fit for a terminal: nothing in them moves the cursor or turns the direction of text.
fn plain(text: &str) -> String {
    let moves = |character: char| {
        let bidi =
            matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        bidi || (character.is_control() && character != '\t')
    };
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if moves(character) { plain.extend(character.escape_unicode()) } else { plain.push(character) }
    }
    plain
}

/// A server's stderr is its log, and becomes part of ours.
async fn log_lines(name: String, stderr: ChildStderr) {
    const LONGEST: usize = 8 << 10;
    let mut lines = LineReader::new(BufReader::new(stderr), LONGEST);
    while let Ok(Some(line)) = lines.next().await {
        let (Line::Whole(text) | Line::TooLong { head: text, .. }) = line;
        tracing::info!(server = name, "stderr: {}", plain(&String::from_utf8_lossy(&text)));
    }
}
