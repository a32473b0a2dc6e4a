//! The hub: one task that owns the one connection, and knows who has asked what over it.
//!
//! It never waits for anyone. A session that takes nothing is cut off when too much waits for it, and comes back when it
//! has taken that.

use std::collections::BTreeMap;

use argala_wire::outbox::{Outbox, Unsent};
use argala_wire::reply::{self, code};
use argala_wire::{Id, legacy};
use tokio::sync::{mpsc, watch};

use super::introduction::Introduction;
use super::requests::Requests;
use super::subscriptions::Subscriptions;
use super::{EVENTS, Event, Generation, LinkId, Linked};
use crate::connection::{Connection, Down, Ending, News, Outgoing};
use crate::servers::Server;

/// All that is known of a shared server and of those who share it.
pub(super) struct Hub {
    pub(super) name: String,
    pub(super) state: State,
    pub(super) generation: Generation,
    pub(super) links: BTreeMap<LinkId, Link>,
    pub(super) requests: Requests,
    pub(super) subscriptions: Subscriptions,
    pub(super) introduction: Introduction,
}

/// How the server is.
pub(super) enum State {
    Starting,
    Up(Outbox<Outgoing>),
    Down(Down),
}

/// A session that shares the server.
pub(super) struct Link {
    queue: Outbox<Event>,
    /// Whether it has been introduced in the legacy era, and so hears what is for all.
    pub(super) introduced: bool,
}

/// Runs a hub until it is told to end, and ends the server.
pub(super) async fn run(
    server: Server,
    mut linked: mpsc::Receiver<Linked>,
    mut ending: watch::Receiver<Ending>,
    alive: watch::Sender<()>,
) {
    let (reports, mut heard) = mpsc::channel(EVENTS);
    let connection = Connection::of_its_own(0, &server, reports);
    let mut hub = Hub::new(server.name);
    loop {
        tokio::select! {
            _ = ending.changed() => break,
            report = heard.recv() => match report {
                Some(report) => hub.hear(report.news),
                None => break,
            },
            said = linked.recv() => match said {
                Some(said) => hub.take(said),
                None => break,
            },
        }
    }
    drop(linked);
    // Closes the queue before the server: what still waits in it is written first.
    drop(hub);
    let drain = tokio::spawn(async move { while heard.recv().await.is_some() {} });
    connection.end(Ending::Close);
    let hurry = async {
        // An error means that nobody is left to tell us: that is in a hurry, too.
        let _ = ending.wait_for(|ending| *ending == Ending::Hurry).await;
    };
    tokio::select! {
        () = connection.closed() => {}
        () = hurry => {
            connection.end(Ending::Hurry);
            connection.closed().await;
        }
    }
    drain.abort();
    drop(alive);
}

impl Hub {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            state: State::Starting,
            generation: 0,
            links: BTreeMap::new(),
            requests: Requests::default(),
            subscriptions: Subscriptions::default(),
            introduction: Introduction::None,
        }
    }

    /// What a link says.
    pub(super) fn take(&mut self, linked: Linked) {
        match linked {
            Linked::Joined(link, queue) => {
                self.links.insert(link, Link { queue, introduced: false });
                match &self.state {
                    State::Starting => {}
                    State::Up(_) => self.tell(link, Event::Up(self.generation)),
                    State::Down(down) => self.tell(link, Event::Down(down.clone())),
                }
            }
            Linked::Said { link, generation, frame } => self.take_frame(link, generation, frame),
            Linked::Left(link) => self.drop_link(link),
        }
    }

    /// What has happened to the server.
    pub(super) fn hear(&mut self, news: News) {
        match news {
            News::Up(outbox) => {
                // Where it was up already, requests in flight are still answered; all else it has forgotten.
                self.forget_standing();
                self.generation += 1;
                self.state = State::Up(outbox);
                self.tell_all(Event::Up);
            }
            News::Line { line, about } => self.take_line(line, about),
            News::Failed(failed) => self.take_failure(failed),
            News::Down(down) => {
                self.forget_standing();
                self.requests.clear();
                self.state = State::Down(down.clone());
                self.tell_all(|_| Event::Down(down.clone()));
            }
        }
    }

    /// Forgets what the server knew of its sessions.
    fn forget_standing(&mut self) {
        self.subscriptions.clear();
        if let Introduction::Asked { call, .. } = self.introduction {
            self.requests.remove(call);
        }
        self.introduction = Introduction::None;
        self.links.values_mut().for_each(|link| link.introduced = false);
    }

    fn tell_all(&mut self, event: impl Fn(Generation) -> Event) {
        for link in self.links.keys().copied().collect::<Vec<_>>() {
            self.tell(link, event(self.generation));
        }
    }

    /// Tells a session something, or cuts it off where it doesn't take what it is told.
    pub(super) fn tell(&mut self, link: LinkId, event: Event) {
        let Some(known) = self.links.get(&link) else { return };
        match known.queue.send(event) {
            Ok(()) => {}
            Err(unsent) => {
                if unsent == Unsent::Full {
                    tracing::warn!(
                        server = self.name,
                        "a session that doesn't take what it is told was cut off"
                    );
                }
                self.drop_link(link);
            }
        }
    }

    /// Tells a session a frame that is about none of its requests.
    pub(super) fn tell_frame(&mut self, link: LinkId, text: String) {
        self.tell(link, Event::Line { text, about: None });
    }

    /// Answers a session's request with an error.
    pub(super) fn refuse(&mut self, link: LinkId, id: &Id, code: i32, message: &str) {
        self.tell_frame(link, reply::error(Some(id), code, message));
    }

    /// Ends what a session has begun.
    fn drop_link(&mut self, link: LinkId) {
        if self.links.remove(&link).is_none() {
            return;
        }
        for id in self.requests.take_link(link) {
            let params = format!(r#"{{"requestId":{id},"reason":"the session has ended"}}"#);
            self.pass(Outgoing::new(reply::notification(legacy::CANCELLED, Some(&params))));
        }
        for uri in self.subscriptions.drop_link(link) {
            self.unsubscribe(&uri);
        }
    }

    /// Sends the server what nobody waits for.
    pub(super) fn pass(&self, frame: Outgoing) {
        if let Err(reason) = self.send(frame) {
            tracing::debug!(server = self.name, "a frame was dropped: {reason}");
        }
    }

    /// Sends the server a frame.
    ///
    /// # Errors
    /// A sentence, where it can't be sent.
    pub(super) fn send(&self, frame: Outgoing) -> Result<(), String> {
        let name = &self.name;
        let State::Up(outbox) = &self.state else {
            return Err(format!("the server `{name}` doesn't run; it is being started again"));
        };
        outbox.send(frame).map_err(|unsent| match unsent {
            Unsent::Full => format!("the server `{name}` doesn't read what it is sent; try again later"),
            Unsent::Closed => format!("the server `{name}` has just ended; try again later"),
        })
    }

    /// Answers a session's request that needs no server.
    pub(super) fn answer(&mut self, link: LinkId, id: &Id, result: &str) {
        self.tell_frame(link, reply::result(id, result));
    }

    /// Answers a session's request with what is wrong with it, or with the server.
    pub(super) fn fail(&mut self, link: LinkId, id: &Id, message: &str) {
        self.refuse(link, id, code::INTERNAL_ERROR, message);
    }
}
