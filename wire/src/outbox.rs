//! The queue before a peer: bounded in bytes, and never a reason to wait.
//!
//! Whoever puts a frame in does not block, so one peer that doesn't read can't hold up the others. Past the bound a frame
//! is refused, and its sender says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, mpsc};

/// What can wait in a queue.
pub trait Weigh {
    /// How many bytes of the bound it takes.
    fn weight(&self) -> usize;
}

impl Weigh for String {
    fn weight(&self) -> usize {
        self.len()
    }
}

/// The side that puts frames in.
#[derive(Debug)]
pub struct Outbox<T = String> {
    sender: mpsc::UnboundedSender<T>,
    queued: Arc<Queued>,
    max: usize,
}

/// The side that takes frames out.
#[derive(Debug)]
pub struct Inlet<T = String> {
    receiver: mpsc::UnboundedReceiver<T>,
    queued: Arc<Queued>,
}

/// How much waits.
#[derive(Debug, Default)]
struct Queued {
    bytes: AtomicUsize,
    /// Told when some of it has been taken.
    taken: Notify,
}

/// Why a frame was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsent {
    /// The peer doesn't read what already waits for it.
    Full,
    /// The peer is gone.
    Closed,
}

/// A queue of at most `max` bytes, and a single frame more.
#[must_use]
pub fn outbox<T: Weigh>(max: usize) -> (Outbox<T>, Inlet<T>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let queued = Arc::new(Queued::default());
    (Outbox { sender, queued: Arc::clone(&queued), max }, Inlet { receiver, queued })
}

// Not derived: a queue can be shared whatever waits in it.
impl<T> Clone for Outbox<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), queued: Arc::clone(&self.queued), max: self.max }
    }
}

impl<T: Weigh> Outbox<T> {
    /// Puts a frame in.
    ///
    /// # Errors
    /// Where the frame was not taken; it will not be sent.
    pub fn send(&self, frame: T) -> Result<(), Unsent> {
        if self.is_full() {
            return Err(Unsent::Full);
        }
        if self.push(frame) { Ok(()) } else { Err(Unsent::Closed) }
    }

    /// Puts a frame in even past the bound, for an answer that must not get lost. Whoever does so must take no more work in
    /// while the queue is full. False where the peer is gone.
    pub fn push(&self, frame: T) -> bool {
        self.queued.bytes.fetch_add(frame.weight(), Ordering::Relaxed);
        self.sender.send(frame).is_ok()
    }

    /// Whether the bound is reached.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.queued.bytes.load(Ordering::Relaxed) > self.max
    }

    /// Waits until nobody will take anything any more.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }

    /// Waits until the bound is no longer reached, or nobody will take anything any more.
    pub async fn ready(&self) {
        loop {
            let taken = self.queued.taken.notified();
            if !self.is_full() || self.sender.is_closed() {
                return;
            }
            tokio::select! {
                () = taken => {}
                () = self.sender.closed() => {}
            }
        }
    }
}

impl<T: Weigh> Inlet<T> {
    /// The next frame; None when there will be no more.
    pub async fn next(&mut self) -> Option<T> {
        let frame = self.receiver.recv().await;
        self.taken(frame)
    }

    /// The next frame, where one waits.
    pub fn try_next(&mut self) -> Option<T> {
        let frame = self.receiver.try_recv().ok();
        self.taken(frame)
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.receiver.is_empty()
    }

    fn taken(&self, frame: Option<T>) -> Option<T> {
        if let Some(frame) = &frame {
            self.queued.bytes.fetch_sub(frame.weight(), Ordering::Relaxed);
            self.queued.taken.notify_waiters();
        }
        frame
    }
}
