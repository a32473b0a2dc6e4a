//! Any bytes are JSON or they aren't; what is, is what `serde_json` takes it for.
#![no_main]

use argala_json::{Limits, Options, Outline, compact};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let bounds = Limits { max_bytes: 1 << 20, max_depth: 64, max_nodes: 10_000 };
    let Ok(outline) = Outline::read(bytes, &Options::strict(bounds), 8) else { return };
    let text = std::str::from_utf8(bytes).expect("what was read is text");
    assert!(outline.root().is_some());
    let value: serde_json::Value = match serde_json::from_str(text) {
        Ok(value) => value,
        // A number that it can't hold, which JSON has.
        Err(error) => return assert!(error.to_string().starts_with("number out of range"), "{error}"),
    };
    let compact = compact(text, &Options::strict(bounds)).expect("what was read can be written anew");
    assert_eq!(value, serde_json::from_str::<serde_json::Value>(&compact).expect("it is JSON again"));
});
