//! Every session that is held over HTTP: opened, found, and ended when nobody needs it any more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argala_wire::outbox::outbox;
use argala_wire::{Era, Id};
use hyper::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::admission::Guest;
use super::answer::Refusal;
use super::message::Room;
use super::session::{Need, Session};
use super::streams::Style;
use crate::access::{Seat, TooMany};
use crate::caller::{Caller, Principal};
use crate::host::{PostId, Said};
use crate::session::{self, Awaited, EVENTS, HOST_QUEUE, Setup};

/// How often is looked for sessions that nobody needs, at the longest.
const SWEEP: Duration = Duration::from_secs(30);

/// The sessions.
#[derive(Debug)]
pub(super) struct Sessions {
    /// For what is said to all of them.
    pub(super) room: Room,
    setup: Setup,
    stop: watch::Receiver<bool>,
    /// One for each session that runs, or hasn't ended all of its servers.
    permits: Arc<Semaphore>,
    max: usize,
    idle: Duration,
    last_slot: AtomicU64,
    last_post: AtomicU64,
    /// Sessions of legacy hosts, by the ids that these know them by.
    named: Mutex<HashMap<String, Arc<Session>>>,
    /// Sessions of modern hosts, by whose they are and what those hosts said of themselves.
    pooled: Mutex<Pool>,
}

/// Nobody is served by the servers of another.
type Pool = HashMap<(Option<Arc<Principal>>, Key), Vec<Arc<Session>>>;

/// The sessions as one guest sees them: there are no others than his own.
#[derive(Debug)]
pub(super) struct OwnSessions<'a> {
    pub(super) all: &'a Arc<Sessions>,
    pub(super) guest: Guest,
}

/// What a modern host says of itself, as a digest: hosts with the same key can share a session.
pub(super) type Key = [u8; 32];

/// Which session of its key a modern request needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sharing {
    /// The one that all share.
    Shared,
    /// One of its own, until it is answered.
    Alone,
    /// The one that has given this `requestState` and waits for it.
    Again(String),
}

/// Why there is no session more.
#[derive(Debug)]
pub(super) enum Full {
    /// There are as many as there may be.
    All,
    /// The guest has as many as he may have.
    Own(TooMany),
}

impl Sessions {
    pub(super) fn new(setup: Setup, stop: watch::Receiver<bool>, max: usize, idle: Duration) -> Self {
        Self {
            room: Room::new(),
            setup,
            stop,
            permits: Arc::new(Semaphore::new(max)),
            max,
            idle,
            last_slot: AtomicU64::new(0),
            last_post: AtomicU64::new(0),
            named: Mutex::default(),
            pooled: Mutex::default(),
        }
    }

