//! Frames from the host: each is answered here, or goes to the server that it is meant for.

use std::borrow::Cow;

use argala_wire::line::Line;
use argala_wire::reply::{self, code};
use argala_wire::{Era, Frame, Id, Kind, Refused, Sender, batch, frame, legacy, modern};

use super::answers::{BatchId, HostKey, ReplyTo};
use super::asks::Answered;
use super::calls::Purpose;
use super::catalogue::LISTS;
use super::{MAX_GATHERS, Session, Setup, envelope, guard};
use crate::audit::Event;
use crate::connection::ServerId;
use crate::host::{PostId, Said, Told};

impl Session {
    /// What the host says.
    pub(super) fn take(&mut self, said: Said) {
        match said {
            Said::Line { line, post, mirrored } => {
                self.over_http |= post.is_some();
                if let Some(post) = post.filter(|_| !mirrored.is_empty()) {
                    self.mirrored.insert(post, mirrored);
                }
                self.take_line(line, post);
            }
            // In the legacy era another stream of the host's may bring the answer.
            Said::Left(post) if self.era() == Era::Modern => self.cancel_post(post),
            Said::Left(_) => {}
        }
    }

    /// A line of the host's: a message, or, in one revision, a batch of them.
    pub(super) fn take_line(&mut self, line: Line, post: Option<PostId>) {
        let Some(line) = self.opening.hold(line, post) else { return };
        let bytes = match line {
            Line::Whole(bytes) => bytes,
            Line::TooLong { head, tail } => {
                return self.refuse_frame(&frame::too_long(&head, &tail), None, post);
            }
        };
        if !batch::is_batch(&bytes) {
            return self.take_message(&bytes, None, post);
        }
        if !self.opening.has_batches() {
            let message = format!("batches exist in the revision {} only", legacy::WITH_BATCHES);
            return self.refuse(&ReplyTo::nobody(None, post), code::INVALID_REQUEST, &message);
        }
        match batch::split(&bytes, Sender::Host) {
            Ok(messages) => {
                let id = self.answers.open_batch();
                for message in messages {
                    self.take_message(message, Some(id), post);
                }
                if let Some(text) = self.answers.close_batch(id) {
                    self.tell(Told { text, post, answer: true });
                }
            }
            Err(message) => self.refuse(&ReplyTo::nobody(None, post), code::INVALID_REQUEST, &message),
        }
    }

    fn take_message(&mut self, bytes: &[u8], batch: Option<BatchId>, post: Option<PostId>) {
        let frame = match Frame::read(bytes, Sender::Host) {
            Ok(frame) => frame,
            Err(refused) => return self.refuse_frame(&refused, batch, post),
        };
        match frame.kind().clone() {
            Kind::Request { id, method } => {
                self.answers.owe(batch);
                let era = self.setup.era.or_else(|| envelope::era_of(&frame, &method));
                let scoped = era == Some(Era::Modern);
                let to = ReplyTo { id: Some(id), batch, post, scoped, rounds: 0 };
                self.take_request(frame, &method, era, to);
            }
            Kind::Notification { method } => self.take_notification(frame, &method),
            Kind::Response { id: Some(id) } => match self.asks.answered(&id, &frame) {
                Some(Answered::Server(server, answer)) => self.pass(server, answer),
                Some(Answered::Input(input, ask)) => self.take_input(input, ask, &frame),
                None => tracing::debug!("the host answered {}, which nobody asked", id.to_json()),
            },
            Kind::Response { id: None } => tracing::warn!("the host reports: {}", frame.text()),
        }
    }

    fn take_request(&mut self, frame: Frame, method: &str, era: Option<Era>, to: ReplyTo) {
        if to.key().is_some_and(|key| self.is_in_flight(&key)) {
            // Not answered under its id: the host takes that for the answer to the first request.
            let message = format!(
                "the id {} is that of a request in flight",
                to.id.as_ref().map(Id::to_json).unwrap_or_default()
            );
            return self.refuse(&ReplyTo { id: None, ..to }, code::INVALID_REQUEST, &message);
        }
        if era == Some(Era::Modern) {
            return self.take_modern_request(frame, method, to);
        }
        match method {
            legacy::INITIALIZE if to.batch.is_some() => {
                self.refuse(&to, code::INVALID_REQUEST, "`initialize` can't be part of a batch");
            }
            legacy::INITIALIZE => {
                self.setup.era = Some(Era::Legacy);
                self.take_initialize(frame, to);
            }
            legacy::PING => {
                if let Some(id) = &to.id {
                    self.answer(&to, reply::result(id, "{}"));
                }
            }
            _ if !legacy::is_host_request(method) && !self.relays(method) => {
                self.refuse_method(method, &to);
            }
            _ if !self.opening.is_open() => {
                self.refuse(&to, code::INVALID_REQUEST, "the session must be opened with `initialize` first");
            }
            _ => self.route(&frame, method, to),
        }
    }

