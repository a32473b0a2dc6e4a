//! Streamable HTTP of the modern era (2026-07-28): each POST stands for itself, and its headers say what its body says.

use std::time::Duration;

use argala_json::quote;
use argala_wire::http::headers::{
    METHOD, NAME, PARAM_PREFIX, PROTOCOL_VERSION, ROUTING, decode, is_named, named_by,
};
use argala_wire::line::Line;
use argala_wire::reply::code;
use argala_wire::{Frame, Kind, Sender, legacy, modern};
use hyper::{HeaderMap, Response, StatusCode};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::answer::{Content, Refusal, empty, events, message};
use super::sessions::{Key, OwnSessions, Sharing};
use super::stream::First;
use super::streamable::too_many;
use crate::host::Said;

/// How long an answer is waited for before a stream is begun for it. A status can't be changed once a stream has begun.
const PROMPT: Duration = Duration::from_secs(15);

/// The revision that a message says it is written in, as JSON.
pub(super) fn version(frame: &Frame) -> Option<&str> {
    frame.raw(&["params", "_meta", modern::PROTOCOL_VERSION])
}

/// Takes a message.
pub(super) async fn post(
    sessions: &OwnSessions<'_>,
    headers: &HeaderMap,
    frame: &Frame,
    bytes: Vec<u8>,
) -> Result<Response<Content>, Refusal> {
    let id = match frame.kind() {
        Kind::Request { id, .. } => id.clone(),
        Kind::Notification { .. } => {
            check_notification(headers)?;
            // The revision has none that a server would act on: who wants to cancel closes the stream.
            return Ok(empty(StatusCode::ACCEPTED));
        }
        Kind::Response { .. } => {
            let message = "responses are not taken: what a server asks for goes into `inputResponses` of the next request";
            return Err(Refusal::bad_request(message));
        }
    };
    check(headers, frame).map_err(|refusal| refusal.of(Some(id.clone())))?;
    let calls = sessions.guest.calls(1).map_err(|refusal| refusal.of(Some(id.clone())))?;
    let needed = sessions
        .pooled(key(frame), &sharing(sessions, frame))
        .map_err(|full| sessions.refuse(&full, Some(&id)))?;
    let session = &needed.0;
    let post = sessions.all.next_post();
    let mut reader =
        session.open(post, vec![id.clone()], false, calls).ok_or_else(|| too_many(Some(id.clone())))?;
    let gone = || {
        let message = "the session that worked on the request has ended; send it again";
        Refusal::busy(StatusCode::SERVICE_UNAVAILABLE, message).of(Some(id.clone()))
    };
    let said = Said::Line { line: Line::Whole(bytes), post: Some(post), mirrored: mirrored(headers) };
    session.say(said).await.map_err(|_| gone())?;
    match timeout(PROMPT, reader.first()).await {
        Ok(First::Answer(answer)) => Ok(message(status(&answer), answer)),
        Ok(First::Nothing) => Err(gone()),
        Ok(First::Other) | Err(_) => Ok(events(reader, None)),
    }
}

/// The status that goes with an answer: an error's code decides.
fn status(answer: &str) -> StatusCode {
    // Most are results, and need not be read again.
    if !answer.contains("\"error\"") {
        return StatusCode::OK;
    }
    let frame = Frame::read(answer.as_bytes(), Sender::Downstream).ok();
    let error = frame.as_ref().and_then(|frame| frame.raw(&["error", "code"])?.parse().ok());
    match error {
        Some(
            code::PARSE_ERROR
            | code::INVALID_REQUEST
            | code::INVALID_PARAMS
            | code::HEADER_MISMATCH
            | code::MISSING_CLIENT_CAPABILITY
            | code::UNSUPPORTED_VERSION,
        ) => StatusCode::BAD_REQUEST,
        Some(code::METHOD_NOT_FOUND) => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    }
}

/// What a request must have and must not contradict. The first that fails decides, in the order of the specification's
/// reference servers: a request that contradicts itself hears that, not that its revision is unknown.
fn check(headers: &HeaderMap, frame: &Frame) -> Result<(), Refusal> {
    check_meta(frame)?;
    check_single(headers)?;
    let named = frame.string(&["params", "_meta", modern::PROTOCOL_VERSION]);
    match (header(headers, PROTOCOL_VERSION)?, &named) {
        (Some(header), Some(body)) if header == *body => {}
        (header, _) => return Err(mismatch(PROTOCOL_VERSION, header.as_deref(), version(frame))),
    }
    let (Kind::Request { method, .. } | Kind::Notification { method }) = frame.kind() else { return Ok(()) };
    match header(headers, METHOD)? {
        Some(header) if header == *method => {}
        header => return Err(mismatch(METHOD, header.as_deref(), frame.raw(&["method"]))),
    }
    if let Some(member) = named_by(method)
        && let Some(body) = frame.string(&["params", member])
    {
        match header(headers, NAME)? {
            Some(header) if header == body => {}
            None if !is_named(method) => {}
            header => return Err(mismatch(NAME, header.as_deref(), frame.raw(&["params", member]))),
        }
    }
    check_params(headers)?;
    check_version(named.as_deref().unwrap_or_default())?;
    if method == legacy::INITIALIZE {
        let message = "`initialize` doesn't exist in this revision";
        return Err(Refusal::new(StatusCode::NOT_FOUND, code::METHOD_NOT_FOUND, message));
    }
    Ok(())
}

