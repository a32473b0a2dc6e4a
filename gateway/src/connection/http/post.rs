//! One POST: from the frame that it carries to the last frame that it is answered with.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use argala_wire::reply::code;
use argala_wire::{Era, Frame, Sender, legacy, modern};
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::{Method, Response, StatusCode};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::super::MAX_LINE;
use super::Outcome;
use super::body::{Cut, Events, Position, read_whole};
use super::client::{Asked, Trouble};
use super::link::{Link, Opened, is_of_type, media_type};
use super::message::{Message, What, answers};
use crate::servers::Kind;

/// The body of a refusal may have this many bytes.
const MAX_REFUSAL: usize = 1 << 20;
/// How long a stream may stay open behind its answer, so that its connection can be used again.
const LINGER: Duration = Duration::from_millis(500);
/// How long a server is left alone before a broken stream is taken up, where it names no time; doubled each time.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(30);
/// A server may ask to be left alone for less than this, but not get it.
const LEAST_RETRY: Duration = Duration::from_millis(100);
/// How long what a cancellation takes back may take to be written out first.
const OVERTAKING: Duration = Duration::from_secs(5);

/// Sends a message, and reports what comes of it. It waits for `after`: what must have been written out before it.
pub(super) async fn post(
    link: Arc<Link>,
    message: Message,
    sent: Option<oneshot::Sender<()>>,
    after: Option<oneshot::Receiver<()>>,
) -> Outcome {
    if let Some(after) = after {
        let _ = timeout(OVERTAKING, after).await;
    }
    let session = link.session().clone();
    let mut headers = message.headers();
    if message.era == Era::Legacy && !message.is(legacy::INITIALIZE) {
        headers.extend(session.headers());
    }
    let (url, body) = (&link.remote.url, message.text.clone());
    let asked = Asked { method: Method::POST, url, headers, body, sent };
    let response = match patiently(&link, &message, link.send(asked)).await {
        Ok(response) => response,
        Err(trouble) => return fail(&link, &message, trouble.into_reason()).await,
    };
    if !response.status().is_success() {
        return refused(link, message, &session, response).await;
    }
    let What::Request { id, .. } = message.what else {
        if !message.is(legacy::INITIALIZED) {
            link.session().served = true;
        }
        return Outcome::Done;
    };
    if is_of_type(&response, "application/json") {
        take_json(&link, &message, id, response).await
    } else if is_of_type(&response, "text/event-stream") {
        take_events(link, message, id, response).await
    } else {
        let reason = match media_type(&response) {
            Some(media) => {
                format!("it answered with {media:?}, which is neither JSON nor a stream of events")
            }
            None => format!("it gave no answer ({})", response.status()),
        };
        fail(&link, &message, reason).await
    }
}

/// Waits for a response's head for as long as the server may say nothing.
async fn patiently<T>(
    link: &Link,
    message: &Message,
    response: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    match patience(link, message) {
        Some(patience) => {
            timeout(patience, response).await.unwrap_or_else(|_| Err(Trouble::Lost(link.silence())))
        }
        None => response.await,
    }
}

/// How long a request's answer may be silent: a subscription is, until something happens.
fn patience(link: &Link, message: &Message) -> Option<Duration> {
    (!message.is(modern::LISTEN)).then_some(link.remote.timeout)
}

/// A message that came to nothing.
async fn fail(link: &Link, message: &Message, reason: String) -> Outcome {
    match &message.what {
        // A session would take an error for the server's own words.
        what if what.is_introduction() => return Outcome::Fallen(reason),
        What::Request { id, .. } => link.fail(*id, &reason).await,
        What::Notification { method, .. } => {
            tracing::warn!(server = link.contact.name, "`{method}` didn't reach it: {reason}");
        }
        What::Response => tracing::warn!(server = link.contact.name, "an answer didn't reach it: {reason}"),
    }
    Outcome::Done
}

/// Reports a frame that came in answer to a request. Whether it is the answer.
async fn deliver(link: &Link, message: &Message, id: u64, bytes: Vec<u8>, given: &HeaderMap) -> bool {
    let is_answer = answers(&bytes, id);
    if is_answer {
        link.is_streamable.store(true, Ordering::Relaxed);
        if message.is(legacy::INITIALIZE) {
            // Before the session hears of it, and goes on.
            link.open_session(&bytes, given);
        } else {
            link.session().served = true;
        }
    }
    link.report(bytes, Some(id)).await;
    is_answer
}