    /// A request of the modern era, which says itself who has sent it.
    fn take_modern_request(&mut self, frame: Frame, method: &str, to: ReplyTo) {
        let fault = match method {
            // A host that falls back to the era of sessions, and not one that asks for a method of another revision.
            legacy::INITIALIZE if envelope::era_of(&frame, "").is_none() => {
                let version = frame.string(&["params", "protocolVersion"]).unwrap_or_default();
                Some(envelope::unsupported(&version))
            }
            _ => envelope::check(&frame).err(),
        };
        if let Some((code, message, data)) = fault {
            return self.answer(&to, reply::error_with(to.id.as_ref(), code, &message, data.as_deref()));
        }
        if !modern::is_host_request(method) && !self.relays(method) {
            return self.refuse_method(method, &to);
        }
        if self.opening.is_open() {
            return self.route(&frame, method, to);
        }
        if self.opening.is_waiting() {
            return self.refuse(&to, code::INTERNAL_ERROR, "the servers are being started; try again later");
        }
        self.setup.era = Some(Era::Modern);
        self.open_for(frame, to.post);
    }

    fn refuse_busy(&mut self, to: &ReplyTo) {
        self.refuse(to, code::INTERNAL_ERROR, "too many requests are in flight; try again later");
    }

    fn refuse_method(&mut self, method: &str, to: &ReplyTo) {
        let message = format!(
            "`{}` is not relayed; --relay-method lists methods beyond the protocol's",
            shortened(method)
        );
        self.refuse(to, code::METHOD_NOT_FOUND, &message);
    }

    /// Whether a request of the host's with this id hasn't been answered.
    fn is_in_flight(&self, key: &HostKey) -> bool {
        self.calls.has_host_id(key)
            || self.gathers.has_host_id(key)
            || self.inputs.has_host_id(key)
            || self.vetting.has_host_id(key)
            || self.subscriptions.has_host_id(key)
    }

    /// A request that somebody has to answer, by what it asks for.
    pub(super) fn route(&mut self, frame: &Frame, method: &str, to: ReplyTo) {
        let is_bridged = self.era() == Era::Modern && (self.is_federated() || self.is_legacy(0));
        match method {
            _ if self.is_busy() => self.refuse_busy(&to),
            legacy::TOOLS_CALL => self.take_tool_call(frame, to),
            modern::DISCOVER if is_bridged => {
                let discovery = self.discovery();
                if let Some(id) = &to.id {
                    self.answer(&to, reply::result(id, &discovery));
                }
            }
            modern::LISTEN if is_bridged => self.listen(frame, to),
            // Where tools are pinned, a list counts as a whole.
            legacy::TOOLS_LIST if self.setup.pins.is_on() => self.route_request(frame, method, to),
            _ if !self.is_federated() => {
                let purpose = match method {
                    legacy::TOOLS_LIST => Purpose::FilterTools(to),
                    modern::DISCOVER => Purpose::Discover(to),
                    modern::LISTEN => Purpose::Listen(to),
                    _ => Purpose::Relay(to),
                };
                self.relay(0, frame, Vec::new(), purpose);
            }
            _ => self.route_request(frame, method, to),
        }
    }

    /// Whether a method that isn't the protocol's is relayed all the same. A tool's call never is, in any spelling that a
    /// careless server could take for one: it must be judged.
    pub(super) fn relays(&self, method: &str) -> bool {
        let plain = method.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let is_tools = method.split('/').any(|segment| segment.eq_ignore_ascii_case("tools"));
        plain && !is_tools && self.setup.relayed.iter().any(|glob| glob.matches(method))
    }

