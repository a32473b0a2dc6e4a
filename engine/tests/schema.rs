//! The JSON Schema and the loader know the same keys.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics is a test that fails")]

use std::collections::BTreeSet;

use argala_engine::Policy;
use argala_engine::policy::schema;
use serde_json::Value;

/// No key is like this one, so the loader lists those that it knows.
const UNKNOWN: &str = "qqqqqqqqqqqqqqqqqqqqqqqq";

fn parsed() -> Value {
    serde_json::from_str(&schema()).unwrap()
}

fn properties(schema: &Value) -> BTreeSet<String> {
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

/// The keys that the loader knows where this policy holds an unknown one.
fn known_to_the_loader(policy: &str) -> BTreeSet<String> {
    let error = Policy::from_toml(policy, "p.toml").unwrap_err();
    let unknown = format!("unknown key `{UNKNOWN}`");
    let diagnostic = error.diagnostics().iter().find(|diagnostic| diagnostic.message.starts_with(&unknown));
    let help =
        diagnostic.and_then(|diagnostic| diagnostic.help.as_deref()).unwrap_or_else(|| panic!("{error}"));
    help.strip_prefix("known here: ")
        .unwrap_or_else(|| panic!("{help}"))
        .split(", ")
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_table_has_the_keys_that_the_loader_knows() {
    let schema = parsed();
    for (policy, table) in [
        (format!("{UNKNOWN} = 1"), &schema),
        (format!("[[deny]]\npatterns = ['x']\n{UNKNOWN} = 1"), &schema["$defs"]["deny"]),
        (format!("[[budget]]\nid = 'b'\ncalls = 1\nper = 'day'\n{UNKNOWN} = 1"), &schema["$defs"]["budget"]),
        (format!("[tools.x]\n{UNKNOWN} = 1"), &schema["$defs"]["tool"]),
        (format!("[limits]\n{UNKNOWN} = 1"), &schema["$defs"]["limits"]),
        (format!("[results]\n{UNKNOWN} = 1"), &schema["$defs"]["result"]),
        (format!("[tools.x]\nresult.{UNKNOWN} = 1"), &schema["$defs"]["result"]),
    ] {
        assert_eq!(known_to_the_loader(&policy), properties(table), "{policy}");
    }
}

#[test]
fn each_type_has_the_keys_that_the_loader_knows() {
    let schema = parsed();
    let types = schema["$defs"]["argument"]["oneOf"].as_array().unwrap();
    assert!(types.len() >= 12);
    for known in types {
        let name = known["title"].as_str().unwrap();
        let policy = format!("[tools.x]\nargs.q = {{ type = '{name}', {UNKNOWN} = 1 }}");
        assert_eq!(known_to_the_loader(&policy), properties(known), "{policy}");
    }
}

#[test]
fn the_schema_in_the_docs_is_the_one_of_this_version() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/policy.schema.json");
    let written: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(written == parsed(), "write it anew: argala schema > docs/policy.schema.json");
}
