//! Bodies of responses, read in bounded time and memory: one that is a message, or a stream of events that are.

use std::sync::Arc;
use std::time::Duration;

use argala_wire::http::sse::{Event, Reader};
use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};

use super::super::MAX_LINE;
use super::link::{Held, Link};

const TOO_LONG: &str = "it sent more than 64 MiB in one message";

/// The next bytes of a body; None at its end.
async fn chunk(
    body: &mut Incoming,
    patience: Option<Duration>,
    link: &Link,
) -> Result<Option<Bytes>, String> {
    loop {
        let frame = match patience {
            Some(patience) => timeout(patience, body.frame()).await.map_err(|_| link.silence())?,
            None => body.frame().await,
        };
        match frame.transpose().map_err(|error| format!("the connection broke: {error}"))? {
            None => return Ok(None),
            // Trailers have nothing to say here.
            Some(frame) => match frame.into_data() {
                Ok(data) => return Ok(Some(data)),
                Err(_) => continue,
            },
        }
    }
}

/// A body that is one message.
pub(super) async fn read_whole(link: &Arc<Link>, mut body: Incoming, max: usize) -> Result<Vec<u8>, String> {
    let mut held = Held::new(Arc::clone(link));
    let mut whole = Vec::new();
    while let Some(chunk) = chunk(&mut body, Some(link.remote.timeout), link).await? {
        if whole.len() + chunk.len() > max {
            return Err(TOO_LONG.to_owned());
        }
        whole.extend_from_slice(&chunk);
        held.set(whole.len())?;
    }
    Ok(whole)
}

/// Where a stream of events can be taken up.
#[derive(Debug)]
pub(super) struct Position {
    pub(super) last_id: Option<String>,
    /// How long the server wants us to wait before we come again.
    pub(super) retry: Option<Duration>,
    /// When the server was last heard.
    pub(super) heard: Instant,
}

impl Position {
    pub(super) fn new() -> Self {
        Self { last_id: None, retry: None, heard: Instant::now() }
    }
}

/// A body that is a stream of events.
#[derive(Debug)]
pub(super) struct Events {
    link: Arc<Link>,
    body: Incoming,
    chunk: Bytes,
    reader: Reader,
    held: Held,
    /// How long the stream may be silent; None where it may for ever.
    patience: Option<Duration>,
}

/// Why a stream of events gives no more.
#[derive(Debug)]
pub(super) enum Cut {
    /// It has ended or broken, and may be taken up elsewhere.
    Broken(String),
    /// It makes no sense to go on.
    Spoilt(String),
}

impl Events {
    pub(super) fn new(link: Arc<Link>, body: Incoming, patience: Option<Duration>) -> Self {
        let held = Held::new(Arc::clone(&link));
        Self { link, body, chunk: Bytes::new(), reader: Reader::new(MAX_LINE), held, patience }
    }

    /// The next event; where the stream stands is noted in `position`.
    ///
    /// # Errors
    /// Where there is none any more, and why.
    pub(super) async fn next(&mut self, position: &mut Position) -> Result<Event, Cut> {
        loop {
            let mut rest = self.chunk.as_ref();
            let before = rest.len();
            let event = self.reader.next(&mut rest).map_err(|_| Cut::Spoilt(TOO_LONG.to_owned()))?;
            let read = before - rest.len();
            self.chunk.advance(read);
            if let Some(id) = self.reader.last_id() {
                position.last_id = Some(id.to_owned());
            }
            position.retry = self.reader.retry().or(position.retry);
            let of_event = event.as_ref().map_or(0, |event| event.data.len());
            self.held.set(self.reader.held() + of_event).map_err(Cut::Spoilt)?;
            if let Some(event) = event {
                return Ok(event);
            }
            self.chunk = match chunk(&mut self.body, self.patience, &self.link).await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => {
                    return Err(Cut::Broken("it ended its answer before it had given one".to_owned()));
                }
                Err(reason) => return Err(Cut::Broken(reason)),
            };
            position.heard = Instant::now();
        }
    }

    /// A change of mind about how long the stream may be silent.
    pub(super) fn be_patient(&mut self, patience: Option<Duration>) {
        self.patience = patience;
    }
}
