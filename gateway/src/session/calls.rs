//! Requests that a downstream has to answer, under ids of our own.
//!
//! Hosts choose ids for themselves, and so do we: two hosts, or a host and the gateway, never share one at a server.

use std::collections::{HashMap, VecDeque};

use argala_wire::{Frame, Id};

use super::answers::ReplyTo;
use super::catalogue::ListKind;
use crate::connection::ServerId;
use crate::host::PostId;

/// The id of a request toward a downstream.
pub(super) type CallId = u64;

/// Names a request of the host's that several servers answer together.
pub(super) type GatherId = u64;

/// Past this many tokens of tasks the oldest is forgotten.
const MAX_TASK_TOKENS: usize = 1000;

/// A request in flight.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) server: ServerId,
    pub(super) purpose: Purpose,
    /// The host's progress token, if it asked for progress.
    pub(super) token: Option<Token>,
}

impl Call {
    /// The POST of the host's that it is made for.
    fn post(&self) -> Option<PostId> {
        self.purpose.reply_to()?.post
    }
}

/// A progress token by what it means: its spelling is nobody's to choose.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Token(String);

impl Token {
    /// The token at the end of these keys.
    pub(super) fn read(frame: &Frame, keys: &[&str]) -> Option<Self> {
        if let Some(text) = frame.string(keys) {
            return Some(Self(format!("text {text}")));
        }
        let number = frame.raw(keys)?.parse::<f64>().ok()?;
        Some(Self(format!("number {number}")))
    }
}

/// What becomes of the answer.
#[derive(Debug)]
pub(super) enum Purpose {
    /// The host gets it as it is.
    Relay(ReplyTo),
    /// The host gets it without the tools that the policy can't allow.
    FilterTools(ReplyTo),
    /// The host gets it, and the task that it may name belongs to this server.
    LearnTask(ReplyTo),
    /// The host gets it, or, where this server doesn't know the resource, that of the next server.
    TryResource {
        to: ReplyTo,
        /// The host's frame.
        frame: String,
        /// The servers that haven't been tried.
        untried: Vec<ServerId>,
    },
    /// It is the server's introduction.
    Introduction,
    /// It is a page of a list that several servers have.
    Page(ListKind),
    /// It is one server's part of a setting that is told to several.
    Part(GatherId),
    /// Nobody wants it.
    Ignore,
}

impl Purpose {
    /// The host's request that waits for this answer alone.
    pub(super) fn reply_to(&self) -> Option<&ReplyTo> {
        match self {
            Self::Relay(to) | Self::FilterTools(to) | Self::LearnTask(to) | Self::TryResource { to, .. } => {
                Some(to)
            }
            Self::Introduction | Self::Page(_) | Self::Part(_) | Self::Ignore => None,
        }
    }
}

/// All requests in flight.
#[derive(Debug, Default)]
pub(super) struct Calls {
    open: HashMap<CallId, Call>,
    by_host: HashMap<Id, CallId>,
    /// Whose call a progress token is for.
    tokens: HashMap<Token, (ServerId, Option<PostId>)>,
    /// The tokens of calls that have become tasks, which outlive their calls; the oldest first.
    task_tokens: VecDeque<Token>,
    last: CallId,
}

impl Calls {
    /// An id that no call has had.
    pub(super) fn next_id(&mut self) -> CallId {
        self.last += 1;
        self.last
    }

    /// Notes a call.
    pub(super) fn insert(&mut self, id: CallId, call: Call) {
        if let Some(host) = call.purpose.reply_to().and_then(|to| to.id.clone()) {
            self.by_host.insert(host, id);
        }
        if let Some(token) = &call.token {
            self.tokens.insert(token.clone(), (call.server, call.post()));
        }
        self.open.insert(id, call);
    }

    /// Keeps the token of a call that has become a task.
    pub(super) fn keep_token(&mut self, token: Token, server: ServerId, post: Option<PostId>) {
        self.tokens.insert(token.clone(), (server, post));
        self.task_tokens.push_back(token);
        if self.task_tokens.len() > MAX_TASK_TOKENS
            && let Some(oldest) = self.task_tokens.pop_front()
        {
            self.tokens.remove(&oldest);
        }
    }

    /// Takes the call that an id of ours names, where this server has to answer it: none answers for another.
    pub(super) fn take(&mut self, id: &Id, server: ServerId) -> Option<Call> {
        let Id::Number(digits) = id else { return None };
        let call_id = digits.parse().ok()?;
        if self.open.get(&call_id)?.server != server {
            return None;
        }
        self.remove(call_id)
    }

    /// Takes the call that is made for a request of the host's.
    pub(super) fn take_by_host(&mut self, id: &Id) -> Option<(CallId, Call)> {
        let call_id = *self.by_host.get(id)?;
        Some((call_id, self.remove(call_id)?))
    }

    /// Whether a request of the host's with this id is in flight.
    pub(super) fn has_host_id(&self, id: &Id) -> bool {
        self.by_host.contains_key(id)
    }

    /// Takes every call to a server.
    pub(super) fn take_server(&mut self, server: ServerId) -> Vec<Call> {
        let mut ids: Vec<CallId> =
            self.open.iter().filter(|(_, call)| call.server == server).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.into_iter().filter_map(|id| self.remove(id)).collect()
    }

    /// The server that works on the call with this progress token, and the POST that asked.
    pub(super) fn token_owner(&self, token: &Token) -> Option<(ServerId, Option<PostId>)> {
        self.tokens.get(token).copied()
    }

    /// The POST that a call to this server was made for.
    pub(super) fn post(&self, id: CallId, server: ServerId) -> Option<PostId> {
        self.open.get(&id).filter(|call| call.server == server)?.post()
    }

    /// How many are in flight.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether nobody waits for an answer.
    pub(super) fn is_empty(&self) -> bool {
        self.open.values().all(|call| call.purpose.reply_to().is_none())
    }

    fn remove(&mut self, id: CallId) -> Option<Call> {
        let call = self.open.remove(&id)?;
        if let Some(token) = &call.token {
            self.tokens.remove(token);
        }
        if let Some(host) = call.purpose.reply_to().and_then(|to| to.id.as_ref()) {
            self.by_host.remove(host);
        }
        Some(call)
    }
}