    /// A request to one of several servers, or to all of them.
    fn route_request(&mut self, frame: &Frame, method: &str, to: ReplyTo) {
        let list = LISTS.iter().find(|kind| kind.method == method);
        if (list.is_some() || method == legacy::LOGGING_SET_LEVEL) && self.gathers.len() >= MAX_GATHERS {
            return self.refuse_busy(&to);
        }
        if let Some(kind) = list {
            return self.list(*kind, frame, to);
        }
        match method {
            legacy::LOGGING_SET_LEVEL => {
                self.gather_log_level(frame, to);
            }
            legacy::PROMPTS_GET => self.route_by_name(frame, &["params", "name"], to),
            legacy::COMPLETION_COMPLETE if frame.at(&["params", "ref", "name"]).is_some() => {
                self.route_by_name(frame, &["params", "ref", "name"], to);
            }
            legacy::COMPLETION_COMPLETE => self.route_by_uri(frame, &["params", "ref", "uri"], to),
            legacy::RESOURCES_READ | legacy::RESOURCES_SUBSCRIBE | legacy::RESOURCES_UNSUBSCRIBE => {
                self.route_by_uri(frame, &["params", "uri"], to);
            }
            legacy::TASKS_GET | legacy::TASKS_RESULT | legacy::TASKS_CANCEL | modern::TASKS_UPDATE => {
                let task = frame.string(&["params", "taskId"]);
                match task.and_then(|task| self.routes.task(&task)) {
                    Some(server) => self.relay(server, frame, Vec::new(), Purpose::Relay(to)),
                    None => self.refuse(
                        &to,
                        code::INVALID_PARAMS,
                        "no server is known to have this task; list the tasks first",
                    ),
                }
            }
            _ => {
                let message = format!("`{}` can't be routed: there are several servers", shortened(method));
                self.refuse(&to, code::METHOD_NOT_FOUND, &message);
            }
        }
    }

    fn route_by_name(&mut self, frame: &Frame, keys: &[&str], to: ReplyTo) {
        let public = frame.string(keys).map(Cow::into_owned).unwrap_or_default();
        let Some((server, own)) = self.routes.own_name(&public) else {
            let message = format!("no server has {:?}; its name is server__prompt", shortened(&public));
            return self.refuse(&to, code::INVALID_PARAMS, &message);
        };
        let mut quoted = String::new();
        argala_json::quote(own, &mut quoted);
        let edits = frame.at(keys).map(|node| (node.span.clone(), quoted)).into_iter().collect();
        self.relay(server, frame, edits, Purpose::Relay(to));
    }

    fn route_by_uri(&mut self, frame: &Frame, keys: &[&str], to: ReplyTo) {
        let uri = frame.string(keys).map(Cow::into_owned).unwrap_or_default();
        if let Some(server) = self.routes.resource(&uri) {
            return self.relay(server, frame, Vec::new(), Purpose::Relay(to));
        }
        // A server may have resources that it doesn't list: each is asked, until one knows it.
        let untried: Vec<ServerId> =
            (0..self.downstreams.len()).rev().filter(|server| self.offers(*server, "resources")).collect();
        self.try_resource(frame.text().to_owned(), untried, to);
    }

    fn resource_not_found(&self) -> i32 {
        match self.era() {
            Era::Legacy => code::RESOURCE_NOT_FOUND,
            Era::Modern => code::INVALID_PARAMS,
        }
    }

    /// Asks the next server for a resource that none is known to have.
    pub(super) fn try_resource(&mut self, text: String, mut untried: Vec<ServerId>, to: ReplyTo) {
        let server = loop {
            match untried.pop() {
                Some(server) if self.is_ready(server) && !self.is_silent(server) => break server,
                Some(_) => {}
                None => {
                    return self.refuse(
                        &to,
                        self.resource_not_found(),
                        "no server that runs has this resource",
                    );
                }
            }
        };
        if let Ok(frame) = Frame::read(text.as_bytes(), Sender::Host) {
            self.relay(server, &frame, Vec::new(), Purpose::TryResource { to, frame: text, untried });
        }
    }

