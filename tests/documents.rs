//! What the documents show works: every policy in them loads, and every JSON file is JSON.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use std::fs;
use std::path::{Path, PathBuf};

use argala_engine::{Facts, Policy, Review, Verdict};

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
fn the_demo_runs_under_the_sample_policy() {
    let [sample, demo] = ["argala_policy.toml", "gateway/src/cli/demo/policy.toml"]
        .map(|file| fs::read_to_string(root().join(file)).unwrap());
    assert_eq!(demo, sample);
}

#[test]
fn every_call_in_the_policy_reference_is_decided_as_it_says() {
    let text = fs::read_to_string(root().join("docs/policy.md")).unwrap();
    let mut judged = 0;
    for example in text.split("```toml\n").skip(1) {
        let (policy, rest) = example.split_once("```").unwrap();
        let policy = Policy::from_toml(policy, "docs/policy.md").unwrap_or_else(|error| panic!("{error}"));
        // Behind `calls`, who calls may stand: a user, and his groups.
        let Some((_, rest)) = rest.split_once("```calls") else { continue };
        let (caller, calls) = rest.split_once('\n').unwrap();
        let mut names = caller.split_whitespace().map(str::to_owned);
        let principal = names.next();
        let groups: Vec<String> = names.collect();
        // Each call has the budgets for itself.
        let facts = Facts { principal: principal.as_deref(), groups: &groups, counted: true };
        for line in calls.split("```").next().unwrap().lines() {
            let (verdict, line) = line.split_once(char::is_whitespace).unwrap();
            let (method, line) = line.trim_start().split_once(char::is_whitespace).unwrap();
            let (arguments, rule) = line.trim_start().rsplit_once('}').unwrap();
            let decision = policy.judge_for(method, format!("{arguments}}}").as_bytes(), &facts);
            assert_eq!(decision.verdict.as_str(), verdict, "{line}: {}", decision.message);
            assert!(rule.trim().is_empty() || rule.trim() == decision.rule, "{line}: {}", decision.message);
            judged += 1;
        }
    }
    assert!(judged > 40, "{judged} calls");
}

#[test]
fn every_result_in_the_policy_reference_is_reviewed_as_it_says() {
    let text = fs::read_to_string(root().join("docs/policy.md")).unwrap();
    let (before, results) = text.split_once("```results\n").unwrap();
    let policy = before.rsplit_once("```toml\n").unwrap().1.split("```").next().unwrap();
    let policy = Policy::from_toml(policy, "docs/policy.md").unwrap_or_else(|error| panic!("{error}"));
    let mut reviewed = 0;
    for line in results.split("```").next().unwrap().lines() {
        let (outcome, line) = line.split_once(char::is_whitespace).unwrap();
        let (method, line) = line.trim_start().split_once(char::is_whitespace).unwrap();
        let (result, rule) = line.trim_start().rsplit_once('}').unwrap();
        let (found, by) = match policy.result_rules(method).unwrap().review(&format!("{result}}}"), None) {
            Review::Unchanged => ("unchanged", String::new()),
            Review::Rewritten { rules, .. } => ("redacted", rules.join(" ")),
            Review::Withheld(decision) => ("withheld", decision.rule),
        };
        assert_eq!((found, by.as_str()), (outcome, rule.trim()), "{line}");
        reviewed += 1;
    }
    assert!(reviewed > 5, "{reviewed} results");
}

#[test]
fn every_key_that_the_schema_has_is_in_the_policy_reference() {
    let reference = fs::read_to_string(root().join("docs/policy.md")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&argala_engine::policy::schema()).unwrap();
    let mut missing = Vec::new();
    let mut tables: Vec<&serde_json::Value> =
        ["tool", "deny", "budget", "limits", "result"].iter().map(|table| &schema["$defs"][table]).collect();
    tables.push(&schema);
    tables.extend(schema["$defs"]["argument"]["oneOf"].as_array().unwrap());
    for table in tables {
        for (key, takes) in table["properties"].as_object().unwrap() {
            let words = takes["enum"].as_array().or(takes["items"]["enum"].as_array());
            let words = words.into_iter().flatten().filter_map(|word| word.as_str());
            missing.extend(
                std::iter::once(key.as_str())
                    .chain(words)
                    .filter(|word| {
                        !reference.contains(&format!("`{word}`"))
                            && !reference.contains(&format!("`\"{word}\"`"))
                    })
                    .map(str::to_owned),
            );
        }
    }
    assert!(missing.is_empty(), "docs/policy.md doesn't name {missing:?}");
}

#[test]
fn the_sample_policy_does_what_its_comments_say() {
    let text = fs::read_to_string(root().join("argala_policy.toml")).unwrap();
    let policy = Policy::from_toml(&text, "argala_policy.toml").unwrap();
    for (method, arguments, verdict, rule) in [
        ("execute_sql_query", r#"{"query": "SELECT 1"}"#, Verdict::Allow, "tools.execute_sql_query"),
        (
            "execute_sql_query",
            r#"{"query": "drop table t"}"#,
            Verdict::Deny,
            "tools.execute_sql_query.args.query",
        ),
        ("execute_sql_query", r#"{"q": "drop table t"}"#, Verdict::Deny, "no-destructive-sql"),
        (
            "execute_sql_query",
            r#"{"query": "SELECT is_deleted FROM dropdown_items"}"#,
            Verdict::Allow,
            "tools.execute_sql_query",
        ),
        (
            "execute_sql_query",
            r#"{"query": "INSERT INTO t VALUES (1)"}"#,
            Verdict::Deny,
            "tools.execute_sql_query.args.query",
        ),
        (
            "run_batch",
            r#"{"steps": [{"sql": "SELECT 1"}, {"sql": "PRAGMA writable_schema = 1"}]}"#,
            Verdict::Deny,
            "tools.run_batch.args.\"/steps/*/sql\"",
        ),
        ("read_text_file", r#"{"path": "how to delete.md"}"#, Verdict::Allow, "tools.\"read_*\""),
        ("read_text_file", r#"{"path": "/srv/data/a.md"}"#, Verdict::Allow, "tools.\"read_*\""),
        ("read_text_file", r#"{"path": "../a.md"}"#, Verdict::Deny, "tools.\"read_*\".args.path"),
        (
            "read_multiple_files",
            r#"{"paths": ["a.md", "/etc/passwd"]}"#,
            Verdict::Deny,
            "tools.\"read_*\".args.\"/paths/*\"",
        ),
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
fn every_test_that_the_threat_model_names_is_there() {
    let text = fs::read_to_string(root().join("docs/threat-model.md")).unwrap();
    let named: Vec<_> = text.split('`').filter_map(|word| word.split_once("::")).collect();
    assert!(named.len() > 40, "{} tests", named.len());
    for (file, test) in named {
        let source = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let is_there = ["def", "fn"].iter().any(|word| source.contains(&format!("{word} {test}(")));
        assert!(is_there, "{file} has no {test}");
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
