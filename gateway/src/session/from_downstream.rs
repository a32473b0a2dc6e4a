//! Frames from downstreams: answers, requests to the host, notifications. They pass as the bytes that came.

use argala_json::Span;
use argala_wire::line::Line;
use argala_wire::reply::{self, code};
use argala_wire::{Frame, Id, Kind, Sender, batch, frame, legacy};

use super::Session;
use super::answers::ReplyTo;
use super::asks::Relayed;
use super::calls::{Call, CallId, Purpose, Token};
use super::catalogue::{List, TOOLS};
use crate::connection::ServerId;
use crate::host::PostId;

impl Session {
    /// A line of a downstream's. `about` is the request of ours that it came in answer to, where that is known.
    pub(super) fn take_downstream_line(&mut self, server: ServerId, line: Line, about: Option<CallId>) {
        self.heard_from(server);
        let post = about.and_then(|call| self.calls.post(call, server));
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
                    self.take_downstream_message(server, message, post);
                }
            }
            _ => self.take_downstream_message(server, &bytes, post),
        }
    }

    fn take_downstream_message(&mut self, server: ServerId, bytes: &[u8], post: Option<PostId>) {
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
            Kind::Request { id, method } => self.take_ask(server, &id, &method, &frame, post),
            Kind::Notification { method } => {
                self.take_downstream_notification(server, frame, &method, post);
            }
        }
    }

    /// A request of a server's: for the host, but for what only we can answer.
    fn take_ask(&mut self, server: ServerId, id: &Id, method: &str, frame: &Frame, post: Option<PostId>) {
        let refusal = match method {
            legacy::PING => return self.reply(server, reply::result(id, "{}")),
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
        let Some(call) = id.and_then(|id| self.calls.take(id, server)) else { return };
        let message =
            format!("the server `{}` sent an answer that can't be passed on: {reason}", self.name(server));
        self.fail_call(call, &message);
    }

    fn take_response(&mut self, server: ServerId, id: &Id, frame: &Frame) {
        let Some(call) = self.calls.take(id, server) else {
            let name = self.name(server);
            return tracing::debug!(
                server = name,
                "answered {}, which nobody asked, or no more",
                id.to_json()
            );
        };
        match call.purpose {
            Purpose::Relay(to) => self.answer_as_it_came(&to, frame),
            Purpose::FilterTools(to) => self.answer_filtered(&to, frame),
            Purpose::LearnTask(to) => {
                if let Some(task) = frame.string(&["result", "task", "taskId"]) {
                    self.routes.learn_task(&task, server);
                    if let Some(token) = call.token {
                        self.calls.keep_token(token, server, to.post);
                    }
                }
                self.answer_as_it_came(&to, frame);
            }
            Purpose::TryResource { to, frame: text, untried } => {
                if frame.at(&["error"]).is_some() && !untried.is_empty() {
                    return self.try_resource(text, untried, to);
                }
                self.answer_as_it_came(&to, frame);
            }
            Purpose::Introduction => self.take_introduction(server, frame),
            Purpose::Page(kind) => self.take_page(server, kind, Some(frame)),
            Purpose::Part(gather) => self.take_part(gather, server, Some(frame)),
            Purpose::Ignore => {}
        }
    }

    /// The answer under the host's own id, and otherwise the bytes that came.
    fn answer_as_it_came(&mut self, to: &ReplyTo, frame: &Frame) {
        let edits = id_edit(to, frame);
        self.answer(to, frame.edited(&edits));
    }

    /// A list of tools without those that the policy can't allow.
    fn answer_filtered(&mut self, to: &ReplyTo, frame: &Frame) {
        let mut edits = id_edit(to, frame);
        if let Some(result) = frame.at(&["result"])
            && let Some(list) = List::read(result.raw(frame.text()), TOOLS)
        {
            let policy = &self.setup.policy;
            let entries = list.entries();
            let shown = entries.iter().filter(|entry| policy.could_allow(&entry.key)).count();
            self.warn_of_none(0, entries.len(), shown);
            edits.push((result.span.clone(), list.filtered(|name| policy.could_allow(name))));
        }
        self.answer(to, frame.edited(&edits));
    }

    fn take_downstream_notification(
        &mut self,
        server: ServerId,
        frame: Frame,
        method: &str,
        post: Option<PostId>,
    ) {
        match method {
            legacy::CANCELLED => {
                if let Some(cancelled) = self.asks.cancelled(server, &frame) {
                    self.to_host(cancelled, post);
                }
            }
            legacy::PROGRESS => {
                let token = Token::read(&frame, &["params", "progressToken"]);
                let owner = token.and_then(|token| self.calls.token_owner(&token));
                if owner.map(|(owner, _)| owner) != Some(server) && self.is_federated() {
                    let name = self.name(server);
                    return tracing::debug!(
                        server = name,
                        "progress of what is no call of this server's was dropped"
                    );
                }
                self.to_host(frame.into_text(), owner.and_then(|(_, post)| post).or(post));
            }
            legacy::TASKS_STATUS => {
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
            _ => self.to_host(frame.into_text(), post),
        }
    }

    fn pass_list_changed(&mut self, server: ServerId, frame: Frame, capability: &str) {
        self.listings.outdate(server, capability);
        self.to_host(frame.into_text(), None);
    }

    /// Ends every call to a server that is gone.
    pub(super) fn fail_calls(&mut self, server: ServerId, message: &str) {
        for call in self.calls.take_server(server) {
            self.fail_call(call, message);
        }
    }

    fn fail_call(&mut self, call: Call, message: &str) {
        match call.purpose {
            Purpose::Relay(to) | Purpose::FilterTools(to) | Purpose::LearnTask(to) => {
                self.refuse(&to, code::INTERNAL_ERROR, message);
            }
            Purpose::TryResource { to, frame, untried } if !untried.is_empty() => {
                self.try_resource(frame, untried, to);
            }
            Purpose::TryResource { to, .. } => self.refuse(&to, code::INTERNAL_ERROR, message),
            Purpose::Page(kind) => self.take_page(call.server, kind, None),
            Purpose::Part(gather) => self.take_part(gather, call.server, None),
            Purpose::Introduction | Purpose::Ignore => {}
        }
    }
}

fn names_protocol(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains("\"jsonrpc\"")
}

fn id_edit(to: &ReplyTo, frame: &Frame) -> Vec<(Span, String)> {
    let id = to.id.as_ref().map_or_else(|| "null".to_owned(), Id::to_json);
    frame.at(&["id"]).map(|node| (node.span.clone(), id)).into_iter().collect()
}
