//! Each kind of secret is found, what only looks like it isn't, and nothing but what must go changes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics is a test that fails"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::secrets::{ALL, NAMES, SECRETS};
use super::{ResultRules, Review};
use crate::Policy;

/// What one kind of secret looks like, and what isn't one. Each stands in parts, or the scanners that look after
/// repositories would take it for a real one.
struct Sample {
    name: &'static str,
    secrets: &'static [&'static [&'static str]],
    near_misses: &'static [&'static str],
}

const TEN: &str = "aB3dE6gH9k";
const DIGITS: &str = "0123456789";

#[rustfmt::skip]
const SAMPLES: &[Sample] = &[
    Sample {
        name: "anthropic-key",
        secrets: &[&["sk-ant", "-api03-", TEN, TEN, "_-", TEN], &["sk-ant", "-oat01-", TEN, TEN]],
        near_misses: &["sk-ant-api03-…", "task-ant-api03-aaaaaaaaaaaaaaaaaaaaaaaa", "sk-ant-key"],
    },
    Sample {
        name: "aws-access-key",
        secrets: &[&["AKIA", "IOSFODNN7EXAMPLE"], &["ASIA", "IOSFODNN7EXAMPLE"]],
        near_misses: &["AKIAIOSFODNN7EXAMPL", "AKIAIOSFODNN7EXAMPLES", "AKIAIOSFODNN1EXAMPLE", "akiaiosfodnn7example", "SLAVAKIAIOSFODNN7EXAMPLE"],
    },
    Sample {
        name: "aws-secret-key",
        secrets: &[
            &["AWS_SECRET_ACCESS_KEY=", "wJalrXUtnFEMI/K7MDENG", "/bPxRfiCYEXAMPLEKEY"],
            &["\"SecretAccessKey\": \"", "wJalrXUtnFEMI/K7MDENG", "/bPxRfiCYEXAMPLEKEY\""],
            &["<SecretAccessKey>", "wJalrXUtnFEMI/K7MDENG", "/bPxRfiCYEXAMPLEKEY</SecretAccessKey>"],
        ],
        near_misses: &["SecretAccessKey: ask your administrator", "secret_access_key=$AWS_KEY", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    },
    Sample {
        name: "card-number",
        secrets: &[&["4111 1111", " 1111 1111"], &["12 5555-5555", "-5555-4444"], &["378282", "246310005"], &["6011111", "111111117"], &["305693", "09025904"]],
        near_misses: &["4111 1111 1111 1112", "14111111111111111", "2026-11-22 22:25:00", "4111 1111 1111", "1234567890123456"],
    },
    Sample {
        name: "github-token",
        secrets: &[&["ghp_", TEN, TEN, TEN, "Ab12Cd"], &["ghs_", TEN, TEN, TEN, "Ab12Cd"], &["github_pat_", "11ABCDEFG0", "abcdefghijkl_", TEN, TEN, TEN, TEN, TEN, "123456789"]],
        near_misses: &["ghp_short", "ghx_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "github_pat_", "ghp_________________________________________"],
    },
    Sample {
        name: "gitlab-token",
        secrets: &[&["glpat", "-", TEN, TEN], &["glrt", "-t1_", TEN, TEN], &["glagent", "-", TEN, TEN, TEN], &["glpat", "-", TEN, TEN, TEN, ".01", ".0123", "abcdef"]],
        near_misses: &["glpat-short", "glxyz-aaaaaaaaaaaaaaaaaaaaaaaa", "eglpat-aaaaaaaaaaaaaaaaaaaaaaaa"],
    },
    Sample {
        name: "google-api-key",
        secrets: &[&["AIza", "SyA", TEN, TEN, TEN, "ab"], &["GOCSPX", "-", TEN, TEN, "12345678"]],
        near_misses: &["AIzaSyShort", "xAIzaSyAaB3dE6gH9kaB3dE6gH9kaB3dE6gH9kab", "GOCSPX-"],
    },
    Sample {
        name: "jwt",
        secrets: &[&["eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0NTY3ODkwIn0", ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"], &["eyJhbGciOiJub25lIn0", ".eyJzdWIiOiIxIn0."]],
        near_misses: &["eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9.c3ViamVjdA.x", "data:application/json;base64,eyJhIjoxLCJiIjoyfQ=="],
    },
    Sample {
        name: "npm-token",
        secrets: &[&["npm_", TEN, TEN, TEN, "Ab12Cd"]],
        near_misses: &["npm_config_registry", "npm_lifecycle_event", "npm_aaaa"],
    },
    Sample {
        name: "openai-key",
        secrets: &[&["sk-", "proj-", TEN, TEN, "_-", TEN], &["sk-", TEN, TEN, "T3Blbk", "FJ", TEN, TEN], &["sk-", "svcacct-", TEN, TEN]],
        near_misses: &["sk-proj-name", "task-proj-aaaaaaaaaaaaaaaaaaaaaaaa", "sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
    },
    Sample {
        name: "private-key",
        secrets: &[
            &["-----BEGIN PRIVATE", " KEY-----\nMC4CAQAwBQYDK2VwBCIEIHKD\nabc=\n-----END PRIVATE", " KEY-----"],
            &["-----BEGIN RSA PRIVATE", " KEY-----\nProc-Type: 4,ENCRYPTED\n\nMC4CAQ==\n-----END RSA PRIVATE", " KEY-----"],
            &["-----BEGIN OPENSSH PRIVATE", " KEY-----\\nb3BlbnNzaC1rZXk\\n-----END OPENSSH PRIVATE", " KEY-----"],
            &["-----BEGIN PGP PRIVATE", " KEY BLOCK-----\n\nlQOYBF\n=abcd\n-----END PGP PRIVATE", " KEY BLOCK-----"],
            &["-----BEGIN EC PRIVATE", " KEY-----\nMHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY"],
        ],
        near_misses: &["-----BEGIN PUBLIC KEY-----\nMC4CAQ==\n-----END PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----", "BEGIN PRIVATE KEY"],
    },
    Sample {
        name: "pypi-token",
        secrets: &[&["pypi-", "AgEIcHlwaS5vcmc", TEN, TEN, TEN, TEN, "_-"]],
        near_misses: &["pypi-server", "pypi-AgEIcHlwaS5vcmc", "pypi-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
    },
    Sample {
        name: "slack-token",
        secrets: &[&["xoxb", "-", DIGITS, "-", DIGITS, "-", TEN, TEN], &["xapp", "-1-A", DIGITS, "-", DIGITS, "-", TEN], &["https://hooks.slack.com/services/", "T00000000/B00000000/", TEN, TEN, "1234"]],
        near_misses: &["xoxb-short", "xoxo-", "https://hooks.slack.com/services/", "xoxy-1234567890-1234567890"],
    },
    Sample {
        name: "stripe-key",
        secrets: &[&["sk_", "live_", TEN, TEN, "1234"], &["rk_", "test_", TEN, TEN], &["whsec_", TEN, TEN, TEN, "12"]],
        near_misses: &["pk_live_aB3dE6gH9kaB3dE6gH9k", "sk_live_short", "disk_test_aB3dE6gH9kaB3dE6gH9k", "sk_other_aB3dE6gH9kaB3dE6gH9k"],
    },
    Sample {
        name: "url-password",
        secrets: &[&["postgres://app:", "hunter2@db.example/x"], &["https://user:", "p%40ss:w0rd@example.org"], &["redis://:", "hunter2@cache:6379"]],
        near_misses: &["https://example.org:8080/a@b", "postgres://app:${PASSWORD}@db/x", "https://user@example.org", "postgres://app:<password>@db", "ftp://a:***@b", "mailto:a:b@c", "https://a.example/?next=b:c@d"],
    },
];

fn rules(text: &str) -> ResultRules {
    let policy = Policy::from_toml(&format!("allowed_methods = ['m']\n[results]\n{text}"), "p.toml");
    policy.unwrap_or_else(|error| panic!("{error}")).result_rules("m").unwrap()
}

/// Rules that look for every kind.
fn every_kind() -> ResultRules {
    rules("secrets = ['all', 'card-number']")
}

fn reviewed(rules: &ResultRules, result: &str) -> (String, Vec<String>) {
    match rules.review(result, None) {
        Review::Unchanged => (result.to_owned(), Vec::new()),
        Review::Rewritten { text, rules } => (text, rules),
        Review::Withheld(decision) => panic!("{decision:?}"),
    }
}

fn withheld(rules: &ResultRules, result: &str) -> crate::Decision {
    match rules.review(result, None) {
        Review::Withheld(decision) => *decision,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_names_are_those_of_the_table_and_each_has_samples() {
    let names: Vec<&str> = std::iter::once(ALL).chain(SECRETS.iter().map(|secret| secret.name)).collect();
    assert_eq!(names, NAMES);
    let samples: Vec<&str> = SAMPLES.iter().map(|sample| sample.name).collect();
    assert_eq!(samples, NAMES[1..]);
}

#[test]
fn every_kind_of_secret_is_found_as_what_it_is() {
    for sample in SAMPLES {
        let rules = rules(&format!("secrets = ['{}']", sample.name));
        for parts in sample.secrets {
            let secret = parts.concat();
            for (before, behind) in [("", ""), ("token: ", "."), ("(\"", "\")"), ("é ", "\n…")] {
                let (text, by) = reviewed(&rules, &json!([format!("{before}{secret}{behind}")]).to_string());
                let mark = format!("[redacted: {}]", sample.name);
                let text: Value = serde_json::from_str(&text).unwrap();
                let text = text[0].as_str().unwrap();
                assert!(text.contains(&mark), "{secret}: {text}");
                assert!(text.starts_with(before) && text.ends_with(behind), "{secret}: {text}");
                let last = parts.last().unwrap();
                assert!(last.len() < 6 || !text.contains(last), "{secret}: {text}");
                assert_eq!(by, [format!("results.secrets.{}", sample.name)]);
            }
        }
    }
}

#[test]
fn what_only_looks_like_a_secret_stays() {
    let rules = every_kind();
    for sample in SAMPLES {
        for text in sample.near_misses {
            let result = json!([format!("it is {text} here")]).to_string();
            let (text, by) = reviewed(&rules, &result);
            assert!(!by.contains(&format!("results.secrets.{}", sample.name)), "{result} became {text}");
        }
    }
}

#[test]
fn all_means_every_kind_but_what_is_written_like_other_numbers() {
    let rules = rules("secrets = ['all']");
    for sample in SAMPLES {
        let secret = json!([sample.secrets[0].concat()]).to_string();
        assert_eq!(reviewed(&rules, &secret).1.is_empty(), sample.name == "card-number", "{}", sample.name);
    }
}

#[test]
fn nothing_but_what_must_go_changes() {
    let rules = every_kind();
    let token = SAMPLES[4].secrets[0].concat();
    let place = |token: &str| {
        format!(
            r#"{{ "content": [{{"text":"caf\u00e9 {token}","x": 1.0}}], "structuredContent":{{"n":1e400,"{token}":-0.0}} }}"#
        )
    };
    let mark = "[redacted: github-token]";
    assert_eq!(reviewed(&rules, &place(&token)).0, place(mark).replace("\\u00e9", "é"));
    let plain = place("x");
    assert_eq!(rules.review(&plain, None), Review::Unchanged);
}

#[test]
fn a_secret_is_found_behind_escapes() {
    let rules = every_kind();
    let token = SAMPLES[4].secrets[0].concat();
    let escaped = token.chars().fold(String::new(), |mut out, character| {
        let _ = write!(out, "\\u{:04x}", u32::from(character));
        out
    });
    let result = format!(r#"{{"_meta":{{"a/b":["x",[null,"{escaped}"]]}}}}"#);
    assert_eq!(reviewed(&rules, &result).0, r#"{"_meta":{"a/b":["x",[null,"[redacted: github-token]"]]}}"#);
}

#[test]
fn secrets_that_lie_over_one_another_go_as_one() {
    let rules = rules("secrets = ['all']\npatterns = { word = 'user:[a-z]+', tail = 'me@[a-z.]+' }");
    let (text, by) = reviewed(&rules, r#"["see https://user:letme@example.org/"]"#);
    assert_eq!(text, r#"["see https://[redacted: word]/"]"#);
    assert_eq!(by, ["results.patterns.tail", "results.patterns.word", "results.secrets.url-password"]);
}

#[test]
fn where_a_pattern_has_a_group_for_the_secret_that_alone_goes() {
    let rules = rules(r"patterns = { employee = '(?i)employee (?<secret>E-\d{6})' }");
    assert_eq!(reviewed(&rules, r#"["Employee E-123456."]"#).0, r#"["Employee [redacted: employee]."]"#);
}

#[test]
fn a_blocked_result_says_where_and_why_and_not_what() {
    let rules = rules("secrets = ['github-token']\non_match = 'block'");
    let token = SAMPLES[4].secrets[0].concat();
    let result = json!({"content": [{"text": "ok"}, {"x": [[], 1], "a/b": ["no", format!("is {token}")]}]})
        .to_string();
    let decision = withheld(&rules, &result);
    assert_eq!(decision.rule, "results.secrets.github-token");
    assert_eq!(decision.at.as_deref(), Some("/content/1/a~1b/1"));
    assert_eq!(decision.matched.as_deref(), Some("github-token"));
    assert!(decision.message.starts_with("ARGALA BLOCK: `m` has been called"), "{}", decision.message);
    assert!(!serde_json::to_string(&decision).unwrap().contains(&token[..8]));
    assert_eq!(rules.review(r#"{"content":[]}"#, None), Review::Unchanged);

    let decision = withheld(&rules, &format!(r#"{{"a":{{"{token}":1}}}}"#));
    assert_eq!(decision.at.as_deref(), Some("/a"));
    assert!(!serde_json::to_string(&decision).unwrap().contains(&token[..8]));
}

#[test]
fn what_readers_may_take_differently_is_withheld() {
    let rules = every_kind();
    for result in [r#"{"a":1,"\u0061":2}"#, r#"["\ud800"]"#, r#"{"a":1"#, r#"["x"] []"#] {
        assert_eq!(withheld(&rules, result).rule, "results.unreadable", "{result}");
    }
    let secret = SAMPLES[4].secrets[0].concat();
    let decision = withheld(&rules, &format!(r#"{{"{secret}":1,"{secret}":2}}"#));
    assert!(!decision.message.contains(&secret), "{}", decision.message);
    // Two keys that would become one.
    let (one, other) = (SAMPLES[4].secrets[0].concat(), SAMPLES[4].secrets[1].concat());
    let result = format!(r#"{{"{one}":1,"{other}":2}}"#);
    assert_eq!(withheld(&rules, &result).rule, "results.unreadable");
}

#[test]
fn a_result_of_just_so_many_bytes_passes_unread() {
    let rules = rules("max_bytes = 10");
    assert_eq!(rules.review("[\"123456\"]", None), Review::Unchanged);
    let decision = withheld(&rules, "[\"1234567\"]");
    assert_eq!(decision.rule, "results.max_bytes");
    assert!(decision.message.contains("it has 11 bytes, more than 10"), "{}", decision.message);
}

#[test]
fn control_characters_go_before_secrets_are_sought() {
    let rules = rules("control = 'strip'\nsecrets = ['aws-access-key']");
    let result = json!({"a\u{1b}[1mb": "AKIA\u{1b}[31mIOSFODNN7\u{202e}EXAMPLE\n"}).to_string();
    let (text, by) = reviewed(&rules, &result);
    assert_eq!(text, r#"{"ab":"[redacted: aws-access-key]\n"}"#);
    assert_eq!(by, ["results.control", "results.secrets.aws-access-key"]);
}

#[test]
fn an_opaque_member_is_not_looked_at_and_only_that_one() {
    let rules = rules("control = 'strip'");
    let result = json!({"requestState": ["\u{7}"], "x": {"requestState": "\u{7}"}}).to_string();
    let Review::Rewritten { text, .. } = rules.review(&result, Some("requestState")) else {
        panic!("{result}")
    };
    let text: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(text, json!({"requestState": ["\u{7}"], "x": {"requestState": ""}}));
}

#[test]
fn an_expression_that_looks_far_ahead_of_each_match_ends_soon() {
    let rules = rules("patterns = { p = 'a(?s:.*b)?' }");
    let (text, _) = reviewed(&rules, &format!("[\"{}c\"]", "a".repeat(1 << 17)));
    assert!(text.ends_with("[redacted: p]\"]"), "the rest counts as found");
}

#[test]
fn a_tool_overrides_key_by_key_and_of_several_the_strictest_counts() {
    let policy = r#"
        allowed_methods = ["other"]
        [results]
        max_bytes = 100
        control = "strip"
        secrets = ["jwt"]
        [tools.x]
        result = { max_bytes = 1000, secrets = [] }
        [tools."x*"]
        result = { secrets = ["npm-token"], on_match = "block" }
        [tools.free]
        result = { max_bytes = 5000, control = "keep", secrets = [] }
    "#;
    let policy = Policy::from_toml(policy, "p.toml").unwrap();
    let npm = format!("[\"{}\"]", SAMPLES[8].secrets[0].concat());
    let jwt = format!("[\"{}\"]", SAMPLES[7].secrets[1].concat());
    let long = format!("[\"{}\"]", "x".repeat(500));
    let control = r#"["\u0007"]"#;
    let outcome = |rules: Option<ResultRules>, result: &str| match rules.unwrap().review(result, None) {
        Review::Unchanged => "unchanged".to_owned(),
        Review::Rewritten { rules, .. } => rules.join(" "),
        Review::Withheld(decision) => format!("withheld by {}", decision.rule),
    };
    for (method, of_npm, of_jwt, of_long, of_control) in [
        ("other", "unchanged", "results.secrets.jwt", "withheld by results.max_bytes", "results.control"),
        (
            "x",
            "withheld by tools.\"x*\".result.secrets.npm-token",
            "unchanged",
            "unchanged",
            "results.control",
        ),
        (
            "xy",
            "withheld by tools.\"x*\".result.secrets.npm-token",
            "unchanged",
            "withheld by results.max_bytes",
            "results.control",
        ),
        ("free", "unchanged", "unchanged", "unchanged", "unchanged"),
    ] {
        for (result, expected) in
            [(&npm, of_npm), (&jwt, of_jwt), (&long, of_long), (&control.to_owned(), of_control)]
        {
            assert_eq!(outcome(policy.result_rules(method), result), expected, "{method} {result}");
        }
    }
    let strictest = || policy.strictest_result_rules("tasks/get");
    assert_eq!(outcome(strictest(), &npm), "withheld by tools.\"x*\".result.secrets.npm-token");
    assert_eq!(outcome(strictest(), &jwt), "withheld by results.secrets.jwt");
    assert_eq!(outcome(strictest(), &long), "withheld by results.max_bytes");
}

#[test]
fn a_policy_that_asks_for_nothing_has_no_rules() {
    for text in ["", "[results]", "[results]\ncontrol = 'keep'\nsecrets = []\non_match = 'block'"] {
        let policy = Policy::from_toml(&format!("allowed_methods = ['m']\n{text}"), "p.toml").unwrap();
        assert!(policy.result_rules("m").is_none(), "{text}");
        assert!(!policy.has_result_rules());
    }
}

#[test]
fn a_table_that_would_do_nothing_or_everything_is_refused() {
    for (text, place, reason) in [
        ("secrets = ['github']", "results.secrets", "unknown secret `github`"),
        ("secrets = 'all'", "results.secrets", "expected an array"),
        ("max_bytes = 0", "results.max_bytes", "all would be withheld"),
        ("patterns = { a = 'x*' }", "results.patterns.a", "matches the empty text"),
        ("patterns = { a = '[a&&b]' }", "results.patterns.a", "can never match"),
        ("patterns = { a = '(' }", "results.patterns.a", "not a regular expression"),
        ("patterns = { a = 'a{1000}{1000}' }", "results.patterns.a", "takes more than"),
        ("patterns = { 'a]' = 'x' }", "results.patterns.\"a]\"", "can't be the name"),
        ("patterns = ['x']", "results.patterns", "expected a table"),
        ("control = 'escape'", "results.control", "unknown value `escape`"),
        ("on_match = 'drop'", "results.on_match", "unknown value `drop`"),
        ("secret = ['all']", "results.secret", "unknown key `secret`"),
    ] {
        let error =
            Policy::from_toml(&format!("allowed_methods = ['m']\n[results]\n{text}"), "p.toml").unwrap_err();
        let said = error.diagnostics().iter().any(|one| one.place == place && one.message.contains(reason));
        assert!(said, "{text}: {error}");
    }
}

fn any_secret() -> impl Strategy<Value = String> {
    let all: Vec<String> =
        SAMPLES.iter().flat_map(|sample| sample.secrets).map(|parts| parts.concat()).collect();
    prop::sample::select(all)
}

/// Values with and without secrets in them, keys too.
fn any_result() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        3 => "[ -~é\n\u{1b}\u{9b}\u{202e}]{0,12}",
        1 => any_secret(),
        1 => (any_secret(), any_secret()).prop_map(|(one, other)| format!("{one} {other}\n\"{one}\"")),
    ];
    let leaf = prop_oneof![
        text.clone().prop_map(Value::String),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((text.clone(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn texts(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            out.insert(text.clone());
        }
        Value::Array(elements) => elements.iter().for_each(|element| texts(element, out)),
        Value::Object(members) => {
            for (key, member) in members {
                out.insert(key.clone());
                texts(member, out);
            }
        }
        _ => {}
    }
}

/// Rules that look for every kind, with control characters and without.
static EVERY_KIND: LazyLock<[ResultRules; 2]> = LazyLock::new(|| {
    ["keep", "strip"]
        .map(|control| rules(&format!("secrets = ['all', 'card-number']\ncontrol = '{control}'")))
});

/// Rules that find nothing.
static NOTHING: LazyLock<ResultRules> = LazyLock::new(|| rules("patterns = { never = '\u{e000}never' }"));

proptest! {
    #[test]
    fn no_secret_survives_wherever_it_stands(value in any_result(), strips in any::<bool>()) {
        let rules = &EVERY_KIND[usize::from(strips)];
        let result = value.to_string();
        let text = match rules.review(&result, None) {
            Review::Unchanged => result,
            Review::Rewritten { text, .. } => {
                prop_assert_ne!(&text, &result);
                // Once is enough.
                prop_assert_eq!(rules.review(&text, None), Review::Unchanged);
                text
            }
            // Two keys have become one.
            Review::Withheld(decision) => {
                prop_assert_eq!(decision.rule, "results.unreadable");
                return Ok(());
            }
        };
        let left: Value = serde_json::from_str(&text).unwrap();
        let mut found = BTreeSet::new();
        texts(&left, &mut found);
        for sample in SAMPLES {
            for parts in sample.secrets {
                let secret = parts.concat();
                prop_assert!(!found.iter().any(|text| text.contains(&secret)), "{} is left in {}", secret, text);
            }
        }
    }

    #[test]
    fn a_result_without_anything_is_not_touched(value in any_result()) {
        let rules = &*NOTHING;
        prop_assert_eq!(rules.review(&value.to_string(), None), Review::Unchanged);
    }

    #[test]
    fn any_bytes_are_reviewed(text in any::<String>(), secret in any_secret()) {
        let rules = &EVERY_KIND[1];
        let _ = rules.review(&text, Some("x"));
        let _ = rules.review(&format!("[\"{text}{secret}"), None);
    }
}