fn check_meta(frame: &Frame) -> Result<(), Refusal> {
    let missing = [modern::PROTOCOL_VERSION, modern::CLIENT_CAPABILITIES]
        .into_iter()
        .find(|member| frame.at(&["params", "_meta", member]).is_none());
    match missing {
        None => Ok(()),
        Some(member) => {
            let message = format!("params._meta must have `{member}`");
            Err(Refusal::new(StatusCode::BAD_REQUEST, code::INVALID_PARAMS, message))
        }
    }
}

fn check_single(headers: &HeaderMap) -> Result<(), Refusal> {
    let twice = |name: &&str| headers.get_all(*name).iter().nth(1).is_some();
    match ROUTING.iter().find(|name| twice(name)) {
        None => Ok(()),
        Some(name) => Err(contradiction(format!("the header `{name}` stands twice"))),
    }
}

fn check_notification(headers: &HeaderMap) -> Result<(), Refusal> {
    check_single(headers)?;
    check_version(&header(headers, PROTOCOL_VERSION)?.unwrap_or_default())
}

fn check_version(version: &str) -> Result<(), Refusal> {
    if modern::VERSIONS.contains(&version) {
        return Ok(());
    }
    let mut requested = String::new();
    quote(version, &mut requested);
    let data = format!(r#"{{"supported":["{}"],"requested":{requested}}}"#, modern::VERSIONS.join("\",\""));
    let refusal =
        Refusal::new(StatusCode::BAD_REQUEST, code::UNSUPPORTED_VERSION, "Unsupported protocol version");
    Err(refusal.data(data))
}

/// Headers that mirror arguments must be readable, and stand once. What they say is compared with the body where the tool's
/// schema is known.
fn check_params(headers: &HeaderMap) -> Result<(), Refusal> {
    for name in headers.keys().filter(|name| name.as_str().starts_with(PARAM_PREFIX)) {
        if headers.get_all(name).iter().nth(1).is_some() {
            return Err(contradiction(format!("the header `{name}` stands twice")));
        }
        header(headers, name.as_str())?;
    }
    Ok(())
}

/// The headers that mirror arguments: names without their prefix, and what they say.
fn mirrored(headers: &HeaderMap) -> Vec<(String, String)> {
    let own = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        let name = name.as_str().strip_prefix(PARAM_PREFIX)?;
        Some((name.to_owned(), decode(value.as_bytes())?.into_owned()))
    };
    headers.iter().filter_map(own).collect()
}

/// What a header says.
fn header(headers: &HeaderMap, name: &str) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    match decode(value.as_bytes()) {
        Some(text) => Ok(Some(text.into_owned())),
        None => Err(contradiction(format!(
            "the header `{name}` can't be read: neither plain ASCII nor base64 of UTF-8"
        ))),
    }
}

fn mismatch(name: &str, header: Option<&str>, body: Option<&str>) -> Refusal {
    let header = header.map_or_else(|| "is missing".to_owned(), |header| format!("is {header:?}"));
    contradiction(format!("the header `{name}` {header}, and the body says {}", body.unwrap_or("nothing")))
}

fn contradiction(message: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, code::HEADER_MISMATCH, message)
}

/// Requests of hosts that say the same of themselves can share a session.
fn key(frame: &Frame) -> Key {
    let mut digest = Sha256::new();
    for member in [modern::CLIENT_INFO, modern::CLIENT_CAPABILITIES] {
        let said = frame.raw(&["params", "_meta", member]).unwrap_or_default();
        digest.update(said.len().to_le_bytes());
        digest.update(said);
    }
    digest.finalize().into()
}

/// What a host can be asked for while a request of its is worked on.
const ASKABLE: [&str; 3] = ["elicitation", "sampling", "roots"];

/// Which session a request needs. A legacy server on stdio doesn't say for which call it asks the host something: that its
/// question reaches no other call, one that may be asked is alone in its session.
fn sharing(sessions: &OwnSessions<'_>, frame: &Frame) -> Sharing {
    if let Some(state) = frame.string(&["params", "requestState"])
        && state.starts_with("argala.")
    {
        return Sharing::Again(state.into_owned());
    }
    // Servers of the modern era ask in their results.
    if sessions.all.speak_modern() {
        return Sharing::Shared;
    }
    let Kind::Request { method, .. } = frame.kind() else { return Sharing::Shared };
    let capabilities = frame.at(&["params", "_meta", modern::CLIENT_CAPABILITIES]);
    let askable = capabilities.map(|node| node.raw(frame.text())).is_some_and(names_askable);
    if modern::may_need_input(method) && askable { Sharing::Alone } else { Sharing::Shared }
}

fn names_askable(capabilities: &str) -> bool {
    use argala_json::{Limits, Options, Outline};
    let options = Options::tolerant(Limits::UNBOUNDED);
    Outline::read(capabilities.as_bytes(), &options, 1)
        .is_ok_and(|outline| ASKABLE.iter().any(|name| outline.at(&[name]).is_some()))
}