async fn take_json(link: &Arc<Link>, message: &Message, id: u64, response: Response<Incoming>) -> Outcome {
    let (head, body) = response.into_parts();
    let bytes = match read_whole(link, body, MAX_LINE).await {
        Ok(bytes) => bytes,
        Err(reason) => return fail(link, message, reason).await,
    };
    if !deliver(link, message, id, bytes, &head.headers).await {
        return fail(link, message, "what it answered with is not the answer".to_owned()).await;
    }
    Outcome::Done
}

async fn take_events(link: Arc<Link>, message: Message, id: u64, response: Response<Incoming>) -> Outcome {
    let (head, body) = response.into_parts();
    let mut position = Position::new();
    let mut events = Events::new(Arc::clone(&link), body, patience(&link, &message));
    loop {
        let cut = loop {
            match events.next(&mut position).await {
                Ok(event) if event.kind == "message" => {
                    if deliver(&link, &message, id, event.data, &head.headers).await {
                        let _ = timeout(LINGER, finish(&link, id, events, position)).await;
                        return Outcome::Done;
                    }
                }
                Ok(event) => {
                    tracing::debug!(server = link.contact.name, "an event {:?} was dropped", event.kind)
                }
                Err(cut) => break cut,
            }
        };
        let reason = match cut {
            Cut::Broken(reason) => reason,
            Cut::Spoilt(reason) => return fail(&link, &message, reason).await,
        };
        if message.era == Era::Modern || position.last_id.is_none() {
            return fail(&link, &message, reason).await;
        }
        match resume(&link, &mut position, reason).await {
            Ok(body) => events = Events::new(Arc::clone(&link), body, patience(&link, &message)),
            Err(reason) => return fail(&link, &message, reason).await,
        }
    }
}

/// Reads a stream to its end behind the answer.
async fn finish(link: &Link, id: u64, mut events: Events, mut position: Position) {
    events.be_patient(None);
    while let Ok(event) = events.next(&mut position).await {
        link.report(event.data, Some(id)).await;
    }
}

/// Takes a broken stream up behind the last event that came of it (2025-11-25, basic/transports, "Resumability and
/// Redelivery"), until the server has said nothing for too long.
async fn resume(link: &Arc<Link>, position: &mut Position, mut reason: String) -> Result<Incoming, String> {
    let mut wait = FIRST_RETRY;
    loop {
        // A wait that the server asks for is no silence.
        let asked = position.retry.unwrap_or(wait).max(LEAST_RETRY);
        if position.heard.elapsed() > link.remote.timeout + asked {
            return Err(reason);
        }
        sleep(asked).await;
        wait = (wait * 2).min(LAST_RETRY);
        match timeout(link.remote.timeout, link.get(position.last_id.as_deref())).await {
            Err(_) => return Err(link.silence()),
            Ok(Err(trouble)) => reason = trouble.into_reason(),
            Ok(Ok(response))
                if is_of_type(&response, "text/event-stream") && response.status().is_success() =>
            {
                return Ok(response.into_body());
            }
            Ok(Ok(response)) if response.status().is_server_error() => {
                reason =
                    format!("its stream broke, and it answered {} when asked to go on", response.status());
            }
            Ok(Ok(response)) => {
                return Err(format!("{reason}; it does not take it up again ({})", response.status()));
            }
        }
    }
}

