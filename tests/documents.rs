//! What the documents show works: every policy in them loads, and every JSON file is JSON.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use std::fs;
use std::path::{Path, PathBuf};

use argala_engine::{Policy, Verdict};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The blocks of one language in a document.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(document)).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_policy_that_is_shown_loads() {
    let mut policies: Vec<(String, String)> =
        blocks("README.md", "toml").into_iter().map(|text| ("README.md".to_owned(), text)).collect();
    assert!(!policies.is_empty());
    for file in ["argala_policy.toml", "examples/servers_policy.toml"] {
        policies.push((file.to_owned(), fs::read_to_string(root().join(file)).unwrap()));
    }
    for (origin, text) in policies {
        Policy::from_toml(&text, &origin).map_err(|error| error.to_string()).unwrap();
    }
}

#[test]
fn the_sample_policy_does_what_its_comments_say() {
    let text = fs::read_to_string(root().join("argala_policy.toml")).unwrap();
    let policy = Policy::from_toml(&text, "argala_policy.toml").unwrap();
    for (method, arguments, verdict, rule) in [
        ("execute_sql_query", r#"{"query": "SELECT 1"}"#, Verdict::Allow, "allowed_methods"),
        ("execute_sql_query", r#"{"query": "drop table t"}"#, Verdict::Deny, "no-destructive-sql"),
        (
            "execute_sql_query",
            r#"{"query": "SELECT is_deleted FROM dropdown_items"}"#,
            Verdict::Allow,
            "allowed_methods",
        ),
        ("read_text_file", r#"{"path": "how to delete.md"}"#, Verdict::Allow, "allowed_methods"),
        ("write_file", "{}", Verdict::Deny, "tools.\"write_*\""),
        ("drop_table", "{}", Verdict::Deny, "not-allowed"),
        ("find_rows", r#"{"table": "users", "where": {"a": 1}}"#, Verdict::Allow, "tools.find_rows"),
        ("find_rows", r#"{"table": "users; --"}"#, Verdict::Deny, "tools.find_rows.args.table"),
    ] {
        let decision = policy.judge(method, arguments.as_bytes());
        assert_eq!((decision.verdict, decision.rule.as_str()), (verdict, rule), "{method} {arguments}");
    }
}

#[test]
fn every_host_configuration_is_json() {
    let mut files = vec![root().join("examples/servers.json")];
    files.extend(fs::read_dir(root().join("examples/hosts")).unwrap().map(|entry| entry.unwrap().path()));
    assert!(files.len() > 4);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        serde_json::from_str::<serde_json::Value>(&text)
            .map_err(|error| format!("{}: {error}", file.display()))
            .unwrap();
    }
}
