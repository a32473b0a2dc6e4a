//! What the gateway says of itself where no single server's words can pass: it stands for several, or for one of the
//! other era, or for one that isn't there yet.

use argala_wire::{Era, legacy, modern};
use serde_json::{Map, Value, json};

use super::Session;
use super::caching::Caching;
use super::downstream::{Downstream, State};

/// What several servers have said of themselves, taken together.
struct Merged {
    capabilities: Map<String, Value>,
    instructions: Option<String>,
    info: Value,
    /// The newest legacy revision that any of them speaks.
    version: Option<&'static str>,
    caching: Caching,
}

impl Session {
    /// The result of `initialize`.
    pub(super) fn introduction(&self) -> String {
        let merged = self.merged();
        let version = merged.version.or(self.opening.asked()).unwrap_or(legacy::LATEST);
        let mut result = json!({
            "protocolVersion": version,
            "capabilities": merged.capabilities,
            "serverInfo": merged.info,
        });
        insert(&mut result, "instructions", merged.instructions.map(Value::String));
        result.to_string()
    }

    /// The result of `server/discover`.
    pub(super) fn discovery(&self) -> String {
        let merged = self.merged();
        let versions: Vec<&str> =
            modern::VERSIONS.into_iter().rev().chain(legacy::VERSIONS.into_iter().rev()).collect();
        let mut result = json!({
            "resultType": modern::COMPLETE,
            "supportedVersions": versions,
            "capabilities": merged.capabilities,
            "_meta": {modern::SERVER_INFO: merged.info},
        });
        insert(&mut result, "instructions", merged.instructions.map(Value::String));
        for (name, value) in merged.caching.members() {
            insert(&mut result, name, serde_json::from_str(&value).ok());
        }
        result.to_string()
    }

    fn merged(&self) -> Merged {
        let mut capabilities = Map::new();
        let mut instructions = String::new();
        let mut info = None;
        let mut version = None;
        let mut caching = Caching::ANY;
        let mut all_ready = true;
        for downstream in &self.downstreams {
            let Some(said) = introduction(downstream) else {
                all_ready = false;
                caching = Caching::NONE;
                continue;
            };
            if let Some(Value::Object(offered)) = said.get("capabilities") {
                merge(&mut capabilities, offered);
            }
            if let Some(text) = said.get("instructions").and_then(Value::as_str) {
                if self.is_federated() {
                    instructions.push_str(&format!("# {}\n", downstream.name));
                }
                instructions.push_str(&format!("{text}\n\n"));
            }
            let own = said.get("serverInfo").or_else(|| said.get("_meta")?.get(modern::SERVER_INFO));
            info = info.or_else(|| own.cloned());
            let theirs = said.get("protocolVersion").and_then(Value::as_str);
            version = version
                .max(theirs.and_then(|theirs| legacy::VERSIONS.iter().position(|known| *known == theirs)));
            let introduction = downstream.introduction.as_deref().unwrap_or_default();
            caching = caching.and(match downstream.era {
                Some(Era::Modern) => Caching::read(introduction),
                _ => Caching::NONE,
            });
        }
        // Tasks are another thing in each era, and so they can't be handed from one to the other.
        if self.era() == Era::Modern {
            capabilities.remove("tasks");
        }
        // A host learns of capabilities once: what a server that isn't ready may offer is offered in its place. And that a
        // server comes or goes is a change of lists, too.
        if self.is_federated() || !all_ready {
            let late: &[&str] = if all_ready { &[] } else { &["prompts", "resources"] };
            for list in late.iter().chain(["tools"].iter()) {
                let entry = capabilities.entry(*list).or_insert_with(|| json!({}));
                if let Value::Object(entry) = entry {
                    entry.insert("listChanged".to_owned(), Value::Bool(true));
                }
            }
        }
        let argala = || json!({"name": "argala", "version": env!("CARGO_PKG_VERSION")});
        Merged {
            capabilities,
            instructions: Some(instructions.trim_end().to_owned()).filter(|text| !text.is_empty()),
            info: info.filter(|_| !self.is_federated()).unwrap_or_else(argala),
            version: version.and_then(|index| legacy::VERSIONS.get(index).copied()),
            caching,
        }
    }
}

/// What a server that takes requests has said of itself.
fn introduction(downstream: &Downstream) -> Option<Map<String, Value>> {
    let said = downstream.introduction.as_deref().filter(|_| matches!(downstream.state, State::Ready(_)))?;
    serde_json::from_str(said).ok()
}

fn insert(result: &mut Value, name: &str, value: Option<Value>) {
    if let (Value::Object(result), Some(value)) = (result, value) {
        result.insert(name.to_owned(), value);
    }
}

/// Adds capabilities to those of other servers: one that any of them has, all of them have.
fn merge(merged: &mut Map<String, Value>, offered: &Map<String, Value>) {
    for (name, value) in offered {
        match (merged.get_mut(name), value) {
            (Some(Value::Object(known)), Value::Object(more)) => merge(known, more),
            (Some(Value::Bool(known)), Value::Bool(more)) => *known |= more,
            (Some(_), _) => {}
            (None, value) => {
                merged.insert(name.clone(), value.clone());
            }
        }
    }
}
