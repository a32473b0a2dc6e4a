//! A downstream that all sessions of the process share (`"shared": true`): one connection, and a hub between it and them.
//!
//! A session has a link, which looks to it just like a connection of its own. The hub gives every request an id of its own
//! and takes the answer back to the one session that has asked, so no session hears what is another's. The server is told
//! of one client that can do nothing, so it asks nobody anything; tasks and log levels, which are a connection's, aren't
//! passed.

mod capabilities;
mod from_server;
mod from_session;
mod hub;
mod introduction;
mod link;
mod requests;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use argala_wire::outbox::{Outbox, Weigh};
use tokio::sync::{mpsc, watch};

use crate::connection::{Connection, Down, Ending, Failed, Outgoing, Report, ServerId};
use crate::servers::Server;

/// Names a link among all of its hub. One that is connected again is another one.
type LinkId = u64;

/// Which start of the server a frame was written for: another one knows nothing of it.
type Generation = u64;

/// Bytes that may wait for a session that doesn't read, and for the hub from one session.
const QUEUE: usize = 16 << 20;
/// Frames that wait for the hub, each of any allowed size.
const EVENTS: usize = 4;

/// What the hub hears of its links.
#[derive(Debug)]
enum Linked {
    /// A session has come, and takes what the hub has for it here.
    Joined(LinkId, Outbox<Event>),
    /// A session has sent a frame.
    Said { link: LinkId, generation: Generation, frame: Outgoing },
    /// A session has ended.
    Left(LinkId),
}

/// What a link hears of the hub.
#[derive(Debug)]
enum Event {
    /// The server takes frames.
    Up(Generation),
    /// A frame of the server's, and the session's request that it came in answer to, where that is known.
    Line { text: String, about: Option<u64> },
    /// A request of the session's won't be answered.
    Failed(Failed),
    /// The server has ended.
    Down(Down),
}

impl Weigh for Event {
    fn weight(&self) -> usize {
        // Even the smallest takes room.
        const LEAST: usize = 64;
        match self {
            Self::Up(_) => LEAST,
            Self::Line { text, .. } => LEAST + text.len(),
            Self::Failed(Failed { reason, .. }) | Self::Down(Down { reason, .. }) => LEAST + reason.len(),
        }
    }
}

/// The one connection to a server, opened for the first session that needs it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<State>>);

#[derive(Debug, Default)]
enum State {
    #[default]
    Unused,
    Running(Running),
    Ended,
}

#[derive(Debug)]
struct Running {
    hub: mpsc::Sender<Linked>,
    ending: watch::Sender<Ending>,
    /// Closes when the server has ended.
    gone: watch::Receiver<()>,
    /// The number of the next link.
    numbers: Arc<AtomicU64>,
}

impl Shared {
    /// A connection of one session's to the server.
    pub(crate) fn link(&self, id: ServerId, server: &Server, reports: mpsc::Sender<Report>) -> Connection {
        let (connection, told, alive) = Connection::kept();
        // There is none while the process ends: a session that was about to open hears nothing of this server.
        if let Some((hub, numbers)) = self.enter(server) {
            tokio::spawn(link::keep(link::Link { number: 0, numbers, id, hub, reports, told, alive }));
        }
        connection
    }

    /// The hub, started where this is the first link, and the numbers of links.
    fn enter(&self, server: &Server) -> Option<(mpsc::Sender<Linked>, Arc<AtomicU64>)> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Unused = *state {
            let (hub, linked) = mpsc::channel(EVENTS);
            let (ending, told) = watch::channel(Ending::Open);
            let (alive, gone) = watch::channel(());
            tokio::spawn(hub::run(server.clone(), linked, told, alive));
            *state = State::Running(Running { hub, ending, gone, numbers: Arc::default() });
        }
        let State::Running(running) = &*state else { return None };
        Some((running.hub.clone(), Arc::clone(&running.numbers)))
    }

    /// Takes the hub, for good.
    fn take(&self) -> Option<Running> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *state, State::Ended) {
            State::Running(running) => Some(running),
            State::Unused | State::Ended => None,
        }
    }
}

/// Ends shared servers: in the time that each needs, or, once `hurry` is done, in the time that they are given.
pub(crate) async fn end_all(shared: impl Iterator<Item = &Shared>, hurry: impl Future<Output = ()>) {
    let running: Vec<Running> = shared.filter_map(Shared::take).collect();
    let tell = |ending: Ending| {
        for one in &running {
            let _ = one.ending.send(ending);
        }
    };
    tell(Ending::Close);
    let all_gone = async {
        for one in &running {
            let mut gone = one.gone.clone();
            // Nothing is ever sent: the only news is that the sender is gone.
            while gone.changed().await.is_ok() {}
        }
    };
    tokio::pin!(all_gone);
    tokio::select! {
        () = &mut all_gone => return,
        () = hurry => tell(Ending::Hurry),
    }
    all_gone.await;
}

// That it is open is no part of what a server is.
impl PartialEq for Shared {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Shared {}
