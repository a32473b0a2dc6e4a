//! A host of the modern era before a server of the legacy one: what the server asks of the host becomes an `input_required`
//! result, and the call is held until the host repeats its request with the answers (basic/patterns/mrtr).
//!
//! The result's `requestState` is opaque, good for one use, for this session, for the very request that it was given for, and
//! for a few minutes.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argala_json::{Limits, Options, compact, quote};
use argala_wire::reply::{self, code};
use argala_wire::{Frame, Id, Kind, Sender, legacy, modern};
use tokio::time::Instant;

use super::Session;
use super::answers::ReplyTo;
use super::calls::{Bridge, CallId, Token, ToolCall};
use crate::connection::ServerId;

/// How long a host has to come back with its answers.
const PATIENCE: Duration = Duration::from_secs(300);
/// Calls that may be held at once, bytes of what their servers have answered meanwhile, and questions of one of them.
const MAX_HELD: usize = 1000;
const MAX_ANSWERS: usize = 64 << 20;
const MAX_QUESTIONS: usize = 100;

/// The `requestState` of every call that waits for its host, for whoever has to find the session again: who doesn't know it is
/// not led here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Awaited(Arc<Mutex<HashSet<String>>>);

impl Awaited {
    pub(crate) fn has(&self, state: &str) -> bool {
        self.lock().contains(state)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All calls that wait for the host to come back.
#[derive(Debug, Default)]
pub(super) struct HeldCalls {
    open: HashMap<CallId, Held>,
    /// The secrets of those that the host has been told of.
    secrets: HashMap<String, CallId>,
    keys: RandomState,
}

#[derive(Debug)]
struct Held {
    server: ServerId,
    secret: Option<String>,
    until: Instant,
    /// What the host has been asked, by the names that it knows the questions by.
    asked: BTreeMap<usize, Question>,
    /// What it will be asked when it comes back.
    queue: VecDeque<Question>,
    /// What the server has answered in the meantime.
    answer: Option<Frame>,
}

#[derive(Debug, Clone)]
struct Question {
    /// The server's own.
    id: Id,
    method: String,
    /// As JSON.
    params: Option<String>,
}

impl HeldCalls {
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.open.values().filter(|held| held.secret.is_some()).map(|held| held.until).min()
    }

    /// Forgets a question that the server has taken back.
    pub(super) fn cancelled(&mut self, server: ServerId, frame: &Frame) {
        let request = frame.at(&["params", "requestId"]).and_then(|node| Id::read(node, frame.text()));
        for held in self.open.values_mut().filter(|held| held.server == server) {
            held.asked.retain(|_, question| Some(&question.id) != request.as_ref());
            held.queue.retain(|question| Some(&question.id) != request.as_ref());
        }
    }

    /// Forgets what a server has asked that is gone: the next one may ask something else under the same ids.
    pub(super) fn forget_questions(&mut self, server: ServerId) {
        for held in self.open.values_mut().filter(|held| held.server == server) {
            held.asked.clear();
            held.queue.clear();
        }
    }

    /// What a request asks for, but for its id and for what changes from one round to the next.
    pub(super) fn fingerprint(&self, frame: &Frame) -> u64 {
        let mut members: Vec<(&str, String)> = frame
            .members(&["params"])
            .filter(|(name, _)| !["_meta", "inputResponses", "requestState"].contains(name))
            .map(|(name, raw)| {
                (name, compact(raw, &Options::tolerant(Limits::UNBOUNDED)).unwrap_or_else(|_| raw.to_owned()))
            })
            .collect();
        members.sort();
        let method = match frame.kind() {
            Kind::Request { method, .. } => method.as_str(),
            _ => "",
        };
        self.keys.hash_one((method, members))
    }
}

impl Session {
    /// A request of a server's that only the host can answer. `about` is the call that it came in answer to, where that is known.
    pub(super) fn hold_for(&mut self, server: ServerId, id: &Id, frame: &Frame, about: Option<CallId>) {
        let Kind::Request { method, .. } = frame.kind() else { return };
        let refuse = |session: &Self, reason: &str| {
            session.reply(server, reply::error(Some(id), code::METHOD_NOT_FOUND, reason));
        };
        let Some(call) = self.calls.askable(server, about, self.over_http) else {
            return refuse(self, "there is no one request of the host's that this is asked for");
        };
        if !self.calls.can_answer(call, method) {
            return refuse(self, "the host can't answer this");
        }
        if !self.held.open.contains_key(&call) && self.held.open.len() >= MAX_HELD {
            return refuse(self, "too many calls wait for the host");
        }
        let held = self.held.open.entry(call).or_insert_with(|| Held {
            server,
            secret: None,
            until: Instant::now() + PATIENCE,
            asked: BTreeMap::new(),
            queue: VecDeque::new(),
            answer: None,
        });
        if held.queue.len() + held.asked.len() >= MAX_QUESTIONS {
            return refuse(self, "too many questions of this call wait for the host");
        }
        let params = frame.raw(&["params"]).map(str::to_owned);
        held.queue.push_back(Question { id: id.clone(), method: method.clone(), params });
        // The host will come back to this server, and to no other.
        if let Some(uri) = self.calls.get(call, server).and_then(|call| call.purpose.sought()) {
            self.routes.learn_resource(&uri, server);
        }
        self.ask_for_input(call);
    }

