//! Arguments without what they say: their shape, for a log that isn't to hold values.

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// The arguments with kinds and lengths in the place of texts and numbers; None where they are nested too deeply.
///
/// Keys stay: they are names that the tool knows, or else what the policy has to say about.
pub(super) fn redacted(arguments: &str) -> Option<Box<RawValue>> {
    let mut value = serde_json::from_str(arguments).ok()?;
    redact(&mut value);
    to_raw_value(&value).ok()
}

/// Goes as deep as `serde_json` has read: 128 levels.
fn redact(value: &mut Value) {
    match value {
        Value::String(text) => *text = format!("<{} characters>", text.chars().count()),
        Value::Number(_) => *value = "<number>".into(),
        Value::Array(elements) => elements.iter_mut().for_each(redact),
        Value::Object(members) => members.values_mut().for_each(redact),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn nothing_but_the_shape_is_left() {
        let arguments =
            r#"{"to":"ada@example.org","amount":12.50,"note":null,"now":true,"tags":["é",{"x":1}]}"#;
        let shape = r#"{"amount":"<number>","note":null,"now":true,"tags":["<1 characters>",{"x":"<number>"}],"to":"<15 characters>"}"#;
        assert_eq!(redacted(arguments).unwrap().get(), shape);
    }

    #[test]
    fn what_is_nested_too_deeply_is_not_kept() {
        let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
        assert!(redacted(&deep).is_none());
    }
}
