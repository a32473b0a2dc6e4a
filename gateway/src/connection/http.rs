//! A server that is spoken to over HTTP: each frame is a POST of its own, and its answer comes back on that POST.
//!
//! **Order.** Requests are under way side by side, so a slow one holds nobody up. What is no request (a notification, an answer
//! to the server) must have been accepted before anything behind it is sent, or `notifications/initialized` could come after
//! the first call; a server that doesn't accept it in time is not waited for. A cancellation waits until the request that it
//! takes back has been written out.
//!
//! **Up and down.** There is nothing to start, so such a server is up at once. It goes down when it can't be introduced, as it
//! can't be reached, or answers with no message; then it is called on again and again, as a process is started again.
//!
//! **An expired session** is opened anew: see [`reopening`].

mod body;
pub(crate) mod client;
mod link;
mod message;
mod older;
mod post;
mod reopening;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use argala_wire::outbox::{Inlet, Outbox, outbox};
use argala_wire::{Era, legacy};
use tokio::sync::{oneshot, watch};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Backoff, Contact, Down, News, Outgoing, QUEUE};
use crate::servers::{Kind, Remote};
use link::Link;
use message::{Message, What};
use older::Older;

/// Requests that may be under way to one server.
const MAX_FLIGHTS: usize = 10_000;
/// How long what is no request may hold up what comes behind it.
const ACCEPTED: Duration = Duration::from_secs(5);
/// How long a server may still answer what has been taken back.
const TAKEN_BACK: Duration = Duration::from_secs(5);
/// How long the last messages of a session that ends may take.
const LAST_MESSAGES: Duration = Duration::from_millis(500);

/// What has become of a message, or of a stream.
#[derive(Debug)]
enum Outcome {
    /// All that is to be said about it has been reported.
    Done,
    /// The server has forgotten the session.
    Expired {
        /// What it refused to handle.
        message: Option<Message>,
        generation: u64,
    },
    /// It refused the first message in a way in which a server of the older transport would.
    PerhapsOlder { message: Message, reason: String },
    /// The server isn't there.
    Fallen(String),
}

/// Calls on a server until its session ends. `_alive` is dropped when everything has ended.
pub(super) async fn keep(mut contact: Contact, remote: Arc<Remote>, _alive: watch::Sender<()>) {
    let mut backoff = Backoff::new();
    while !contact.is_told_to_end() {
        let started = Instant::now();
        let reason = match Link::new(contact.clone(), Arc::clone(&remote)) {
            Ok(link) => Visit::new(Arc::new(link)).run().await,
            Err(reason) => reason,
        };
        if contact.is_told_to_end() {
            break;
        }
        let wait = backoff.after(started);
        tracing::warn!(server = contact.name, "{reason}; calling on it again in {} ms", wait.as_millis());
        let down = Down { reason, last_words: None, until: Instant::now() + wait };
        if !contact.tell(News::Down(down)).await {
            break;
        }
        contact.pause(wait).await;
    }
}

/// A request under way.
#[derive(Debug)]
struct Flight {
    task: AbortHandle,
    era: Era,
    /// Closes when the request has been written out.
    written: Option<oneshot::Receiver<()>>,
}

/// What a task was for, and what has become of it.
type Landed = (Option<What>, Outcome);

/// From being up to being down.
struct Visit {
    link: Arc<Link>,
    outbox: Outbox<Outgoing>,
    inlet: Inlet<Outgoing>,
    tasks: JoinSet<Landed>,
    flights: HashMap<u64, Flight>,
    /// The task that must end, or the time that must come, before anything more is sent.
    gate: Option<(Id, Instant)>,
    /// The task that reads the server's own stream.
    listening: Option<AbortHandle>,
    /// While an expired session is opened anew: what waits for that.
    reopening: Option<Vec<Message>>,
    /// Sessions in a row that expired before they were of any use.
    barren: usize,
    older: Option<Arc<Older>>,
    /// Whether it has been tried as a server of the older transport.
    tried_older: bool,
}