    /// Answers a request of the host's with what its server wants to know, where there is such a request.
    fn ask_for_input(&mut self, call: CallId) {
        let Some(held) = self.held.open.get_mut(&call) else { return };
        let Some(to) = self.calls.hold(call) else { return };
        held.asked = held.queue.drain(..).enumerate().collect();
        held.until = Instant::now() + PATIENCE;
        let mut requests = Vec::new();
        for (number, question) in &held.asked {
            let mut method = String::new();
            quote(&question.method, &mut method);
            let params = question.params.as_ref().map(|params| format!(r#","params":{params}"#));
            requests.push(format!(r#""{number}":{{"method":{method}{}}}"#, params.unwrap_or_default()));
        }
        let Some(secret) = secret() else {
            // Without chance there is no secret, and without one nobody can be told apart.
            return self.refuse(&to, code::INTERNAL_ERROR, "the system gives no random numbers");
        };
        let state = format!("argala.{}.{secret}", self.setup.slot);
        let result = format!(
            r#"{{"resultType":"{}","inputRequests":{{{}}},"requestState":"{state}"}}"#,
            modern::INPUT_REQUIRED,
            requests.join(",")
        );
        held.secret = Some(state.clone());
        // Told before the answer is, so that nobody lends the session to another caller in between.
        self.setup.awaited.lock().insert(state.clone());
        self.held.secrets.insert(state, call);
        if let Some(id) = &to.id {
            self.answer(&to, reply::result(id, &result));
        }
    }

    /// A host comes back with what it was asked for. It has been judged as every other request.
    pub(super) fn resume(&mut self, server: ServerId, frame: &Frame, to: ReplyTo, tool: Option<ToolCall>) {
        let state = frame.string(&["params", "requestState"]).unwrap_or_default().into_owned();
        let known = self.held.secrets.get(&state).copied();
        let fits = known.is_some_and(|call| {
            let bridge = self.calls.get(call, server).map(|call| &call.bridge);
            matches!(bridge, Some(Bridge::Askable { print, .. }) if *print == self.held.fingerprint(frame))
        });
        let Some(call) = known.filter(|_| fits) else {
            let message = "this `requestState` is not known, or no more, or was given for another request; call again without it";
            return self.refuse(&to, code::INVALID_PARAMS, message);
        };
        self.release(&state);
        let Some(held) = self.held.open.get_mut(&call) else { return };
        let mut replies = Vec::new();
        let mut unanswered = Vec::new();
        for (number, question) in std::mem::take(&mut held.asked) {
            match frame.raw(&["params", "inputResponses", &number.to_string()]) {
                Some(response) => replies.push(reply::result(&question.id, response)),
                None => unanswered.push(question),
            }
        }
        // What it didn't say is asked again, before all that has come up since.
        for question in unanswered.into_iter().rev() {
            held.queue.push_front(question);
        }
        let (more, answer) = (!held.queue.is_empty(), held.answer.take());
        let token = Token::read(frame, &["params", "_meta", "progressToken"]);
        let token = token.and(frame.raw(&["params", "_meta", "progressToken"])).map(str::to_owned);
        self.calls.resume(call, to, tool, token);
        for answer in replies {
            self.reply(server, answer);
        }
        if let Some(answer) = answer {
            self.held.open.remove(&call);
            let id = Id::Number(call.to_string());
            self.take_response(server, &id, &answer);
        } else if more {
            self.ask_for_input(call);
        } else {
            self.held.open.remove(&call);
        }
    }

    /// What a server has answered while the host was asked; without a frame, that it is gone.
    pub(super) fn keep_answer(&mut self, call: CallId, answer: Frame) {
        let kept = self.held.open.values().filter_map(|held| held.answer.as_ref());
        let bytes = kept.map(|answer| answer.text().len()).sum::<usize>() + answer.text().len();
        let Some(answer) = Some(answer).filter(|_| bytes <= MAX_ANSWERS).or_else(|| {
            failure(call, "the server has answered before its questions were, and too much to keep that")
        }) else {
            return;
        };
        if let Some(held) = self.held.open.get_mut(&call) {
            held.answer = Some(answer);
        }
    }

    /// Ends the calls whose hosts haven't come back.
    pub(super) fn end_held(&mut self, now: Instant) {
        let late = |held: &Held| held.secret.is_some() && held.until <= now;
        let calls: Vec<CallId> =
            self.held.open.iter().filter(|(_, held)| late(held)).map(|(call, _)| *call).collect();
        for call in calls {
            let Some(held) = self.held.open.remove(&call) else { continue };
            if let Some(state) = &held.secret {
                self.release(state);
            }
            tracing::warn!(
                server = self.name(held.server),
                "the host didn't come back with the input it was asked for"
            );
            for question in held.asked.values().chain(&held.queue) {
                let message = "the host didn't answer in time";
                self.reply(held.server, reply::error(Some(&question.id), code::INTERNAL_ERROR, message));
            }
            if self.calls.forget(call) && held.answer.is_none() {
                let params = format!(r#"{{"requestId":{call},"reason":"the host didn't come back"}}"#);
                let cancelled = reply::notification(legacy::CANCELLED, Some(&params));
                let _ = self.to_downstream(held.server, cancelled);
            }
        }
    }

    /// A secret has been used, or is good for nothing any more.
    fn release(&mut self, state: &str) {
        if let Some(call) = self.held.secrets.remove(state) {
            self.setup.awaited.lock().remove(state);
            if let Some(held) = self.held.open.get_mut(&call) {
                held.secret = None;
            }
        }
    }
}

/// The error of a server that is gone, as the answer to a call.
pub(super) fn failure(call: CallId, message: &str) -> Option<Frame> {
    let text = reply::error(Some(&Id::Number(call.to_string())), code::INTERNAL_ERROR, message);
    Frame::read(text.as_bytes(), Sender::Downstream).ok()
}

/// What nobody can guess.
fn secret() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
