//! One session that is held over HTTP: what is said to it, its streams, and whether anybody needs it.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use argala_wire::Id;
use bytes::Bytes;
use tokio::sync::mpsc;

use super::stream::{First, ReaderId};
use super::streams::{STANDALONE, Streams, Style};
use crate::access::Calls;
use crate::caller::Principal;
use crate::host::{PostId, Said};
use crate::session::Awaited;

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    /// Several modern hosts that say the same of themselves use it at once.
    pub(super) shared: bool,
    /// Whose it is.
    pub(super) principal: Option<Arc<Principal>>,
    pub(super) streams: Streams,
    /// The revision that was agreed on with a legacy host.
    pub(super) version: OnceLock<String>,
    /// None once it has ended.
    say: Mutex<Option<mpsc::Sender<Said>>>,
    needed: Mutex<Needed>,
    /// The calls that wait for a host that has been asked for input.
    awaited: Awaited,
}

/// Who needs a session.
#[derive(Debug)]
struct Needed {
    /// How many requests of the host's are open.
    open: usize,
    /// When the last one ended.
    since: Instant,
}

/// The session has ended.
pub(super) struct Ended;

impl Session {
    pub(super) fn new(
        style: Style,
        shared: bool,
        principal: Option<Arc<Principal>>,
        say: mpsc::Sender<Said>,
        awaited: Awaited,
    ) -> Self {
        Self {
            shared,
            principal,
            streams: Streams::new(style),
            version: OnceLock::new(),
            say: Mutex::new(Some(say)),
            needed: Mutex::new(Needed { open: 0, since: Instant::now() }),
            awaited,
        }
    }

    /// Says something to it.
    pub(super) async fn say(&self, said: Said) -> Result<(), Ended> {
        let say = lock(&self.say).clone().ok_or(Ended)?;
        say.send(said).await.map_err(|_| Ended)
    }

    /// Ends it: it hears no more, and nobody hears of it.
    pub(super) fn end(&self) {
        lock(&self.say).take();
        self.streams.close();
    }

    pub(super) fn has_ended(&self) -> bool {
        lock(&self.say).as_ref().is_none_or(mpsc::Sender::is_closed)
    }

    /// Since when nobody has needed it; None where somebody does.
    pub(super) fn idle(&self) -> Option<Duration> {
        let needed = lock(&self.needed);
        (needed.open == 0).then(|| needed.since.elapsed())
    }

    /// Whether it serves no POST, and is to hear from no host again. In this order: a call that is to be taken up is noted
    /// before its POST is answered.
    pub(super) fn is_free(&self) -> bool {
        self.idle().is_some() && self.awaited.is_empty()
    }

    /// Whether it is to hear from the host that it has given this `requestState`.
    pub(super) fn awaits(&self, state: &str) -> bool {
        self.awaited.has(state)
    }

    /// Somebody needs it, until the value is dropped.
    pub(super) fn need(self: &Arc<Self>) -> Need {
        lock(&self.needed).open += 1;
        Need(Arc::clone(self))
    }

    /// Opens the stream of a POST.
    pub(super) fn open(
        self: &Arc<Self>,
        post: PostId,
        owed: Vec<Id>,
        answer_only: bool,
        calls: Option<Calls>,
    ) -> Option<Reader> {
        let id = self.streams.open(post, owed, answer_only, calls)?;
        Some(Reader { session: self.need(), post, id, over: false })
    }

    /// Reads the stream that belongs to no POST.
    pub(super) fn listen(self: &Arc<Self>) -> Option<Reader> {
        let id = self.streams.listen()?;
        Some(Reader { session: self.need(), post: STANDALONE, id, over: false })
    }

    /// Reads a stream on from an event.
    pub(super) fn resume(self: &Arc<Self>, post: PostId, after: u64) -> Option<Reader> {
        let id = self.streams.resume(post, after)?;
        Some(Reader { session: self.need(), post, id, over: false })
    }

    /// Cancels the one POST that it serves, and ends it.
    fn cancel_and_end(self: &Arc<Self>, post: PostId) {
        // Until then it isn't free.
        let needed = self.need();
        tokio::spawn(async move {
            let _ = needed.0.say(Said::Left(post)).await;
            needed.0.end();
        });
    }

    /// Cancels POSTs of which nothing can be told any more.
    pub(super) fn cancel(self: &Arc<Self>, posts: Vec<PostId>) {
        if posts.is_empty() || self.streams.style() != Style::Modern {
            return;
        }
        let session = Arc::clone(self);
        // Not here: whoever calls may be what the session waits for.
        tokio::spawn(async move {
            for post in posts {
                let _ = session.say(Said::Left(post)).await;
            }
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Somebody needs a session.
#[derive(Debug)]
pub(super) struct Need(pub(super) Arc<Session>);

impl Drop for Need {
    fn drop(&mut self) {
        let mut needed = lock(&self.0.needed);
        needed.open -= 1;
        needed.since = Instant::now();
    }
}

/// Reads one stream of a session. Dropped before its end, the host has left.
#[derive(Debug)]
pub(super) struct Reader {
    session: Need,
    post: PostId,
    id: ReaderId,
    over: bool,
}

impl Reader {
    /// What comes first.
    pub(super) async fn first(&mut self) -> First {
        let first =
            std::future::poll_fn(|context| self.session.0.streams.poll_first(self.post, context)).await;
        self.over = !matches!(first, First::Other);
        first
    }

    /// The event that makes the stream known to its client.
    pub(super) fn prime(&self) -> Option<Bytes> {
        self.session.0.streams.prime(self.post)
    }

    /// The next event; None where there will be no more.
    pub(super) fn poll_next(&mut self, context: &Context<'_>) -> Poll<Option<Bytes>> {
        let event = self.session.0.streams.poll_next(self.post, self.id, context);
        self.over |= matches!(event, Poll::Ready(None));
        event
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let session = &self.session.0;
        let left = !self.over && session.streams.leave(self.post, self.id);
        match session.streams.style() {
            // Without its one stream nobody hears it.
            Style::Single => session.end(),
            // What its server still asks for must not reach the next call.
            Style::Modern if left && !session.shared => session.cancel_and_end(self.post),
            Style::Modern if left => session.cancel(vec![self.post]),
            Style::Streamable | Style::Modern => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Session, Style};
    use crate::session::Awaited;

    #[test]
    fn a_session_that_serves_two_posts_of_its_host_is_not_free_until_both_are_answered() {
        let (say, _said) = tokio::sync::mpsc::channel(1);
        let session = Arc::new(Session::new(Style::Modern, false, None, say, Awaited::default()));
        let (one, other) = (session.need(), session.need());
        drop(one);
        assert!(!session.is_free());
        drop(other);
        assert!(session.is_free());
    }
}
