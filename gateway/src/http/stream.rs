//! One stream of events: what waits for its reader, and what is kept for one whose connection breaks.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use argala_wire::Id;
use argala_wire::http::event;
use bytes::Bytes;

use crate::access::Calls;

/// What has been handed out is kept for a client that resumes: so many events, and so many bytes of them.
const KEPT_EVENTS: usize = 100;
const KEPT_BYTES: usize = 256 << 10;
/// What comes while nobody has ever listened is kept: so many frames, and so many bytes of them.
const UNHEARD_FRAMES: usize = 256;
const UNHEARD_BYTES: usize = 1 << 20;

/// Names the reader of a stream: a newer one takes its place.
pub(super) type ReaderId = u64;

/// A frame that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) text: String,
    pub(super) answer: bool,
}

/// What a stream carries, and in what manner.
#[derive(Debug)]
pub(super) struct Stream {
    id: u64,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// Events that have been handed out, with their numbers, where the stream can be resumed.
    kept: VecDeque<(u64, Bytes)>,
    kept_bytes: usize,
    resumable: bool,
    /// Of the events that are kept, those that a client that has come back hasn't seen.
    again: VecDeque<Bytes>,
    /// The number of the last event that was handed out; the priming event is the first.
    last: u64,
    /// Nothing more will come.
    finished: bool,
    /// It is read, or was, as events: so there is something by which it can be resumed.
    begun: bool,
    reader: Option<ReaderId>,
    waker: Option<Waker>,
    /// The requests that haven't been answered, by their ids.
    pub(super) owed: Vec<Id>,
    /// Whether it carries only its answer.
    pub(super) answer_only: bool,
    /// They are under way until all has been said about them.
    pub(super) calls: Option<Calls>,
}

/// What comes first on a stream.
pub(super) enum First {
    /// The answer, and so nothing else.
    Answer(String),
    /// Something else: the answer is to come.
    Other,
    /// Nothing will come.
    Nothing,
}

impl Stream {
    pub(super) fn new(id: u64, resumable: bool) -> Self {
        Self {
            id,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            kept: VecDeque::new(),
            kept_bytes: 0,
            resumable,
            again: VecDeque::new(),
            last: 0,
            finished: false,
            begun: false,
            reader: None,
            waker: None,
            owed: Vec::new(),
            answer_only: false,
            calls: None,
        }
    }

    /// Bytes that wait for the reader.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    pub(super) fn is_read(&self) -> bool {
        self.reader.is_some()
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    pub(super) fn push(&mut self, frame: Waiting, ends: bool) {
        self.waiting_bytes += frame.text.len();
        self.waiting.push_back(frame);
        if ends {
            self.finish();
        }
        self.wake();
    }

    /// Forgets the oldest frames that nobody has come for.
    pub(super) fn shed_unheard(&mut self) {
        while self.waiting.len() > UNHEARD_FRAMES || self.waiting_bytes > UNHEARD_BYTES {
            let Some(oldest) = self.waiting.pop_front() else { return };
            self.waiting_bytes -= oldest.text.len();
            tracing::warn!("the host listens to no stream: the oldest frame for it was dropped");
        }
    }

    /// Nothing more will come.
    pub(super) fn finish(&mut self) {
        self.finished = true;
        self.calls = None;
        self.wake();
    }

