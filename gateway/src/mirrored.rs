//! Arguments that are mirrored in HTTP headers: `x-mcp-header` in a tool's schema, `Mcp-Param-…` with a call
//! (basic/transports/streamable-http, "Custom Headers from Tool Parameters").

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use argala_json::{Limits, Options, Outline};
use serde::Deserialize;
use serde_json::Value;

/// The annotation in a schema.
const ANNOTATION: &str = "x-mcp-header";
/// Past this many tools of a server no more are remembered.
const MAX_TOOLS: usize = 10_000;
/// Places of one schema that are looked at.
const MAX_PLACES: usize = 10_000;

/// An argument that goes into a header, too.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mirror {
    /// The names on the way to it.
    path: Vec<String>,
    /// The header's name behind `Mcp-Param-`.
    header: String,
    is_integer: bool,
}

/// What is known of a server's tools, to all sessions alike.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mirrored(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// None where the annotations of a tool are at fault.
    tools: HashMap<String, Option<Vec<Mirror>>>,
    is_listed: bool,
}

/// A list of tools, as far as it matters here.
#[derive(Deserialize)]
struct Listed {
    tools: Vec<Tool>,
}

#[derive(Deserialize)]
struct Tool {
    name: String,
    #[serde(rename = "inputSchema", default)]
    schema: Value,
}

impl Mirrored {
    /// Takes note of a list of tools: the `result` of a `tools/list`.
    pub(crate) fn learn(&self, server: &str, result: &str) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.is_listed = true;
        if memchr::memmem::find(result.as_bytes(), ANNOTATION.as_bytes()).is_none() && known.tools.is_empty()
        {
            return;
        }
        let Ok(listed) = serde_json::from_str::<Listed>(result) else { return };
        for tool in listed.tools {
            let mirrors = of_schema(&tool.schema);
            if let Err(reason) = &mirrors {
                tracing::warn!(server, "the tool `{}` is not offered: {reason}", tool.name);
            }
            let is_plain = mirrors.as_ref().is_ok_and(Vec::is_empty);
            if is_plain {
                known.tools.remove(&tool.name);
            } else if known.tools.len() < MAX_TOOLS {
                known.tools.insert(tool.name, mirrors.ok());
            }
        }
    }

    /// Whether the server's tools have been listed at all.
    pub(crate) fn is_listed(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_listed
    }

    /// Whether the annotations of a tool are at fault: a client that speaks HTTP must not offer it.
    pub(crate) fn is_faulty(&self, tool: &str) -> bool {
        matches!(self.0.read().unwrap_or_else(PoisonError::into_inner).tools.get(tool), Some(None))
    }

    /// The headers that go with a call, with values before they are encoded.
    pub(crate) fn headers(&self, tool: &str, arguments: &str) -> Vec<(String, String)> {
        let mirrors = self.of_tool(tool);
        let values = Values::read(&mirrors, arguments);
        mirrors
            .iter()
            .filter_map(|mirror| Some((format!("Mcp-Param-{}", mirror.header), values.at(&mirror.path)?)))
            .collect()
    }

    /// Holds the headers of a call to its arguments.
    ///
    /// # Errors
    /// What is wrong, for the caller.
    pub(crate) fn check(
        &self,
        tool: &str,
        arguments: &str,
        headers: &[(String, String)],
    ) -> Result<(), String> {
        let mirrors = self.of_tool(tool);
        let values = Values::read(&mirrors, arguments);
        for mirror in &mirrors {
            let name = format!("Mcp-Param-{}", mirror.header);
            let said = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(&mirror.header));
            let place = mirror.path.join(".");
            match (said, values.at(&mirror.path)) {
                (None, None) => {}
                (Some(_), None) => {
                    return Err(format!("the header {name} is there, but the argument `{place}` is not"));
                }
                (None, Some(_)) => {
                    return Err(format!("the header {name} is missing, but the argument `{place}` is there"));
                }
                (Some((_, said)), Some(value)) => {
                    let equal = *said == value || mirror.is_integer && whole(said) == whole(&value);
                    if !equal {
                        return Err(format!("the header {name} contradicts the argument `{place}`"));
                    }
                }
            }
        }
        Ok(())
    }

    fn of_tool(&self, tool: &str) -> Vec<Mirror> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.tools.get(tool).cloned().flatten().unwrap_or_default()
    }
}

