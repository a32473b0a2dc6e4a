//! Who may ask over HTTP, and as whom: tokens of the configuration, signed tokens of an issuer (JWT), client certificates.
//!
//! Toward an issuer the gateway is an OAuth 2.1 resource server, as MCP's authorization specification asks: it takes tokens that
//! were issued for it, in the `Authorization` header alone, says where to get one (RFC 9728), and passes none on.

mod algorithm;
mod claims;
mod jwt;
mod keyring;
mod keys;
mod limits;
mod metadata;
mod refusals;
mod settings;
mod token;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use limits::{Calls, Limits, Seat, TooMany, Usage};
pub(crate) use metadata::{PLACES, Resource};
pub(crate) use refusals::{Reason, Refusals};
pub(crate) use settings::Settings;
pub(crate) use token::Token;

use crate::caller::Principal;
use jwt::Issuer;
use token::Tokens;

/// The longest token that is looked at. Those of real issuers, with all their groups, have a few thousand bytes.
const LONGEST_TOKEN: usize = 16 << 10;

/// What is let in.
#[derive(Debug)]
pub(crate) struct Access {
    tokens: Tokens,
    issuer: Option<Issuer>,
    /// By the names that certificates are made out to.
    certificates: HashMap<String, Arc<Principal>>,
    pub(crate) limits: Limits,
    pub(crate) resource: Resource,
}

/// Why somebody isn't let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// He has shown nothing.
    Unknown,
    /// What he has shown is nothing worth, and why.
    Invalid(&'static str),
    /// His token is good, but not for this.
    Scope,
    /// His token can't be judged now.
    Unavailable,
}

impl Access {
    /// What the settings say.
    ///
    /// # Errors
    /// What is wrong with them, and what to do.
    pub(crate) fn new(settings: &Settings) -> Result<Self, String> {
        settings.check()?;
        let certificates = settings.certificate.iter().map(|certificate| {
            (certificate.name.clone(), Principal::known("cert", &certificate.name, &certificate.groups))
        });
        Ok(Self {
            tokens: Tokens::new(&settings.token)?,
            issuer: settings.jwt.as_ref().map(Issuer::new).transpose()?,
            certificates: certificates.collect(),
            limits: Limits::new(settings.limits),
            resource: Resource::new(settings)?,
        })
    }

    /// Gets what is needed before the first request comes. Without it requests are denied until it can be had.
    pub(crate) async fn prepare(&self) {
        if let Some(issuer) = &self.issuer {
            issuer.prepare().await;
        }
    }

    /// Who has shown this `Authorization` header, or made a connection by a certificate with these names. Where there is a header
    /// it alone decides: a bad token is never made good by something else.
    pub(crate) async fn recognise(
        &self,
        authorization: Option<&[u8]>,
        names: &[String],
    ) -> Result<Arc<Principal>, Denied> {
        let Some(authorization) = authorization else {
            let known = names.iter().find_map(|name| self.certificates.get(name));
            return known.cloned().ok_or(Denied::Unknown);
        };
        let token = bearer(authorization)?;
        if let Some(principal) = self.tokens.find(token) {
            return Ok(principal);
        }
        match &self.issuer {
            Some(issuer) => issuer.recognise(token).await,
            None => Err(Denied::Invalid("the token is not known here")),
        }
    }
}

/// The usable keys of a set, if it is one.
#[cfg(feature = "fuzzing")]
pub(crate) fn keys_in(set: &[u8]) -> Option<usize> {
    keys::Key::read_set(set).ok().map(|keys| keys.len())
}

/// Whether somebody gets in by a token that claims this, whatever signs it.
#[cfg(feature = "fuzzing")]
pub(crate) fn lets_in(
    claims: &serde_json::Map<String, serde_json::Value>,
    wanted: &settings::Jwt,
    now: u64,
) -> bool {
    claims::judge(claims, wanted, now).is_ok()
}

/// The token of an `Authorization` header (RFC 6750, section 2.1).
fn bearer(authorization: &[u8]) -> Result<&str, Denied> {
    if authorization.len() > LONGEST_TOKEN {
        return Err(Denied::Invalid("the token is too long"));
    }
    let text = std::str::from_utf8(authorization).unwrap_or_default();
    let (scheme, token) = text.split_once(' ').unwrap_or_default();
    let token = token.trim_matches(' ');
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || !token.bytes().all(is_token) {
        return Err(Denied::Invalid("the Authorization header must be `Bearer` and a token"));
    }
    Ok(token)
}

impl Principal {
    /// A principal of a kind, and its groups.
    fn known(kind: &str, name: &str, groups: &[String]) -> Arc<Self> {
        let mut groups: Vec<String> = groups.iter().map(|group| format!("group:{group}")).collect();
        groups.sort();
        groups.dedup();
        Arc::new(Self { name: format!("{kind}:{name}"), groups })
    }
}

/// Whether a text can name somebody: in logs and policies it must be the same to every reader.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=256).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::{Access, Denied, Settings, bearer};

    fn access(text: &str) -> Access {
        Access::new(&toml::from_str::<Settings>(text).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn who_shows_nothing_is_nobody() {
        let access = access("[[certificate]]\nname = 'build.example.com'\ngroups = ['b', 'a', 'b']");
        assert_eq!(access.recognise(None, &[]).await, Err(Denied::Unknown));
        assert_eq!(access.recognise(None, &["other.example.com".to_owned()]).await, Err(Denied::Unknown));
        let known = access.recognise(None, &["x".to_owned(), "build.example.com".to_owned()]).await.unwrap();
        assert_eq!(known.name, "cert:build.example.com");
        assert_eq!(known.groups, ["group:a", "group:b"]);
    }

    #[tokio::test]
    async fn a_bad_token_is_not_made_good_by_a_certificate() {
        let access = access("[[certificate]]\nname = 'a'");
        let shown = access.recognise(Some(b"Bearer x"), &["a".to_owned()]).await;
        assert!(matches!(shown, Err(Denied::Invalid(_))));
    }

    #[test]
    fn a_token_stands_behind_its_scheme_and_nowhere_else() {
        for (header, token) in [
            (&b"Bearer abc"[..], Some("abc")),
            (b"bEARER abc", Some("abc")),
            (b"Bearer  abc ", Some("abc")),
            (b"Bearer a.b-c_d~e+f/g=", Some("a.b-c_d~e+f/g=")),
            (b"Bearer", None),
            (b"Bearer ", None),
            (b"abc", None),
            (b"Basic abc", None),
            (b"Bearer a b", None),
            (b"Bearer a,b", None),
            (b"Bearer \xff", None),
        ] {
            assert_eq!(bearer(header).ok(), token, "{header:?}");
        }
        assert!(bearer(&[b"Bearer ".as_slice(), &[b'a'; super::LONGEST_TOKEN]].concat()).is_err());
    }
}
