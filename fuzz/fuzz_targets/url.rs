//! Any text as an argument of type `url` gets a decision.
#![no_main]

use std::sync::LazyLock;

use argala_engine::Policy;
use libfuzzer_sys::fuzz_target;

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let text = r#"
[tools.m]
args.q = { type = "url", schemes = ["https"], hosts = ["*.example.com"] }
"#;
    Policy::from_toml(text, "fuzz").expect("the policy is sound")
});

fuzz_target!(|text: &str| {
    let arguments = serde_json::json!({ "q": text }).to_string();
    let first = POLICY.judge("m", arguments.as_bytes());
    assert_eq!(first, POLICY.judge("m", arguments.as_bytes()));
});
