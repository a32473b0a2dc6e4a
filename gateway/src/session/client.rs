//! Who the host is and what it can do, as servers of either era are told it.

use argala_json::{Limits, Options, Outline};
use argala_wire::{Frame, legacy, modern};

/// The host's description of itself.
#[derive(Debug)]
pub(super) struct Client {
    /// The revision in which servers of the modern era are told of it, as JSON.
    version: String,
    /// Its name and version, as JSON.
    info: String,
    /// What it can do, as a JSON object.
    capabilities: String,
}

impl Client {
    /// The sender of an `initialize`.
    pub(super) fn of_initialize(request: &Frame) -> Self {
        let capabilities = request.raw(&["params", "capabilities"]).unwrap_or("{}");
        Self::new(request.raw(&["params", "clientInfo"]), &without_tasks(capabilities))
    }

    /// The sender of a request of the modern era.
    pub(super) fn of_request(request: &Frame) -> Self {
        let meta = |member| request.raw(&["params", "_meta", member]);
        Self::new(meta(modern::CLIENT_INFO), meta(modern::CLIENT_CAPABILITIES).unwrap_or("{}"))
    }

    fn new(info: Option<&str>, capabilities: &str) -> Self {
        let info = info.filter(|info| info.starts_with('{')).map_or_else(
            || format!(r#"{{"name":"argala","version":"{}"}}"#, env!("CARGO_PKG_VERSION")),
            str::to_owned,
        );
        let version = format!("\"{}\"", modern::LATEST);
        Self { version, info, capabilities: capabilities.to_owned() }
    }

    /// The members of `params._meta` by which a request of the modern era describes its sender.
    pub(super) fn meta(&self) -> [(&'static str, &str); 3] {
        [
            (modern::PROTOCOL_VERSION, &self.version),
            (modern::CLIENT_INFO, &self.info),
            (modern::CLIENT_CAPABILITIES, &self.capabilities),
        ]
    }

    /// The `params` of a request of our own, for a server of the modern era: `params` must be a JSON object.
    pub(super) fn with_meta(&self, params: &str) -> String {
        let meta: Vec<String> =
            self.meta().iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        let members = params.trim();
        let members =
            members.strip_prefix('{').and_then(|members| members.strip_suffix('}')).unwrap_or_default();
        let comma = if members.trim().is_empty() { "" } else { "," };
        format!(r#"{{"_meta":{{{}}}{comma}{members}}}"#, meta.join(","))
    }

    /// The `params` of an `initialize` of our own.
    pub(super) fn initialize_params(&self) -> String {
        format!(
            r#"{{"protocolVersion":"{}","capabilities":{},"clientInfo":{}}}"#,
            legacy::LATEST,
            self.capabilities,
            self.info
        )
    }

    /// Whether it says that it can answer a request of a server's.
    pub(super) fn can_answer(&self, method: &str) -> bool {
        let Some((capability, _)) = method.split_once('/') else { return false };
        let options = Options::tolerant(Limits::UNBOUNDED);
        Outline::of_members(self.capabilities.as_bytes(), &options, 1)
            .is_ok_and(|outline| outline.at(&[capability]).is_some())
    }
}

/// Tasks of the legacy era are no tasks of the modern one.
fn without_tasks(capabilities: &str) -> String {
    let options = Options::tolerant(Limits::UNBOUNDED);
    let Ok(outline) = Outline::of_members(capabilities.as_bytes(), &options, 1) else {
        return "{}".to_owned();
    };
    let Some(root) = outline.root().filter(|root| root.raw(capabilities).starts_with('{')) else {
        return "{}".to_owned();
    };
    let mut kept = Vec::new();
    for member in outline.children(root) {
        let Some(name) = member.key.as_deref().filter(|name| *name != "tasks") else { continue };
        let mut text = String::new();
        argala_json::quote(name, &mut text);
        kept.push(format!("{text}:{}", member.raw(capabilities)));
    }
    format!("{{{}}}", kept.join(","))
}
