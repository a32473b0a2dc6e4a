//! What a request brings: its media types, and its body, of bounded length, in bounded time, and in bounded room.

use std::sync::Arc;
use std::time::Duration;

use argala_wire::frame::MAX_FRAME;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use hyper::header::{ACCEPT, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE};
use hyper::{HeaderMap, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::Refusal;
use super::checks::only;
use argala_wire::reply::code;

/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes that the bodies of all requests may have at once.
const ROOM: usize = 512 << 20;

/// The room that all bodies share.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<Semaphore>);

/// The part of the room that a body takes, until the value is dropped.
#[derive(Debug, Default)]
pub(super) struct Taken(Option<OwnedSemaphorePermit>);

impl Room {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(ROOM)))
    }

    /// Makes a part larger; None where there is no more.
    fn enlarge(&self, taken: &mut Taken, bytes: usize) -> Option<()> {
        let more = Arc::clone(&self.0).try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()?;
        match &mut taken.0 {
            Some(permit) => permit.merge(more),
            None => taken.0 = Some(more),
        }
        Some(())
    }
}

/// Reads a message. What it takes of the room is to be kept until somebody else answers for its bytes.
pub(super) async fn read(
    room: &Room,
    headers: &HeaderMap,
    body: impl Body<Data = Bytes> + Unpin,
) -> Result<(Vec<u8>, Taken), Refusal> {
    check_content(headers)?;
    let too_long = || {
        let message = format!("the message is longer than {MAX_FRAME} bytes");
        // What is left of it would be taken for the next request.
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, code::INVALID_REQUEST, message).with(CONNECTION, "close")
    };
    if body.size_hint().lower() > MAX_FRAME as u64 {
        return Err(too_long());
    }
    let read = async {
        let mut body = body;
        let mut bytes = Vec::with_capacity(usize::try_from(body.size_hint().lower()).unwrap_or(0));
        let mut taken = Taken::default();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Refusal::bad_request("the body broke off"))?;
            let Some(data) = frame.data_ref() else { continue };
            if bytes.len() + data.len() > MAX_FRAME {
                return Err(too_long());
            }
            room.enlarge(&mut taken, data.len()).ok_or_else(|| {
                let message = "the requests that are being read are too large together; try again later";
                Refusal::busy(StatusCode::SERVICE_UNAVAILABLE, message)
            })?;
            bytes.extend_from_slice(data);
        }
        Ok((bytes, taken))
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap_or_else(|_| {
        let message = format!("the body took longer than {} s", PATIENCE.as_secs());
        Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, code::INVALID_REQUEST, message)
            .with(CONNECTION, "close"))
    })
}

fn check_content(headers: &HeaderMap) -> Result<(), Refusal> {
    let refuse = |message: String| {
        Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::INVALID_REQUEST, message))
    };
    let media_type = only(headers, CONTENT_TYPE)?.and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_json(media_type) {
        return refuse(format!("the Content-Type must be `application/json` in UTF-8, not {media_type:?}"));
    }
    for encoding in headers.get_all(CONTENT_ENCODING) {
        if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") {
            return refuse(format!("a body in the encoding {encoding:?} is not taken: send it as it is"));
        }
    }
    Ok(())
}

/// Whether a media type is JSON in UTF-8. Types and names of parameters are the same in any letters' case.
fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        name.eq_ignore_ascii_case("charset") && value.eq_ignore_ascii_case("utf-8")
    })
}

/// Checks that what is sent back will be taken.
pub(super) fn check_accept(headers: &HeaderMap, sent: &[&str]) -> Result<(), Refusal> {
    let values: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    match sent.iter().find(|media_type| !accepts(&values, media_type)) {
        None => Ok(()),
        Some(media_type) => {
            let message =
                format!("the request must accept `{media_type}`: its Accept must be `{}`", sent.join(", "));
            Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, code::INVALID_REQUEST, message))
        }
    }
}

/// Whether `Accept` takes a media type: the most exact range that names it says so (RFC 9110, section 12.5.1). Without the
/// header all is taken.
fn accepts(values: &[&str], media_type: &str) -> bool {
    if values.is_empty() {
        return true;
    }
    let kind = media_type.split('/').next().unwrap_or_default();
    let mut best = (0, false);
    for range in values.iter().flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().unwrap_or_default();
        let exactness = match named.split_once('/') {
            Some(("*", "*")) => 1,
            Some((of, "*")) if of.eq_ignore_ascii_case(kind) => 2,
            _ if named.eq_ignore_ascii_case(media_type) => 3,
            _ => continue,
        };
        let weight =
            parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("q"));
        let wanted =
            weight.is_none_or(|(_, weight)| weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0));
        if exactness >= best.0 {
            best = (exactness, wanted);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::Full;
    use hyper::HeaderMap;
    use hyper::body::Bytes;
    use tokio::sync::Semaphore;

    use super::{Room, accepts, is_json, read};

    #[tokio::test]
    async fn bodies_take_no_more_room_together_than_there_is() {
        let room = Room(Arc::new(Semaphore::new(10)));
        let headers = HeaderMap::from_iter([(super::CONTENT_TYPE, "application/json".parse().unwrap())]);
        let body = |text: &'static str| Full::new(Bytes::from_static(text.as_bytes()));
        let first = read(&room, &headers, body("[1,2,3]")).await.unwrap();
        assert_eq!(first.0, b"[1,2,3]");
        assert!(read(&room, &headers, body("[4,5]")).await.is_err());
        drop(first);
        assert!(read(&room, &headers, body("[4,5]")).await.is_ok());
    }

    #[test]
    fn json_is_json_in_any_letters_and_in_utf_8_alone() {
        for (media_type, json) in [
            ("application/json", true),
            ("Application/JSON", true),
            ("application/json; charset=utf-8", true),
            ("application/json;Charset=\"UTF-8\"", true),
            ("application/json; charset=utf-16", false),
            ("application/json; charset=utf-8; charset=utf-7", false),
            ("application/json; version=1", false),
            ("application/json;", false),
            ("application/jsonp", false),
            ("application/json, text/plain", false),
            ("text/plain", false),
            ("", false),
        ] {
            assert_eq!(is_json(media_type), json, "{media_type}");
        }
    }

    #[test]
    fn what_a_client_does_not_take_is_not_sent() {
        for (accept, json, events) in [
            (&["application/json, text/event-stream"][..], true, true),
            (&["application/json", "text/event-stream"], true, true),
            (&["Application/JSON;q=0.5,TEXT/*"], true, true),
            (&[], true, true),
            (&["*/*"], true, true),
            (&["application/json"], true, false),
            (&["text/event-stream"], false, true),
            (&["*/*, application/json;q=0"], false, true),
            (&["application/json;q=0, */*"], false, true),
            (&["*/*;q=0"], false, false),
            (&["text/html"], false, false),
            (&[""], false, false),
        ] {
            assert_eq!(accepts(accept, "application/json"), json, "{accept:?}");
            assert_eq!(accepts(accept, "text/event-stream"), events, "{accept:?}");
        }
    }
}
