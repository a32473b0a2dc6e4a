//! `/mcp`: streamable HTTP, of both eras on the one endpoint.

use argala_wire::http::headers::{PROTOCOL_VERSION, SESSION_ID};
use argala_wire::{Frame, Kind, Sender, batch, legacy};
use hyper::body::Incoming;
use hyper::header::{ALLOW, HeaderName};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response, StatusCode};

use super::answer::{Content, Refusal};
use super::checks::only;
use super::message::{self, check_accept};
use super::sessions::OwnSessions;
use super::{modern, streamable};

/// Answers a request.
pub(super) async fn answer(
    sessions: &OwnSessions<'_>,
    parts: &Parts,
    body: Incoming,
) -> Result<Response<Content>, Refusal> {
    let headers = &parts.headers;
    let session = text(headers, SESSION_ID)?;
    match (&parts.method, session) {
        (&Method::POST, session) => post(sessions, headers, session, body).await,
        (&Method::GET, Some(session)) => streamable::listen(sessions, headers, session),
        (&Method::DELETE, Some(session)) => streamable::delete(sessions, headers, session),
        (&Method::GET | &Method::DELETE, None) => {
            Err(Refusal::bad_request("without an Mcp-Session-Id only POST is answered here")
                .status(StatusCode::METHOD_NOT_ALLOWED)
                .with(ALLOW, "POST"))
        }
        _ => Err(Refusal::bad_request("only GET, POST and DELETE are answered here")
            .status(StatusCode::METHOD_NOT_ALLOWED)
            .with(ALLOW, "GET, POST, DELETE")),
    }
}

async fn post(
    sessions: &OwnSessions<'_>,
    headers: &HeaderMap,
    session: Option<&str>,
    body: Incoming,
) -> Result<Response<Content>, Refusal> {
    check_accept(headers, &["application/json", "text/event-stream"])?;
    let (bytes, _taken) = message::read(&sessions.all.room, headers, body).await?;
    if batch::is_batch(&bytes) {
        return streamable::post_batch(sessions, headers, session, bytes).await;
    }
    let frame = Frame::read(&bytes, Sender::Host).map_err(|refused| Refusal::unreadable(*refused))?;
    if is_modern(&frame, headers, session) {
        return modern::post(sessions, headers, &frame, bytes).await;
    }
    match (frame.kind(), session) {
        (_, Some(session)) => streamable::post(sessions, headers, session, &frame, bytes).await,
        (Kind::Request { id, method }, None) if method == legacy::INITIALIZE => {
            streamable::initialize(sessions, headers, id, bytes).await
        }
        _ => Err(streamable::no_session(frame.id().cloned())),
    }
}

/// Whether a message is written in the modern era. Its body says so; where it doesn't, the header of one that belongs to no
/// session does.
fn is_modern(frame: &Frame, headers: &HeaderMap, session: Option<&str>) -> bool {
    if modern::version(frame).is_some() {
        return true;
    }
    let opens = matches!(frame.kind(), Kind::Request { method, .. } if method == legacy::INITIALIZE);
    let version = headers.get(PROTOCOL_VERSION).map(|version| version.as_bytes());
    let is_legacy = |version: &[u8]| legacy::VERSIONS.iter().any(|known| known.as_bytes() == version);
    !opens && session.is_none() && version.is_some_and(|version| !is_legacy(version))
}

/// The text of a header that must not stand twice.
pub(super) fn text<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<Option<&'h str>, Refusal> {
    let value = only(headers, HeaderName::from_static(name))?;
    value
        .map(|value| {
            value.to_str().map_err(|_| Refusal::bad_request(format!("the header `{name}` is not ASCII")))
        })
        .transpose()
}
