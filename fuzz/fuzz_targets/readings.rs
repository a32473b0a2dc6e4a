//! Any text is read in every way within the bounds: what is found in it is found again, and an allowed text stays allowed
//! under fewer patterns.
#![no_main]

use std::sync::LazyLock;

use argala_engine::Policy;
use libfuzzer_sys::fuzz_target;

fn denying(patterns: &str) -> Policy {
    let text = format!("allowed_methods = ['m']\ndenied_patterns = [{patterns}]");
    Policy::from_toml(&text, "fuzz").expect("the policy is sound")
}

static MORE: LazyLock<Policy> = LazyLock::new(|| denying("'DROP', 'DELETE', 'é', '../'"));
static LESS: LazyLock<Policy> = LazyLock::new(|| denying("'DROP'"));

fuzz_target!(|text: &str| {
    let arguments = serde_json::json!({ "q": text }).to_string();
    let decision = MORE.judge("m", arguments.as_bytes());
    if decision.is_allowed() {
        assert!(LESS.judge("m", arguments.as_bytes()).is_allowed());
    }
});
