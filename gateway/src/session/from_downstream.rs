//! Frames from downstreams: answers, requests to the host, notifications. They pass as the bytes that came.

use std::borrow::Cow;

use argala_wire::line::Line;
use argala_wire::reply::{self, code};
use argala_wire::{Era, Frame, Id, Kind, Sender, batch, frame, legacy, modern};

use super::answers::ReplyTo;
use super::asks::Relayed;
use super::calls::{Bridge, Call, CallId, Listener, Purpose, Token};
use super::catalogue::{List, TOOLS};
use super::results::Unfit;
use super::translation::CallFacts;
use super::{Session, held};
use crate::audit::Outcome;
use crate::connection::{Failed, ServerId};
use crate::host::PostId;

impl Session {
    /// A line of a downstream's. `about` is the request of ours that it came in answer to, where that is known.
    pub(super) fn take_downstream_line(&mut self, server: ServerId, line: Line, about: Option<CallId>) {
        self.heard_from(server);
        let bytes = match line {
            Line::Whole(bytes) => bytes,
            Line::TooLong { head, tail } => {
                let id = frame::too_long(&head, &tail).id;
                return self.take_unreadable(server, id.as_ref(), "it is too long");
            }
        };
        match batch::is_batch(&bytes).then(|| batch::split(&bytes, Sender::Downstream)) {
            Some(Ok(messages)) => {
                for message in messages {
                    self.take_downstream_message(server, message, about);
                }
            }
            _ => self.take_downstream_message(server, &bytes, about),
        }
    }

    fn take_downstream_message(&mut self, server: ServerId, bytes: &[u8], about: Option<CallId>) {
        let frame = match Frame::read(bytes, Sender::Downstream) {
            Ok(frame) => frame,
            // What names no protocol is no message, though it may have an id: a line of a log, say.
            Err(refused) if refused.id.is_some() && names_protocol(bytes) => {
                return self.take_unreadable(server, refused.id.as_ref(), &refused.message);
            }
            Err(_) => {
                let said: String = String::from_utf8_lossy(bytes).chars().take(500).collect();
                return tracing::warn!(server = self.name(server), "stdout: {said}");
            }
        };
        match frame.kind().clone() {
            Kind::Response { id: Some(id) } => self.take_response(server, &id, &frame),
            Kind::Response { id: None } => {
                tracing::warn!(server = self.name(server), "reports: {}", frame.text());
            }
            Kind::Request { id, method } => self.take_ask(server, &id, &method, &frame, about),
            Kind::Notification { method } => {
                self.take_downstream_notification(server, frame, &method, about);
            }
        }
    }

    /// A request of a server's: for the host, but for what only we can answer.
    fn take_ask(&mut self, server: ServerId, id: &Id, method: &str, frame: &Frame, about: Option<CallId>) {
        let refusal = match method {
            legacy::PING => return self.reply(server, reply::result(id, "{}")),
            // Servers of the modern era ask for input in their results.
            _ if self.is_ready(server) && !self.is_legacy(server) => {
                Some("in this revision a server sends no requests")
            }
            // Before it has answered `initialize` a server may ask for nothing else.
            _ if !self.is_ready(server) => Some("the session isn't open yet"),
            legacy::TASKS_LIST if self.is_federated() => {
                Some("the host's tasks are those of several servers")
            }
            _ => {
                let task = frame.string(&["params", "taskId"]);
                let owner = task.and_then(|task| self.asks.task_owner(&task));
                owner.is_some_and(|owner| owner != server).then_some("the task is another server's")
            }
        };
        if let Some(reason) = refusal {
            return self.reply(server, reply::error(Some(id), code::INVALID_REQUEST, reason));
        }
        if self.era() == Era::Modern {
            return self.hold_for(server, id, frame, about);
        }
        let post = about.and_then(|call| self.calls.post(call, server));
        match self.asks.relay(server, id, frame) {
            Relayed::Frame(ask) => self.to_host(ask, post),
            Relayed::Busy => {
                let message = "too many requests of this server wait for the host";
                self.reply(server, reply::error(Some(id), code::INTERNAL_ERROR, message));
            }
            // An error under this id would be taken for the answer to the first one.
            Relayed::InUse => {
                tracing::warn!(server = self.name(server), "used the id {} twice at once", id.to_json());
            }
        }
    }

    /// A frame that can't be passed on. Whoever waits for it must not wait for ever.
    fn take_unreadable(&mut self, server: ServerId, id: Option<&Id>, reason: &str) {
        tracing::warn!(server = self.name(server), "sent a frame that can't be passed on: {reason}");
        let Some((id, call)) = id.and_then(|id| self.calls.take(id, server)) else { return };
        let message =
            format!("the server `{}` sent an answer that can't be passed on: {reason}", self.name(server));
        self.fail_call(id, call, &message);
    }

