//! Requests that a downstream has to answer, under ids of our own.
//!
//! Hosts choose ids for themselves, and so do we: two hosts, or a host and the gateway, never share one at a server.

use std::collections::{HashMap, VecDeque};

use argala_wire::{Frame, Id, Sender};

use super::answers::{HostKey, ReplyTo};
use super::catalogue::ListKind;
use super::results::Reviewing;
use super::timeouts::Timeouts;
use crate::audit::{Outcome, Reviewed, Watched};
use crate::connection::ServerId;
use crate::health::Counted;
use crate::host::PostId;
use crate::ledger::Charged;
use crate::servers::Limit;

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
    /// The progress token that the server knows, if the host asked for progress.
    pub(super) token: Option<Token>,
    /// The host's own token, as JSON, where the server knows another one.
    pub(super) host_token: Option<String>,
    /// Whether a server of the modern era says how long the result may be kept.
    pub(super) cacheable: bool,
    /// Whether the host wants to see what the server logs meanwhile.
    pub(super) wants_log: bool,
    pub(super) bridge: Bridge,
    /// How long it may take.
    pub(super) limit: Limit,
    /// Where the host waits for it: one of the calls that are shown to be in flight.
    pub(super) counted: Option<Counted>,
    /// Where it is a tool's: which, and what the audit log is told when it ends.
    pub(super) tool: Option<ToolCall>,
    /// How the answer is reviewed before the host gets it; None where it passes as it comes.
    pub(super) reviewing: Option<Box<Reviewing>>,
}

/// A call of a tool that was let pass.
#[derive(Debug)]
pub(super) struct ToolCall {
    /// As the policy names it.
    pub(super) name: String,
    pub(super) watched: Option<Watched>,
    /// What it has paid, until it has left.
    pub(super) charged: Option<Charged>,
    /// What has become of its result.
    pub(super) reviewed: Reviewed,
}

impl ToolCall {
    /// Notes that it has left: what it has paid isn't paid back.
    pub(super) fn leave(&mut self) {
        if let Some(charged) = self.charged.take() {
            charged.keep();
        }
    }

    /// Records how it ended, and with how many bytes.
    pub(super) fn end(&mut self, outcome: Outcome, bytes: usize) {
        if let Some(watched) = self.watched.take() {
            watched.end(outcome, bytes, std::mem::take(&mut self.reviewed));
        }
    }
}

/// What it takes to bring server and host together where they are of different eras.
#[derive(Debug)]
pub(super) enum Bridge {
    None,
    /// The host's frame, which is repeated when the server needs input.
    Repeat(String),
    /// The server may ask for input.
    Askable {
        /// Tells the host's request from another one.
        print: u64,
        /// What the host can answer, as it said with this request.
        answers: Vec<&'static str>,
    },
}

impl Call {
    /// A request of our own.
    pub(super) fn own(server: ServerId, purpose: Purpose) -> Self {
        Self {
            server,
            purpose,
            token: None,
            host_token: None,
            cacheable: false,
            wants_log: false,
            bridge: Bridge::None,
            limit: Limit::default(),
            counted: None,
            tool: None,
            reviewing: None,
        }
    }

    /// It could be sent nowhere.
    pub(super) fn refused(mut self) -> Purpose {
        if let Some(tool) = &mut self.tool {
            tool.end(Outcome::Refused, 0);
        }
        self.purpose
    }

    /// The bytes of the host's frame, where that is kept for another try.
    fn kept(&self) -> usize {
        let repeated = match &self.bridge {
            Bridge::Repeat(frame) => frame.len(),
            _ => 0,
        };
        let tried = match &self.purpose {
            Purpose::TryResource { frame, .. } => frame.len(),
            _ => 0,
        };
        repeated + tried
    }

    /// The POST of the host's that it is made for.
    pub(super) fn post(&self) -> Option<PostId> {
        self.purpose.reply_to()?.post
    }
}

/// A progress token by what it means: its spelling is nobody's to choose.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Token(String);

impl Token {
    /// A token of ours.
    pub(super) fn number(number: CallId) -> Self {
        Self(format!("number {number}"))
    }

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
    /// The host gets it without instructions that are withheld.
    Discover(ReplyTo),
    /// It ends the host's `subscriptions/listen`.
    Listen(ReplyTo),
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
    /// It ends our listening for changes.
    Watch,
    /// The host has been asked for input, and will come back for it.
    Held,
    /// Nobody wants it.
    Ignore,
}