impl Visit {
    fn new(link: Arc<Link>) -> Self {
        let (outbox, inlet) = outbox(QUEUE);
        Self {
            link,
            outbox,
            inlet,
            tasks: JoinSet::new(),
            flights: HashMap::new(),
            gate: None,
            listening: None,
            reopening: None,
            barren: 0,
            older: None,
            tried_older: false,
        }
    }

    /// Serves the session until it ends, or the server goes down. Says why.
    async fn run(mut self) -> String {
        let mut told = self.link.contact.told.clone();
        if self.link.remote.kind == Kind::Sse {
            match self.open_older().await {
                Ok((older, events)) => self.be_older(Arc::new(older), events),
                Err(reason) => return reason,
            }
        }
        self.link.contact.tell(News::Up(self.outbox.clone())).await;
        let reason = loop {
            let gate = self.gate.map(|(_, until)| until);
            tokio::select! {
                _ = told.changed() => break "the session ended".to_owned(),
                Some(landed) = self.tasks.join_next_with_id() => {
                    if let Err(reason) = self.land(landed).await {
                        break reason;
                    }
                }
                () = until(gate), if gate.is_some() => self.gate = None,
                Some(outgoing) = self.inlet.next(), if gate.is_none() => self.dispatch(outgoing).await,
            }
        };
        if self.link.contact.is_told_to_end() {
            let _ = timeout(LAST_MESSAGES, self.send_rest()).await;
        }
        self.tasks.shutdown().await;
        self.link.end_session().await;
        reason
    }

    /// Sends what still waits, but for requests: nobody waits for their answers any more.
    async fn send_rest(&mut self) {
        let mut rest = JoinSet::new();
        while let Some(outgoing) = self.inlet.try_next() {
            if let Some(message) = Message::read(outgoing)
                && !matches!(message.what, What::Request { .. })
                && message.era == Era::Legacy
            {
                match &self.older {
                    Some(older) => rest.spawn(older::post(self.link.clone(), older.clone(), message, None)),
                    None => rest.spawn(post::post(self.link.clone(), message, None, None)),
                };
            }
        }
        rest.join_all().await;
    }

    async fn dispatch(&mut self, outgoing: Outgoing) {
        match Message::read(outgoing) {
            Some(message) => self.send(message).await,
            None => tracing::error!(
                server = self.link.contact.name,
                "a frame for it is no message; it was dropped"
            ),
        }
    }

    /// Sends a message, or keeps it until it can be sent.
    async fn send(&mut self, message: Message) {
        let is_opening = message.is(legacy::INITIALIZE) || message.is(legacy::INITIALIZED);
        match message.what.clone() {
            What::Request { id, .. } => {
                let flights = self.flights.len();
                if let Some(waiting) = &mut self.reopening
                    && message.era == Era::Legacy
                    && !is_opening
                {
                    return waiting.push(message);
                }
                if flights >= MAX_FLIGHTS {
                    return self.link.fail(id, "too many requests are under way; try again later").await;
                }
                let (sent, written) = oneshot::channel();
                let era = message.era;
                let task = self.spawn(message, Some(sent), None);
                self.flights.insert(id, Flight { task, era, written: Some(written) });
            }
            What::Notification { cancels: Some(id), .. } => {
                if let Some(waiting) = &mut self.reopening {
                    let before = waiting.len();
                    waiting.retain(
                        |message| !matches!(message.what, What::Request { id: one, .. } if one == id),
                    );
                    if waiting.len() < before {
                        return;
                    }
                }
                self.cancel(id, message);
            }
            // Of the session that the server has forgotten.
            _ if self.reopening.is_some() && !is_opening => {}
            _ => self.send_alone(message, None),
        }
    }