    /// Forgets what waits, and the reader that doesn't take it.
    pub(super) fn turn_away(&mut self) {
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.reader = None;
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Gives it to a reader. An older one hears that there is no more for it.
    pub(super) fn attach(&mut self, reader: ReaderId) {
        self.reader = Some(reader);
        self.again.clear();
        self.wake();
    }

    /// Gives it to a reader that has had the events up to this one. False where one that it lacks isn't kept any more.
    pub(super) fn resume(&mut self, reader: ReaderId, after: u64) -> bool {
        let oldest = self.kept.front().map_or(self.last + 1, |(number, _)| *number);
        if after > self.last || after + 1 < oldest {
            return false;
        }
        self.attach(reader);
        self.again =
            self.kept.iter().filter(|(number, _)| *number > after).map(|(_, event)| event.clone()).collect();
        true
    }

    /// Whether this was its reader, who is gone now.
    pub(super) fn detach(&mut self, reader: ReaderId) -> bool {
        let was = self.reader == Some(reader);
        if was {
            self.reader = None;
            self.waker = None;
        }
        was
    }

    /// What comes first. The answer is taken out.
    pub(super) fn poll_first(&mut self, context: &Context<'_>) -> Poll<First> {
        match self.waiting.front() {
            Some(Waiting { answer: true, .. }) => {
                let frame = self.waiting.pop_front();
                self.waiting_bytes = 0;
                Poll::Ready(frame.map_or(First::Nothing, |frame| First::Answer(frame.text)))
            }
            Some(_) => Poll::Ready(First::Other),
            None if self.finished => Poll::Ready(First::Nothing),
            None => {
                self.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// The event that makes it known to the client, before all others. `retry` is in milliseconds.
    pub(super) fn prime(&mut self, retry: u64) -> Bytes {
        self.begun = true;
        self.last += 1;
        event::priming(&self.event_id(), retry).into()
    }

    /// The next event, for its reader; None where it has had the last, or another has taken its place.
    pub(super) fn poll_next(&mut self, reader: ReaderId, context: &Context<'_>) -> Poll<Option<Bytes>> {
        if self.reader != Some(reader) {
            return Poll::Ready(None);
        }
        self.begun = true;
        if let Some(event) = self.again.pop_front() {
            return Poll::Ready(Some(event));
        }
        let Some(frame) = self.waiting.pop_front() else {
            if self.finished {
                return Poll::Ready(None);
            }
            self.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        self.waiting_bytes -= frame.text.len();
        if !self.resumable {
            return Poll::Ready(Some(event::message(None, frame.text).into()));
        }
        self.last += 1;
        let event = Bytes::from(event::message(Some(&self.event_id()), frame.text));
        self.keep(event.clone());
        Poll::Ready(Some(event))
    }

    fn keep(&mut self, event: Bytes) {
        self.kept_bytes += event.len();
        self.kept.push_back((self.last, event));
        while self.kept.len() > KEPT_EVENTS || self.kept_bytes > KEPT_BYTES {
            let Some((_, oldest)) = self.kept.pop_front() else { return };
            self.kept_bytes -= oldest.len();
        }
    }

    fn event_id(&self) -> String {
        format!("{}-{}", self.id, self.last)
    }
}

/// The stream and the number that an event's id names.
pub(super) fn read_event_id(id: &str) -> Option<(u64, u64)> {
    let (stream, number) = id.split_once('-')?;
    Some((stream.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::{First, KEPT_EVENTS, Stream, Waiting, read_event_id};

    fn note(text: &str) -> Waiting {
        Waiting { text: text.to_owned(), answer: false }
    }

    fn next(stream: &mut Stream, reader: u64) -> Option<String> {
        match stream.poll_next(reader, &Context::from_waker(Waker::noop())) {
            Poll::Ready(event) => event.map(|event| String::from_utf8(event.to_vec()).unwrap()),
            Poll::Pending => Some("pending".to_owned()),
        }
    }

    #[test]
    fn a_client_that_comes_back_gets_what_it_has_not_seen_and_then_the_rest() {
        let mut stream = Stream::new(7, true);
        stream.attach(1);
        assert_eq!(stream.prime(1000), "id: 7-1\nretry: 1000\ndata:\n\n");
        stream.push(note("a"), false);
        stream.push(note("b"), false);
        assert!(next(&mut stream, 1).unwrap().contains("id: 7-2\ndata: a"));
        assert!(next(&mut stream, 1).unwrap().contains("id: 7-3\ndata: b"));
        assert_eq!(next(&mut stream, 1).as_deref(), Some("pending"));
        assert!(stream.detach(1));
        stream.push(Waiting { text: "c".into(), answer: true }, true);
        assert!(stream.resume(2, 2));
        assert!(next(&mut stream, 2).unwrap().contains("id: 7-3\ndata: b"));
        assert!(next(&mut stream, 2).unwrap().contains("id: 7-4\ndata: c"));
        assert_eq!(next(&mut stream, 2), None);
    }

    #[test]
    fn an_older_reader_gets_nothing_once_another_has_come() {
        let mut stream = Stream::new(0, true);
        stream.attach(1);
        stream.attach(2);
        stream.push(note("a"), false);
        assert_eq!(next(&mut stream, 1), None);
        assert!(next(&mut stream, 2).unwrap().contains("data: a"));
        assert!(!stream.detach(1));
        assert!(stream.is_read());
    }

    #[test]
    fn nobody_is_told_that_a_gap_is_none() {
        let mut stream = Stream::new(0, true);
        stream.attach(1);
        for n in 0..KEPT_EVENTS + 2 {
            stream.push(note(&n.to_string()), false);
            next(&mut stream, 1);
        }
        assert!(!stream.resume(2, 1));
        assert!(stream.resume(2, 2));
        assert!(!stream.resume(2, 1_000_000));
    }

    #[test]
    fn an_answer_that_comes_first_comes_as_it_is() {
        let mut stream = Stream::new(7, true);
        stream.push(Waiting { text: "{}".into(), answer: true }, true);
        let Poll::Ready(First::Answer(answer)) = stream.poll_first(&Context::from_waker(Waker::noop()))
        else {
            panic!("the answer is there");
        };
        assert_eq!(answer, "{}");
    }

    #[test]
    fn only_an_id_of_ours_names_an_event() {
        assert_eq!(read_event_id("7-3"), Some((7, 3)));
        for id in ["", "7", "7-", "-3", "a-3", "7-3-4", "7--3", "99999999999999999999-1"] {
            assert_eq!(read_event_id(id), None, "{id}");
        }
    }
}
