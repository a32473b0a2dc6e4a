//! Any bytes are an audit log or they aren't; a log in which one byte was changed, or one was put in or taken out, is none.
#![no_main]

use argala_gateway::fuzzing::is_whole_log;
use libfuzzer_sys::fuzz_target;

const LOG: &[u8] = include_bytes!("../seeds/audit.jsonl");

fuzz_target!(|input: (usize, Option<u8>, &[u8])| {
    let (place, byte, bytes) = input;
    let _ = is_whole_log(bytes);
    assert!(is_whole_log(LOG));
    // Without the line feed at its end the last line is one that a crash has cut off.
    let place = place % (LOG.len() - 1);
    let mut changed = LOG.to_vec();
    let before = changed.splice(place..=place, byte).next();
    if before != byte {
        assert!(!is_whole_log(&changed), "a change of byte {place} to {byte:?} is not seen");
    }
    let mut longer = LOG.to_vec();
    longer.splice(place..place, bytes.iter().copied());
    assert!(bytes.is_empty() || !is_whole_log(&longer), "bytes that were put in at {place} are not seen");
});
