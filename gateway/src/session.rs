//! One session: one host, the downstreams that serve it, and every frame between them.
//!
//! A session is one task that owns all of its state. Frames come to it in the order in which they were sent, so order is
//! kept without a lock; what it sends goes into bounded queues, so no peer that doesn't read holds up another.

mod answers;
mod asks;
mod caching;
mod calls;
mod capabilities;
mod catalogue;
mod circuit;
mod client;
mod downstream;
mod envelope;
mod from_downstream;
mod from_host;
mod gather;
mod guard;
mod held;
mod inputs;
mod introduction;
mod listing;
mod opening;
mod paging;
mod results;
mod routes;
mod standing;
mod subscriptions;
#[cfg(test)]
mod tests;
mod timeouts;
mod translation;
mod vetting;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use argala_engine::Policy;
use argala_engine::policy::MethodGlob;
use argala_wire::Era;
use argala_wire::outbox::Outbox;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::audit::{Audit, Event, ServerState};
use crate::caller::Caller;
use crate::connection::{Connection, Down, Ending, News, Report, ServerId};
use crate::health::Health;
use crate::host::{PostId, Said, Told};
use crate::ledger::Ledger;
use crate::pins::Pins;
use crate::servers::Server;
use answers::Answers;
use asks::Asks;
use calls::Calls;
use downstream::{Downstream, State};
use gather::Gathers;
pub(crate) use held::Awaited;
use held::HeldCalls;
use inputs::Inputs;
use listing::Listings;
use opening::Opening;
use results::TaskTools;
use routes::Routes;
use standing::Standing;
use subscriptions::Subscriptions;
use vetting::Vetting;

/// What a session is run with.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) policy: Arc<Policy>,
    pub(crate) servers: Arc<[Server]>,
    /// Methods beyond the protocol's that are relayed.
    pub(crate) relayed: Arc<[MethodGlob]>,
    /// The host's era; None where its first frame is to tell.
    pub(crate) era: Option<Era>,
    /// Names this session among all of the process.
    pub(crate) slot: u64,
    /// The calls of the session that wait for a host that has been asked for input, and is to come back with it.
    pub(crate) awaited: Awaited,
    /// Where is noted how the servers are.
    pub(crate) health: Health,
    pub(crate) caller: Caller,
    pub(crate) audit: Audit,
    /// What the calls of the whole process have been charged to budgets.
    pub(crate) ledger: Ledger,
    pub(crate) pins: Pins,
}

/// Bytes that may wait for a host that doesn't read. Past that nothing more is read from anyone.
pub(crate) const HOST_QUEUE: usize = 32 << 20;
/// Lines that wait to be handled, each of any allowed size.
pub(crate) const EVENTS: usize = 4;
/// Requests in flight of one host, and of them those that several servers answer together.
const MAX_CALLS: usize = 10_000;
const MAX_GATHERS: usize = 64;
/// Bytes of requests that are kept for another try.
const MAX_KEPT: usize = 32 << 20;
/// How long calls in flight may still be answered after the host has closed its side.
const DRAIN: Duration = Duration::from_secs(1);

/// All that a session knows.
struct Session {
    setup: Setup,
    host: Outbox<Told>,
    downstreams: Vec<Downstream>,
    opening: Opening,
    /// Requests of the host's, and our own, that a downstream has to answer.
    calls: Calls,
    /// Requests of downstreams that the host has to answer.
    asks: Asks,
    /// Requests that several downstreams answer together.
    gathers: Gathers,
    listings: Listings,
    answers: Answers,
    routes: Routes,
    task_tools: TaskTools,
    standing: Standing,
    subscriptions: Subscriptions,
    /// Requests of a legacy host's that wait for its own answers.
    inputs: Inputs,
    /// Calls that wait for a modern host to come back.
    held: HeldCalls,
    /// What is known of servers' tools, and calls that wait to know more.
    vetting: Vetting,
    /// Whether what the host hears must say to which POST it belongs.
    over_http: bool,
    /// The `Mcp-Param-…` headers of POSTs that haven't been looked at.
    mirrored: HashMap<PostId, Vec<(String, String)>>,
}

/// Runs one session to its end: until the host has said its last, or takes nothing any more, or `stop` comes.
pub(crate) async fn run(
    setup: Setup,
    mut said: mpsc::Receiver<Said>,
    host: Outbox<Told>,
    stop: impl Future<Output = ()>,
) {
    let _recorded = Recorded::begin(&setup);
    let _accounts = setup.ledger.session(&setup.caller.session);
    let (reports, mut heard) = mpsc::channel(EVENTS);
    let open = |(id, server): (ServerId, &Server)| Connection::open(id, server, reports.clone());
    let connections: Vec<Connection> = setup.servers.iter().enumerate().map(open).collect();
    let mut session = Session::new(setup, host.clone());
    tokio::pin!(stop);
    let mut drained: Option<Instant> = None;
    let told_to_stop = loop {
        if drained.is_some() && session.is_idle() {
            break false;
        }
        let deadline = [session.next_deadline(), drained].into_iter().flatten().min();
        tokio::select! {
            // In no fixed order: a server that never stops talking must not keep the host from being heard.
            () = &mut stop => break true,
            () = host.closed() => break false,
            // A host that doesn't read is not read from either, nor is anyone on its behalf.
            () = host.ready(), if host.is_full() => {}
            () = sleep_until(deadline), if deadline.is_some() => {
                if drained.is_some_and(|end| end <= Instant::now()) {
                    break false;
                }
                session.pass_deadlines(Instant::now());
            }
            report = heard.recv(), if !host.is_full() => if let Some(report) = report {
                session.hear(report);
            },
            said = said.recv(), if !host.is_full() && drained.is_none() => match said {
                Some(said) => session.take(said),
                None => drained = Some(Instant::now() + DRAIN),
            },
        }
    };
    drop(said);
    // Closes the queues before the downstreams: what still waits in them is written first.
    drop(session);
    // Downstreams may still write: keep taking it, or they could not end.
    drop(reports);
    let drain = tokio::spawn(async move { while heard.recv().await.is_some() {} });
    end_all(connections, told_to_stop, stop).await;
    drain.abort();
}

