//! Servers of the file that are reached over HTTP.

use std::net::IpAddr;
use std::time::Duration;

use argala_json::Node;
use argala_wire::http::headers;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use url::{Host, Url};

use super::{Fault, File};

/// A server that is reached over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remote {
    pub(crate) url: Url,
    /// What every request to it carries; the values are marked as secrets.
    pub(crate) headers: HeaderMap,
    pub(crate) kind: Kind,
    /// How long it may say nothing while it is asked.
    pub(crate) timeout: Duration,
}

/// Which of MCP's HTTP transports a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Streamable HTTP.
    Streamable,
    /// HTTP+SSE, of the revision 2024-11-05.
    Sse,
    /// Streamable HTTP, or the other one where it doesn't answer as such.
    Unknown,
}

/// The keys of an address. `httpUrl` is one of streamable HTTP.
pub(super) const ADDRESSES: [&str; 3] = ["url", "serverUrl", "httpUrl"];
/// The keys of such a server that are read.
pub(super) const READ: [&str; 10] = [
    "type",
    "url",
    "serverUrl",
    "httpUrl",
    "headers",
    "timeout",
    "timeouts",
    "max_timeout",
    "disabled",
    "shared",
];
/// As patient as MCP's own clients are: longer than most hosts wait, so that it is the host who gives up.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Headers that are written for each request, by what it is.
const OURS: [&str; 13] = [
    headers::SESSION_ID,
    headers::PROTOCOL_VERSION,
    headers::METHOD,
    headers::NAME,
    headers::LAST_EVENT_ID,
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "te",
    "transfer-encoding",
];

impl Remote {
    /// An address that is asked for something else than MCP.
    pub(crate) fn plain(url: Url, timeout: Duration) -> Self {
        Self { url, headers: HeaderMap::new(), kind: Kind::Unknown, timeout }
    }
}

impl Kind {
    /// What the file's `type` means; None where it is none that is spoken over HTTP.
    fn of(kind: Option<&str>, address_key: &str) -> Option<Self> {
        match kind {
            Some("http" | "streamable-http" | "streamableHttp") => Some(Self::Streamable),
            Some("sse") => Some(Self::Sse),
            None if address_key == "httpUrl" => Some(Self::Streamable),
            None => Some(Self::Unknown),
            Some(_) => None,
        }
    }
}

