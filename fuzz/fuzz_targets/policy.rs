//! Any text as a policy loads or says why; one that loads judges a call.
#![no_main]

use argala_engine::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Policy::from_toml(text, "fuzz") {
        Ok(policy) => {
            let _ = policy.judge("m", br#"{"q": "DROP TABLE users", "n": [1, {"a": "b"}]}"#);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
