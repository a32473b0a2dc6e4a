//! `[access]` of `argala.toml`.

use std::path::PathBuf;

use serde::Deserialize;

use super::algorithm::Algorithm;
use super::is_name;

/// Who is let in, and how much each may ask.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The URL that hosts know the gateway by, as `https://mcp.example.com/mcp`. Without it, what the request says.
    pub(crate) resource: Option<String>,
    pub(crate) token: Vec<Token>,
    pub(crate) certificate: Vec<Certificate>,
    pub(crate) jwt: Option<Jwt>,
    pub(crate) limits: Limits,
}

/// `[[access.token]]`: a token, by its hash.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    pub(crate) name: String,
    /// Of the token's text: SHA-256, in hexadecimal digits.
    pub(crate) sha256: String,
    #[serde(default)]
    pub(crate) groups: Vec<String>,
}

/// `[[access.certificate]]`: a client certificate, by a name that it is made out to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Certificate {
    /// One of its subject's alternative names: a URI or a DNS name.
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) groups: Vec<String>,
}

/// `[access.jwt]`: the tokens of an issuer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Jwt {
    pub(crate) issuer: String,
    /// What the issuer calls this gateway in `aud`.
    pub(crate) audience: String,
    /// Where the issuer's keys are: one of the two.
    pub(crate) jwks_url: Option<String>,
    pub(crate) jwks_file: Option<PathBuf>,
    #[serde(default = "algorithms")]
    pub(crate) algorithms: Vec<Algorithm>,
    #[serde(default = "principal_claim")]
    pub(crate) principal_claim: String,
    #[serde(default = "groups_claim")]
    pub(crate) groups_claim: String,
    /// By how many seconds the issuer's clock may be off.
    #[serde(default = "leeway")]
    pub(crate) leeway: u64,
    /// What every token must be good for.
    #[serde(default)]
    pub(crate) required_scopes: Vec<String>,
    /// Where tokens are to be had, if not from the issuer by its own name.
    #[serde(default)]
    pub(crate) authorization_servers: Vec<String>,
    /// After so many seconds the keys are fetched again.
    #[serde(default = "jwks_refresh")]
    pub(crate) jwks_refresh: u64,
    /// So many seconds lie between two tries to fetch them, at least.
    #[serde(default = "jwks_pause")]
    pub(crate) jwks_pause: u64,
    /// So many seconds they are good for where newer ones can't be had.
    #[serde(default = "jwks_keep")]
    pub(crate) jwks_keep: u64,
}

/// `[access.limits]`: how much each principal may ask. What isn't said isn't bounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) requests_per_minute: Option<u32>,
    pub(crate) concurrent_calls: Option<usize>,
    pub(crate) sessions: Option<usize>,
}

/// Past that a token that has expired wouldn't be one any more.
const MOST_LEEWAY: u64 = 300;

impl Settings {
    /// What no type can say.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.token.is_empty() && self.certificate.is_empty() && self.jwt.is_none() {
            return Err("[access] lets nobody in: add [[access.token]] (`argala token new NAME` makes one), [access.jwt] or \
                        [[access.certificate]]"
                .to_owned());
        }
        let named = self.token.iter().map(|token| (&token.name, &token.groups));
        let certified = self.certificate.iter().map(|certificate| (&certificate.name, &certificate.groups));
        for (name, groups) in named.chain(certified) {
            if let Some(bad) = std::iter::once(name).chain(groups).find(|text| !is_name(text)) {
                return Err(format!(
                    "[access] {bad:?} is no name: it must have 1 to 256 bytes, and no control characters"
                ));
            }
        }
        let Limits { requests_per_minute, concurrent_calls, sessions } = self.limits;
        if requests_per_minute == Some(0) || concurrent_calls == Some(0) || sessions == Some(0) {
            return Err("[access.limits] a limit of 0 would let nobody in".to_owned());
        }
        self.jwt.as_ref().map_or(Ok(()), Jwt::check)
    }

    /// The files that are named here.
    pub(crate) fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.jwt.as_mut().and_then(|jwt| jwt.jwks_file.as_mut()).into_iter()
    }
}

impl Jwt {
    fn check(&self) -> Result<(), String> {
        let wrong = |message: &str| Err(format!("[access.jwt] {message}"));
        if self.issuer.is_empty() || self.audience.is_empty() {
            return wrong("`issuer` and `audience` must not be empty");
        }
        if self.jwks_url.is_some() == self.jwks_file.is_some() {
            return wrong("the issuer's keys are needed from one place: `jwks_url` or `jwks_file`");
        }
        if self.algorithms.is_empty() {
            return wrong("`algorithms` names none, so that no token could be taken");
        }
        if self.leeway > MOST_LEEWAY {
            return wrong(&format!("`leeway` is at most {MOST_LEEWAY} s"));
        }
        let is_scope = |scope: &String| {
            let is_taken = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
            !scope.is_empty() && scope.bytes().all(is_taken)
        };
        if !self.required_scopes.iter().all(is_scope) {
            return wrong("`required_scopes`: a scope is visible ASCII without quotes and backslashes");
        }
        Ok(())
    }
}

fn algorithms() -> Vec<Algorithm> {
    Algorithm::ALL.to_vec()
}

fn principal_claim() -> String {
    "sub".to_owned()
}

fn groups_claim() -> String {
    "groups".to_owned()
}

fn leeway() -> u64 {
    30
}

fn jwks_refresh() -> u64 {
    300
}

fn jwks_pause() -> u64 {
    10
}

fn jwks_keep() -> u64 {
    3600
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn settings_that_let_nobody_in_or_cannot_be_meant_are_refused() {
        const JWT: &str = "[jwt]\nissuer = 'i'\naudience = 'a'\n";
        for (text, said) in [
            (String::new(), "lets nobody in"),
            ("[[token]]\nname = ''\nsha256 = ''".to_owned(), "is no name"),
            ("[[certificate]]\nname = 'a'\ngroups = ['b\\u0007']".replace('\'', "\""), "is no name"),
            ("[[certificate]]\nname = 'a'\n[limits]\nsessions = 0".to_owned(), "a limit of 0"),
            (JWT.to_owned(), "from one place"),
            (format!("{JWT}jwks_url = 'u'\njwks_file = 'f'"), "from one place"),
            (format!("{JWT}jwks_url = 'u'\nalgorithms = []"), "names none"),
            (format!("{JWT}jwks_url = 'u'\nleeway = 301"), "at most 300 s"),
            (format!("{JWT}jwks_url = 'u'\nrequired_scopes = ['a b']"), "visible ASCII"),
            ("[jwt]\nissuer = ''\naudience = 'a'\njwks_url = 'u'".to_owned(), "must not be empty"),
        ] {
            let error = toml::from_str::<Settings>(&text).unwrap().check().unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn an_algorithm_with_a_secret_of_both_sides_is_none() {
        for name in ["HS256", "none", "rs256", "ES512"] {
            let text =
                format!("[jwt]\nissuer = 'i'\naudience = 'a'\njwks_url = 'u'\nalgorithms = ['{name}']");
            let error = toml::from_str::<Settings>(&text).unwrap_err().to_string();
            assert!(error.contains("unknown variant"), "{error}");
        }
    }
}
