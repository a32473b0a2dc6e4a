//! Streamable HTTP of the legacy era (2025-03-26 to 2025-11-25): sessions that begin with `initialize`.

use std::sync::Arc;
use std::time::Duration;

use argala_wire::http::headers::{LAST_EVENT_ID, PROTOCOL_VERSION, SESSION_ID};
use argala_wire::line::Line;
use argala_wire::{Frame, Id, Kind, Sender, batch, legacy};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Response, StatusCode};
use tokio::time::timeout;

use super::answer::{Content, Refusal, empty, events, message};
use super::mcp::text;
use super::message::check_accept;
use super::session::{Reader, Session};
use super::sessions::OwnSessions;
use super::stream::{First, read_event_id};
use super::streams::Style;
use crate::access::Calls;
use crate::host::Said;

/// How long an answer is waited for before a stream is begun for it.
const PROMPT: Duration = Duration::from_millis(50);

/// Opens a session.
pub(super) async fn initialize(
    sessions: &OwnSessions<'_>,
    headers: &HeaderMap,
    id: &Id,
    bytes: Vec<u8>,
) -> Result<Response<Content>, Refusal> {
    check_version(headers).map_err(|refusal| refusal.of(Some(id.clone())))?;
    let mut opened = sessions.open(Style::Streamable).map_err(|full| sessions.refuse(&full, Some(id)))?;
    let gone = || ended(Some(id.clone()));
    let session = Arc::clone(opened.session().ok_or_else(gone)?);
    let post = sessions.all.next_post();
    let mut reader = session.open(post, vec![id.clone()], true, None).ok_or_else(gone)?;
    say(&session, bytes, Some(post)).await.map_err(|refusal| refusal.of(Some(id.clone())))?;
    let First::Answer(answer) = reader.first().await else { return Err(gone()) };
    let frame = Frame::read(answer.as_bytes(), Sender::Downstream).ok();
    let Some(version) = frame.as_ref().and_then(|frame| frame.string(&["result", "protocolVersion"])) else {
        return Ok(message(StatusCode::OK, answer));
    };
    let _ = session.version.set(version.into_owned());
    let name =
        sessions.name(&mut opened).and_then(|name| HeaderValue::try_from(name).ok()).ok_or_else(gone)?;
    let mut response = message(StatusCode::OK, answer);
    response.headers_mut().insert(HeaderName::from_static(SESSION_ID), name);
    Ok(response)
}

/// Takes a message of a session.
pub(super) async fn post(
    sessions: &OwnSessions<'_>,
    headers: &HeaderMap,
    name: &str,
    frame: &Frame,
    bytes: Vec<u8>,
) -> Result<Response<Content>, Refusal> {
    let id = frame.id().cloned();
    let session = find(sessions, headers, name).map_err(|refusal| refusal.of(id.clone()))?;
    match frame.kind() {
        Kind::Request { .. } => {
            let calls = sessions.guest.calls(1).map_err(|refusal| refusal.of(id.clone()))?;
            ask(sessions, &session, headers, bytes, id.into_iter().collect(), calls).await
        }
        Kind::Notification { method } => {
            say(&session, bytes, None).await?;
            if method == legacy::CANCELLED {
                withdraw(&session, frame);
            }
            Ok(empty(StatusCode::ACCEPTED))
        }
        Kind::Response { .. } => {
            say(&session, bytes, None).await?;
            Ok(empty(StatusCode::ACCEPTED))
        }
    }
}

/// Takes a batch: the revision 2025-03-26 has them.
pub(super) async fn post_batch(
    sessions: &OwnSessions<'_>,
    headers: &HeaderMap,
    name: Option<&str>,
    bytes: Vec<u8>,
) -> Result<Response<Content>, Refusal> {
    let session = find(sessions, headers, name.ok_or_else(|| no_session(None))?)?;
    if session.version.get().map(String::as_str) != Some(legacy::WITH_BATCHES) {
        let message = format!("batches exist in the revision {} only", legacy::WITH_BATCHES);
        return Err(Refusal::bad_request(message));
    }
    let messages = batch::split(&bytes, Sender::Host).map_err(Refusal::bad_request)?;
    let (mut owed, mut cancels, mut answered) = (Vec::new(), Vec::new(), false);
    for message in messages {
        match Frame::read(message, Sender::Host) {
            Ok(frame) => match frame.kind() {
                Kind::Request { id, .. } => owed.push(id.clone()),
                Kind::Notification { method } if method == legacy::CANCELLED => cancels.push(frame),
                Kind::Notification { .. } | Kind::Response { .. } => {}
            },
            // It is answered with what is wrong with it.
            Err(_) => answered = true,
        }
    }
    let response = if owed.is_empty() && !answered {
        say(&session, bytes, None).await?;
        empty(StatusCode::ACCEPTED)
    } else {
        let calls = sessions.guest.calls(owed.len())?;
        let owed = if answered { Vec::new() } else { owed };
        ask(sessions, &session, headers, bytes, owed, calls).await?
    };
    cancels.iter().for_each(|frame| withdraw(&session, frame));
    Ok(response)
}