    /// A request that came to nothing, as the transport says.
    pub(super) fn take_failure(&mut self, server: ServerId, failed: Failed) {
        let Failed { request, reason, given_up } = failed;
        let Some((id, call)) = self.calls.take(&Id::Number(request.to_string()), server) else { return };
        // In the modern era the end of its response has told it.
        if given_up && self.is_legacy(server) {
            self.take_back(server, id);
        }
        if call.purpose.reply_to().is_some() || matches!(call.purpose, Purpose::Held) {
            self.note_failure(server, &reason);
        }
        let message = format!("the server `{}` didn't answer: {reason}", self.name(server));
        self.fail_call(id, call, &message);
    }

    pub(super) fn take_response(&mut self, server: ServerId, id: &Id, frame: &Frame) {
        let Some((call_id, mut call)) = self.calls.take(id, server) else {
            let name = self.name(server);
            return tracing::debug!(
                server = name,
                "answered {}, which nobody asked, or no more",
                id.to_json()
            );
        };
        let facts = CallFacts { server, cacheable: call.cacheable };
        let reviewed = self.reviewed(server, id, &mut call, frame);
        if let Some(tool) = &mut call.tool {
            tool.end(outcome_of(frame), frame.text().len());
        }
        if call.purpose.reply_to().is_some() || matches!(call.purpose, Purpose::Held) {
            self.note_success(server);
        }
        // From here on there is only what the host may get.
        let frame = match &reviewed {
            Ok(reviewed) => reviewed.as_ref().unwrap_or(frame),
            Err(Unfit) => return self.fail_call(call_id, call, "the result can't be passed on"),
        };
        let needs_input = needs_input(frame);
        // The answers are this server's, and no other is tried with them.
        if let Some(uri) = call.purpose.sought().filter(|_| needs_input) {
            self.routes.learn_resource(&uri, server);
        }
        if let (Bridge::Repeat(text), Some(to)) = (&call.bridge, call.purpose.reply_to())
            && needs_input
        {
            return self.take_input_required(server, to.clone(), text.clone(), frame);
        }
        match call.purpose {
            Purpose::Relay(to) | Purpose::Listen(to) => self.answer_as_it_came(&to, facts, frame),
            Purpose::FilterTools(to) => self.answer_filtered(&to, facts, frame),
            Purpose::Discover(to) => self.answer_vetted(&to, facts, frame),
            Purpose::LearnTask(to) => {
                if let Some(task) = task_of(frame) {
                    self.routes.learn_task(&task, server);
                    if let Some(token) = call.token {
                        let host_token = call.host_token;
                        // Its time is over: nobody waits for the call itself any more.
                        let listener = Listener { call: 0, server, post: to.post, host_token };
                        self.calls.keep_token(token, listener);
                    }
                }
                self.answer_as_it_came(&to, facts, frame);
            }
            Purpose::TryResource { to, frame: text, untried } => {
                if frame.at(&["error"]).is_some() && !untried.is_empty() {
                    return self.try_resource(text, untried, to);
                }
                self.answer_as_it_came(&to, facts, frame);
            }
            Purpose::Watch => self.end_watch(server, Some(frame)),
            Purpose::Held => {
                self.calls.insert(call_id, call);
                self.keep_answer(call_id, frame.clone());
            }
            Purpose::Introduction => self.take_introduction(server, frame),
            Purpose::Page(kind) => self.take_page(server, kind, Some(frame)),
            Purpose::Part(gather) => self.take_part(gather, server, Some(frame)),
            Purpose::Ignore => {}
        }
    }

    /// The answer under the host's own id, and otherwise the bytes that came.
    fn answer_as_it_came(&mut self, to: &ReplyTo, facts: CallFacts, frame: &Frame) {
        let edits = self.edits_for_host(to, &facts, frame);
        self.answer(to, frame.edited(&edits));
    }

    /// An introduction without instructions that are withheld.
    fn answer_vetted(&mut self, to: &ReplyTo, facts: CallFacts, frame: &Frame) {
        let Some(result) = frame.at(&["result"]) else { return self.answer_as_it_came(to, facts, frame) };
        match self.vet_introduction(facts.server, result.raw(frame.text())) {
            Cow::Borrowed(_) => self.answer_as_it_came(to, facts, frame),
            Cow::Owned(vetted) => {
                let text = frame.edited(&[(result.span.clone(), vetted)]);
                if let Ok(frame) = Frame::read(text.as_bytes(), Sender::Downstream) {
                    self.answer_as_it_came(to, facts, &frame);
                }
            }
        }
    }

