//! Responses: an answer, an event stream, or why a request isn't taken.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use argala_wire::http::event;
use argala_wire::reply::{self, code};
use argala_wire::{Id, Refused};
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use tokio::time::{Instant, Sleep, sleep};

use super::session::Reader;

/// How long a stream is silent before it says that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A response's body.
pub(super) enum Content {
    /// All of it.
    Whole(Option<Bytes>),
    /// What comes on a stream.
    Events(Box<Events>),
}

/// The events of a stream, and a sign of life where there are none.
pub(super) struct Events {
    first: Option<Bytes>,
    reader: Reader,
    silence: Pin<Box<Sleep>>,
}

impl Body for Content {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let bytes = match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take()),
            Self::Events(events) => events.poll(context),
        };
        bytes.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Events(_) => SizeHint::default(),
        }
    }
}

impl Events {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        match self.reader.poll_next(context) {
            Poll::Ready(event) => {
                self.silence.as_mut().reset(Instant::now() + KEEP_ALIVE);
                Poll::Ready(event)
            }
            Poll::Pending => {
                std::task::ready!(self.silence.as_mut().poll(context));
                self.silence.as_mut().reset(Instant::now() + KEEP_ALIVE);
                Poll::Ready(Some(Bytes::from_static(event::KEEP_ALIVE.as_bytes())))
            }
        }
    }
}

/// A body that is sent at once.
pub(super) fn whole(status: StatusCode, media_type: &'static str, body: String) -> Response<Content> {
    let mut response = Response::new(Content::Whole(Some(body.into())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// A message.
pub(super) fn message(status: StatusCode, text: String) -> Response<Content> {
    whole(status, "application/json", text)
}

/// No body.
pub(super) fn empty(status: StatusCode) -> Response<Content> {
    let mut response = Response::new(Content::Whole(None));
    *response.status_mut() = status;
    response
}

/// A stream of events. `first` is one that comes before all others.
pub(super) fn events(reader: Reader, first: Option<Bytes>) -> Response<Content> {
    let events = Events { first, reader, silence: Box::pin(sleep(KEEP_ALIVE)) };
    let mut response = Response::new(Content::Events(Box::new(events)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    // Some proxies hold events back otherwise.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// Why a request isn't taken: a status, and a JSON-RPC error.
#[derive(Debug)]
pub(super) struct Refusal(Box<Reason>);

#[derive(Debug)]
struct Reason {
    status: StatusCode,
    code: i32,
    message: String,
    id: Option<Id>,
    data: Option<String>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: i32, message: impl Into<String>) -> Self {
        Self(Box::new(Reason { status, code, message: message.into(), id: None, data: None, header: None }))
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code::INVALID_REQUEST, message)
    }

    /// A message that can't be read.
    pub(super) fn unreadable(refused: Refused) -> Self {
        Self::new(StatusCode::BAD_REQUEST, refused.code, refused.message).of(refused.id)
    }

    /// There is no room; there may be soon.
    pub(super) fn busy(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, code::INTERNAL_ERROR, message).with(RETRY_AFTER, "5")
    }

    pub(super) fn status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// The request's id.
    pub(super) fn of(mut self, id: Option<Id>) -> Self {
        self.0.id = id;
        self
    }

    /// The error's `data`, as JSON.
    pub(super) fn data(mut self, data: String) -> Self {
        self.0.data = Some(data);
        self
    }

    /// A header that goes with it.
    pub(super) fn with(self, name: HeaderName, value: &'static str) -> Self {
        self.header(name, HeaderValue::from_static(value))
    }

    /// A header that goes with it, and isn't always the same.
    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    pub(super) fn response(self) -> Response<Content> {
        let Reason { status, code, message: text, id, data, header } = *self.0;
        tracing::debug!(status = status.as_u16(), "a request was refused: {text}");
        let mut response = message(status, reply::error_with(id.as_ref(), code, &text, data.as_deref()));
        response.headers_mut().extend(header);
        response
    }
}
