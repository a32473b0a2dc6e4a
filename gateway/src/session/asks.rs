//! Requests of downstreams that the host has to answer: sampling, elicitation, roots, tasks.
//!
//! Two servers may choose the same id, and the same progress token: the host sees ones of ours.

use std::collections::{BTreeMap, HashMap, VecDeque};

use argala_json::Span;
use argala_wire::{Frame, Id, reply};

use crate::connection::ServerId;

/// The id of a request toward the host.
type AskId = u64;

/// A request that the host hasn't answered.
#[derive(Debug)]
struct Ask {
    server: ServerId,
    /// The server's own id.
    id: Id,
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
        self.open.insert(ask_id, Ask { server, id: id.clone() });
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

    /// The host's answer, for the server that asked. None where nobody did.
    pub(super) fn answered(&mut self, id: &Id, frame: &Frame) -> Option<(ServerId, String)> {
        let Id::Number(digits) = id else { return None };
        let ask = self.remove(digits.parse().ok()?)?;
        if let Some(task) = frame.string(&["result", "task", "taskId"]) {
            self.tasks.push_back((task.into_owned(), ask.server));
            if self.tasks.len() > MAX_TOKENS {
                self.tasks.pop_front();
            }
        }
        let span = frame.at(&["id"])?.span.clone();
        Some((ask.server, frame.edited(&[(span, ask.id.to_json())])))
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
        let ids: Vec<AskId> =
            self.open.iter().filter(|(_, ask)| ask.server == server).map(|(id, _)| *id).collect();
        self.tokens.retain(|_, (owner, _)| *owner != server);
        self.tasks.retain(|(_, owner)| *owner != server);
        let cancel = |id: AskId| {
            self.remove(id);
            let params = format!(r#"{{"requestId":{id},"reason":"the server has ended"}}"#);
            reply::notification(argala_wire::legacy::CANCELLED, Some(&params))
        };
        ids.into_iter().map(cancel).collect()
    }

    fn remove(&mut self, id: AskId) -> Option<Ask> {
        let ask = self.open.remove(&id)?;
        self.by_server.remove(&(ask.server, ask.id.clone()));
        Some(ask)
    }
}