// What is known of a server is no part of what it is.
impl PartialEq for Mirrored {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Mirrored {}

/// The arguments of a call, as deep as mirrored ones lie.
struct Values<'a> {
    text: &'a str,
    outline: Option<Outline>,
}

impl<'a> Values<'a> {
    fn read(mirrors: &[Mirror], text: &'a str) -> Self {
        let depth = mirrors.iter().map(|mirror| mirror.path.len()).max().unwrap_or(0);
        let outline = (depth > 0)
            .then(|| Outline::of_members(text.as_bytes(), &Options::tolerant(Limits::UNBOUNDED), depth).ok());
        Self { text, outline: outline.flatten() }
    }

    /// The value at a place as a header has it: null is the same as nothing.
    fn at(&self, path: &[String]) -> Option<String> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let node = self.outline.as_ref()?.at(&path)?;
        if let Some(text) = node.string(self.text) {
            return Some(text.into_owned());
        }
        let raw = node.raw(self.text);
        (raw != "null" && !raw.starts_with(['{', '['])).then(|| raw.to_owned())
    }
}

/// An integer as plain digits, where it is written as one, also as `42.0`.
fn whole(text: &str) -> Option<&str> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_whole = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte == b'0');
    is_whole.then_some(whole)
}

/// Keywords whose value is a schema, a list of them, or an object of them: an annotation there can't be followed.
const ONE: [&str; 11] = [
    "items",
    "contains",
    "unevaluatedItems",
    "additionalProperties",
    "propertyNames",
    "unevaluatedProperties",
    "not",
    "if",
    "then",
    "else",
    "contentSchema",
];
const LIST: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED: [&str; 4] = ["patternProperties", "dependentSchemas", "$defs", "definitions"];

/// The annotations of a schema.
///
/// # Errors
/// Why one of them can't be.
fn of_schema(schema: &Value) -> Result<Vec<Mirror>, String> {
    let mut found: Vec<Mirror> = Vec::new();
    let mut places: Vec<(Option<Vec<String>>, &Value)> = vec![(Some(Vec::new()), schema)];
    let mut looked = 0;
    while let Some((path, place)) = places.pop() {
        let Value::Object(schema) = place else { continue };
        looked += 1;
        if looked > MAX_PLACES {
            return Err(format!("its schema has more than {MAX_PLACES} places"));
        }
        if let Some(header) = schema.get(ANNOTATION) {
            let mirror = read_annotation(path.as_deref(), header, schema.get("type"))?;
            if found.iter().any(|known| known.header.eq_ignore_ascii_case(&mirror.header)) {
                return Err(format!("`{ANNOTATION}` {:?} stands twice", mirror.header));
            }
            found.push(mirror);
        }
        for (keyword, value) in schema {
            match value {
                Value::Object(properties) if keyword == "properties" => {
                    places.extend(properties.iter().map(|(name, sub)| {
                        let below =
                            path.as_ref().map(|path| [path.as_slice(), std::slice::from_ref(name)].concat());
                        (below, sub)
                    }));
                }
                Value::Object(named) if NAMED.contains(&keyword.as_str()) => {
                    places.extend(named.values().map(|sub| (None, sub)));
                }
                Value::Array(list) if LIST.contains(&keyword.as_str()) => {
                    places.extend(list.iter().map(|sub| (None, sub)));
                }
                Value::Object(_) if ONE.contains(&keyword.as_str()) => places.push((None, value)),
                _ => {}
            }
        }
    }
    Ok(found)
}

