//! Requests of downstreams that the host has to answer: sampling, elicitation, roots, tasks.
//!
//! Two servers may choose the same id, and the same progress token: the host sees ones of ours.

use std::collections::{BTreeMap, HashMap, VecDeque};

use argala_json::Span;
use argala_wire::{Frame, Id, reply};

use super::inputs::InputId;
use crate::connection::ServerId;

/// The id of a request toward the host.
pub(super) type AskId = u64;

/// A request that the host hasn't answered.
#[derive(Debug)]
struct Ask {
    server: ServerId,
    origin: Origin,
}

/// Where a request comes from.
#[derive(Debug)]
enum Origin {
    /// It is a server's own, under this id.
    Server(Id),
    /// It is a question in a result.
    Input(InputId),
}

/// All requests that the host hasn't answered.
#[derive(Debug, Default)]
pub(super) struct Asks {
    open: BTreeMap<AskId, Ask>,
    by_server: HashMap<(ServerId, Id), AskId>,
    /// Of each progress token of ours: the server, and the token as it wrote it.
    tokens: BTreeMap<AskId, (ServerId, String)>,
    /// Of tasks that the host runs: whose request each was, the oldest first.
    tasks: VecDeque<(String, ServerId)>,
    last: AskId,
}

/// Requests that one server may have at the host.
const MAX_OPEN: usize = 1000;
/// A task outlives its request, and so does its token. Past this many of one server the oldest is forgotten; so it is with
/// the tasks themselves.
const MAX_TOKENS: usize = 1000;

/// Whom an answer of the host's is for.
pub(super) enum Answered {
    /// The server gets this frame.
    Server(ServerId, String),
    /// It answers a question in a result.
    Input(InputId, AskId),
}

/// What becomes of a server's request.
pub(super) enum Relayed {
    /// The host gets this frame.
    Frame(String),
    /// The host has more than enough requests of this server.
    Busy,
    /// The server waits for an answer under this id already.
    InUse,
}

impl Asks {
    /// Notes a server's request; the frame for the host.
    pub(super) fn relay(&mut self, server: ServerId, id: &Id, frame: &Frame) -> Relayed {
        if self.by_server.contains_key(&(server, id.clone())) {
            return Relayed::InUse;
        }
        if self.open.values().filter(|ask| ask.server == server).count() >= MAX_OPEN {
            return Relayed::Busy;
        }
        self.last += 1;
        let ask_id = self.last;
        self.open.insert(ask_id, Ask { server, origin: Origin::Server(id.clone()) });
        self.by_server.insert((server, id.clone()), ask_id);
        let number = ask_id.to_string();
        let mut edits: Vec<(Span, String)> = Vec::new();
        edits.extend(frame.at(&["id"]).map(|node| (node.span.clone(), number.clone())));
        if let Some(token) = frame.at(&["params", "_meta", "progressToken"]) {
            self.keep_token(ask_id, server, token.raw(frame.text()).to_owned());
            edits.push((token.span.clone(), number));
        }
        Relayed::Frame(frame.edited(&edits))
    }

    /// Notes a question in a result; the frame for the host.
    pub(super) fn open_for_input(
        &mut self,
        server: ServerId,
        input: InputId,
        method: &str,
        params: Option<&str>,
    ) -> (AskId, String) {
        self.last += 1;
        self.open.insert(self.last, Ask { server, origin: Origin::Input(input) });
        (self.last, reply::request(self.last, method, params))
    }

    /// Takes a request back; what the host should hear.
    pub(super) fn withdraw(&mut self, id: AskId, reason: &str) -> Option<String> {
        self.remove(id)?;
        let params = format!(r#"{{"requestId":{id},"reason":"{reason}"}}"#);
        Some(reply::notification(argala_wire::legacy::CANCELLED, Some(&params)))
    }

    fn keep_token(&mut self, id: AskId, server: ServerId, token: String) {
        self.tokens.insert(id, (server, token));
        let mut own = self.tokens.iter().filter(|(_, (owner, _))| *owner == server).map(|(id, _)| *id);
        if let Some(oldest) = own.next()
            && own.count() >= MAX_TOKENS
        {
            self.tokens.remove(&oldest);
        }
    }

    /// Whose request a task of the host's was, as far as is known.
    pub(super) fn task_owner(&self, task: &str) -> Option<ServerId> {
        self.tasks.iter().find(|(known, _)| known == task).map(|(_, server)| *server)
    }

    /// Whom an answer of the host's is for. None where nobody has asked.
    pub(super) fn answered(&mut self, id: &Id, frame: &Frame) -> Option<Answered> {
        let Id::Number(digits) = id else { return None };
        let ask_id = digits.parse().ok()?;
        let ask = self.remove(ask_id)?;
        let own = match ask.origin {
            Origin::Server(own) => own,
            Origin::Input(input) => return Some(Answered::Input(input, ask_id)),
        };
        if let Some(task) = frame.string(&["result", "task", "taskId"]) {
            self.tasks.push_back((task.into_owned(), ask.server));
            if self.tasks.len() > MAX_TOKENS {
                self.tasks.pop_front();
            }
        }
        let span = frame.at(&["id"])?.span.clone();
        Some(Answered::Server(ask.server, frame.edited(&[(span, own.to_json())])))
    }

    /// A server's `notifications/cancelled` about a request of its own, for the host.
    pub(super) fn cancelled(&mut self, server: ServerId, frame: &Frame) -> Option<String> {
        let request = frame.at(&["params", "requestId"])?;
        let id = Id::read(request, frame.text())?;
        let ask_id = *self.by_server.get(&(server, id))?;
        self.remove(ask_id);
        Some(frame.edited(&[(request.span.clone(), ask_id.to_string())]))
    }

    /// The host's `notifications/progress`, for the server that asked for it.
    pub(super) fn progress(&self, frame: &Frame) -> Option<(ServerId, String)> {
        let token = frame.at(&["params", "progressToken"])?;
        let (server, theirs) = self.tokens.get(&token.raw(frame.text()).parse().ok()?)?;
        Some((*server, frame.edited(&[(token.span.clone(), theirs.clone())])))
    }

    /// Forgets a server that is gone; what the host should hear about its requests.
    pub(super) fn drop_server(&mut self, server: ServerId) -> Vec<String> {
        // A question in a result was answered when it was asked: it belongs to the host's request.
        let is_own = |ask: &Ask| ask.server == server && matches!(ask.origin, Origin::Server(_));
        let ids: Vec<AskId> = self.open.iter().filter(|(_, ask)| is_own(ask)).map(|(id, _)| *id).collect();
        self.tokens.retain(|_, (owner, _)| *owner != server);
        self.tasks.retain(|(_, owner)| *owner != server);
        ids.into_iter().filter_map(|id| self.withdraw(id, "the server has ended")).collect()
    }

    fn remove(&mut self, id: AskId) -> Option<Ask> {
        let ask = self.open.remove(&id)?;
        if let Origin::Server(own) = &ask.origin {
            self.by_server.remove(&(ask.server, own.clone()));
        }
        Some(ask)
    }
}