impl Purpose {
    /// The resource that is looked for at one server after the other.
    pub(super) fn sought(&self) -> Option<String> {
        let Self::TryResource { frame, .. } = self else { return None };
        let frame = Frame::read(frame.as_bytes(), Sender::Host).ok()?;
        frame.string(&["params", "uri"]).map(std::borrow::Cow::into_owned)
    }

    /// The host's request that waits for this answer alone.
    pub(super) fn reply_to(&self) -> Option<&ReplyTo> {
        match self {
            Self::Relay(to)
            | Self::FilterTools(to)
            | Self::Discover(to)
            | Self::Listen(to)
            | Self::LearnTask(to)
            | Self::TryResource { to, .. } => Some(to),
            Self::Introduction | Self::Page(_) | Self::Part(_) | Self::Watch | Self::Held | Self::Ignore => {
                None
            }
        }
    }
}

/// Who hears of the progress under a token.
#[derive(Debug, Clone)]
pub(super) struct Listener {
    pub(super) call: CallId,
    pub(super) server: ServerId,
    pub(super) post: Option<PostId>,
    /// The host's own token, as JSON, where the server knows another one.
    pub(super) host_token: Option<String>,
}

/// All requests in flight.
#[derive(Debug, Default)]
pub(super) struct Calls {
    open: HashMap<CallId, Call>,
    by_host: HashMap<HostKey, CallId>,
    /// Whose call a progress token is for.
    tokens: HashMap<Token, Listener>,
    timeouts: Timeouts,
    /// The bytes of the host's frames that are kept for another try.
    kept: usize,
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
        let ends = call.purpose.reply_to().is_some() && !matches!(call.purpose, Purpose::Listen(_));
        if ends {
            self.timeouts.begin(id, call.limit);
        }
        if let Some(host) = call.purpose.reply_to().and_then(ReplyTo::key) {
            self.by_host.insert(host, id);
        }
        if let Some(token) = &call.token {
            let listener = Listener {
                call: id,
                server: call.server,
                post: call.post(),
                host_token: call.host_token.clone(),
            };
            self.tokens.insert(token.clone(), listener);
        }
        self.kept += call.kept();
        self.open.insert(id, call);
    }

    /// The calls whose time is limited.
    pub(super) fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// A server works on a call, and says so.
    pub(super) fn goes_on(&mut self, id: CallId) {
        self.timeouts.begin_anew(id);
    }

    /// Takes a call that has taken too long.
    pub(super) fn take_late(&mut self, id: CallId) -> Option<Call> {
        self.timeouts.end(id);
        self.remove(id)
    }

    /// A call to this server.
    pub(super) fn get(&self, id: CallId, server: ServerId) -> Option<&Call> {
        self.open.get(&id).filter(|call| call.server == server)
    }

    /// Forgets a call: false where there is none.
    pub(super) fn forget(&mut self, id: CallId) -> bool {
        self.remove(id).is_some()
    }

    /// The call that a server's question belongs to: the one that is known, or the newest that may be asked for input. Where
    /// calls of several hosts may be open, it must be the only one: no host answers for another.
    pub(super) fn askable(
        &self,
        server: ServerId,
        about: Option<CallId>,
        several_hosts: bool,
    ) -> Option<CallId> {
        let may_be = |id: &CallId| {
            self.get(*id, server).is_some_and(|call| matches!(call.bridge, Bridge::Askable { .. }))
        };
        match about {
            Some(id) => Some(id).filter(may_be),
            None => {
                let mut open = self.open.keys().copied().filter(may_be);
                let first = open.next()?;
                match open.max() {
                    Some(_) if several_hosts => None,
                    other => other.max(Some(first)),
                }
            }
        }
    }

    /// Whether the host has said with a request that it can answer this.
    pub(super) fn can_answer(&self, id: CallId, method: &str) -> bool {
        let bridge = self.open.get(&id).map(|call| &call.bridge);
        matches!(bridge, Some(Bridge::Askable { answers, .. }) if answers.contains(&method))
    }

    /// Takes the host's request away from a call that goes on. None where it has none.
    pub(super) fn hold(&mut self, id: CallId) -> Option<ReplyTo> {
        let mut call = self.remove(id)?;
        let to = call.purpose.reply_to().cloned();
        if let Some(tool) = &mut call.tool {
            tool.end(Outcome::InputRequired, 0);
        }
        call.purpose = Purpose::Held;
        self.insert(id, call);
        to
    }

    /// Gives a call that has been held a new request of the host's, with the progress token of that one.
    pub(super) fn resume(
        &mut self,
        id: CallId,
        to: ReplyTo,
        tool: Option<ToolCall>,
        host_token: Option<String>,
    ) {
        let Some(mut call) = self.remove(id) else { return };
        call.tool = tool.or(call.tool);
        call.purpose = Purpose::Relay(to);
        call.host_token = host_token.or(call.host_token);
        self.insert(id, call);
    }

    /// Takes all calls that are made for a POST.
    pub(super) fn take_post(&mut self, post: PostId) -> Vec<(CallId, Call)> {
        let mut ids: Vec<CallId> =
            self.open.iter().filter(|(_, call)| call.post() == Some(post)).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.into_iter().filter_map(|id| Some((id, self.remove(id)?))).collect()
    }

    /// The request of the host's that a server's words belong to, where only one can be meant.
    pub(super) fn meant(&self, server: ServerId, about: Option<CallId>) -> Option<&Call> {
        let is_hosts = |call: &&Call| call.server == server && call.purpose.reply_to().is_some();
        if about.is_some() {
            return self.open.get(&about?).filter(is_hosts);
        }
        let mut calls = self.open.values().filter(is_hosts);
        calls.next().filter(|_| calls.next().is_none())
    }

    /// Whether any request to a server wants to see what it logs.
    pub(super) fn wants_log(&self, server: ServerId) -> bool {
        self.open.values().any(|call| call.server == server && call.wants_log)
    }

    /// Keeps the token of a call that has become a task.
    pub(super) fn keep_token(&mut self, token: Token, listener: Listener) {
        self.tokens.insert(token.clone(), listener);
        self.task_tokens.push_back(token);
        if self.task_tokens.len() > MAX_TASK_TOKENS
            && let Some(oldest) = self.task_tokens.pop_front()
        {
            self.tokens.remove(&oldest);
        }
    }

    /// Takes the call that an id of ours names, where this server has to answer it: none answers for another.
    pub(super) fn take(&mut self, id: &Id, server: ServerId) -> Option<(CallId, Call)> {
        let Id::Number(digits) = id else { return None };
        let call_id = digits.parse().ok()?;
        if self.open.get(&call_id)?.server != server {
            return None;
        }
        Some((call_id, self.remove(call_id)?))
    }

    /// Takes the call that is made for a request of the host's.
    pub(super) fn take_by_host(&mut self, key: &HostKey) -> Option<(CallId, Call)> {
        let call_id = *self.by_host.get(key)?;
        Some((call_id, self.remove(call_id)?))
    }

    /// Whether a request of the host's with this id is in flight.
    pub(super) fn has_host_id(&self, key: &HostKey) -> bool {
        self.by_host.contains_key(key)
    }

    /// Takes every call to a server.
    pub(super) fn take_server(&mut self, server: ServerId) -> Vec<(CallId, Call)> {
        let mut ids: Vec<CallId> =
            self.open.iter().filter(|(_, call)| call.server == server).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.into_iter().filter_map(|id| Some((id, self.remove(id)?))).collect()
    }

    /// Who hears of the progress under a token.
    pub(super) fn listener(&self, token: &Token) -> Option<&Listener> {
        self.tokens.get(token)
    }

    /// The POST that a call to this server was made for.
    pub(super) fn post(&self, id: CallId, server: ServerId) -> Option<PostId> {
        self.open.get(&id).filter(|call| call.server == server)?.post()
    }

    /// How many are in flight.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// The bytes of the host's frames that are kept for another try.
    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    /// Whether nobody waits for an answer.
    pub(super) fn is_empty(&self) -> bool {
        self.open.values().all(|call| call.purpose.reply_to().is_none())
    }

    fn remove(&mut self, id: CallId) -> Option<Call> {
        let call = self.open.remove(&id)?;
        self.timeouts.end(id);
        self.kept = self.kept.saturating_sub(call.kept());
        if let Some(token) = &call.token {
            self.tokens.remove(token);
        }
        if let Some(host) = call.purpose.reply_to().and_then(ReplyTo::key) {
            self.by_host.remove(&host);
        }
        Some(call)
    }
}