fn read_annotation(path: Option<&[String]>, header: &Value, kind: Option<&Value>) -> Result<Mirror, String> {
    let Some(path) = path.filter(|path| !path.is_empty()) else {
        return Err(format!("`{ANNOTATION}` stands where no single argument is meant"));
    };
    let Value::String(header) = header else {
        return Err(format!("`{ANNOTATION}` of `{}` is not a string", path.join(".")));
    };
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if header.is_empty() || !header.bytes().all(is_token) {
        return Err(format!("`{ANNOTATION}` of `{}` is no name of a header", path.join(".")));
    }
    let kind = kind.and_then(Value::as_str).unwrap_or_default();
    if !["string", "integer", "boolean"].contains(&kind) {
        return Err(format!("`{}` has `{ANNOTATION}`, and is no string, integer or boolean", path.join(".")));
    }
    Ok(Mirror { path: path.to_vec(), header: header.clone(), is_integer: kind == "integer" })
}

#[cfg(test)]
mod tests {
    use super::{Mirrored, of_schema};
    use serde_json::json;

    fn known() -> Mirrored {
        let mirrored = Mirrored::default();
        let schema = json!({"type": "object", "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "n": {"type": "object", "properties": {"count": {"type": "integer", "x-mcp-header": "Count"}}},
            "dry": {"type": "boolean", "x-mcp-header": "Dry"},
        }});
        let list = json!({"tools": [{"name": "t", "inputSchema": schema}, {"name": "plain"}]});
        mirrored.learn("s", &list.to_string());
        mirrored
    }

    #[test]
    fn a_call_brings_the_headers_of_its_annotated_arguments() {
        let mirrored = known();
        let mut headers = mirrored.headers("t", r#"{"region":"\u00e9 u","n":{"count":42},"dry":true,"x":1}"#);
        headers.sort();
        let pairs: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            pairs,
            [("Mcp-Param-Count", "42"), ("Mcp-Param-Dry", "true"), ("Mcp-Param-Region", "é u")]
        );
        assert!(mirrored.headers("t", r#"{"region":null,"n":{"count":[1]}}"#).is_empty());
        assert!(mirrored.headers("plain", r#"{"region":"x"}"#).is_empty());
    }

    #[test]
    fn headers_that_contradict_the_arguments_are_told() {
        let mirrored = known();
        for (arguments, headers, fault) in [
            (r#"{"region":"eu"}"#, vec![("region", "eu")], None),
            (r#"{"n":{"count":42.0}}"#, vec![("count", "42")], None),
            (r#"{}"#, vec![("other", "x")], None),
            (r#"{"region":"eu"}"#, vec![("region", "us")], Some("contradicts")),
            (r#"{"region":"eu"}"#, vec![], Some("is missing")),
            (r#"{}"#, vec![("region", "eu")], Some("is there, but the argument")),
            (r#"{"n":{"count":42}}"#, vec![("count", "42.5")], Some("contradicts")),
            (r#"{"region":"42"}"#, vec![("region", "42.0")], Some("contradicts")),
        ] {
            let headers: Vec<(String, String)> =
                headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let checked = mirrored.check("t", arguments, &headers);
            match fault {
                None => assert_eq!(checked, Ok(()), "{arguments} {headers:?}"),
                Some(said) => assert!(checked.unwrap_err().contains(said), "{arguments} {headers:?}"),
            }
        }
    }

    #[test]
    fn annotations_that_cannot_be_followed_are_faults() {
        let annotated = json!({"type": "string", "x-mcp-header": "A"});
        for schema in [
            json!({"x-mcp-header": "A", "type": "string"}),
            json!({"properties": {"a": {"type": "number", "x-mcp-header": "A"}}}),
            json!({"properties": {"a": {"type": "string", "x-mcp-header": ""}}}),
            json!({"properties": {"a": {"type": "string", "x-mcp-header": "a b"}}}),
            json!({"properties": {"a": {"type": "string", "x-mcp-header": 7}}}),
            json!({"properties": {"a": annotated, "b": {"type": "string", "x-mcp-header": "a"}}}),
            json!({"properties": {"a": {"type": "array", "items": annotated}}}),
            json!({"allOf": [{"properties": {"a": annotated}}]}),
        ] {
            assert!(of_schema(&schema).is_err(), "{schema}");
        }
        let data = json!({"properties": {"a": {"type": "string", "default": {"x-mcp-header": "A"}}}});
        assert_eq!(of_schema(&data), Ok(Vec::new()));
    }
}