/// Sends requests to the session, and what comes of them to the host.
async fn ask(
    sessions: &OwnSessions<'_>,
    session: &Arc<Session>,
    headers: &HeaderMap,
    bytes: Vec<u8>,
    owed: Vec<Id>,
    calls: Option<Calls>,
) -> Result<Response<Content>, Refusal> {
    let id = if let [id] = owed.as_slice() { Some(id.clone()) } else { None };
    let post = sessions.all.next_post();
    let mut reader = session.open(post, owed, false, calls).ok_or_else(|| too_many(id.clone()))?;
    say(session, bytes, Some(post)).await.map_err(|refusal| refusal.of(id.clone()))?;
    match timeout(PROMPT, reader.first()).await {
        Ok(First::Answer(answer)) => Ok(message(StatusCode::OK, answer)),
        Ok(First::Nothing) if session.has_ended() => Err(ended(id)),
        // All was cancelled.
        Ok(First::Nothing) => Ok(empty(StatusCode::ACCEPTED)),
        Ok(First::Other) | Err(_) => Ok(stream(reader, headers)),
    }
}

/// A stream that the client can resume. Clients of older revisions take an event without a message for a broken one.
fn stream(reader: Reader, headers: &HeaderMap) -> Response<Content> {
    let primed =
        headers.get(PROTOCOL_VERSION).is_some_and(|version| version.as_bytes() == legacy::LATEST.as_bytes());
    let first = if primed { reader.prime() } else { None };
    events(reader, first)
}

/// Opens the stream that belongs to no POST, or takes one up again.
pub(super) fn listen(
    sessions: &OwnSessions<'_>,
    headers: &HeaderMap,
    name: &str,
) -> Result<Response<Content>, Refusal> {
    check_accept(headers, &["text/event-stream"])?;
    let session = find(sessions, headers, name)?;
    let Some(last) = text(headers, LAST_EVENT_ID)? else {
        let reader = session.listen().ok_or_else(|| ended(None))?;
        return Ok(stream(reader, headers));
    };
    let reader = read_event_id(last).and_then(|(stream, number)| session.resume(stream, number));
    let reader = reader.ok_or_else(|| {
        Refusal::bad_request(
            "Last-Event-ID names no event after which a stream of this session can be taken up again",
        )
    })?;
    Ok(events(reader, None))
}

/// Ends a session.
pub(super) fn delete(
    sessions: &OwnSessions<'_>,
    headers: &HeaderMap,
    name: &str,
) -> Result<Response<Content>, Refusal> {
    find(sessions, headers, name)?.end();
    Ok(empty(StatusCode::NO_CONTENT))
}

/// There is no session, and this doesn't open one.
pub(super) fn no_session(id: Option<Id>) -> Refusal {
    Refusal::bad_request(
        "the request belongs to no session: send the Mcp-Session-Id that `initialize` was answered with, or write the \
         request in the revision 2026-07-28, which has no sessions",
    )
    .of(id)
}

fn find(sessions: &OwnSessions<'_>, headers: &HeaderMap, name: &str) -> Result<Arc<Session>, Refusal> {
    check_version(headers)?;
    sessions
        .find(name)
        .filter(|session| session.streams.style() == Style::Streamable)
        .ok_or_else(|| ended(None))
}

fn check_version(headers: &HeaderMap) -> Result<(), Refusal> {
    match text(headers, PROTOCOL_VERSION)? {
        Some(version) if !legacy::VERSIONS.contains(&version) => Err(Refusal::bad_request(format!(
            "MCP-Protocol-Version: {version:?} is no revision with sessions; there are {}",
            legacy::VERSIONS.join(", ")
        ))),
        _ => Ok(()),
    }
}

async fn say(session: &Session, bytes: Vec<u8>, post: Option<u64>) -> Result<(), Refusal> {
    let said = Said::Line { line: Line::Whole(bytes), post, mirrored: Vec::new() };
    session.say(said).await.map_err(|_| ended(None))
}

fn withdraw(session: &Session, frame: &Frame) {
    let id = frame.at(&["params", "requestId"]).and_then(|node| Id::read(node, frame.text()));
    if let Some(id) = id {
        session.streams.withdraw(&id);
    }
}

fn ended(id: Option<Id>) -> Refusal {
    let message = "there is no such session, or it has ended: open a new one with `initialize`";
    Refusal::bad_request(message).status(StatusCode::NOT_FOUND).of(id)
}

/// A session has as many requests open as it may have.
pub(super) fn too_many(id: Option<Id>) -> Refusal {
    let message = "too many requests of this session are open; try again later";
    Refusal::busy(StatusCode::TOO_MANY_REQUESTS, message).of(id)
}
