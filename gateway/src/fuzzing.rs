//! Doors for the fuzzer to the parts that nobody else is to call: each takes what a stranger may send or leave.

use hyper::Request;

use crate::access::{self, Access, Settings};
use crate::mirrored::Mirrored;
use crate::pins::Lock;

/// Whether bytes are an audit log.
#[must_use]
pub fn is_whole_log(log: &[u8]) -> bool {
    crate::audit::verify::is_whole(log)
}

/// What a lock file says, written anew; None where it is none.
#[must_use]
pub fn lock(text: &str) -> Option<String> {
    Some(Lock::read(text).ok()?.text())
}

/// Whether a request with these headers gets past the checks of its `Host` and `Origin`; None where it is no request.
#[must_use]
pub fn is_from_here(target: &str, headers: &[(&str, &[u8])]) -> Option<bool> {
    let request =
        headers.iter().fold(Request::post(target), |request, (name, value)| request.header(*name, *value));
    let (parts, ()) = request.body(()).ok()?.into_parts();
    Some(crate::http::is_from_here(&parts))
}

/// The headers that go with a call of the first tool in a list, as `tools/list` gives it; whether a gateway before a gateway
/// takes them.
#[must_use]
pub fn mirrored_headers_are_taken(listed: &str, tool: &str, arguments: &str) -> bool {
    let mirrored = Mirrored::default();
    mirrored.learn("fuzz", listed);
    let headers: Vec<_> = mirrored
        .headers(tool, arguments)
        .into_iter()
        .map(|(name, value)| (name.trim_start_matches("Mcp-Param-").to_owned(), value))
        .collect();
    mirrored.check(tool, arguments, &headers).is_ok()
}

/// How many usable keys a set of keys has; None where it is no set.
#[must_use]
pub fn keys_in(set: &[u8]) -> Option<usize> {
    access::keys_in(set)
}

/// A gateway that takes tokens.
#[derive(Debug)]
pub struct Tokens(Access, Settings);

impl Tokens {
    /// By the text of `[access]`.
    #[must_use]
    pub fn new(settings: &str) -> Option<Self> {
        let settings: Settings = toml::from_str(settings).ok()?;
        Some(Self(Access::new(&settings).ok()?, settings))
    }

    /// Whether this `Authorization` header lets anyone in. It is good for one thread at a time, and waits for no network.
    #[must_use]
    pub fn let_in(&self, authorization: &[u8]) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.is_ok_and(|runtime| runtime.block_on(self.0.recognise(Some(authorization), &[])).is_ok())
    }

    /// Whether a token with these claims would let anyone in at a time, if its signature were good.
    #[must_use]
    pub fn would_let_in(&self, claims: &str, now: u64) -> bool {
        let Ok(claims) = serde_json::from_str(claims) else { return false };
        self.1.jwt.as_ref().is_some_and(|wanted| access::lets_in(&claims, wanted, now))
    }
}
