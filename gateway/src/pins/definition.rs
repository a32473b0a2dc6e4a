//! A tool as its server describes it: all that a host or a model reads of it.

use super::hidden;
use super::pin::Pin;
use super::value::Value;

/// Members of `_meta` that belong to the protocol (basic, "`_meta`"): they say how something was sent, not what it is.
const PROTOCOLS_OWN: &str = "io.modelcontextprotocol/";

/// A tool's definition, as far as anyone wants to know of it.
#[derive(Debug)]
pub(crate) struct Definition {
    /// The server's own name of the tool.
    pub(crate) name: String,
    /// All of it, where tools are pinned; or why it can't be read.
    pub(crate) pin: Option<Result<Pin, String>>,
    /// The text in it that nobody would see, where that is looked for.
    pub(crate) hidden: Option<String>,
    /// How long it is.
    pub(crate) bytes: usize,
}

/// What of a definition is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) pin: bool,
    pub(crate) hidden: bool,
}

impl Definition {
    /// Reads an entry of a `tools/list`.
    pub(crate) fn read(name: &str, entry: &str, wanted: Wanted) -> Self {
        Self {
            name: name.to_owned(),
            pin: wanted.pin.then(|| Value::read(entry).map(|value| Pin::of(&without_protocols_own(value)))),
            hidden: wanted.hidden.then(|| hidden::in_entry(name, entry)).flatten(),
            bytes: entry.len(),
        }
    }
}

fn without_protocols_own(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value
        && let Some(Value::Object(meta)) = members.get_mut("_meta")
    {
        meta.retain(|key, _| !key.starts_with(PROTOCOLS_OWN));
        if meta.is_empty() {
            members.remove("_meta");
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::{Definition, Wanted};

    #[test]
    fn all_of_an_entry_counts_but_what_the_protocol_says_of_its_sending() {
        let wanted = Wanted { pin: true, hidden: false };
        let hash = |entry: &str| Definition::read("t", entry, wanted).pin.unwrap().unwrap().hash();
        let plain = hash(r#"{"name":"t"}"#);
        assert_eq!(hash(r#"{"name":"t","_meta":{"io.modelcontextprotocol/trace":"1"}}"#), plain);
        for other in [
            r#"{"name":"t","_meta":{"openai/outputTemplate":"ui://x"}}"#,
            r#"{"name":"t","title":"T"}"#,
            r#"{"name":"t","description":"d"}"#,
            r#"{"name":"t","inputSchema":{"type":"object"}}"#,
            r#"{"name":"t","outputSchema":{"type":"object"}}"#,
            r#"{"name":"t","annotations":{"readOnlyHint":true}}"#,
            r#"{"name":"t","icons":[]}"#,
            r#"{"name":"t","x-vendor":1}"#,
        ] {
            assert_ne!(hash(other), plain, "{other}");
        }
    }
}
