//! A session's end of a shared connection: a task that hands on what the hub has for it, as fast as the session takes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argala_wire::line::Line;
use argala_wire::outbox::{Inlet, outbox};
use tokio::sync::{mpsc, watch};

use super::{Event, Generation, LinkId, Linked, QUEUE};
use crate::connection::{Down, Ending, News, Outgoing, Report, ServerId};

/// What a link is made of.
pub(super) struct Link {
    /// The number that it is connected under.
    pub(super) number: LinkId,
    pub(super) numbers: Arc<AtomicU64>,
    /// The index of the server in its session.
    pub(super) id: ServerId,
    pub(super) hub: mpsc::Sender<Linked>,
    pub(super) reports: mpsc::Sender<Report>,
    pub(super) told: watch::Receiver<Ending>,
    pub(super) alive: watch::Sender<()>,
}

/// Keeps a link until its session ends.
pub(super) async fn keep(mut link: Link) {
    let mut told = link.told.clone();
    tokio::select! {
        // An error means that nobody is left to tell.
        _ = told.wait_for(|ending| *ending != Ending::Open) => {}
        () = link.pass() => {}
    }
    let _ = link.hub.send(Linked::Left(link.number)).await;
    drop(link.alive);
}

impl Link {
    /// Hands on what the hub says, until nobody takes it any more.
    async fn pass(&mut self) {
        loop {
            self.number = self.numbers.fetch_add(1, Ordering::Relaxed);
            let (queue, mut events) = outbox(QUEUE);
            if self.hub.send(Linked::Joined(self.number, queue)).await.is_err() {
                let reason = "the connection that sessions share has ended".to_owned();
                self.tell(News::Down(Down::now(reason))).await;
                return std::future::pending().await;
            }
            while let Some(event) = events.next().await {
                let news = match event {
                    Event::Up(generation) => {
                        let (outbox, inlet) = outbox(QUEUE);
                        // Ends with the session's own end of the queue.
                        tokio::spawn(forward(self.number, generation, inlet, self.hub.clone()));
                        News::Up(outbox)
                    }
                    Event::Line { text, about } => News::Line { line: Line::Whole(text.into_bytes()), about },
                    Event::Failed(failed) => News::Failed(failed),
                    Event::Down(down) => News::Down(down),
                };
                if !self.tell(news).await {
                    return;
                }
            }
            // The hub has cut it off, or is no more.
            let reason = "more was waiting for this session than can be kept".to_owned();
            if !self.tell(News::Down(Down::now(reason))).await {
                return;
            }
        }
    }

    async fn tell(&self, news: News) -> bool {
        self.reports.send(Report { server: self.id, news }).await.is_ok()
    }
}

async fn forward(
    link: LinkId,
    generation: Generation,
    mut inlet: Inlet<Outgoing>,
    hub: mpsc::Sender<Linked>,
) {
    while let Some(frame) = inlet.next().await {
        if hub.send(Linked::Said { link, generation, frame }).await.is_err() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, Link, keep};
    use crate::connection::{Ending, News, Outgoing, Report};
    use crate::shared::{Event, Linked};
    use tokio::sync::{mpsc, watch};

    #[tokio::test]
    async fn a_session_that_was_cut_off_gets_what_waited_for_it_and_is_connected_again() {
        let (hub, mut linked) = mpsc::channel(1);
        let (reports, mut heard) = mpsc::channel(1);
        let (ending, told) = watch::channel(Ending::Open);
        let (alive, mut gone) = watch::channel(());
        tokio::spawn(keep(Link { number: 0, numbers: Arc::default(), id: 3, hub, reports, told, alive }));
        let Some(Linked::Joined(0, queue)) = linked.recv().await else { panic!("it must join") };
        queue.send(Event::Up(1)).unwrap();
        queue.send(Event::Line { text: "{}".to_owned(), about: Some(5) }).unwrap();
        drop(queue);
        let Some(Report { server: 3, news: News::Up(outbox) }) = heard.recv().await else {
            panic!("it must be up")
        };
        assert!(matches!(heard.recv().await.unwrap().news, News::Line { about: Some(5), .. }));
        assert!(matches!(heard.recv().await.unwrap().news, News::Down(_)));
        let Some(Linked::Joined(1, _queue)) = linked.recv().await else { panic!("it must join again") };
        // What was written for the connection that is no more isn't taken for what comes over this one.
        outbox.send(Outgoing::new("[]".to_owned())).unwrap();
        let said = linked.recv().await;
        assert!(matches!(said, Some(Linked::Said { link: 0, generation: 1, .. })), "{said:?}");
        ending.send(Ending::Close).unwrap();
        assert!(matches!(linked.recv().await, Some(Linked::Left(1))));
        assert!(gone.changed().await.is_err());
    }
}