    /// A list of tools without those that are withheld, and those that the policy can't allow.
    fn answer_filtered(&mut self, to: &ReplyTo, facts: CallFacts, frame: &Frame) {
        let mut filtered = None;
        if let Some(result) = frame.at(&["result"])
            && let Some(list) = List::read(result.raw(frame.text()), TOOLS)
        {
            self.vet_page(facts.server, &list);
            self.learn_mirrored(facts.server, result.raw(frame.text()));
            let entries = list.entries();
            let is_shown = |own: &str| self.could_show(0, own) && self.vetting.withheld(0, own).is_none();
            let shown = entries.iter().filter(|entry| is_shown(&entry.key)).count();
            self.warn_of_none(0, entries.len(), shown);
            if shown < entries.len() {
                let kept = list.filtered(is_shown);
                let text = frame.edited(&[(result.span.clone(), kept)]);
                filtered = Frame::read(text.as_bytes(), Sender::Downstream).ok();
            }
        } else if frame.at(&["result"]).is_some() {
            // What can't be read can't be filtered either, and a host might read something in it.
            let message = format!("the server `{}` sent a list that can't be read", self.name(facts.server));
            return self.refuse(to, code::INTERNAL_ERROR, &message);
        }
        self.answer_as_it_came(to, facts, filtered.as_ref().unwrap_or(frame));
    }

    fn take_downstream_notification(
        &mut self,
        server: ServerId,
        frame: Frame,
        method: &str,
        about: Option<CallId>,
    ) {
        let Some(frame) = self.reviewed_notification(server, method, frame) else { return };
        if !self.is_legacy(server) {
            if frame.at(&["params", "_meta", modern::SUBSCRIPTION_ID]).is_some() {
                return self.take_watched(server, &frame, method);
            }
            if method == legacy::CANCELLED {
                return self.end_listen(server, &frame);
            }
        }
        let post = about.and_then(|call| self.calls.post(call, server));
        match method {
            legacy::CANCELLED if self.era() == Era::Modern => self.held.cancelled(server, &frame),
            legacy::CANCELLED => {
                if let Some(cancelled) = self.asks.cancelled(server, &frame) {
                    self.to_host(cancelled, post);
                }
            }
            legacy::PROGRESS => {
                let token = Token::read(&frame, &["params", "progressToken"]);
                let listener = token.and_then(|token| self.calls.listener(&token).cloned());
                let is_own = listener.as_ref().is_some_and(|listener| listener.server == server);
                if !is_own && (self.is_federated() || self.era() == Era::Modern) {
                    let name = self.name(server);
                    return tracing::debug!(
                        server = name,
                        "progress of what is no call of this server's was dropped"
                    );
                }
                if let Some(listener) = listener.as_ref().filter(|_| is_own) {
                    self.calls.goes_on(listener.call);
                }
                self.pass_progress(&frame, listener, post);
            }
            legacy::RESOURCES_UPDATED => self.tell_of_update(frame.text(), &frame, post),
            legacy::TASKS_STATUS if self.era() == Era::Legacy => {
                let owner = frame.string(&["params", "taskId"]).and_then(|task| self.routes.task(&task));
                if owner.is_some_and(|owner| owner != server) {
                    let name = self.name(server);
                    return tracing::warn!(server = name, "the status of another server's task was dropped");
                }
                self.to_host(frame.into_text(), post);
            }
            legacy::TOOLS_LIST_CHANGED => self.pass_list_changed(server, frame, "tools"),
            legacy::PROMPTS_LIST_CHANGED => self.pass_list_changed(server, frame, "prompts"),
            legacy::RESOURCES_LIST_CHANGED => self.pass_list_changed(server, frame, "resources"),
            _ if self.era() == Era::Modern => self.pass_to_request(server, frame, method, about),
            _ => self.to_host(frame.into_text(), post),
        }
    }

    fn pass_list_changed(&mut self, server: ServerId, frame: Frame, capability: &str) {
        self.listings.outdate(server, capability);
        self.vetting.outdate(server, capability);
        match self.era() {
            Era::Legacy => self.to_host(frame.into_text(), None),
            Era::Modern => self.announce_list(capability),
        }
    }