impl File<'_> {
    /// A server with an address.
    pub(super) fn remote(&self, entry: &Node, kind: Option<&str>) -> Result<Remote, Fault> {
        let at = Some(entry.span.start);
        let addresses: Vec<(&str, &Node)> =
            ADDRESSES.iter().filter_map(|key| Some((*key, self.member(entry, key)?))).collect();
        let (key, address) = match addresses.as_slice() {
            [] => return Err((at, "it names no `url`".to_owned())),
            [only] => *only,
            [_, (key, second), ..] => {
                let message = format!("it has another address besides `{key}`; which of them is meant?");
                return Err((Some(second.span.start), message));
            }
        };
        let Some(kind) = Kind::of(kind, key) else {
            let message =
                format!("the type {:?} is none of \"stdio\", \"http\" and \"sse\"", kind.unwrap_or_default());
            return Err((self.member(entry, "type").map(|node| node.span.start), message));
        };
        Ok(Remote {
            url: self.address(address, key)?,
            headers: self.headers(entry)?,
            kind,
            timeout: self.timeout(entry)?.unwrap_or(TIMEOUT),
        })
    }

    fn address(&self, node: &Node, key: &str) -> Result<Url, Fault> {
        let at = Some(node.span.start);
        let text = self.string(node, key)?;
        let mut url = Url::parse(text.trim()).map_err(|error| (at, format!("`{key}` is no URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err((at, format!("`{key}` must begin with http:// or https://")));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let message = format!(
                "`{key}` must hold no user and password; write \"headers\": {{\"Authorization\": \"Bearer ${{TOKEN}}\"}} instead"
            );
            return Err((at, message));
        }
        url.set_fragment(None);
        if url.scheme() == "http" && !is_loopback(&url) {
            tracing::warn!(
                "servers file: {} is reached without encryption; whoever is on the way can read and change what is said",
                url.host_str().unwrap_or_default()
            );
        }
        Ok(url)
    }

    fn headers(&self, entry: &Node) -> Result<HeaderMap, Fault> {
        let mut headers = HeaderMap::new();
        let Some(table) = self.member(entry, "headers") else { return Ok(headers) };
        self.expect(table, '{', "`headers` must be an object of strings")?;
        for node in self.outline.children(table) {
            let at = Some(node.span.start);
            let key = node.key.as_deref().unwrap_or_default();
            let name = HeaderName::from_bytes(key.as_bytes())
                .map_err(|_| (at, format!("{key:?} can't be a header's name")))?;
            if OURS.contains(&name.as_str()) || name.as_str().starts_with(headers::PARAM_PREFIX) {
                return Err((at, format!("the header `{key}` is written by Argala itself; remove it")));
            }
            // Its value is often a secret: it isn't shown.
            let mut value = HeaderValue::from_str(&self.string(node, "headers")?).map_err(|_| {
                (at, format!("the value of the header `{key}` has characters that no header can carry"))
            })?;
            value.set_sensitive(true);
            if headers.insert(name, value).is_some() {
                return Err((at, format!("the header `{key}` stands twice")));
            }
        }
        Ok(headers)
    }
}

/// Whether an address is this machine's own.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Transport, read};
    use super::{Kind, Remote};

    fn remote(entry: &str) -> Remote {
        let text = format!(r#"{{"mcpServers": {{"a": {entry}}}}}"#);
        let variable = |name: &str| (name == "TOKEN").then(|| "s3cret".to_owned());
        match read(&text, &variable).map(|mut servers| servers.remove(0).transport) {
            Ok(Transport::Http(remote)) => remote.as_ref().clone(),
            other => panic!("{entry}: {other:?}"),
        }
    }

    #[test]
    fn a_server_is_spoken_to_as_its_entry_says() {
        for (entry, kind) in [
            (r#"{"url": "https://x/mcp"}"#, Kind::Unknown),
            (r#"{"serverUrl": "https://x/mcp"}"#, Kind::Unknown),
            (r#"{"httpUrl": "https://x/mcp"}"#, Kind::Streamable),
            (r#"{"type": "http", "url": "https://x/mcp"}"#, Kind::Streamable),
            (r#"{"type": "streamable-http", "url": "https://x/mcp"}"#, Kind::Streamable),
            (r#"{"type": "streamableHttp", "url": "https://x/mcp"}"#, Kind::Streamable),
            (r#"{"type": "sse", "url": "https://x/mcp"}"#, Kind::Sse),
        ] {
            let remote = remote(entry);
            assert_eq!((remote.url.as_str(), remote.kind), ("https://x/mcp", kind), "{entry}");
        }
    }

    #[test]
    fn a_timeout_is_read_in_the_unit_that_its_host_can_mean() {
        for (timeout, millis) in
            [("60", 60_000), ("0.5", 500), ("3600", 3_600_000), ("5000", 5_000), ("6e4", 60_000)]
        {
            let remote = remote(&format!(r#"{{"url": "https://x", "timeout": {timeout}}}"#));
            assert_eq!(remote.timeout, Duration::from_millis(millis), "{timeout}");
        }
    }

    #[test]
    fn no_header_is_ever_shown() {
        let remote = remote(r#"{"url": "https://x", "headers": {"Authorization": "Bearer ${TOKEN}"}}"#);
        assert_eq!(remote.headers["authorization"], "Bearer s3cret");
        assert!(!format!("{remote:?}").contains("s3cret"));
    }
}
