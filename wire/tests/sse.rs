//! Server-sent events: whatever the chunks, the same events, and never more memory than allowed.

use std::time::Duration;

use argala_wire::http::sse::{Event, Reader, TooLong};
use proptest::prelude::*;

const ROOMY: usize = 1 << 20;

/// The events of a stream; the last id and the wait that it asks for.
type Told = (Vec<Event>, Option<String>, Option<Duration>);

fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, max: usize) -> Result<Told, TooLong> {
    let mut reader = Reader::new(max);
    let mut events = Vec::new();
    for mut chunk in chunks {
        while let Some(event) = reader.next(&mut chunk)? {
            events.push(event);
        }
        assert!(chunk.is_empty());
        assert!(reader.held() <= max + 1);
    }
    Ok((events, reader.last_id().map(str::to_owned), reader.retry()))
}

#[test]
fn events_are_read_as_the_standard_says() {
    for (stream, events) in [
        ("", &[][..]),
        ("data: a", &[]),
        ("data: a\n", &[]),
        ("data: a\n\n", &[("message", "a")]),
        ("data:a\r\n\r\n", &[("message", "a")]),
        ("data:a\r\r", &[("message", "a")]),
        ("data:  a\n\n", &[("message", " a")]),
        ("\u{feff}data: a\n\n", &[("message", "a")]),
        ("\u{feff}: a comment\n\ndata: a\n\n", &[("message", "a")]),
        (": a comment\ndata: a\n: another\n\n", &[("message", "a")]),
        ("data: a\ndata\ndata: b\n\n", &[("message", "a\n\nb")]),
        ("data\ndata: b\n\n", &[("message", "\nb")]),
        ("event: endpoint\ndata: /m\n\ndata: x\n\n", &[("endpoint", "/m"), ("message", "x")]),
        ("event: nothing\n\ndata: x\n\n", &[("message", "x")]),
        ("data:\n\n", &[]),
        ("Data: a\n data: b\ndatabase: c\n\n", &[]),
        ("data: {\"a\": \"b:c\"}\n\n", &[("message", "{\"a\": \"b:c\"}")]),
        ("\n\n\r\n\r\n", &[]),
    ] {
        let (told, ..) = read([stream.as_bytes()], ROOMY).unwrap();
        let told: Vec<_> =
            told.iter().map(|event| (event.kind.as_str(), str::from_utf8(&event.data).unwrap())).collect();
        assert_eq!(told, events, "{stream:?}");
    }
}

#[test]
fn ids_count_once_their_event_has_ended_and_waits_at_once() {
    for (stream, id, retry) in [
        ("id: 1\ndata: a\n\n", Some("1"), None),
        ("id: 1\ndata:\n\n", Some("1"), None),
        ("id: 1\n\nid: 2\n", Some("1"), None),
        ("id: 1\n\ndata: b\n\n", Some("1"), None),
        ("id: 1\n\nid\n\n", None, None),
        ("id: a\0b\n\n", None, None),
        ("retry: 250\n", None, Some(250)),
        ("retry: 99999999999999999999999\n", None, Some(3_600_000)),
        ("retry: -1\nretry: 1s\nretry:\n", None, None),
    ] {
        let (_, told_id, told_retry) = read([stream.as_bytes()], ROOMY).unwrap();
        assert_eq!((told_id.as_deref(), told_retry), (id, retry.map(Duration::from_millis)), "{stream:?}");
    }
    let long = format!("id: {}\n\n", "x".repeat(5000));
    assert_eq!(read([long.as_bytes()], ROOMY).unwrap().1, None);
}

#[test]
fn an_event_that_never_ends_is_given_up() {
    let line = b"data: 0123456789\n".as_slice();
    for piece in [b"x".as_slice(), line, b"event: 0123456789"] {
        assert_eq!(read(std::iter::repeat_n(piece, 1000), 100), Err(TooLong));
    }
}

#[test]
fn a_comment_of_any_length_takes_no_memory() {
    let pieces =
        std::iter::once(b"\n:".as_slice()).chain(std::iter::repeat_n(b"keep-alive".as_slice(), 1000));
    let (events, ..) = read(pieces.chain([b"\ndata: a\n\n".as_slice()]), 100).unwrap();
    assert_eq!(events.len(), 1);
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_events(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "\n", "\r", "\r\n", ":", " ", "data", "data: x", "event: e", "id: 7", "retry: 5", "\u{feff}", "y", "\0", "é",
            ]),
            0..40,
        ),
        cuts in prop::collection::vec(1usize..6, 1..40),
    ) {
        let stream = pieces.concat().into_bytes();
        let mut rest = stream.as_slice();
        let mut chunks = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break }
            let (chunk, left) = rest.split_at((*cut).min(rest.len()));
            chunks.push(chunk);
            rest = left;
        }
        prop_assert_eq!(read(chunks, ROOMY), read([stream.as_slice()], ROOMY));
    }

    #[test]
    fn any_bytes_are_read_in_bounded_memory(stream in prop::collection::vec(any::<u8>(), 0..400), max in 1usize..100) {
        let _ = read(stream.chunks(7), max);
    }
}
