//! Policies: a tree that can be written as TOML, in any order of its tables and arrays.

use std::fmt;

use argala_engine::Policy;
use proptest::prelude::*;

/// The methods that calls are made of, some of them named by no policy.
pub(crate) const METHODS: [&str; 4] = ["m", "db__read", "db__write", "other"];

/// A value of a policy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Toml {
    Text(String),
    /// A number or a boolean.
    Bare(String),
    List(Vec<Toml>),
    Table(Vec<(String, Toml)>),
}

impl Toml {
    /// The member of a table.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Toml> {
        match self {
            Self::Table(members) => members.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Sets the member of a table.
    pub(crate) fn set(&mut self, key: &str, value: Toml) {
        match (self.get_mut(key).is_some(), self) {
            (true, table) => *table.get_mut(key).unwrap() = value,
            (false, Self::Table(members)) => members.push((key.to_owned(), value)),
            (false, _) => panic!("not a table"),
        }
    }

    /// Puts every table and array into another order.
    pub(crate) fn shuffle(&mut self, seed: &mut u64) {
        match self {
            Self::List(items) => {
                items.iter_mut().for_each(|item| item.shuffle(seed));
                shuffle(items, seed);
            }
            Self::Table(members) => {
                members.iter_mut().for_each(|(_, value)| value.shuffle(seed));
                shuffle(members, seed);
            }
            _ => {}
        }
    }

    /// The text of a policy whose top level this is.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Table(members) => {
                members.iter().map(|(key, value)| format!("{} = {value}\n", quoted(key))).collect()
            }
            other => other.to_string(),
        }
    }

    pub(crate) fn load(&self) -> Policy {
        let text = self.text();
        Policy::from_toml(&text, "p.toml").unwrap_or_else(|error| panic!("{text}\n{error}"))
    }
}

impl fmt::Display for Toml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", quoted(text)),
            Self::Bare(word) => write!(f, "{word}"),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(Self::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Table(members) => {
                let members: Vec<_> =
                    members.iter().map(|(key, value)| format!("{} = {value}", quoted(key))).collect();
                write!(f, "{{ {} }}", members.join(", "))
            }
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn shuffle<T>(items: &mut [T], seed: &mut u64) {
    for last in (1..items.len()).rev() {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(*seed >> 33).unwrap() % (last + 1);
        items.swap(last, other);
    }
}

pub(crate) fn text(word: &str) -> Toml {
    Toml::Text(word.to_owned())
}

pub(crate) fn texts<S: AsRef<str>>(words: &[S]) -> Toml {
    Toml::List(words.iter().map(|word| text(word.as_ref())).collect())
}

pub(crate) fn table<const N: usize>(members: [(&str, Toml); N]) -> Toml {
    Toml::Table(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// A policy that allows every method and has these patterns as its one rule.
pub(crate) fn denying(patterns: &[String], mode: &str) -> Toml {
    let rule = table([("id", text("rule")), ("patterns", texts(patterns)), ("match", text(mode))]);
    table([("allowed_methods", texts(&["*"])), ("deny", Toml::List(vec![rule]))])
}

/// A pattern that often stands in the texts of [`arguments`](super::arguments).
pub(crate) fn any_pattern() -> impl Strategy<Value = String> {
    "[abAB1_ é.]{1,3}"
}

/// A `[[deny]]` without an id.
pub(crate) fn any_deny() -> impl Strategy<Value = Toml> {
    (
        prop::collection::vec(any_pattern(), 1..4),
        prop::option::of(prop::sample::select(vec!["substring", "word", "regex"])),
        prop::option::of(prop::collection::vec(any_method(), 1..3)),
        prop::option::of(prop::collection::vec(any_reach(), 1..3)),
    )
        .prop_map(|(patterns, mode, methods, args)| {
            let mut rule = table([("patterns", texts(&patterns))]);
            for (key, value) in [
                ("match", mode.map(text)),
                ("methods", methods.map(|methods| texts(&methods))),
                ("args", args.map(|args| texts(&args))),
            ] {
                value.into_iter().for_each(|value| rule.set(key, value));
            }
            rule
        })
}

/// A whole policy.
pub(crate) fn any_policy() -> impl Strategy<Value = Toml> {
    (
        prop::collection::vec(any_method(), 0..3),
        prop::option::of(prop::collection::vec(any_pattern(), 0..2)),
        prop::collection::vec(any_deny(), 0..3),
        prop::collection::btree_map(any_method(), any_tool(), 0..3),
        any::<bool>(),
    )
        .prop_map(|(allowed, denied, denies, tools, bounded)| {
            let mut policy = table([("allowed_methods", texts(&allowed))]);
            denied.into_iter().for_each(|denied| policy.set("denied_patterns", texts(&denied)));
            let named = denies.into_iter().enumerate().map(|(index, mut rule)| {
                if index > 0 {
                    rule.set("id", text(&format!("rule-{index}")));
                }
                rule
            });
            policy.set("deny", Toml::List(named.collect()));
            let tools = tools.into_iter().map(|(name, tool)| (name.to_owned(), tool));
            policy.set("tools", Toml::Table(tools.collect()));
            if bounded {
                let bounds = [("max_bytes", 60), ("max_depth", 4), ("max_nodes", 20)];
                policy.set("limits", table(bounds.map(|(key, most)| (key, Toml::Bare(most.to_string())))));
            }
            policy
        })
}

fn any_method() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["m", "db__read", "db__*", "*", "*e*"])
}

pub(crate) fn any_reach() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "*", "/a/b", "/a/*", "/*/0", "/b/0/a"])
}

fn any_tool() -> impl Strategy<Value = Toml> {
    (
        prop::option::weighted(0.3, prop::sample::select(vec!["allow", "ask"])),
        prop::option::of(prop::sample::select(vec!["allow", "deny"])),
        prop::collection::btree_map(any_reach(), any_constraint(), 0..3),
    )
        .prop_map(|(decision, extra, arguments)| {
            let arguments = arguments.into_iter().map(|(name, constraint)| (name.to_owned(), constraint));
            let mut tool = table([("args", Toml::Table(arguments.collect()))]);
            decision.into_iter().for_each(|decision| tool.set("decision", text(decision)));
            extra.into_iter().for_each(|extra| tool.set("extra_args", text(extra)));
            tool
        })
}

fn any_constraint() -> impl Strategy<Value = Toml> {
    let plain =
        prop::sample::select(vec!["any", "boolean", "object"]).prop_map(|name| table([("type", text(name))]));
    let string =
        (prop::option::of(0..6_usize), prop::option::of(Just("[ab1]*|é.*"))).prop_map(|(most, shape)| {
            let mut constraint = table([("type", text("string"))]);
            most.into_iter().for_each(|most| constraint.set("max_len", Toml::Bare(most.to_string())));
            shape.into_iter().for_each(|shape| constraint.set("pattern", text(shape)));
            constraint
        });
    let number =
        (prop::sample::select(vec!["integer", "number"]), prop::option::of(-30..50_i64), 50..150_i64)
            .prop_map(|(name, min, max)| {
                let mut constraint = table([("type", text(name)), ("max", Toml::Bare(max.to_string()))]);
                min.into_iter().for_each(|min| constraint.set("min", Toml::Bare(min.to_string())));
                constraint
            });
    let scalar = prop_oneof![3 => plain, 2 => string, 2 => number];
    let array = (scalar.clone(), 0..4_usize).prop_map(|(items, most)| {
        table([("type", text("array")), ("items", items), ("max_items", Toml::Bare(most.to_string()))])
    });
    prop_oneof![4 => scalar, 1 => array]
}