    /// In the modern era whatever a server says belongs to a request, and is told to nobody else. What it logs is told only to
    /// who wants to know.
    fn pass_to_request(&self, server: ServerId, frame: Frame, method: &str, about: Option<CallId>) {
        // A server of the modern era has been told with the request itself.
        let is_log = method == legacy::MESSAGE && self.is_legacy(server);
        let call = self.calls.meant(server, about).filter(|call| call.wants_log || !is_log);
        // On one stream there is one host.
        let shared = !self.over_http && (!is_log || self.calls.wants_log(server));
        if call.is_some() || shared {
            return self.to_host(frame.into_text(), call.and_then(Call::post));
        }
        tracing::debug!(server = self.name(server), "`{method}` for nobody was dropped");
    }

    /// Progress of a host's call, under the host's own token.
    fn pass_progress(&self, frame: &Frame, listener: Option<Listener>, post: Option<PostId>) {
        let Listener { post: asked, host_token, .. } =
            listener.unwrap_or(Listener { call: 0, server: 0, post: None, host_token: None });
        // A call that is held has nobody who hears of it.
        if self.era() == Era::Modern && self.over_http && asked.or(post).is_none() {
            return;
        }
        let token = frame.at(&["params", "progressToken"]).zip(host_token);
        let edits: Vec<_> = token.into_iter().map(|(node, token)| (node.span.clone(), token)).collect();
        self.to_host(frame.edited(&edits), asked.or(post));
    }

    /// A server of the modern era cancels a request of ours: so it ends a `subscriptions/listen`, and has no cause to else.
    fn end_listen(&mut self, server: ServerId, frame: &Frame) {
        let call = frame.raw(&["params", "requestId"]).and_then(|id| id.parse::<CallId>().ok());
        let Some((id, call)) = call.and_then(|id| self.calls.take(&Id::Number(id.to_string()), server))
        else {
            return;
        };
        match call.purpose {
            Purpose::Listen(to) => {
                let Some(id) = &to.id else { return };
                let result = format!(
                    r#"{{"resultType":"{}","_meta":{{"{}":{}}}}}"#,
                    modern::COMPLETE,
                    modern::SUBSCRIPTION_ID,
                    id.to_json()
                );
                self.answer(&to, reply::result(id, &result));
            }
            _ => {
                let message = format!("the server `{}` has cancelled the request", self.name(server));
                self.fail_call(id, call, &message);
            }
        }
    }

    /// Ends every call to a server that is gone.
    pub(super) fn fail_calls(&mut self, server: ServerId, message: &str) {
        for (id, call) in self.calls.take_server(server) {
            self.fail_call(id, call, message);
        }
    }

    /// Ends a call that its server won't answer.
    pub(super) fn fail_call(&mut self, id: CallId, call: Call, message: &str) {
        match call.purpose {
            Purpose::Relay(to)
            | Purpose::FilterTools(to)
            | Purpose::Discover(to)
            | Purpose::Listen(to)
            | Purpose::LearnTask(to) => {
                self.refuse(&to, code::INTERNAL_ERROR, message);
            }
            Purpose::TryResource { to, frame, untried } if !untried.is_empty() => {
                self.try_resource(frame, untried, to);
            }
            Purpose::TryResource { to, .. } => self.refuse(&to, code::INTERNAL_ERROR, message),
            Purpose::Page(kind) => self.take_page(call.server, kind, None),
            Purpose::Part(gather) => self.take_part(gather, call.server, None),
            Purpose::Watch => self.end_watch(call.server, None),
            Purpose::Held => {
                self.calls.insert(id, call);
                if let Some(failure) = held::failure(id, message) {
                    self.keep_answer(id, failure);
                }
            }
            Purpose::Introduction => self.fail_introduction(call.server, message),
            Purpose::Ignore => {}
        }
    }
}

fn names_protocol(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains("\"jsonrpc\"")
}

/// Whether an answer asks for more before there can be one.
pub(super) fn needs_input(frame: &Frame) -> bool {
    frame.string(&["result", "resultType"]).as_deref() == Some(modern::INPUT_REQUIRED)
}

/// How a call ended, by its answer.
fn outcome_of(frame: &Frame) -> Outcome {
    match frame.raw(&["result", "isError"]) {
        _ if needs_input(frame) => Outcome::InputRequired,
        Some("true") => Outcome::ToolError,
        _ if frame.at(&["error"]).is_some() => Outcome::Error,
        _ => Outcome::Result,
    }
}

/// The task that a call has become, in the form of either era.
pub(super) fn task_of(frame: &Frame) -> Option<String> {
    let legacy = frame.string(&["result", "task", "taskId"]);
    let modern = || frame.string(&["result", "taskId"]);
    legacy.or_else(modern).map(std::borrow::Cow::into_owned)
}
