//! Neither the order in a policy nor the spelling of a call's JSON text matters.

use proptest::prelude::*;
use serde_json::Value;

use crate::arguments::any_arguments;
use crate::policies::{METHODS, any_policy};

proptest! {
    #[test]
    fn a_policy_in_another_order_is_the_same_policy(
        policy in any_policy(),
        calls in prop::collection::vec((prop::sample::select(METHODS.to_vec()), any_arguments()), 4),
        mut seed in any::<u64>(),
    ) {
        let mut shuffled = policy.clone();
        shuffled.shuffle(&mut seed);
        let (one, other) = (policy.load(), shuffled.load());
        prop_assert_eq!(one.identity(), other.identity());
        for (method, arguments) in calls {
            let text = arguments.to_string();
            let decisions = [&one, &other].map(|policy| {
                serde_json::to_string(&policy.judge(method, text.as_bytes())).unwrap()
            });
            prop_assert_eq!(&decisions[0], &decisions[1], "{}\n{}\n{}", text, policy.text(), shuffled.text());
        }
    }

    #[test]
    fn a_call_in_another_spelling_is_the_same_call(
        policy in any_policy(),
        method in prop::sample::select(METHODS.to_vec()),
        arguments in any_arguments(),
    ) {
        let policy = policy.load();
        let plain = arguments.to_string();
        let decision = policy.judge(method, plain.as_bytes());
        for text in [serde_json::to_string_pretty(&arguments).unwrap(), escaped(&arguments)] {
            prop_assert_eq!(&policy.judge(method, text.as_bytes()), &decision, "{}", text);
        }
    }
}

/// JSON text in which every character of every string is a `\u` escape, with white space wherever it may stand.
fn escaped(value: &Value) -> String {
    let string = |text: &str| {
        let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        format!("\"{units}\"")
    };
    match value {
        Value::String(text) => string(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(escaped).collect();
            format!("\r[ {}\n]\t", items.join(" ,\n"))
        }
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(key, member)| format!("{}\t: {}", string(key), escaped(member)))
                .collect();
            format!(" {{\n{} }}\r\n", members.join("\t,"))
        }
        other => other.to_string(),
    }
}

#[test]
fn a_pattern_listed_in_two_cases_is_reported_alike_in_either_order() {
    let judge = |patterns: &str| {
        let text = format!("allowed_methods = [\"m\"]\ndenied_patterns = [{patterns}]");
        let policy = argala_engine::Policy::from_toml(&text, "p.toml").unwrap();
        policy.judge("m", br#"{"q": "drop drop"}"#)
    };
    assert_eq!(judge(r#""DROP", "drop", "Drop""#), judge(r#""Drop", "drop", "DROP", "drop""#));
}

#[test]
fn a_rule_that_stands_twice_is_reported_once() {
    let rule = "[[deny]]\npatterns = [\"x\"]\n";
    let judge = |rules: &str| {
        let text = format!("allowed_methods = [\"m\"]\n{rules}");
        argala_engine::Policy::from_toml(&text, "p.toml").unwrap().judge("m", br#"{"q": "x"}"#)
    };
    assert_eq!(judge(&rule.repeat(2)), judge(rule));
}
