//! HTTP with SSE (2024-11-05): one stream for all that a session has to tell, and an address for what is said to it.

use argala_wire::http::event;
use argala_wire::line::Line;
use hyper::body::Incoming;
use hyper::header::ALLOW;
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use super::answer::{Content, Refusal, empty, events};
use super::message::{self, check_accept};
use super::sessions::{Full, OwnSessions};
use super::streams::Style;
use crate::host::Said;

/// Where the stream is opened, and where messages go.
pub(super) const STREAM: &str = "/sse";
pub(super) const MESSAGES: &str = "/messages";

/// Opens a session, and its stream.
pub(super) fn open(sessions: &OwnSessions<'_>, parts: &Parts) -> Result<Response<Content>, Refusal> {
    expect(parts, &Method::GET, "GET")?;
    check_accept(&parts.headers, &["text/event-stream"])?;
    // Its POSTs are answered before its calls are: nobody here knows which are under way.
    if sessions.guest.bounds_calls() {
        let message =
            "calls at a time are bounded here, so HTTP with SSE isn't served: use streamable HTTP, at /mcp";
        return Err(Refusal::forbidden(message));
    }
    let mut opened = sessions.open(Style::Single).map_err(|full| sessions.refuse(&full, None))?;
    let reader = opened.session().and_then(|session| session.listen());
    let name = sessions.name(&mut opened);
    let (Some(reader), Some(name)) = (reader, name) else { return Err(sessions.refuse(&Full::All, None)) };
    let endpoint = event::endpoint(&format!("{MESSAGES}?session={name}"));
    Ok(events(reader, Some(endpoint.into())))
}

/// Takes a message.
pub(super) async fn post(
    sessions: &OwnSessions<'_>,
    parts: &Parts,
    body: Incoming,
) -> Result<Response<Content>, Refusal> {
    expect(parts, &Method::POST, "POST")?;
    let name = parts.uri.query().and_then(|query| query.strip_prefix("session=")).unwrap_or_default();
    let session = sessions.find(name).filter(|session| session.streams.style() == Style::Single);
    let gone = || {
        Refusal::bad_request("there is no such session: its stream at /sse has closed")
            .status(StatusCode::NOT_FOUND)
    };
    let session = session.ok_or_else(gone)?;
    let (bytes, _taken) = message::read(&sessions.all.room, &parts.headers, body).await?;
    session
        .say(Said::Line { line: Line::Whole(bytes), post: None, mirrored: Vec::new() })
        .await
        .map_err(|_| gone())?;
    Ok(empty(StatusCode::ACCEPTED))
}

fn expect(parts: &Parts, method: &Method, name: &'static str) -> Result<(), Refusal> {
    if parts.method == *method {
        return Ok(());
    }
    let refusal = Refusal::bad_request(format!("only {name} is answered here"));
    Err(refusal.status(StatusCode::METHOD_NOT_ALLOWED).with(ALLOW, name))
}
