//! HTTP+SSE, the transport of the revision 2024-11-05: one stream of events for all that the server says, which begins with
//! the address that it is to be told things at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argala_wire::legacy;
use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use url::Url;

use super::Outcome;
use super::body::{Cut, Events, Position};
use super::client::{Asked, Trouble};
use super::link::{Link, is_of_type};
use super::message::{Message, What, answered};

/// How long the address is waited for.
const ENDPOINT: Duration = Duration::from_secs(10);

/// A server of the older transport.
#[derive(Debug)]
pub(super) struct Older {
    /// Where it is told things.
    endpoint: Url,
    /// The requests that it hasn't answered, and when they were sent.
    unanswered: Mutex<BTreeMap<u64, Instant>>,
}

impl Older {
    fn unanswered(&self) -> MutexGuard<'_, BTreeMap<u64, Instant>> {
        self.unanswered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody waits for the answer any more.
    pub(super) fn forget(&self, id: u64) {
        self.unanswered().remove(&id);
    }
}

/// Opens the stream and waits for the address.
///
/// # Errors
/// Why there is none.
pub(super) async fn open(link: &Arc<Link>) -> Result<(Older, Events), String> {
    timeout(ENDPOINT, find_endpoint(link))
        .await
        .unwrap_or_else(|_| Err(format!("its stream named no endpoint in {} s", ENDPOINT.as_secs())))
}

async fn find_endpoint(link: &Arc<Link>) -> Result<(Older, Events), String> {
    let response = link.get(None).await.map_err(Trouble::into_reason)?;
    if !response.status().is_success() || !is_of_type(&response, "text/event-stream") {
        return Err(format!("it opened no stream of events ({})", response.status()));
    }
    let mut events = Events::new(Arc::clone(link), response.into_body(), None);
    let first = events.next(&mut Position::new()).await.map_err(|cut| match cut {
        Cut::Broken(reason) | Cut::Spoilt(reason) => reason,
    })?;
    if first.kind != "endpoint" {
        return Err(format!("its stream began with an event {:?}, not with `endpoint`", first.kind));
    }
    let address = String::from_utf8_lossy(&first.data).into_owned();
    let endpoint =
        link.remote.url.join(address.trim()).map_err(|error| format!("its endpoint is no URL: {error}"))?;
    // The credentials that are meant for it go there.
    if endpoint.origin() != link.remote.url.origin() {
        let origin = endpoint.origin().ascii_serialization();
        return Err(format!("its endpoint is at {origin}, which is not where it was found itself"));
    }
    Ok((Older { endpoint, unanswered: Mutex::default() }, events))
}

/// Sends a message. Its answer comes on the stream.
pub(super) async fn post(
    link: Arc<Link>,
    older: Arc<Older>,
    message: Message,
    sent: Option<oneshot::Sender<()>>,
) -> Outcome {
    if let What::Request { id, .. } = message.what {
        older.unanswered().insert(id, Instant::now());
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let asked =
        Asked { method: Method::POST, url: &older.endpoint, headers, body: message.text.clone(), sent };
    let reason = match timeout(link.remote.timeout, link.send(asked)).await {
        Ok(Ok(response)) if response.status().is_success() => return Outcome::Done,
        Ok(Ok(response)) => format!("it answered {}", response.status()),
        Ok(Err(trouble)) => trouble.into_reason(),
        Err(_) => link.silence(),
    };
    match message.what {
        _ if message.is(legacy::INITIALIZE) => Outcome::Fallen(reason),
        What::Request { id, .. } => {
            if older.unanswered().remove(&id).is_some() {
                link.fail(id, &reason).await;
            }
            Outcome::Done
        }
        _ => {
            tracing::warn!(server = link.contact.name, "a message didn't reach it: {reason}");
            Outcome::Done
        }
    }
}

/// Reads the stream to its end, which is that of the session.
pub(super) async fn listen(link: Arc<Link>, older: Arc<Older>, mut events: Events) -> Outcome {
    let mut position = Position::new();
    loop {
        let patience = link.remote.timeout;
        // The event may be half read when time is up: reading goes on where it was.
        match timeout(patience, events.next(&mut position)).await {
            Ok(Ok(event)) if event.kind == "message" => {
                for id in answered(&event.data) {
                    older.forget(id);
                }
                link.report(event.data, None).await;
            }
            Ok(Ok(_)) => {}
            Ok(Err(Cut::Broken(reason) | Cut::Spoilt(reason))) => {
                return Outcome::Fallen(format!("its stream ended: {reason}"));
            }
            Err(_) => {}
        }
        let now = Instant::now();
        if now.duration_since(position.heard) < patience {
            continue;
        }
        let late: Vec<u64> = {
            let mut unanswered = older.unanswered();
            let (late, rest) = std::mem::take(&mut *unanswered)
                .into_iter()
                .partition(|(_, since)| now.duration_since(*since) >= patience);
            *unanswered = rest;
            let late: BTreeMap<u64, Instant> = late;
            late.into_keys().collect()
        };
        for id in late {
            link.fail(id, &link.silence()).await;
        }
    }
}