/// The beginning and, when it is dropped, the end of a session in the audit log.
struct Recorded(Audit, Caller);

impl Recorded {
    fn begin(Setup { audit, caller, .. }: &Setup) -> Self {
        let principal = caller.principal.as_ref().map(|principal| principal.name.as_str());
        audit.note(&Event::SessionOpened { session: &caller.session, principal });
        Self(audit.clone(), caller.clone())
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        self.0.note(&Event::SessionClosed { session: &self.1.session });
    }
}

/// Ends every downstream: in the time that each needs, or, once we are told to stop, in the time that they are given.
async fn end_all(connections: Vec<Connection>, told_to_stop: bool, stop: impl Future<Output = ()>) {
    let end = |ending: Ending| connections.iter().for_each(|connection| connection.end(ending));
    end(if told_to_stop { Ending::Hurry } else { Ending::Close });
    let all_closed = async {
        for connection in &connections {
            connection.closed().await;
        }
    };
    tokio::pin!(all_closed);
    if !told_to_stop {
        tokio::select! {
            () = &mut all_closed => return,
            () = stop => end(Ending::Hurry),
        }
    }
    all_closed.await;
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl Session {
    fn new(setup: Setup, host: Outbox<Told>) -> Self {
        Self {
            downstreams: setup.servers.iter().map(Downstream::new).collect(),
            routes: Routes::new(setup.servers.iter().map(|server| server.name.clone()).collect()),
            setup,
            host,
            opening: Opening::default(),
            calls: Calls::default(),
            asks: Asks::default(),
            gathers: Gathers::default(),
            listings: Listings::default(),
            answers: Answers::default(),
            task_tools: TaskTools::default(),
            standing: Standing::default(),
            subscriptions: Subscriptions::default(),
            inputs: Inputs::default(),
            held: HeldCalls::default(),
            vetting: Vetting::default(),
            over_http: false,
            mirrored: HashMap::new(),
        }
    }

    /// Whether names and URIs must say which of several servers is meant.
    fn is_federated(&self) -> bool {
        self.downstreams.len() > 1
    }

    /// Whether nobody waits for an answer.
    fn is_idle(&self) -> bool {
        self.calls.is_empty()
            && self.gathers.is_empty()
            && self.inputs.is_empty()
            && self.vetting.len() == 0
            && !self.opening.is_waiting()
    }

    fn next_deadline(&self) -> Option<Instant> {
        [
            self.gathers.next_deadline(),
            self.opening.deadline(),
            self.probe_deadline(),
            self.held.next_deadline(),
            self.subscriptions.next_deadline(),
            self.vetting.next_deadline(),
            self.calls.timeouts().next_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn pass_deadlines(&mut self, now: Instant) {
        if self.opening.deadline().is_some_and(|deadline| deadline <= now) {
            self.open();
        }
        self.end_probes(now);
        self.end_gathers(now);
        self.end_held(now);
        self.watch_again(now);
        self.end_waiting(now);
        self.end_late_calls(now);
    }

    fn hear(&mut self, report: Report) {
        let server = report.server;
        match report.news {
            News::Up(outbox) => {
                self.note_state(server, ServerState::Up, None);
                // It may have been up, and have forgotten what it asked.
                self.forget_asked(server);
                self.vetting.forget(server);
                self.set_state(server, State::Up(outbox));
                self.introduce(server);
            }
            News::Line { line, about } => self.take_downstream_line(server, line, about),
            News::Failed(failed) => self.take_failure(server, failed),
            News::Down(down) => self.lose(server, down),
        }
    }

    /// A downstream has ended: whoever waits for it hears so.
    fn lose(&mut self, server: ServerId, down: Down) {
        let was_ready = self.is_ready(server);
        self.note_state(server, ServerState::Down, Some(&down.reason));
        self.note_failure(server, &down.reason);
        let message = format!(
            "the server `{}` has ended before it answered: {down}. What it was asked may have been done; it isn't asked again",
            self.name(server)
        );
        self.set_state(server, State::Down(down));
        self.end_attempt(server);
        self.forget_watch(server);
        self.fail_calls(server, &message);
        self.forget_lists(server);
        self.vetting.forget(server);
        self.forget_asked(server);
        if was_ready {
            self.announce_lists(server);
        }
        self.try_open();
    }

    /// Forgets what a server has asked that is gone.
    fn forget_asked(&mut self, server: ServerId) {
        self.held.forget_questions(server);
        for cancelled in self.asks.drop_server(server) {
            self.to_host(cancelled, None);
        }
    }

    /// Whether so much is in flight that nothing more is taken.
    fn is_busy(&self) -> bool {
        self.calls.len() + self.inputs.len() + self.vetting.len() >= MAX_CALLS
            || self.calls.kept() + self.inputs.kept() + self.vetting.kept() >= MAX_KEPT
    }

    /// Sends the host what is no answer: a request of a server's, a notification. `post` is the POST that it belongs to.
    fn to_host(&self, text: String, post: Option<PostId>) {
        self.tell(Told { text, post, answer: false });
    }

    fn tell(&self, told: Told) {
        // Never refused: an answer that got lost would be waited for for ever. While the queue is full nothing is read, so it
        // grows by no more than what one frame gives rise to.
        self.host.push(told);
    }
}
