//! Any text is a lock file or it isn't; one that is, is written anew as one that says the same.
#![no_main]

use argala_gateway::fuzzing::lock;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some(written) = lock(text) else { return };
    assert_eq!(lock(&written).as_deref(), Some(written.as_str()));
});
