//! Who is let in, before anything of what he asks for is looked at: by what he shows, and within his limits.

use std::net::IpAddr;
use std::sync::Arc;

use argala_wire::reply::code;
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::http::request::Parts;

use super::answer::Refusal;
use super::checks::only;
use crate::access::{Access, Calls, Denied, Reason, Refusals, Seat, TooMany, Usage};
use crate::caller::Principal;

/// The other side of a connection.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) from: IpAddr,
    /// The names that its certificate is made out to.
    pub(super) names: Arc<[String]>,
}

/// Decides who is let in.
#[derive(Debug)]
pub(super) struct Admission {
    /// None where nobody is asked who he is.
    access: Option<Access>,
    over_tls: bool,
    refusals: Arc<Refusals>,
}

/// Who has been let in with a request.
#[derive(Debug, Clone)]
pub(super) struct Guest {
    /// None where nobody is asked who he is.
    pub(super) principal: Option<Arc<Principal>>,
    usage: Option<Arc<Usage>>,
    from: IpAddr,
    refusals: Arc<Refusals>,
}

impl Admission {
    pub(super) fn new(access: Option<Access>, over_tls: bool, refusals: Arc<Refusals>) -> Self {
        Self { access, over_tls, refusals }
    }

    pub(super) async fn prepare(&self) {
        if let Some(access) = &self.access {
            access.prepare().await;
        }
    }

    /// Notes a request that was refused before anybody was asked who he is, or a connection.
    pub(super) fn note(&self, reason: Reason, from: IpAddr) {
        self.refusals.note(reason, None, from);
    }

    /// Who makes a request.
    pub(super) async fn admit(&self, parts: &Parts, peer: &Peer) -> Result<Guest, Refusal> {
        let from = peer.from;
        let guest = |principal, usage| Guest { principal, usage, from, refusals: Arc::clone(&self.refusals) };
        let Some(access) = &self.access else { return Ok(guest(None, None)) };
        let authorization = only(&parts.headers, AUTHORIZATION)?.map(HeaderValue::as_bytes);
        let principal = access.recognise(authorization, &peer.names).await;
        let principal = principal.map_err(|denied| self.refuse(access, denied, parts, from))?;
        let usage = access.limits.of(&principal);
        let admitted = usage.and_then(|usage| usage.request().map(|()| usage)).map_err(|limit| {
            self.refusals.note(Reason::Limit, Some(&principal.name), from);
            too_many("too many requests: try again later", limit)
        });
        Ok(guest(Some(principal), Some(admitted?)))
    }

    /// Whether a request would be let in. Nothing is noted, and nothing counts.
    pub(super) async fn would_admit(&self, parts: &Parts, peer: &Peer) -> bool {
        let Some(access) = &self.access else { return true };
        let Ok(authorization) = only(&parts.headers, AUTHORIZATION) else { return false };
        access.recognise(authorization.map(HeaderValue::as_bytes), &peer.names).await.is_ok()
    }

    /// What is said of the gateway to who needs a token for it.
    pub(super) fn metadata(&self, parts: &Parts) -> Option<String> {
        self.access.as_ref()?.resource.metadata(&self.origin(parts))
    }

    fn refuse(&self, access: &Access, denied: Denied, parts: &Parts, from: IpAddr) -> Refusal {
        let (reason, status, message, error) = match denied {
            Denied::Unknown => (
                Reason::Unknown,
                StatusCode::UNAUTHORIZED,
                "show who you are: `Authorization: Bearer …`",
                None,
            ),
            Denied::Invalid(why) => {
                (Reason::Invalid, StatusCode::UNAUTHORIZED, why, Some(("invalid_token", why)))
            }
            Denied::Scope => {
                const WHY: &str = "the token lacks a scope that is required here";
                (Reason::Scope, StatusCode::FORBIDDEN, WHY, Some(("insufficient_scope", WHY)))
            }
            Denied::Unavailable => {
                self.refusals.note(Reason::Unavailable, None, from);
                let message =
                    "the token can't be judged: the keys of its issuer can't be had; try again later";
                return Refusal::busy(StatusCode::SERVICE_UNAVAILABLE, message);
            }
        };
        self.refusals.note(reason, None, from);
        let refusal = Refusal::new(status, code::INVALID_REQUEST, message);
        match HeaderValue::try_from(access.resource.challenge(&self.origin(parts), error)) {
            Ok(challenge) => refusal.header(WWW_AUTHENTICATE, challenge),
            Err(_) => refusal,
        }
    }

    /// Where the other side has found the gateway. The host has been checked.
    fn origin(&self, parts: &Parts) -> String {
        let named = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = named.or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
        format!("{}://{}", if self.over_tls { "https" } else { "http" }, host.unwrap_or_default())
    }
}

impl Guest {
    /// So many calls of his are under way, until what comes back is dropped.
    pub(super) fn calls(&self, number: usize) -> Result<Option<Calls>, Refusal> {
        let calls = self.usage.as_ref().map(|usage| usage.calls(number)).transpose();
        calls.map_err(|limit| self.refuse("too many calls at a time: try again later", limit))
    }

    /// Whether his calls must be such that they can be told to be under way.
    pub(super) fn bounds_calls(&self) -> bool {
        self.usage.as_ref().is_some_and(|usage| usage.bounds_calls())
    }

    /// A session of his is open, until what comes back is dropped.
    pub(super) fn session(&self) -> Result<Option<Seat>, TooMany> {
        self.usage.as_ref().map(Usage::session).transpose()
    }

    pub(super) fn refuse_session(&self, limit: TooMany) -> Refusal {
        self.refuse("too many sessions: end one, or try again later", limit)
    }

    /// Whether a session with this principal is his. Whoever has found out the name of another's session has found out nothing.
    pub(super) fn owns(&self, principal: Option<&Arc<Principal>>) -> bool {
        let own = self.principal.as_ref() == principal;
        if !own {
            self.note(Reason::Session);
        }
        own
    }

    fn refuse(&self, message: &str, limit: TooMany) -> Refusal {
        self.note(Reason::Limit);
        too_many(message, limit)
    }

    fn note(&self, reason: Reason) {
        let principal = self.principal.as_ref().map(|principal| principal.name.as_str());
        self.refusals.note(reason, principal, self.from);
    }
}

fn too_many(message: &str, TooMany(wait): TooMany) -> Refusal {
    // In whole seconds, and not too early.
    let seconds = wait.as_secs().saturating_add(1);
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, code::INTERNAL_ERROR, message)
        .header(RETRY_AFTER, seconds.into())
}