    fn cancel(&mut self, id: u64, message: Message) {
        if let Some(older) = &self.older {
            older.forget(id);
        }
        let Some(flight) = self.flights.get_mut(&id) else { return self.send_alone(message, None) };
        if flight.era == Era::Modern {
            // Closing the response is how it is said.
            flight.task.abort();
            self.flights.remove(&id);
            return;
        }
        let (task, written) = (flight.task.clone(), flight.written.take());
        tokio::spawn(async move {
            sleep(TAKEN_BACK).await;
            task.abort();
        });
        self.send_alone(message, written);
    }

    /// Sends what nothing must overtake.
    fn send_alone(&mut self, message: Message, after: Option<oneshot::Receiver<()>>) {
        let task = self.spawn(message, None, after);
        self.gate = Some((task.id(), Instant::now() + ACCEPTED));
    }

    fn spawn(
        &mut self,
        message: Message,
        sent: Option<oneshot::Sender<()>>,
        after: Option<oneshot::Receiver<()>>,
    ) -> AbortHandle {
        let link = self.link.clone();
        let what = Some(message.what.clone());
        match self.older.clone() {
            Some(older) => self.tasks.spawn(async { (what, older::post(link, older, message, sent).await) }),
            None => self.tasks.spawn(async { (what, post::post(link, message, sent, after).await) }),
        }
    }

    /// Takes note of what has become of a task.
    ///
    /// # Errors
    /// Why the server is down.
    async fn land(&mut self, landed: Result<(Id, Landed), JoinError>) -> Result<(), String> {
        let (task, (what, outcome)) = match landed {
            Ok(landed) => landed,
            Err(error) if error.is_cancelled() => {
                self.flights.retain(|_, flight| flight.task.id() != error.id());
                return Ok(());
            }
            Err(_) => return Err("a request to it failed for a reason of ours; please report it".to_owned()),
        };
        if self.gate.is_some_and(|(gate, _)| gate == task) {
            self.gate = None;
        }
        if let Some(What::Request { id, .. }) = &what
            && self.flights.get(id).is_some_and(|flight| flight.task.id() == task)
        {
            self.flights.remove(id);
        }
        match outcome {
            Outcome::Fallen(reason) => return Err(reason),
            Outcome::Done if what.as_ref().is_some_and(|what| what.is(legacy::INITIALIZED)) => {
                self.opened().await
            }
            Outcome::Done if what.as_ref().is_some_and(|what| what.is(legacy::INITIALIZE)) => {
                self.introduced().await
            }
            Outcome::Done => {}
            Outcome::Expired { message, generation } => self.expired(message, generation).await?,
            Outcome::PerhapsOlder { message, reason } => self.try_older(message, reason).await?,
        }
        Ok(())
    }

    /// Tries whether the server speaks the older transport. Nothing else is under way: it has just refused the first message.
    async fn try_older(&mut self, message: Message, reason: String) -> Result<(), String> {
        let opened = match std::mem::replace(&mut self.tried_older, true) {
            true => Err(reason),
            false => self
                .open_older()
                .await
                .map_err(|also| format!("{reason}; nor is it a server of HTTP+SSE: {also}")),
        };
        let outcome = match opened {
            Ok((older, events)) => {
                self.be_older(Arc::new(older), events);
                self.send(message).await;
                Outcome::Done
            }
            Err(reason) => post::unanswered(&self.link, &message, reason, false).await,
        };
        match outcome {
            Outcome::Fallen(reason) => Err(reason),
            _ => Ok(()),
        }
    }

    /// The stream of the older transport, unless the session ends first.
    async fn open_older(&self) -> Result<(Older, body::Events), String> {
        let mut told = self.link.contact.told.clone();
        tokio::select! {
            opened = older::open(&self.link) => opened,
            _ = told.changed() => Err("the session ended".to_owned()),
        }
    }

    fn be_older(&mut self, older: Arc<Older>, events: body::Events) {
        let link = self.link.clone();
        self.older = Some(older.clone());
        self.tasks.spawn(async { (None, older::listen(link, older, events).await) });
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
