//! Any bytes as the arguments of a call get a decision; the same one again, with its explanation, and from a text that says
//! the same in other bytes.
#![no_main]

use std::sync::LazyLock;

use argala_engine::Policy;
use libfuzzer_sys::fuzz_target;

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let text = r#"
allowed_methods = ["m"]
denied_patterns = ["DROP", "УДАЛИТЬ", "rm -rf /"]
[[deny]]
patterns = ['(curl|wget)\s.*\|\s*sh', '\d{4}-\d{4}']
match = "regex"
[[deny]]
patterns = ["DELETE", "é"]
match = "word"
args = ["/a/*", "q"]
[tools.m]
args.n = { type = "integer", min = 1, max = 1000 }
extra_args = "allow"
"#;
    Policy::from_toml(text, "fuzz").expect("the policy is sound")
});

fuzz_target!(|arguments: &[u8]| {
    let decision = POLICY.judge("m", arguments);
    assert_eq!(decision, POLICY.judge("m", arguments));
    assert_eq!(decision, POLICY.explain("m", arguments).decision);
    if decision.is_allowed() {
        let text = std::str::from_utf8(arguments).expect("bytes that are allowed are text");
        let options = argala_json::Options::strict(argala_json::Limits::UNBOUNDED);
        let compact = argala_json::compact(text, &options).expect("a text that is allowed is JSON");
        assert_eq!(decision, POLICY.judge("m", compact.as_bytes()));
    }
});
