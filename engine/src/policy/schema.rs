//! The JSON Schema (draft 2020-12) of a policy, made from what the loader knows, so that editors complete and check it.

use serde_json::{Map, Value, json};

use super::keys::{Key, Takes};
use super::rules::{BUDGET_KEYS, DENY_KEYS, LIMITS_KEYS, POLICY_KEYS, RESULT_KEYS, TOOL_KEYS};
use crate::constraint::{TYPES, Type};

/// The schema of a policy file, as JSON text that ends with a newline.
#[must_use]
pub fn schema() -> String {
    let mut policy = table(POLICY_KEYS);
    merge(&mut policy, "limits", json!({ "$ref": "#/$defs/limits" }));
    merge(&mut policy, "results", json!({ "$ref": "#/$defs/result" }));
    merge(&mut policy, "deny", json!({ "type": "array", "items": { "$ref": "#/$defs/deny" } }));
    merge(&mut policy, "budget", json!({ "type": "array", "items": { "$ref": "#/$defs/budget" } }));
    merge(
        &mut policy,
        "tools",
        json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/tool" } }),
    );
    let mut tool = table(TOOL_KEYS);
    merge(
        &mut tool,
        "args",
        json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/argument" } }),
    );
    merge(&mut tool, "result", json!({ "$ref": "#/$defs/result" }));
    let mut result = table(RESULT_KEYS);
    merge(&mut result, "patterns", json!({ "type": "object", "additionalProperties": { "type": "string" } }));
    let mut deny = table(DENY_KEYS);
    insert(&mut deny, "required", json!(["patterns"]));
    let mut budget = table(BUDGET_KEYS);
    insert(&mut budget, "required", json!(["id", "per"]));
    insert(
        &mut budget,
        "oneOf",
        json!([
            { "required": ["calls"], "not": { "anyOf": [{ "required": ["sum"] }, { "required": ["max"] }] } },
            { "required": ["sum", "max"], "not": { "required": ["calls"] } },
        ]),
    );
    let required = Key {
        name: "required",
        takes: Takes::Boolean,
        about: "Whether a call without it is denied. Default: false.",
    };
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Argala policy",
        "description": "What the tools of an AI agent may be called with.",
    });
    merge_all(&mut schema, policy);
    insert(
        &mut schema,
        "$defs",
        json!({
            "budget": budget,
            "deny": deny,
            "tool": tool,
            "limits": table(LIMITS_KEYS),
            "result": result,
            "argument": one_of(&[required]),
            "constraint": one_of(&[]),
        }),
    );
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// A table that holds these keys and no others.
fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().map(|key| (key.name.to_owned(), value_of(key))).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// A constraint of any type, with its type's keys and these.
fn one_of(more: &[Key]) -> Value {
    let of_type = |known: &Type| {
        let keys: Vec<Key> = known.keys.iter().chain(more).copied().collect();
        let mut schema = table(&keys);
        let name = json!({ "const": known.name, "description": known.about });
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("type".to_owned(), name);
        }
        insert(&mut schema, "title", json!(known.name));
        insert(&mut schema, "description", json!(known.about));
        insert(&mut schema, "required", json!(["type"]));
        schema
    };
    json!({ "oneOf": TYPES.iter().map(of_type).collect::<Vec<_>>() })
}

fn value_of(key: &Key) -> Value {
    let mut schema = match key.takes {
        Takes::Version => json!({ "const": 1 }),
        Takes::Boolean => json!({ "type": "boolean" }),
        Takes::Count => json!({ "type": "integer", "minimum": 0 }),
        Takes::Number => json!({ "type": "number" }),
        Takes::Numbers => json!({ "type": "array", "items": { "type": "number" } }),
        Takes::Text => json!({ "type": "string" }),
        Takes::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Takes::OneOf(words) => json!({ "enum": words }),
        Takes::SomeOf(words) => json!({ "type": "array", "items": { "enum": words } }),
        Takes::Constraint => json!({ "$ref": "#/$defs/constraint" }),
        Takes::Table => json!({}),
    };
    insert(&mut schema, "description", json!(key.about));
    schema
}

/// Adds to what a schema says of one property.
fn merge(schema: &mut Value, property: &str, more: Value) {
    if let Some(known) = schema.get_mut("properties").and_then(|properties| properties.get_mut(property)) {
        merge_all(known, more);
    }
}

fn merge_all(schema: &mut Value, more: Value) {
    if let (Value::Object(schema), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}

fn insert(schema: &mut Value, key: &str, value: Value) {
    if let Value::Object(schema) = schema {
        schema.insert(key.to_owned(), value);
    }
}
