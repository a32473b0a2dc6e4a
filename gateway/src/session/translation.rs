//! The way out for a host's request, and back for its answer: what must be said otherwise where host and server are of
//! different eras.

use argala_json::{Span, quote};
use argala_wire::reply::{self, code};
use argala_wire::{Era, Frame, legacy, modern};

use super::Session;
use super::answers::ReplyTo;
use super::caching::Caching;
use super::calls::{Bridge, Call, Purpose, Token};
use super::client::Client;
use super::envelope::era_of;
use crate::connection::{Outgoing, ServerId};

impl Session {
    /// Sends a request of the host's to a server, under an id of ours.
    pub(super) fn relay(
        &mut self,
        server: ServerId,
        frame: &Frame,
        edits: Vec<(Span, String)>,
        purpose: Purpose,
    ) {
        self.send_on(Call::own(server, purpose), frame, edits);
    }

    /// As [`Self::relay`], for what is known of the call already.
    pub(super) fn send_on(&mut self, mut call: Call, frame: &Frame, mut edits: Vec<(Span, String)>) {
        let argala_wire::Kind::Request { method, .. } = frame.kind() else { return };
        let server = call.server;
        if call.reviewing.is_none() {
            let task = frame.string(&["params", "taskId"]).map(std::borrow::Cow::into_owned);
            call.reviewing = self.reviewing_task(server, method, task);
        }
        call.limit = self.limit(server, frame, method);
        // What is left of `_meta` for a server that would take offence at the rest.
        let mut own_meta = None;
        let level = frame.raw(&["params", "_meta", modern::LOG_LEVEL]).filter(|_| self.era() == Era::Modern);
        call.wants_log = level.is_some();
        match (self.era(), self.is_legacy(server)) {
            (Era::Modern, true) => {
                if frame.at(&["params", "requestState"]).is_some()
                    && let Some(to) = call.purpose.reply_to()
                {
                    return self.resume(server, frame, to.clone(), call.tool);
                }
                if modern::may_need_input(method) {
                    let client = Client::of_request(frame);
                    let answers =
                        modern::INPUT_REQUESTS.into_iter().filter(|method| client.can_answer(method));
                    let print = self.held.fingerprint(frame);
                    call.bridge = Bridge::Askable { print, answers: answers.collect() };
                }
                call.cacheable = super::caching::is_cacheable(method);
                own_meta = without_envelope(frame);
                if let Some(level) = level {
                    self.set_log_level(server, level);
                }
            }
            (Era::Legacy, false) => {
                if let Some(to) = call.purpose.reply_to()
                    && self.answer_in_place(server, frame, method, &to.clone())
                {
                    return;
                }
                if modern::may_need_input(method) {
                    call.bridge = Bridge::Repeat(frame.text().to_owned());
                }
                edits.extend(self.envelope(frame));
            }
            // Written by a library of both eras, perhaps; a server would take it for a request without a session.
            (Era::Legacy, true) if era_of(frame, "").is_some() => own_meta = without_envelope(frame),
            (Era::Legacy, true) | (Era::Modern, false) => {}
        }
        let id = self.calls.next_id();
        edits.extend(frame.at(&["id"]).map(|node| (node.span.clone(), id.to_string())));
        const TOKEN: [&str; 3] = ["params", "_meta", "progressToken"];
        call.token = Token::read(frame, &TOKEN);
        if let (Some(_), Some(node)) = (&call.token, frame.at(&TOKEN)) {
            let mut token = node.raw(frame.text()).to_owned();
            if self.era() == Era::Modern {
                // Hosts that share a session may choose the same.
                call.token = Some(Token::number(id));
                call.host_token = Some(std::mem::replace(&mut token, id.to_string()));
            }
            match &mut own_meta {
                Some(members) => members.push(format!(r#""progressToken":{token}"#)),
                None => edits.push((node.span.clone(), token)),
            }
        }
        if let Some(members) = own_meta {
            let meta = frame.at(&["params", "_meta"]);
            edits.extend(meta.map(|node| (node.span.clone(), format!("{{{}}}", members.join(",")))));
        }
        let outgoing = Outgoing { text: frame.edited(&edits), headers: self.mirrored_headers(server, frame) };
        match self.admit(server).and_then(|()| self.to_downstream(server, outgoing)) {
            Ok(()) => {
                if let Some(tool) = &mut call.tool {
                    tool.leave();
                }
                self.standing.note(server, frame);
                call.counted = self.setup.servers.get(server).map(|known| known.status.call());
                self.calls.insert(id, call);
            }
            Err(message) => match call.refused() {
                Purpose::TryResource { to, frame, untried } if !untried.is_empty() => {
                    self.try_resource(frame, untried, to);
                }
                purpose => {
                    if let Some(to) = purpose.reply_to() {
                        self.refuse(to, code::INTERNAL_ERROR, &message);
                    }
                }
            },
        }
    }

    /// The headers that mirror arguments of a call to a server of the modern era.
    fn mirrored_headers(&self, server: ServerId, frame: &Frame) -> Vec<(String, String)> {
        let argala_wire::Kind::Request { method, .. } = frame.kind() else { return Vec::new() };
        if method != legacy::TOOLS_CALL || self.is_legacy(server) {
            return Vec::new();
        }
        let public = frame.string(&["params", "name"]).unwrap_or_default();
        let own = self.routes.own_name(&public).map_or("", |(_, own)| own);
        let arguments = frame.raw(&["params", "arguments"]).unwrap_or("{}");
        self.setup.servers.get(server).map(|known| known.mirrored.headers(own, arguments)).unwrap_or_default()
    }

    /// Holds the headers of a call that came over HTTP to its arguments.
    pub(super) fn check_mirrored(
        &mut self,
        server: ServerId,
        own: &str,
        arguments: &str,
        to: &ReplyTo,
    ) -> Result<(), String> {
        let Some(post) = to.post.filter(|_| self.era() == Era::Modern) else { return Ok(()) };
        let headers = self.mirrored.remove(&post).unwrap_or_default();
        self.setup.servers.get(server).map_or(Ok(()), |known| known.mirrored.check(own, arguments, &headers))
    }

    /// The edits by which a legacy host's request says what every request of the modern era must.
    fn envelope(&self, frame: &Frame) -> Vec<(Span, String)> {
        let Some(client) = self.opening.client() else { return Vec::new() };
        let level = self.standing.log_level();
        let mut members = client.meta().to_vec();
        members.extend(level.as_deref().map(|level| (modern::LOG_LEVEL, level)));
        frame.with_members(&["params", "_meta"], &members)
    }

    /// Answers a legacy host's request that the modern era has in another form. False where the server has to.
    fn answer_in_place(&mut self, server: ServerId, frame: &Frame, method: &str, to: &ReplyTo) -> bool {
        match method {
            legacy::LOGGING_SET_LEVEL => self.standing.note(server, frame),
            legacy::RESOURCES_SUBSCRIBE | legacy::RESOURCES_UNSUBSCRIBE => {
                self.standing.note(server, frame);
                self.watch(server);
            }
            legacy::TASKS_LIST | legacy::TASKS_GET | legacy::TASKS_RESULT | legacy::TASKS_CANCEL => {
                let message = format!(
                    "the server `{}` speaks the revision {}, which has no tasks of this kind",
                    self.name(server),
                    modern::LATEST
                );
                self.refuse(to, code::METHOD_NOT_FOUND, &message);
                return true;
            }
            _ => return false,
        }
        if let Some(id) = &to.id {
            self.answer(to, reply::result(id, "{}"));
        }
        true
    }

    /// The edits by which an answer to a call gets the host's own id, and all that an answer must have in the host's era.
    pub(super) fn edits_for_host(
        &self,
        to: &ReplyTo,
        call: &CallFacts,
        frame: &Frame,
    ) -> Vec<(Span, String)> {
        let id = to.id.as_ref().map_or_else(|| "null".to_owned(), argala_wire::Id::to_json);
        let mut edits: Vec<(Span, String)> = Vec::new();
        edits.extend(
            frame
                .at(&["result", "_meta", modern::SUBSCRIPTION_ID])
                .map(|node| (node.span.clone(), id.clone())),
        );
        edits.extend(frame.at(&["id"]).map(|node| (node.span.clone(), id)));
        let translated = self.era() == Era::Modern && self.is_legacy(call.server);
        if let Some(code) = frame.at(&["error", "code"]).filter(|_| translated)
            && code.raw(frame.text()) == reply::code::RESOURCE_NOT_FOUND.to_string()
        {
            edits.push((code.span.clone(), code::INVALID_PARAMS.to_string()));
        }
        // What one principal is shown another one may not be.
        if self.setup.caller.principal.is_some() {
            let scope = frame.at(&["result", "cacheScope"]);
            edits.extend(scope.map(|scope| (scope.span.clone(), "\"private\"".to_owned())));
        }
        if translated && frame.at(&["result"]).is_some() {
            let [ttl, scope] = Caching::NONE.members();
            let mut members = vec![("resultType", format!("\"{}\"", modern::COMPLETE))];
            if call.cacheable {
                members.extend([ttl, scope]);
            }
            let missing: Vec<(&str, &str)> = members
                .iter()
                .filter(|(name, _)| frame.at(&["result", name]).is_none())
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            edits.extend(frame.with_members(&["result"], &missing));
        }
        edits
    }
}

/// The members of a request's `_meta`, as JSON, but for those that only the modern era knows, and the progress token.
fn without_envelope(frame: &Frame) -> Option<Vec<String>> {
    const ENVELOPE: [&str; 5] = [
        modern::PROTOCOL_VERSION,
        modern::CLIENT_INFO,
        modern::CLIENT_CAPABILITIES,
        modern::LOG_LEVEL,
        "progressToken",
    ];
    frame.at(&["params", "_meta"])?;
    let member = |(name, value): (&str, &str)| {
        let mut member = String::new();
        quote(name, &mut member);
        format!("{member}:{value}")
    };
    let own = frame.members(&["params", "_meta"]).filter(|(name, _)| !ENVELOPE.contains(name));
    Some(own.map(member).collect())
}

/// What of a call its answer depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallFacts {
    pub(super) server: ServerId,
    pub(super) cacheable: bool,
}
