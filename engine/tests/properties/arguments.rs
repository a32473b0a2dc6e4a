//! Arguments of calls, out of a small alphabet, so that they often meet the policies.

use proptest::prelude::*;
use serde_json::{Map, Value};

/// Keys and texts share their letters with the patterns of [`policies`](super::policies).
pub(crate) const LETTERS: &str = "[abAB1_ é.]{0,6}";

/// One value, nested a few levels deep.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Into::into),
        3 => (-20..120_i64).prop_map(Into::into),
        1 => (-2.0..2.0_f64).prop_map(Into::into),
        5 => LETTERS.prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(any_key(), inner, 0..4).prop_map(object),
        ]
    })
}

/// An arguments object.
pub(crate) fn any_arguments() -> impl Strategy<Value = Value> {
    prop::collection::btree_map(any_key(), any_value(), 0..5).prop_map(object)
}

fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "q", "0"]).prop_map(str::to_owned),
        1 => "[abAB1_ é.~/]{0,3}",
    ]
}

fn object(members: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(members.into_iter().collect::<Map<_, _>>())
}

/// A text in a call: a key, a string or a number, where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) pointer: String,
    pub(crate) is_key: bool,
    pub(crate) text: String,
}

/// Every text of a value, by the plainest walk there is.
pub(crate) fn leaves(value: &Value) -> Vec<Leaf> {
    let mut found = Vec::new();
    walk(value, "", &mut found);
    found
}

fn walk(value: &Value, pointer: &str, found: &mut Vec<Leaf>) {
    let leaf = |pointer: &str, is_key, text: String| Leaf { pointer: pointer.to_owned(), is_key, text };
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => found.push(leaf(pointer, false, number.to_string())),
        Value::String(text) => found.push(leaf(pointer, false, text.clone())),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{pointer}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                found.push(leaf(&pointer, true, key.clone()));
                walk(member, &pointer, found);
            }
        }
    }
}