    fn take_notification(&mut self, frame: Frame, method: &str) {
        match method {
            legacy::TOOLS_CALL => guard::drop_call_without_id(),
            legacy::CANCELLED => self.cancel(&frame),
            _ if self.era() == Era::Modern && !self.relays(method) => {
                tracing::debug!("the host's notification `{}` was dropped", shortened(method));
            }
            legacy::INITIALIZED => self.take_initialized(frame),
            legacy::PROGRESS => match self.asks.progress(&frame) {
                Some((server, progress)) => self.pass(server, progress),
                None => tracing::debug!("progress of the host's that nobody asked for was dropped"),
            },
            legacy::TASKS_STATUS if self.is_federated() => {
                let owner = frame.string(&["params", "taskId"]).and_then(|task| self.asks.task_owner(&task));
                if let Some(server) = owner {
                    self.pass(server, frame.into_text());
                }
            }
            _ if legacy::is_host_notification(method) || self.relays(method) => {
                for server in 0..self.downstreams.len() {
                    if self.is_legacy(server) == (self.era() == Era::Legacy) {
                        self.pass(server, frame.text().to_owned());
                    }
                }
            }
            _ => tracing::warn!(
                "the host's notification `{}` was dropped: it is not the protocol's",
                shortened(method)
            ),
        }
    }

    /// The host cancels one of its requests: the server that works on it hears so, under the id that it knows.
    fn cancel(&mut self, frame: &Frame) {
        let Some(request) = frame.at(&["params", "requestId"]) else { return };
        let Some(id) = Id::read(request, frame.text()) else { return };
        let key: HostKey = (None, id);
        self.end_listens(|to| to.key().as_ref() == Some(&key));
        let withdrawn = match self.calls.take_by_host(&key) {
            Some((call_id, call)) => {
                self.pass(call.server, frame.edited(&[(request.span.clone(), call_id.to_string())]));
                call.purpose.reply_to().cloned()
            }
            None => {
                let gathered = self.gathers.cancel(&key);
                gathered.or_else(|| self.vetting.cancel(&key)).or_else(|| self.cancel_input(&key))
            }
        };
        if let Some(to) = withdrawn
            && let Some(text) = self.answers.withdraw(&to)
        {
            self.tell(Told { text, post: to.post, answer: true });
        }
    }

    /// The host waits no more for the answer to a POST, and so for that to nothing in it.
    fn cancel_post(&mut self, post: PostId) {
        self.opening.let_go(post);
        self.mirrored.remove(&post);
        self.end_listens(|to| to.post == Some(post));
        self.gathers.cancel_post(post);
        self.vetting.cancel_post(post);
        for (id, call) in self.calls.take_post(post) {
            let params = format!(r#"{{"requestId":{id}}}"#);
            self.pass(call.server, reply::notification(legacy::CANCELLED, Some(&params)));
        }
    }

    /// Sends what nobody waits for.
    fn pass(&self, server: ServerId, frame: String) {
        if let Err(reason) = self.to_downstream(server, frame) {
            tracing::debug!("a frame of the host's was dropped: {reason}");
        }
    }

    fn refuse_frame(&mut self, refused: &Refused, batch: Option<BatchId>, post: Option<PostId>) {
        tracing::warn!("a frame of the host's was refused: {}", refused.message);
        self.record_refusal(refused.code, &refused.message);
        if let Some(error) = refused.reply() {
            self.answers.owe(batch);
            self.answer(&ReplyTo { id: refused.id.clone(), ..ReplyTo::nobody(batch, post) }, error);
        }
    }

    /// Answers a request with an error.
    pub(super) fn refuse(&mut self, to: &ReplyTo, code: i32, message: &str) {
        self.record_refusal(code, message);
        self.answer(to, reply::error(to.id.as_ref(), code, message));
    }

    fn record_refusal(&self, code: i32, message: &str) {
        let Setup { audit, caller, .. } = &self.setup;
        audit.note(&Event::Refused { session: &caller.session, code, reason: message });
    }

    /// Answers a request.
    pub(super) fn answer(&mut self, to: &ReplyTo, answer: String) {
        if let Some(post) = &to.post {
            self.mirrored.remove(post);
        }
        if let Some(text) = self.answers.give(to, answer) {
            self.tell(Told { text, post: to.post, answer: true });
        }
    }
}

/// What the host wrote, as far as a message repeats it.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 80;
    text.chars().take(SHOWN).collect()
}
