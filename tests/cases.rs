//! The case files in `cases/`, each a policy and the decisions it must give. Python and the command line run them too.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that panics is a test that fails"
)]

use std::fs;
use std::path::Path;

use argala_engine::Policy;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    policy: String,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// A sentence: what holds.
    name: String,
    method: String,
    /// JSON text, or what should have been it.
    arguments: String,
    decision: String,
    rule: String,
    #[serde(default)]
    at: Option<String>,
    #[serde(default)]
    matched: Option<String>,
    #[serde(default)]
    span: Option<[usize; 2]>,
    /// Where it is about how a pattern was found: the decodings, first to last.
    #[serde(default)]
    view: Option<Vec<String>>,
}

#[test]
fn every_case_gets_its_decision() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let file: File = toml::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let policy = Policy::from_toml(&file.policy, &name).unwrap_or_else(|error| panic!("{error}"));
        for case in &file.case {
            count += 1;
            let decision = policy.judge(&case.method, case.arguments.as_bytes());
            let view: Option<Vec<&str>> =
                case.view.as_ref().map(|view| view.iter().map(String::as_str).collect());
            let got = (
                decision.verdict.as_str(),
                decision.rule.as_str(),
                decision.at.as_deref(),
                decision.matched.as_deref(),
                decision.span,
                &decision.view,
            );
            let expected = (
                case.decision.as_str(),
                case.rule.as_str(),
                case.at.as_deref(),
                case.matched.as_deref(),
                case.span,
                view.as_ref().unwrap_or(&decision.view),
            );
            if got != expected {
                wrong.push(format!("{name}: {}\n  expected {expected:?}\n  got      {got:?}", case.name));
            }
        }
    }
    assert!(count > 100, "only {count} cases were found");
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
}
