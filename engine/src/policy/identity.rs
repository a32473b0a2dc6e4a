//! A policy's identity: the SHA-256 of its canonical form.
//!
//! The canonical form is JSON with the keys of each table and the elements of each array sorted: in a policy every array
//! is a set. So comments, spelling and order don't change the identity, and nothing else can change without it.

use std::fmt::Write as _;

use argala_json::quote;
use sha2::{Digest, Sha256};

use super::node::{Node, Value};
use crate::decimal::Decimal;

/// `sha256:` and 64 hexadecimal digits.
pub(crate) fn of(policy: &Node) -> String {
    // The version says how the file is read, not what it allows, and may be left out.
    let digest = Sha256::digest(canonical(policy, &["version"]).as_bytes());
    digest.iter().fold("sha256:".to_owned(), |mut identity, byte| {
        let _ = write!(identity, "{byte:02x}");
        identity
    })
}

/// The canonical form without these keys, which are those of the node itself and not of what lies inside.
fn canonical(node: &Node, without: &[&str]) -> String {
    match &node.value {
        Value::String(text) => quoted(text),
        // By value: a Python policy writes 1e2 as 100.0.
        Value::Integer(text) | Value::Float(text) => match Decimal::parse(text) {
            Some(number) => number.to_string(),
            None => text.clone(),
        },
        Value::Boolean(value) => value.to_string(),
        Value::Other(kind) => quoted(kind),
        Value::Array(items) => {
            let mut items: Vec<String> = items.iter().map(|item| canonical(item, &[])).collect();
            items.sort();
            items.dedup();
            format!("[{}]", items.join(","))
        }
        Value::Table(entries) => {
            let mut members: Vec<String> = entries
                .iter()
                .filter(|entry| !without.contains(&entry.key.as_str()))
                .map(|entry| format!("{}:{}", quoted(&entry.key), canonical(&entry.node, &[])))
                .collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    quote(text, &mut out);
    out
}
