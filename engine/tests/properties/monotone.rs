//! Saying more against a call never lets it through.

use argala_engine::Verdict;
use proptest::prelude::*;

use crate::arguments::any_arguments;
use crate::policies::{METHODS, Toml, any_deny, any_pattern, any_policy, table, text};

proptest! {
    #[test]
    fn one_more_rule_that_denies_never_allows_more(
        policy in any_policy(),
        rule in any_deny(),
        patterns in prop::collection::vec(any_pattern(), 1..3),
        method in prop::sample::select(METHODS.to_vec()),
        arguments in any_arguments(),
    ) {
        let mut stricter = policy.clone();
        match stricter.get_mut("deny") {
            Some(Toml::List(rules)) => rules.push(rule),
            _ => unreachable!("a policy of this module always has the list"),
        }
        let mut strictest = stricter.clone();
        if let Some(Toml::List(denied)) = strictest.get_mut("denied_patterns") {
            denied.extend(patterns.iter().map(|pattern| text(pattern)));
        }
        let arguments = arguments.to_string();
        let freedoms =
            [&policy, &stricter, &strictest].map(|policy| freedom(policy, method, &arguments));
        prop_assert!(freedoms.is_sorted_by(|before, after| before >= after), "{:?} {}", freedoms, arguments);
    }

    #[test]
    fn a_narrower_policy_never_allows_more(
        policy in any_policy(),
        method in prop::sample::select(METHODS.to_vec()),
        arguments in any_arguments(),
    ) {
        let arguments = arguments.to_string();
        let before = freedom(&policy, method, &arguments);
        for narrower in narrowings(&policy) {
            let after = freedom(&narrower, method, &arguments);
            prop_assert!(after <= before, "{} by\n{}\nand {}", arguments, policy.text(), narrower.text());
        }
    }
}

/// How free a call is: 0 denied, 1 to be asked about, 2 allowed.
fn freedom(policy: &Toml, method: &str, arguments: &str) -> u8 {
    match policy.load().judge(method, arguments.as_bytes()).verdict {
        Verdict::Deny => 0,
        Verdict::Ask => 1,
        Verdict::Allow => 2,
    }
}

/// A policy with one thing narrowed, in every way that this test knows.
fn narrowings(policy: &Toml) -> Vec<Toml> {
    let mut narrower = Vec::new();
    let mut change = |change: &dyn Fn(&mut Toml)| {
        let mut copy = policy.clone();
        change(&mut copy);
        narrower.push(copy);
    };
    change(&|policy| {
        if let Some(Toml::List(methods)) = policy.get_mut("allowed_methods") {
            methods.pop();
        }
    });
    change(&|policy| policy.set("limits", table([("max_bytes", Toml::Bare("6".into()))])));
    change(&|policy| {
        policy.set(
            "limits",
            table([("max_depth", Toml::Bare("1".into())), ("max_nodes", Toml::Bare("3".into()))]),
        )
    });
    for (tool, arguments) in names(policy) {
        let at = |policy: &mut Toml, change: &dyn Fn(&mut Toml)| {
            change(policy.get_mut("tools").unwrap().get_mut(&tool).unwrap());
        };
        change(&|policy| at(policy, &|tool| tool.set("decision", text("ask"))));
        change(&|policy| at(policy, &|tool| tool.set("decision", text("deny"))));
        change(&|policy| at(policy, &|tool| tool.set("extra_args", text("deny"))));
        for argument in &arguments {
            for (key, value) in NARROWER {
                change(&|policy| {
                    at(policy, &|tool| {
                        let constraint = tool.get_mut("args").unwrap().get_mut(argument).unwrap();
                        narrow(constraint, argument, key, value);
                    });
                });
            }
        }
    }
    narrower
}

const NARROWER: [(&str, &str); 9] = [
    ("required", "true"),
    ("type", "string"),
    ("max_len", "1"),
    ("one_of", "[\"a\", \"b\"]"),
    ("pattern", "\"a*\""),
    ("max", "60"),
    ("min", "40"),
    ("max_items", "1"),
    ("items", "{ type = \"boolean\" }"),
];

/// Narrows one constraint, where the key belongs to its type.
fn narrow(constraint: &mut Toml, argument: &str, key: &str, value: &str) {
    let name = constraint.get_mut("type").cloned();
    let had = |constraint: &mut Toml, key: &str| match constraint.get_mut(key) {
        Some(Toml::Bare(number)) => number.parse::<i64>().ok(),
        _ => None,
    };
    let new = value.parse::<i64>().ok();
    let fits = match (key, name) {
        ("required", _) => !argument.contains('*'),
        ("type", Some(Toml::Text(name))) => {
            if name == "any" {
                constraint.set("type", text(value));
            }
            false
        }
        ("max_len", Some(Toml::Text(name))) => name == "string" && had(constraint, key) >= new,
        ("one_of" | "pattern", Some(Toml::Text(name))) => {
            name == "string" && constraint.get_mut(key).is_none()
        }
        ("max", Some(Toml::Text(name))) => {
            (name == "integer" || name == "number") && had(constraint, key) > new
        }
        ("min", Some(Toml::Text(name))) => {
            (name == "integer" || name == "number") && had(constraint, key) < new
        }
        ("max_items", Some(Toml::Text(name))) => name == "array" && had(constraint, key) > new,
        ("items", Some(Toml::Text(name))) => {
            name == "array" && constraint.get_mut(key) == Some(&mut table([("type", text("any"))]))
        }
        _ => false,
    };
    if fits {
        constraint.set(key, Toml::Bare(value.to_owned()));
    }
}

/// The tools of a policy and the arguments that each lists.
fn names(policy: &Toml) -> Vec<(String, Vec<String>)> {
    fn keys(value: Option<&mut Toml>) -> Vec<String> {
        match value {
            Some(Toml::Table(members)) => members.iter().map(|(key, _)| key.clone()).collect(),
            _ => Vec::new(),
        }
    }
    let mut policy = policy.clone();
    let Some(tools) = policy.get_mut("tools") else { return Vec::new() };
    let names = keys(Some(tools));
    names
        .into_iter()
        .map(|name| (name.clone(), keys(tools.get_mut(&name).and_then(|tool| tool.get_mut("args")))))
        .collect()
}
