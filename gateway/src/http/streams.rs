//! All response streams of one session: which frame goes to which.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use argala_wire::Id;
use bytes::Bytes;

use super::stream::{First, ReaderId, Stream, Waiting};
use crate::access::Calls;
use crate::host::{PostId, Told};

/// The stream that belongs to no POST.
pub(super) const STANDALONE: PostId = 0;
/// How long a client waits before it comes back for the rest of a stream, in milliseconds.
const RETRY: u64 = 1000;
/// Bytes that may wait for one reader, and for all of a session.
const STREAM_BYTES: usize = 32 << 20;
const SESSION_BYTES: usize = 64 << 20;
/// Streams whose connection has broken: past this many, the oldest can't be resumed any more.
const BROKEN: usize = 64;
/// POSTs of one session that may be open at a time.
const MAX_POSTS: usize = 4096;

/// How a session of this kind carries frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// The legacy era's streamable HTTP: a stream for each POST, and one besides; all can be resumed.
    Streamable,
    /// The legacy era's HTTP with SSE: one stream for all.
    Single,
    /// The modern era: a stream for each POST.
    Modern,
}

/// The streams of a session.
#[derive(Debug)]
pub(super) struct Streams {
    style: Style,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    streams: BTreeMap<PostId, Stream>,
    waiting_bytes: usize,
    last_reader: ReaderId,
    closed: bool,
}

impl Streams {
    pub(super) fn new(style: Style) -> Self {
        let mut streams = BTreeMap::new();
        if style != Style::Modern {
            streams.insert(STANDALONE, Stream::new(STANDALONE, style == Style::Streamable));
        }
        let inner = Inner { streams, waiting_bytes: 0, last_reader: 0, closed: false };
        Self { style, inner: Mutex::new(inner) }
    }

    pub(super) fn style(&self) -> Style {
        self.style
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Whoever panicked has left nothing half done that could be mistaken.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the stream of a POST that holds these requests, which count as `calls`; None where the session has ended or has too many.
    pub(super) fn open(
        &self,
        post: PostId,
        owed: Vec<Id>,
        answer_only: bool,
        calls: Option<Calls>,
    ) -> Option<ReaderId> {
        let mut inner = self.lock();
        if inner.closed || inner.streams.len() > MAX_POSTS {
            return None;
        }
        let mut stream = Stream::new(post, self.style == Style::Streamable);
        (stream.owed, stream.answer_only, stream.calls) = (owed, answer_only, calls);
        let reader = inner.next_reader();
        stream.attach(reader);
        inner.streams.insert(post, stream);
        Some(reader)
    }

    /// Reads the stream that belongs to no POST.
    pub(super) fn listen(&self) -> Option<ReaderId> {
        let mut inner = self.lock();
        let reader = inner.next_reader();
        let closed = inner.closed;
        let stream = inner.streams.get_mut(&STANDALONE).filter(|_| !closed)?;
        stream.attach(reader);
        Some(reader)
    }

    /// Reads a stream on from an event.
    pub(super) fn resume(&self, post: PostId, after: u64) -> Option<ReaderId> {
        let mut inner = self.lock();
        let reader = inner.next_reader();
        let closed = inner.closed;
        inner.streams.get_mut(&post).filter(|_| !closed)?.resume(reader, after).then_some(reader)
    }

    /// Puts a frame on its stream. The POSTs that are cut off as their clients don't read are given back.
    pub(super) fn deliver(&self, told: Told) -> Vec<PostId> {
        let Told { text, post, answer } = told;
        let mut inner = self.lock();
        let own =
            post.filter(|post| inner.streams.get(post).is_some_and(|stream| answer || !stream.answer_only));
        let to = match (self.style, own) {
            (Style::Single, _) => STANDALONE,
            (_, Some(post)) => post,
            (Style::Streamable, None) if post.is_none() || !answer => inner.unrelated(),
            _ => {
                tracing::debug!("a frame was dropped: the host has left its POST");
                return Vec::new();
            }
        };
        let Some(stream) = inner.streams.get_mut(&to) else { return Vec::new() };
        if stream.is_finished() {
            return Vec::new();
        }
        let full = stream.waiting_bytes() > STREAM_BYTES;
        if !full {
            let before = stream.waiting_bytes();
            stream.push(Waiting { text, answer }, answer && to != STANDALONE);
            if !stream.is_read() && to == STANDALONE {
                stream.shed_unheard();
            }
            let after = stream.waiting_bytes();
            inner.waiting_bytes = inner.waiting_bytes + after - before;
        }
        let worst = if full { Some(to) } else { inner.past_bound() };
        worst.into_iter().inspect(|post| inner.cut(*post)).collect()
    }

    /// A request that the host has cancelled will not be answered.
    pub(super) fn withdraw(&self, id: &Id) {
        let mut inner = self.lock();
        for stream in inner.streams.values_mut() {
            let before = stream.owed.len();
            stream.owed.retain(|owed| owed != id);
            if stream.owed.is_empty() && before > 0 {
                stream.finish();
            }
        }
    }

    /// Ends all of them.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.streams.values_mut().for_each(Stream::finish);
    }

