//! A policy's identity: what it means, and nothing else, makes it.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use argala_engine::Policy;
use argala_engine::policy::{Entry, Node, Value};

const POLICY: &str = r#"
allowed_methods = ["a", "b*"]
denied_patterns = ["DROP", "x\ty"]

[[deny]]
id = "one"
patterns = ["p", "q"]
match = "word"
methods = ["a"]
args = ["x", "/y/*"]

[[deny]]
patterns = ["r"]

[tools.version]
args.version = { type = "string", one_of = ["1", "2"], max_len = 3, pattern = "[a-z]+" }
args.amount = { type = "number", min = 0.5, max = 100, required = true }
args.list = { type = "array", max_items = 2, items = { type = "boolean" } }

[tools.pay]
decision = "ask"
extra_args = "allow"

[limits]
max_bytes = 1000
"#;

fn identity(text: &str) -> String {
    Policy::from_toml(text, "p.toml").unwrap_or_else(|error| unreachable!("{error}")).identity().to_owned()
}

#[test]
fn an_identity_is_a_sha256_in_hexadecimal_digits() {
    let identity = identity(POLICY);
    let digits = identity.strip_prefix("sha256:").unwrap();
    assert_eq!(digits.len(), 64);
    assert!(digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')));
}

#[test]
fn spelling_comments_and_order_do_not_change_it() {
    for (from, to) in [
        ("\n[tools.pay]", "\n# a comment\n\n  [tools.pay]  # another\n"),
        ("\nallowed_methods", "\nversion = 1\nallowed_methods"),
        ("[\"a\", \"b*\"]", "[ 'b*',\n  'a', ]"),
        ("\"x\\ty\"", "\"x\\u0009y\""),
        ("[\"p\", \"q\"]", "[\"q\", \"p\", \"p\"]"),
        ("[tools.version]\n", "[tools.\"version\"]\n"),
        ("max = 100, required = true", "required = true, max = 1_00"),
        ("max_bytes = 1000", "max_bytes = 0x3e8"),
        ("match = \"word\"\nmethods = [\"a\"]", "methods = [\"a\"]\nmatch = \"word\""),
    ] {
        assert!(POLICY.contains(from), "{from}");
        assert_eq!(identity(&POLICY.replacen(from, to, 1)), identity(POLICY), "{from} -> {to}");
    }
    let mut tables: Vec<&str> = POLICY.split("\n\n").skip(1).collect();
    tables.reverse();
    let head = POLICY.split("\n\n").next().unwrap();
    assert_eq!(identity(&format!("{head}\n{}", tables.join("\n"))), identity(POLICY));
}

#[test]
fn whatever_changes_what_is_allowed_changes_it() {
    let changes = [
        ("[\"a\", \"b*\"]", "[\"a\"]"),
        ("[\"a\", \"b*\"]", "[\"A\", \"b*\"]"),
        ("\"DROP\", ", ""),
        ("\"DROP\"", "\"drop\""),
        ("x\\ty", "x y"),
        ("id = \"one\"", "id = \"two\""),
        ("[\"p\", \"q\"]", "[\"pq\"]"),
        ("[\"p\", \"q\"]", "[\"p,q\"]"),
        ("[\"p\", \"q\"]", "['p\",\"q']"),
        ("match = \"word\"", "match = \"substring\""),
        ("methods = [\"a\"]", "methods = [\"b\"]"),
        ("methods = [\"a\"]\n", ""),
        ("\"/y/*\"", "\"/y/z\""),
        ("[[deny]]\npatterns = [\"r\"]\n", ""),
        ("[tools.version]", "[tools.versions]"),
        ("args.version", "args.versions"),
        (
            "args.version = { type = \"string\", one_of = [\"1\", \"2\"], max_len = 3, pattern = \"[a-z]+\" }\n",
            "",
        ),
        ("one_of = [\"1\", \"2\"]", "one_of = [\"1\"]"),
        ("max_len = 3", "max_len = 4"),
        ("[a-z]+", "[a-z]*"),
        ("min = 0.5", "min = 0.4"),
        ("max = 100", "max = 101"),
        ("required = true", "required = false"),
        (", required = true", ""),
        ("max_items = 2", "max_items = 3"),
        ("items = { type = \"boolean\" }", "items = { type = \"any\" }"),
        ("decision = \"ask\"", "decision = \"allow\""),
        ("extra_args = \"allow\"", "extra_args = \"deny\""),
        ("max_bytes = 1000", "max_bytes = 1001"),
        ("max_bytes = 1000", "max_nodes = 1000"),
    ];
    let mut seen = vec![("".to_owned(), identity(POLICY))];
    for (from, to) in changes {
        assert!(POLICY.contains(from), "{from}");
        seen.push((format!("{from} -> {to}"), identity(&POLICY.replacen(from, to, 1))));
    }
    for (index, (change, identity)) in seen.iter().enumerate() {
        let same = seen.iter().skip(index + 1).find(|(_, other)| other == identity);
        assert!(same.is_none(), "{change} and {same:?}");
    }
}

#[test]
fn a_tool_or_an_argument_named_version_is_part_of_it() {
    let without = "allowed_methods = [\"m\"]";
    let tool = "allowed_methods = [\"m\"]\n[tools.version]\ndecision = \"deny\"";
    let argument =
        "allowed_methods = [\"m\"]\n[tools.m]\nargs.version = { type = \"string\" }\nargs.x.type = \"any\"";
    let neither = "allowed_methods = [\"m\"]\n[tools.m]\nargs.x.type = \"any\"";
    assert_ne!(identity(without), identity(tool));
    assert_ne!(identity(argument), identity(neither));
}

#[test]
fn a_policy_that_a_program_built_has_the_identity_of_its_text() {
    let table: toml::Table = toml::from_str(POLICY).unwrap();
    let policy = Policy::from_node(&node(&toml::Value::Table(table)), "policy").unwrap();
    assert_eq!(policy.identity(), identity(POLICY));
    let text = Policy::from_toml(POLICY, "p.toml").unwrap();
    let arguments = br#"{"version": "ab1", "amount": 0.4}"#;
    assert_eq!(policy.judge("version", arguments), text.judge("version", arguments));
}

fn node(value: &toml::Value) -> Node {
    Node::new(match value {
        toml::Value::String(text) => Value::String(text.clone()),
        toml::Value::Integer(value) => Value::Integer(value.to_string()),
        toml::Value::Float(value) => Value::Float(value.to_string()),
        toml::Value::Boolean(value) => Value::Boolean(*value),
        toml::Value::Datetime(_) => Value::Other("a date or time"),
        toml::Value::Array(items) => Value::Array(items.iter().map(node).collect()),
        toml::Value::Table(table) => Value::Table(
            table
                .iter()
                .map(|(key, value)| Entry { key: key.clone(), key_span: None, node: node(value) })
                .collect(),
        ),
    })
}
