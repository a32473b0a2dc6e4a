//! One session: one host, the downstreams that serve it, and every frame between them.
//!
//! A session is one task that owns all of its state. Frames come to it in the order in which they were sent, so order is
//! kept without a lock; what it sends goes into bounded queues, so no peer that doesn't read holds up another.

mod answers;
mod asks;
mod calls;
mod catalogue;
mod from_downstream;
mod from_host;
mod gather;
mod guard;
mod opening;
mod routes;

use std::sync::Arc;
use std::time::Duration;

use argala_engine::Policy;
use argala_engine::policy::MethodGlob;
use argala_wire::frame::MAX_FRAME;
use argala_wire::line::{Line, LineReader, write_lines};
use argala_wire::outbox::{Outbox, Unsent, outbox};
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::connection::{Connection, News, Report, ServerId};
use crate::servers::Server;
use answers::Answers;
use asks::Asks;
use calls::Calls;
use gather::Gathers;
use opening::Opening;
use routes::Routes;

/// What a session is run with.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) policy: Arc<Policy>,
    pub(crate) servers: Vec<Server>,
    /// Methods beyond the protocol's that are relayed.
    pub(crate) relayed: Vec<MethodGlob>,
}

/// Bytes that may wait for a host that doesn't read. Past that nothing more is read from anyone.
const HOST_QUEUE: usize = 32 << 20;
const READ_BUFFER: usize = 64 << 10;
/// Lines that wait to be handled, each of any allowed size.
const EVENTS: usize = 4;
/// Requests in flight of one host, and of them those that several servers answer together.
const MAX_CALLS: usize = 10_000;
const MAX_GATHERS: usize = 64;
/// How long calls in flight may still be answered after the host has closed its side.
const DRAIN: Duration = Duration::from_secs(2);

/// All that a session knows.
struct Session {
    setup: Setup,
    host: Outbox,
    downstreams: Vec<Downstream>,
    opening: Opening,
    /// Requests of the host's, and our own, that a downstream has to answer.
    calls: Calls,
    /// Requests of downstreams that the host has to answer.
    asks: Asks,
    /// Requests that several downstreams answer together.
    gathers: Gathers,
    answers: Answers,
    routes: Routes,
    /// The parameters of the host's last `logging/setLevel`, for a server that is started again.
    log_level: Option<String>,
}

/// A downstream as its session sees it.
struct Downstream {
    name: String,
    state: State,
    /// What it said of itself, as JSON: the result of `initialize`.
    introduction: Option<String>,
    /// The error that it answered `initialize` with, as JSON, if it did.
    refusal: Option<String>,
    hearing: Hearing,
}

/// Whether a downstream answers in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hearing {
    /// As far as is known.
    Prompt,
    /// It missed a deadline and hasn't been heard since: nobody waits for it.
    Silent,
    /// It is silent, and has been asked whether it is there.
    Probed,
}

enum State {
    /// It is being started for the first time.
    Starting,
    /// It doesn't run, and why.
    Down(String),
    /// It runs and hasn't been introduced to the host.
    Up(Outbox),
    /// It takes requests.
    Ready(Outbox),
}

/// Runs one session to its end: until the host closes its side, or is gone, or `stop` comes.
pub(crate) async fn run(
    setup: Setup,
    host_input: impl AsyncRead + Unpin + Send + 'static,
    host_output: impl AsyncWrite + Unpin + Send + 'static,
    stop: impl Future<Output = ()>,
) {
    let (reports, mut heard) = mpsc::channel(EVENTS);
    let open = |(id, server): (ServerId, &Server)| {
        Connection::open(id, server.name.clone(), server.command.clone(), reports.clone())
    };
    let connections: Vec<Connection> = setup.servers.iter().enumerate().map(open).collect();
    let (host, inlet) = outbox(HOST_QUEUE);
    let mut writer = tokio::spawn(write_lines(host_output, inlet));
    let (lines, mut said) = mpsc::channel(EVENTS);
    let reader = tokio::spawn(read_lines(host_input, lines));

    let mut session = Session::new(setup, host.clone());
    tokio::pin!(stop);
    let mut drained: Option<Instant> = None;
    loop {
        if drained.is_some() && session.is_idle() {
            break;
        }
        let deadline = [session.next_deadline(), drained].into_iter().flatten().min();
        tokio::select! {
            biased;
            () = &mut stop => break,
            _ = &mut writer => break,
            // A host that doesn't read is not read from either, nor is anyone on its behalf.
            () = host.ready(), if host.is_full() => {}
            () = sleep_until(deadline), if deadline.is_some() => {
                if drained.is_some_and(|end| end <= Instant::now()) {
                    break;
                }
                session.pass_deadlines(Instant::now());
            }
            report = heard.recv(), if !host.is_full() => if let Some(report) = report {
                session.hear(report);
            },
            line = said.recv(), if !host.is_full() && drained.is_none() => match line {
                Some(line) => session.take_line(line),
                None => drained = Some(Instant::now() + DRAIN),
            },
        }
    }
    reader.abort();
    // Closes the queues before the downstreams: what still waits in them is written first.
    drop(session);
    for connection in &connections {
        connection.close();
    }
    // Downstreams may still write: keep taking it, or they could not end.
    drop(reports);
    let drain = tokio::spawn(async move { while heard.recv().await.is_some() {} });
    for connection in connections {
        connection.closed().await;
    }
    drain.abort();
    drop(host);
    if !writer.is_finished() {
        let _ = tokio::time::timeout(DRAIN, writer).await;
    }
}