    /// The event that makes a stream known to its client.
    pub(super) fn prime(&self, post: PostId) -> Option<Bytes> {
        self.lock().streams.get_mut(&post).map(|stream| stream.prime(RETRY))
    }

    /// What comes first on a POST's stream.
    pub(super) fn poll_first(&self, post: PostId, context: &Context<'_>) -> Poll<First> {
        let mut inner = self.lock();
        let Some(stream) = inner.streams.get_mut(&post) else { return Poll::Ready(First::Nothing) };
        let before = stream.waiting_bytes();
        let first = stream.poll_first(context);
        let taken = before - stream.waiting_bytes();
        inner.waiting_bytes -= taken;
        if matches!(first, Poll::Ready(First::Answer(_) | First::Nothing)) {
            inner.streams.remove(&post);
        }
        first
    }

    /// The next event of a stream, for its reader.
    pub(super) fn poll_next(
        &self,
        post: PostId,
        reader: ReaderId,
        context: &Context<'_>,
    ) -> Poll<Option<Bytes>> {
        let mut inner = self.lock();
        let Some(stream) = inner.streams.get_mut(&post) else { return Poll::Ready(None) };
        let before = stream.waiting_bytes();
        let event = stream.poll_next(reader, context);
        let taken = before - stream.waiting_bytes();
        let read_out = matches!(event, Poll::Ready(None)) && stream.detach(reader);
        inner.waiting_bytes -= taken;
        if read_out && post != STANDALONE {
            inner.streams.remove(&post);
        }
        event
    }

    /// A reader is gone. True where its POST hasn't been answered, and nobody else will read it.
    pub(super) fn leave(&self, post: PostId, reader: ReaderId) -> bool {
        let mut inner = self.lock();
        let Some(stream) = inner.streams.get_mut(&post) else { return false };
        if !stream.detach(reader) || post == STANDALONE {
            return false;
        }
        if self.style == Style::Streamable && stream.has_begun() {
            inner.forget_broken();
            return false;
        }
        let unanswered = !stream.is_finished();
        inner.remove(post);
        unanswered
    }
}

impl Inner {
    fn next_reader(&mut self) -> ReaderId {
        self.last_reader += 1;
        self.last_reader
    }

    /// Where a frame goes that belongs to no POST: to the stream for such frames, if anybody reads it, else to the newest
    /// POST that waits for its answer, else it waits.
    fn unrelated(&self) -> PostId {
        let is_open = |stream: &Stream| stream.is_read() && !stream.is_finished();
        if self.streams.get(&STANDALONE).is_some_and(is_open) {
            return STANDALONE;
        }
        let newest = self.streams.iter().rev().find(|(_, stream)| is_open(stream) && !stream.answer_only);
        newest.map_or(STANDALONE, |(post, _)| *post)
    }

    /// The stream that has to go so that the session stays within its bound.
    fn past_bound(&self) -> Option<PostId> {
        if self.waiting_bytes <= SESSION_BYTES {
            return None;
        }
        self.streams.iter().max_by_key(|(_, stream)| stream.waiting_bytes()).map(|(post, _)| *post)
    }

    /// Ends a stream that nobody reads fast enough.
    fn cut(&mut self, post: PostId) {
        tracing::warn!("a stream was closed: the host doesn't read what already waits for it");
        if post == STANDALONE {
            if let Some(stream) = self.streams.get_mut(&post) {
                self.waiting_bytes -= stream.waiting_bytes();
                stream.turn_away();
            }
        } else {
            self.remove(post);
        }
    }

    fn remove(&mut self, post: PostId) {
        if let Some(mut stream) = self.streams.remove(&post) {
            self.waiting_bytes -= stream.waiting_bytes();
            stream.turn_away();
        }
    }

    fn forget_broken(&mut self) {
        let broken =
            |(post, stream): (&PostId, &Stream)| (*post != STANDALONE && !stream.is_read()).then_some(*post);
        let all: Vec<PostId> = self.streams.iter().filter_map(broken).collect();
        if all.len() > BROKEN
            && let Some(oldest) = all.first()
        {
            self.remove(*oldest);
        }
    }
}
