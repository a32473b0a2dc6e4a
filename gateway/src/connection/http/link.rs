//! What all requests to one server share: the client, the session that the server has opened, and the way back to ours.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argala_wire::http::headers;
use argala_wire::line::Line;
use argala_wire::{Frame, Sender};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response};
use tokio::time::timeout;

use super::super::{Contact, Failed, News};
use super::client::{Asked, Client, Trouble};
use crate::servers::Remote;

/// Bytes of answers that may be held at once, of all that are being read.
const MAX_HELD: usize = 256 << 20;
/// How long the end of a session may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// One server, as its requests see it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) contact: Contact,
    pub(super) remote: Arc<Remote>,
    client: Client,
    session: Mutex<Opened>,
    /// It has answered as a server of streamable HTTP.
    pub(super) is_streamable: AtomicBool,
    held: AtomicUsize,
}

/// The session of the legacy era that a server has opened.
#[derive(Debug, Clone, Default)]
pub(super) struct Opened {
    /// Counts the sessions of this connection: what is about an earlier one is no news.
    pub(super) generation: u64,
    /// None where the server keeps no sessions.
    pub(super) id: Option<HeaderValue>,
    version: Option<HeaderValue>,
    /// It has been of use: more than its opening has been accepted.
    pub(super) served: bool,
}

impl Opened {
    pub(super) fn is_open(&self) -> bool {
        self.version.is_some()
    }

    /// What its requests carry.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in [(headers::SESSION_ID, &self.id), (headers::PROTOCOL_VERSION, &self.version)] {
            if let Some(value) = value {
                map.insert(HeaderName::from_static(name), value.clone());
            }
        }
        map
    }
}

impl Link {
    pub(super) fn new(contact: Contact, remote: Arc<Remote>) -> Result<Self, String> {
        let client = Client::new(&remote)?;
        Ok(Self {
            contact,
            remote,
            client,
            session: Mutex::default(),
            is_streamable: AtomicBool::new(false),
            held: AtomicUsize::new(0),
        })
    }

    pub(super) fn session(&self) -> MutexGuard<'_, Opened> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of the session that a result of `initialize` opens.
    pub(super) fn open_session(&self, introduction: &[u8], given: &HeaderMap) {
        let Ok(frame) = Frame::read(introduction, Sender::Downstream) else { return };
        let version = frame.string(&["result", "protocolVersion"]);
        if frame.at(&["result"]).is_none() {
            return;
        }
        let mut session = self.session();
        session.generation += 1;
        session.version = version.and_then(|version| HeaderValue::from_str(&version).ok());
        // Visible ASCII, the specification says; anything else would be sent back to no use.
        session.id = given
            .get(headers::SESSION_ID)
            .filter(|id| id.as_bytes().iter().all(u8::is_ascii_graphic))
            .cloned();
        if let Some(id) = &mut session.id {
            id.set_sensitive(true);
        }
    }

    /// Gives up the session that the server has forgotten.
    pub(super) fn forget_session(&self) {
        let mut session = self.session();
        *session = Opened { generation: session.generation + 1, ..Opened::default() };
    }

    pub(super) async fn send(&self, asked: Asked<'_>) -> Result<Response<Incoming>, Trouble> {
        self.client.send(asked).await
    }

    /// Asks for a stream of events: the server's own, or, with the last event's id, one that has broken.
    pub(super) async fn get(&self, last_id: Option<&str>) -> Result<Response<Incoming>, Trouble> {
        let mut headers = self.session().headers();
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        if let Some(id) = last_id.and_then(|id| HeaderValue::from_str(id).ok()) {
            headers.insert(headers::LAST_EVENT_ID, id);
        }
        let url = &self.remote.url;
        self.send(Asked { method: Method::GET, url, headers, body: Bytes::new(), sent: None }).await
    }

    /// Tells the server that its session is over. It may refuse to hear so.
    pub(super) async fn end_session(&self) {
        let session = std::mem::take(&mut *self.session());
        if session.id.is_none() {
            return;
        }
        let (url, headers) = (&self.remote.url, session.headers());
        let asked = Asked { method: Method::DELETE, url, headers, body: Bytes::new(), sent: None };
        let _ = timeout(FAREWELL, self.send(asked)).await;
    }

    /// Reports a frame of the server's.
    pub(super) async fn report(&self, bytes: Vec<u8>, about: Option<u64>) {
        self.contact.tell(News::Line { line: Line::Whole(bytes), about }).await;
    }

    /// Reports that a request won't be answered.
    pub(super) async fn fail(&self, request: u64, reason: &str) {
        tracing::debug!(server = self.contact.name, request, "{reason}");
        // One that only says nothing may still be at it.
        let given_up = reason == self.silence();
        self.contact.tell(News::Failed(Failed { request, reason: reason.to_owned(), given_up })).await;
    }

    /// What a server that says nothing has done.
    pub(super) fn silence(&self) -> String {
        format!("it said nothing for {} s (`timeout` in the servers file)", self.remote.timeout.as_secs_f32())
    }
}

/// Bytes of an answer that is being read.
#[derive(Debug)]
pub(super) struct Held {
    link: Arc<Link>,
    bytes: usize,
}

impl Held {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self { link, bytes: 0 }
    }

    /// Notes how many bytes are held now.
    ///
    /// # Errors
    /// A sentence, where all answers together hold more than they may.
    pub(super) fn set(&mut self, bytes: usize) -> Result<(), String> {
        let held = &self.link.held;
        let all = held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let before = std::mem::replace(&mut self.bytes, bytes);
        held.fetch_sub(before, Ordering::Relaxed);
        if all - before > MAX_HELD {
            return Err(
                "its answers are too large to be read at the same time; ask for less at once".to_owned()
            );
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.link.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Whether a response is of this media type.
pub(super) fn is_of_type(response: &Response<Incoming>, wanted: &str) -> bool {
    media_type(response).is_some_and(|media| media.eq_ignore_ascii_case(wanted))
}

/// A response's media type, without its parameters.
pub(super) fn media_type(response: &Response<Incoming>) -> Option<&str> {
    let text = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    text.split(';').next().map(str::trim)
}