async fn read_lines(input: impl AsyncRead + Unpin, lines: mpsc::Sender<Line>) {
    let mut reader = LineReader::new(BufReader::with_capacity(READ_BUFFER, input), MAX_FRAME);
    while let Ok(Some(line)) = reader.next().await {
        if lines.send(line).await.is_err() {
            break;
        }
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl Session {
    fn new(setup: Setup, host: Outbox) -> Self {
        let introduce = |server: &Server| Downstream {
            name: server.name.clone(),
            state: State::Starting,
            introduction: None,
            refusal: None,
            hearing: Hearing::Prompt,
        };
        Self {
            downstreams: setup.servers.iter().map(introduce).collect(),
            routes: Routes::new(setup.servers.iter().map(|server| server.name.clone()).collect()),
            setup,
            host,
            opening: Opening::default(),
            calls: Calls::default(),
            asks: Asks::default(),
            gathers: Gathers::default(),
            answers: Answers::default(),
            log_level: None,
        }
    }

    /// Whether names and URIs must say which of several servers is meant.
    fn is_federated(&self) -> bool {
        self.downstreams.len() > 1
    }

    /// Whether nobody waits for an answer.
    fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.gathers.is_empty() && !self.opening.is_waiting()
    }

    fn next_deadline(&self) -> Option<Instant> {
        [self.gathers.next_deadline(), self.opening.deadline()].into_iter().flatten().min()
    }

    fn pass_deadlines(&mut self, now: Instant) {
        if self.opening.deadline().is_some_and(|deadline| deadline <= now) {
            self.answer_initialize();
        }
        self.end_gathers(now);
    }

    fn hear(&mut self, report: Report) {
        let server = report.server;
        match report.news {
            News::Up(outbox) => {
                self.set_state(server, State::Up(outbox));
                self.introduce(server);
            }
            News::Line(line) => self.take_downstream_line(server, line),
            News::Down(reason) => self.lose(server, reason),
        }
    }

    /// A downstream has ended: whoever waits for it hears so.
    fn lose(&mut self, server: ServerId, reason: String) {
        let was_ready =
            matches!(self.downstreams.get(server).map(|downstream| &downstream.state), Some(State::Ready(_)));
        let message = format!("the server `{}` has ended before it answered: {reason}", self.name(server));
        self.set_state(server, State::Down(reason));
        self.fail_calls(server, &message);
        for cancelled in self.asks.drop_server(server) {
            self.to_host(cancelled);
        }
        if was_ready {
            self.announce_lists(server);
        }
        self.try_answer_initialize();
    }

    fn set_state(&mut self, server: ServerId, state: State) {
        if let Some(downstream) = self.downstreams.get_mut(server) {
            downstream.state = state;
            downstream.hearing = Hearing::Prompt;
        }
    }

    /// Whether so much is in flight that nothing more is taken.
    fn is_busy(&self) -> bool {
        self.calls.len() >= MAX_CALLS || self.gathers.len() >= MAX_GATHERS
    }

    fn name(&self, server: ServerId) -> &str {
        self.downstreams.get(server).map_or("", |downstream| &downstream.name)
    }

    fn to_host(&self, frame: String) {
        // Nothing is read while the queue is full, so only a host that is gone refuses a frame.
        let _ = self.host.send(frame);
    }

    /// Sends a frame to a downstream that takes requests.
    ///
    /// # Errors
    /// A sentence, where it can't be sent.
    fn to_downstream(&self, server: ServerId, frame: String) -> Result<(), String> {
        let Some(downstream) = self.downstreams.get(server) else {
            return Err("there is no such server".to_owned());
        };
        let name = &downstream.name;
        let outbox = match &downstream.state {
            State::Ready(outbox) => outbox,
            State::Starting => return Err(format!("the server `{name}` is being started; try again later")),
            State::Up(_) => {
                return Err(format!(
                    "the server `{name}` has not answered `initialize` yet; try again later"
                ));
            }
            State::Down(reason) => {
                return Err(format!("the server `{name}` doesn't run: {reason}; it is being started again"));
            }
        };
        outbox.send(frame).map_err(|unsent| match unsent {
            Unsent::Full => format!("the server `{name}` doesn't read what it is sent; try again later"),
            Unsent::Closed => format!("the server `{name}` has just ended; try again later"),
        })
    }
}
