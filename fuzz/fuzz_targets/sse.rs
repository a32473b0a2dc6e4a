//! Any bytes as server-sent events are the same events in whatever chunks they come, and none is longer than allowed.
#![no_main]

use argala_wire::http::sse::{Event, Reader};
use libfuzzer_sys::fuzz_target;

const MAX: usize = 256;

/// The events, and whether one was too long.
fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (Vec<Event>, bool, Option<String>) {
    let mut reader = Reader::new(MAX);
    let mut events = Vec::new();
    for mut chunk in chunks {
        loop {
            match reader.next(&mut chunk) {
                Ok(Some(event)) => {
                    assert!(event.data.len() + event.kind.len() <= MAX);
                    events.push(event);
                }
                Ok(None) => break,
                Err(_) => return (events, true, None),
            }
            assert!(reader.held() <= MAX);
        }
    }
    (events, false, reader.last_id().map(str::to_owned))
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    assert_eq!(read(std::iter::once(bytes)), read(bytes.chunks(usize::from(size).max(1))));
});