/// A message that the server didn't accept.
async fn refused(
    link: Arc<Link>,
    message: Message,
    session: &Opened,
    response: Response<Incoming>,
) -> Outcome {
    let status = response.status();
    let is_json = is_of_type(&response, "application/json");
    let body = read_whole(&link, response.into_body(), MAX_REFUSAL).await.unwrap_or_default();
    let error = Error::read(&body).filter(|_| is_json || body.starts_with(b"{"));
    let own = error.as_ref().filter(|error| error.is_answer_to(&message));
    if message.era == Era::Legacy && !message.is(legacy::INITIALIZE) && session.id.is_some() {
        let unknown_method = own.is_some_and(|error| error.has_code(code::METHOD_NOT_FOUND));
        // Some say 400 for a session that they don't know.
        let unknown_session = status == StatusCode::NOT_FOUND
            || (status == StatusCode::BAD_REQUEST && error.as_ref().is_some_and(Error::is_about_session));
        if unknown_session && !unknown_method {
            return Outcome::Expired { message: Some(message), generation: session.generation };
        }
    }
    let passing = status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    let shut = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    let reason = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            format!(
                "it answered {status}; put the credentials that it wants under `headers` in the servers file"
            )
        }
        _ => format!("it answered {status}"),
    };
    let What::Request { id, .. } = message.what else { return fail(&link, &message, reason).await };
    let is_introduction = message.what.is_introduction();
    if let Some(error) = error
        && !(is_introduction && passing)
    {
        let bytes = if error.is_answer_to(&message) { body } else { error.under(id).into_bytes() };
        link.report(bytes, Some(id)).await;
        return Outcome::Done;
    }
    let older =
        matches!(status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED);
    if older && link.remote.kind == Kind::Unknown && !link.is_streamable.load(Ordering::Relaxed) {
        return Outcome::PerhapsOlder { message, reason };
    }
    unanswered(&link, &message, reason, passing || shut).await
}

/// A request that was refused without a message. A server that is there, and doesn't know `server/discover`, is of the
/// legacy era: its session must hear so, not that it is down.
pub(super) async fn unanswered(link: &Link, message: &Message, reason: String, is_down: bool) -> Outcome {
    if let What::Request { id, .. } = message.what
        && message.is(modern::DISCOVER)
        && !is_down
    {
        link.fail(id, &reason).await;
        return Outcome::Done;
    }
    fail(link, message, reason).await
}

/// A JSON-RPC error.
struct Error(Frame);

impl Error {
    fn read(body: &[u8]) -> Option<Self> {
        let frame = Frame::read(body, Sender::Downstream).ok()?;
        frame.raw(&["error"]).is_some_and(|error| error.starts_with('{')).then_some(Self(frame))
    }

    fn is_answer_to(&self, message: &Message) -> bool {
        matches!(message.what, What::Request { id, .. } if answers(self.0.text().as_bytes(), id))
    }

    fn has_code(&self, code: i32) -> bool {
        self.0.raw(&["error", "code"]).and_then(|text| text.parse().ok()) == Some(code)
    }

    fn is_about_session(&self) -> bool {
        let message = self.0.string(&["error", "message"]).unwrap_or_default();
        message.to_ascii_lowercase().contains("session")
    }

    /// The same error, under the id of the request that it answers but doesn't name.
    fn under(&self, id: u64) -> String {
        let error = self.0.raw(&["error"]).unwrap_or_default();
        format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#)
    }
}

/// The server's own stream: opened, and opened again for as long as there is one.
pub(super) async fn listen(link: Arc<Link>) -> Outcome {
    let session = link.session().clone();
    let mut position = Position::new();
    let mut wait = FIRST_RETRY;
    let mut had_one = false;
    loop {
        match link.get(position.last_id.as_deref()).await {
            Ok(response) if response.status().is_success() && is_of_type(&response, "text/event-stream") => {
                had_one = true;
                let mut events = Events::new(Arc::clone(&link), response.into_body(), None);
                let opened = position.heard;
                while let Ok(event) = events.next(&mut position).await {
                    if event.kind == "message" {
                        link.report(event.data, None).await;
                    }
                }
                if position.heard != opened {
                    wait = FIRST_RETRY;
                }
            }
            Ok(response) => match response.status() {
                StatusCode::NOT_FOUND if had_one && session.id.is_some() => {
                    return Outcome::Expired { message: None, generation: session.generation };
                }
                StatusCode::CONFLICT | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {}
                status if status.is_server_error() => {}
                // It has none: 405, the specification says.
                status => {
                    tracing::debug!(server = link.contact.name, "it has no stream of its own ({status})");
                    return Outcome::Done;
                }
            },
            Err(trouble) => {
                tracing::debug!(server = link.contact.name, "its stream broke: {}", trouble.into_reason());
            }
        }
        sleep(position.retry.unwrap_or(wait).max(LEAST_RETRY)).await;
        wait = (wait * 2).min(LAST_RETRY);
    }
}
