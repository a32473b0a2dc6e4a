//! A host of the legacy era before a server of the modern one: what an `input_required` result asks for is asked of the host
//! in requests, and the host's own request is repeated with the answers (basic/patterns/mrtr).

use std::collections::BTreeMap;

use argala_json::{Limits, Options, Outline, quote};
use argala_wire::reply::code;
use argala_wire::{Frame, Sender, modern};

use super::Session;
use super::answers::{HostKey, ReplyTo};
use super::asks::AskId;
use crate::connection::ServerId;

/// Names a request of the host's that waits for its own answers.
pub(super) type InputId = u64;

/// A request is repeated so many times at most.
const MAX_ROUNDS: u8 = 16;
/// Questions in one result.
const MAX_QUESTIONS: usize = 100;

/// All requests of the host's that wait for its own answers.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    open: BTreeMap<InputId, Input>,
    last: InputId,
}

#[derive(Debug)]
struct Input {
    to: ReplyTo,
    /// The host's frame.
    frame: String,
    /// The server's `requestState`, as JSON.
    state: Option<String>,
    /// The questions that aren't answered, by the server's names for them.
    waiting: BTreeMap<AskId, String>,
    /// The members of `inputResponses`.
    responses: Vec<String>,
}

impl Inputs {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// The bytes of all that is kept of them.
    pub(super) fn kept(&self) -> usize {
        let bytes = |input: &Input| {
            let state = input.state.as_ref().map_or(0, String::len);
            input.frame.len() + state + input.responses.iter().map(String::len).sum::<usize>()
        };
        self.open.values().map(bytes).sum()
    }

    /// Whether a request of the host's with this id waits.
    pub(super) fn has_host_id(&self, key: &HostKey) -> bool {
        self.open.values().any(|input| input.to.key().as_ref() == Some(key))
    }
}

impl Session {
    /// A server asks for input. `text` is the host's frame that it is needed for.
    pub(super) fn take_input_required(&mut self, server: ServerId, to: ReplyTo, text: String, frame: &Frame) {
        if to.rounds >= MAX_ROUNDS {
            let message =
                format!("the server `{}` has asked for input {MAX_ROUNDS} times", self.name(server));
            return self.refuse(&to, code::INTERNAL_ERROR, &message);
        }
        let questions: Vec<(&str, String, Option<&str>)> = frame
            .members(&["result", "inputRequests"])
            .filter_map(|(key, raw)| question(raw).map(|(method, params)| (key, method, params)))
            .take(MAX_QUESTIONS)
            .collect();
        let can_answer = |method: &str| self.opening.client().is_some_and(|client| client.can_answer(method));
        if let Some((_, method, _)) = questions.iter().find(|(_, method, _)| !can_answer(method)) {
            let message =
                format!("the server `{}` needs `{method}`, which the host can't answer", self.name(server));
            return self.refuse(&to, code::MISSING_CLIENT_CAPABILITY, &message);
        }
        self.inputs.last += 1;
        let id = self.inputs.last;
        let state = frame.raw(&["result", "requestState"]).map(str::to_owned);
        let mut input = Input { to, frame: text, state, waiting: BTreeMap::new(), responses: Vec::new() };
        let mut asked = Vec::new();
        for (key, method, params) in questions {
            let (ask, request) = self.asks.open_for_input(server, id, &method, params);
            input.waiting.insert(ask, key.to_owned());
            asked.push(request);
        }
        let post = input.to.post;
        let ready = input.waiting.is_empty();
        self.inputs.open.insert(id, input);
        for request in asked {
            self.to_host(request, post);
        }
        if ready {
            self.repeat(id);
        }
    }

    /// The host's answer to one of the questions.
    pub(super) fn take_input(&mut self, id: InputId, ask: AskId, frame: &Frame) {
        let Some(input) = self.inputs.open.get_mut(&id) else { return };
        let Some(key) = input.waiting.remove(&ask) else { return };
        let Some(result) = frame.raw(&["result"]) else {
            let error = frame.raw(&["error"]).unwrap_or_default().to_owned();
            return self.give_up(id, &error);
        };
        let mut member = String::new();
        quote(&key, &mut member);
        input.responses.push(format!("{member}:{result}"));
        if input.waiting.is_empty() {
            self.repeat(id);
        }
    }

    /// The host won't say what the server must know: the host's own error is the answer to its request.
    fn give_up(&mut self, id: InputId, error: &str) {
        let Some(input) = self.inputs.open.remove(&id) else { return };
        self.withdraw_questions(&input);
        let host_id = input.to.id.as_ref().map_or_else(|| "null".to_owned(), argala_wire::Id::to_json);
        self.answer(&input.to, format!(r#"{{"jsonrpc":"2.0","id":{host_id},"error":{error}}}"#));
    }

    /// Forgets a request that the host has cancelled.
    pub(super) fn cancel_input(&mut self, key: &HostKey) -> Option<ReplyTo> {
        let found = self.inputs.open.iter().find(|(_, input)| input.to.key().as_ref() == Some(key));
        let id = found.map(|(id, _)| *id)?;
        let input = self.inputs.open.remove(&id)?;
        self.withdraw_questions(&input);
        Some(input.to)
    }

    fn withdraw_questions(&mut self, input: &Input) {
        for ask in input.waiting.keys() {
            if let Some(cancelled) = self.asks.withdraw(*ask, "it isn't needed any more") {
                self.to_host(cancelled, input.to.post);
            }
        }
    }

    /// Repeats the host's request with all that it has answered. It is judged again: the arguments are the same, the policy
    /// may not be.
    fn repeat(&mut self, id: InputId) {
        let Some(Input { to, frame, state, responses, .. }) = self.inputs.open.remove(&id) else { return };
        let Ok(frame) = Frame::read(frame.as_bytes(), Sender::Host) else { return };
        let responses = format!("{{{}}}", responses.join(","));
        let mut members = vec![("inputResponses", responses.as_str())];
        members.extend(state.as_deref().map(|state| ("requestState", state)));
        let text = frame.edited(&frame.with_members(&["params"], &members));
        let to = ReplyTo { rounds: to.rounds + 1, ..to };
        match Frame::read(text.as_bytes(), Sender::Host) {
            Ok(frame) => {
                let argala_wire::Kind::Request { method, .. } = frame.kind().clone() else { return };
                self.route(&frame, &method, to);
            }
            Err(refused) => self.refuse(&to, refused.code, &refused.message),
        }
    }
}

/// The method and the parameters of a question, where it is one that a server may ask.
fn question(raw: &str) -> Option<(String, Option<&str>)> {
    let outline = Outline::of_members(raw.as_bytes(), &Options::tolerant(Limits::UNBOUNDED), 1).ok()?;
    let method = outline.at(&["method"])?.string(raw)?.into_owned();
    let params = outline.at(&["params"]).map(|params| params.raw(raw));
    modern::is_input_request(&method).then_some((method, params))
}
