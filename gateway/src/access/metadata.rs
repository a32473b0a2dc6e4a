//! What the gateway says of itself to who is to get a token for it: protected resource metadata (RFC 9728).

use serde::Serialize;
use url::Url;

use super::settings::Settings;

/// Where the metadata is. MCP's endpoint is at `/mcp`, so its place is behind the well-known one; the other is for who asks for
/// the whole host.
pub(crate) const PLACES: [&str; 2] =
    ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"];

/// The gateway as a protected resource.
#[derive(Debug)]
pub(crate) struct Resource {
    /// The URL that it is known by, where that is configured.
    url: Option<Url>,
    /// None where tokens are nobody's to issue.
    issuers: Vec<String>,
    scopes: Vec<String>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    resource: String,
    authorization_servers: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    scopes_supported: &'a [String],
    bearer_methods_supported: [&'static str; 1],
}

impl Resource {
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let url = settings.resource.as_deref().map(|text| {
            let url = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
            let url = url.filter(|url| url.fragment().is_none() && url.query().is_none() && !has_user(url));
            url.ok_or_else(|| {
                format!("[access] `resource` {text:?} must be the URL of this gateway, as https://mcp.example.com/mcp")
            })
        });
        let jwt = settings.jwt.as_ref();
        let issuers = jwt.map_or_else(Vec::new, |jwt| match jwt.authorization_servers.as_slice() {
            [] => vec![jwt.issuer.clone()],
            servers => servers.to_vec(),
        });
        let scopes = jwt.map_or_else(Vec::new, |jwt| jwt.required_scopes.clone());
        Ok(Self { url: url.transpose()?, issuers, scopes })
    }

    /// The metadata, for who has found the gateway at `origin`, as `https://mcp.example.com`.
    pub(crate) fn metadata(&self, origin: &str) -> Option<String> {
        if self.issuers.is_empty() {
            return None;
        }
        let metadata = Metadata {
            resource: self.url.as_ref().map_or_else(|| format!("{origin}/mcp"), ToString::to_string),
            authorization_servers: &self.issuers,
            scopes_supported: &self.scopes,
            bearer_methods_supported: ["header"],
        };
        serde_json::to_string(&metadata).ok()
    }

    /// What a refused request is told (RFC 6750, section 3; RFC 9728, section 5.1).
    pub(crate) fn challenge(&self, origin: &str, error: Option<(&str, &str)>) -> String {
        let mut parts = Vec::new();
        if let Some((code, description)) = error {
            parts.push(format!(r#"error="{code}""#));
            parts.push(format!(r#"error_description="{description}""#));
        }
        if !self.scopes.is_empty() {
            parts.push(format!(r#"scope="{}""#, self.scopes.join(" ")));
        }
        if !self.issuers.is_empty() {
            let [place, _] = PLACES;
            let origin =
                self.url.as_ref().map_or_else(|| origin.to_owned(), |url| url.origin().ascii_serialization());
            parts.push(format!(r#"resource_metadata="{origin}{place}""#));
        }
        if parts.is_empty() {
            parts.push(r#"realm="argala""#.to_owned());
        }
        format!("Bearer {}", parts.join(", "))
    }
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use super::{Resource, Settings};

    fn resource(text: &str) -> Result<Resource, String> {
        Resource::new(&toml::from_str::<Settings>(text).unwrap())
    }

    const JWT: &str = "[jwt]\nissuer = 'https://issuer'\naudience = 'a'\njwks_url = 'u'\n";

    #[test]
    fn a_resource_says_who_issues_tokens_for_it() {
        let named = format!("resource = 'https://mcp.example.com/mcp'\n{JWT}required_scopes = ['a', 'b']");
        for (text, metadata, challenge) in [
            (
                JWT,
                r#"{"resource":"http://localhost:1/mcp","authorization_servers":["https://issuer"],"bearer_methods_supported":["header"]}"#,
                r#"Bearer resource_metadata="http://localhost:1/.well-known/oauth-protected-resource/mcp""#,
            ),
            (
                &named,
                r#"{"resource":"https://mcp.example.com/mcp","authorization_servers":["https://issuer"],"scopes_supported":["a","b"],"bearer_methods_supported":["header"]}"#,
                r#"Bearer scope="a b", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp""#,
            ),
        ] {
            let resource = resource(text).unwrap();
            assert_eq!(resource.metadata("http://localhost:1").as_deref(), Some(metadata));
            assert_eq!(resource.challenge("http://localhost:1", None), challenge);
        }
    }

    #[test]
    fn where_nobody_issues_tokens_there_is_no_metadata() {
        let resource = resource("").unwrap();
        assert_eq!(resource.metadata("http://localhost"), None);
        assert_eq!(resource.challenge("http://localhost", None), r#"Bearer realm="argala""#);
        let error = Some(("invalid_token", "it is old"));
        let challenge = r#"Bearer error="invalid_token", error_description="it is old""#;
        assert_eq!(resource.challenge("http://localhost", error), challenge);
    }

    #[test]
    fn a_resource_is_a_url_of_http_and_nothing_more() {
        for wrong in ["mcp", "ftp://a/mcp", "https://a/mcp#x", "https://a/mcp?x", "https://u:p@a/mcp"] {
            assert!(
                resource(&format!("resource = {wrong:?}")).unwrap_err().contains("must be the URL"),
                "{wrong}"
            );
        }
    }
}