    /// A number that no POST has had.
    pub(super) fn next_post(&self) -> PostId {
        self.last_post.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl OwnSessions<'_> {
    /// A refusal to open one more.
    pub(super) fn refuse(&self, full: &Full, id: Option<&Id>) -> Refusal {
        let refusal = match full {
            Full::All => Refusal::busy(
                StatusCode::SERVICE_UNAVAILABLE,
                "there are as many sessions as there may be; try again later",
            ),
            Full::Own(limit) => self.guest.refuse_session(*limit),
        };
        refusal.of(id.cloned())
    }

    /// Opens a session. Nobody finds it before it has a name.
    pub(super) fn open(&self, style: Style) -> Result<Opened, Full> {
        let started = self.start(style, false);
        Ok(Opened(Some(started.inspect_err(|full| self.make_room(full, &lock(&self.all.pooled)))?)))
    }

    /// Gives a session its name: nobody can guess it.
    pub(super) fn name(&self, opened: &mut Opened) -> Option<String> {
        let session = opened.0.take()?;
        let mut secret = [0; 24];
        getrandom::fill(&mut secret).ok()?;
        let name: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        lock(&self.all.named).insert(name.clone(), session);
        Some(name)
    }

    /// The session of this name, where it hasn't ended.
    pub(super) fn find(&self, name: &str) -> Option<Arc<Session>> {
        let named = lock(&self.all.named);
        let session = named.get(name).filter(|session| !session.has_ended())?;
        self.guest.owns(session.principal.as_ref()).then(|| Arc::clone(session))
    }

    /// The session for a modern request.
    pub(super) fn pooled(&self, key: Key, sharing: &Sharing) -> Result<Need, Full> {
        let mut pooled = lock(&self.all.pooled);
        let group = pooled.entry((self.guest.principal.clone(), key)).or_default();
        group.retain(|session| !session.has_ended());
        let shared = || group.iter().find(|session| session.shared);
        let found = match sharing {
            Sharing::Shared => shared(),
            Sharing::Alone => group.iter().find(|session| !session.shared && session.is_free()),
            // Where what waited for the host is gone, the session that all share says so.
            Sharing::Again(state) => group.iter().find(|session| session.awaits(state)).or_else(shared),
        };
        if let Some(session) = found {
            return Ok(session.need());
        }
        match self.start(Style::Modern, *sharing != Sharing::Alone) {
            Ok(session) => {
                group.push(Arc::clone(&session));
                Ok(session.need())
            }
            Err(full) => {
                self.make_room(&full, &pooled);
                Err(full)
            }
        }
    }

    fn start(&self, style: Style, shared: bool) -> Result<Arc<Session>, Full> {
        let all = self.all;
        let seat = self.guest.session().map_err(Full::Own)?;
        let permit = Arc::clone(&all.permits).try_acquire_owned().map_err(|_| Full::All)?;
        let slot = all.last_slot.fetch_add(1, Ordering::Relaxed) + 1;
        let awaited = Awaited::default();
        let era = if style == Style::Modern { Era::Modern } else { Era::Legacy };
        let principal = self.guest.principal.clone();
        let caller = Caller::of(principal.clone());
        let setup = Setup { era: Some(era), slot, awaited: awaited.clone(), caller, ..all.setup.clone() };
        let (say, said) = mpsc::channel(EVENTS);
        let session = Arc::new(Session::new(style, shared, principal, say, awaited));
        tokio::spawn(run(setup, said, Arc::clone(&session), all.stop.clone(), (permit, seat)));
        Ok(session)
    }

    /// Ends the session of modern hosts that nobody has needed for the longest: they don't know that there is one. When its servers
    /// have ended as well there is room for another.
    fn make_room(&self, full: &Full, pooled: &Pool) {
        let may_go =
            |session: &&Arc<Session>| matches!(full, Full::All) || session.principal == self.guest.principal;
        let free = pooled.values().flatten().filter(|session| session.is_free() && !session.has_ended());
        if let Some(session) = free.filter(may_go).max_by_key(|session| session.idle()) {
            session.end();
        }
    }
}

impl Sessions {
    /// Whether every server is known to speak the modern era.
    pub(super) fn speak_modern(&self) -> bool {
        self.setup.servers.iter().all(|server| server.eras.speaks(Era::Modern))
    }

    /// Ends the sessions that nobody has needed for long, for as long as the process runs.
    pub(super) async fn sweep(&self) {
        let pause = (self.idle / 4).clamp(Duration::from_millis(100), SWEEP);
        loop {
            tokio::time::sleep(pause).await;
            let keep = |session: &Arc<Session>| {
                let needed = session.idle().is_none_or(|idle| idle < self.idle);
                if !needed {
                    session.end();
                }
                needed && !session.has_ended()
            };
            lock(&self.named).retain(|_, session| keep(session));
            lock(&self.pooled).retain(|_, group| {
                group.retain(&keep);
                !group.is_empty()
            });
        }
    }

    /// Waits until all have ended, with their servers. No new ones must be opened.
    pub(super) async fn ended(&self) {
        let all = u32::try_from(self.max).unwrap_or(u32::MAX);
        let _ = self.permits.acquire_many(all).await;
    }
}

/// A session that nobody finds yet, and that ends with this value unless it is named.
pub(super) struct Opened(Option<Arc<Session>>);

impl Opened {
    pub(super) fn session(&self) -> Option<&Arc<Session>> {
        self.0.as_ref()
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(session) = &self.0 {
            session.end();
        }
    }
}

async fn run(
    setup: Setup,
    said: mpsc::Receiver<Said>,
    session: Arc<Session>,
    mut stop: watch::Receiver<bool>,
    _room: (OwnedSemaphorePermit, Option<Seat>),
) {
    // Also where the session's task comes to an end that nobody foresaw.
    let ending = Ending(Arc::clone(&session));
    let (told, mut inlet) = outbox(HOST_QUEUE);
    let stop = async move {
        // An error means that the process is about to end as well.
        let _ = stop.wait_for(|stop| *stop).await;
    };
    let carry = async {
        while let Some(told) = inlet.next().await {
            session.cancel(session.streams.deliver(told));
        }
    };
    tokio::join!(session::run(setup, said, told, stop), carry);
    drop(ending);
}

struct Ending(Arc<Session>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
