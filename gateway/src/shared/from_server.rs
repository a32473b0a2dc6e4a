//! Frames from the server: each goes to the session that it belongs to. What may be any session's goes to none.

use argala_json::Span;
use argala_wire::line::Line;
use argala_wire::reply::{self, code};
use argala_wire::{Frame, Id, Kind, Sender, batch, frame, legacy, modern};

use super::capabilities::without_tasks;
use super::hub::Hub;
use super::introduction::Introduction;
use super::requests::{Asker, Request, What};
use super::{Event, LinkId};
use crate::connection::{Failed, Outgoing};

impl Hub {
    /// A line of the server's: a message, or a batch of them.
    pub(super) fn take_line(&mut self, line: Line, about: Option<u64>) {
        let bytes = match line {
            Line::Whole(bytes) => bytes,
            Line::TooLong { head, tail } => {
                return self.take_unreadable(frame::too_long(&head, &tail).id.as_ref(), "it is too long");
            }
        };
        match batch::is_batch(&bytes).then(|| batch::split(&bytes, Sender::Downstream)) {
            Some(Ok(messages)) => {
                for message in messages {
                    self.take_message(message, about);
                }
            }
            _ => self.take_message(&bytes, about),
        }
    }

    fn take_message(&mut self, bytes: &[u8], about: Option<u64>) {
        let frame = match Frame::read(bytes, Sender::Downstream) {
            Ok(frame) => frame,
            // What names no protocol is no message, though it may have an id: a line of a log, say.
            Err(refused)
                if refused.id.is_some() && String::from_utf8_lossy(bytes).contains("\"jsonrpc\"") =>
            {
                return self.take_unreadable(refused.id.as_ref(), &refused.message);
            }
            Err(_) => {
                let said: String = String::from_utf8_lossy(bytes).chars().take(500).collect();
                return tracing::warn!(server = self.name, "stdout: {said}");
            }
        };
        match frame.kind().clone() {
            Kind::Response { id: Some(id) } => self.take_response(&id, frame),
            Kind::Response { id: None } => tracing::warn!(server = self.name, "reports: {}", frame.text()),
            Kind::Request { id, method } => {
                let answer = match method.as_str() {
                    legacy::PING => reply::result(&id, "{}"),
                    _ => {
                        let message = "sessions share this connection, so no host can be asked over it";
                        reply::error(Some(&id), code::METHOD_NOT_FOUND, message)
                    }
                };
                self.pass(Outgoing::new(answer));
            }
            Kind::Notification { method } => self.take_server_notification(&method, &frame, about),
        }
    }

    /// A frame that can't be passed on. Whoever waits for it must not wait for ever.
    fn take_unreadable(&mut self, id: Option<&Id>, reason: &str) {
        tracing::warn!(server = self.name, "sent a frame that can't be passed on: {reason}");
        let Some(request) = id.and_then(|id| self.requests.take(id)) else { return };
        let message = format!("the server `{}` sent an answer that can't be passed on: {reason}", self.name);
        let error = reply::error(id, code::INTERNAL_ERROR, &message);
        if let Ok(frame) = Frame::read(error.as_bytes(), Sender::Downstream) {
            self.answer_request(request, frame);
        }
    }

    /// A request that came to nothing: the session that has asked hears so.
    pub(super) fn take_failure(&mut self, failed: Failed) {
        let Failed { request: number, reason, given_up } = failed;
        let Some(request) = self.requests.remove(number) else { return };
        if given_up && matches!(self.introduction, Introduction::Known(_)) {
            let params = format!(r#"{{"requestId":{number},"reason":"timeout"}}"#);
            self.pass(Outgoing::new(reply::notification(legacy::CANCELLED, Some(&params))));
        }
        match request.asker.as_ref().and_then(|asker| Some((asker.link, own_number(asker)?))) {
            Some((link, own)) if request.what != What::Introduction => {
                self.forgo(link, &request.what);
                // What there was to take back has been.
                self.tell(link, Event::Failed(Failed { request: own, reason, given_up: false }));
            }
            _ => {
                let id = Id::Number(number.to_string());
                let error = reply::error(Some(&id), code::INTERNAL_ERROR, &reason);
                if let Ok(frame) = Frame::read(error.as_bytes(), Sender::Downstream) {
                    self.answer_request(request, frame);
                }
            }
        }
    }

    fn take_response(&mut self, id: &Id, frame: Frame) {
        match self.requests.take(id) {
            Some(request) => self.answer_request(request, frame),
            None => {
                tracing::debug!(
                    server = self.name,
                    "answered {}, which nobody asked, or no more",
                    id.to_json()
                );
            }
        }
    }

    fn answer_request(&mut self, request: Request, frame: Frame) {
        let Request { asker, what } = request;
        let mut frame = frame;
        match (&what, &asker) {
            (What::Introduction, _) => return self.take_introduction(&frame),
            (What::Subscribe(uri), _) if frame.at(&["result"]).is_some() => self.subscriptions.agree(uri),
            (What::Subscribe(_), Some(asker)) => self.forgo(asker.link, &what),
            (What::Discover, _) => {
                let text = without_tasks(&frame, &["result", "capabilities"]);
                if let Ok(read) = Frame::read(text.as_bytes(), Sender::Downstream) {
                    frame = read;
                }
            }
            _ => {}
        }
        let Some(asker) = asker else { return };
        let places = [frame.at(&["id"]), frame.at(&["result", "_meta", modern::SUBSCRIPTION_ID])];
        let edits: Vec<(Span, String)> =
            places.into_iter().flatten().map(|node| (node.span.clone(), asker.id.to_json())).collect();
        self.tell_frame(asker.link, frame.edited(&edits));
    }

    fn take_server_notification(&mut self, method: &str, frame: &Frame, about: Option<u64>) {
        const SUBSCRIPTION: [&str; 3] = ["params", "_meta", modern::SUBSCRIPTION_ID];
        const TOKEN: [&str; 2] = ["params", "progressToken"];
        const REQUEST: [&str; 2] = ["params", "requestId"];
        let listener =
            |request: &Request, asker: &Asker| (request.what == What::Listen).then(|| asker.id.to_json());
        match method {
            _ if frame.at(&SUBSCRIPTION).is_some() => self.hand_on(method, frame, &SUBSCRIPTION, listener),
            legacy::PROGRESS => self.hand_on(method, frame, &TOKEN, |_, asker| asker.token.clone()),
            // The end of a `subscriptions/listen`. In the legacy era a server cancels its own requests only.
            legacy::CANCELLED => {
                self.hand_on(method, frame, &REQUEST, listener);
                let ended = self.requests.named(frame, &REQUEST);
                if ended.is_some_and(|request| request.what == What::Listen)
                    && let Some(ended) = frame.raw(&REQUEST).and_then(|id| id.parse().ok())
                {
                    self.requests.remove(ended);
                }
            }
            legacy::RESOURCES_UPDATED => {
                let uri = frame.string(&["params", "uri"]).unwrap_or_default().into_owned();
                for link in self.subscriptions.of(&uri) {
                    self.tell_frame(link, frame.text().to_owned());
                }
            }
            legacy::TOOLS_LIST_CHANGED | legacy::PROMPTS_LIST_CHANGED | legacy::RESOURCES_LIST_CHANGED => {
                let told = self.links.iter().filter(|(_, link)| link.introduced);
                for link in told.map(|(link, _)| *link).collect::<Vec<LinkId>>() {
                    self.tell_frame(link, frame.text().to_owned());
                }
            }
            // Words for a log, or what isn't known here: it may hold what is another host's.
            _ => {
                let request = about.and_then(|about| self.requests.get(about));
                let asker = request.and_then(|request| request.asker.as_ref());
                let Some(link) = asker.map(|asker| asker.link) else { return self.drop_notification(method) };
                let about = asker.and_then(own_number);
                self.tell(link, Event::Line { text: frame.text().to_owned(), about });
            }
        }
    }

    /// Hands a notification to the session whose request the value at these keys names, as that session calls it.
    fn hand_on(
        &mut self,
        method: &str,
        frame: &Frame,
        keys: &[&str],
        called: impl Fn(&Request, &Asker) -> Option<String>,
    ) {
        let found = self.requests.named(frame, keys).and_then(|request| {
            let asker = request.asker.as_ref()?;
            Some((asker.link, called(request, asker)?, own_number(asker)))
        });
        let (Some((link, called, about)), Some(node)) = (found, frame.at(keys)) else {
            return self.drop_notification(method);
        };
        let text = frame.edited(&[(node.span.clone(), called)]);
        self.tell(link, Event::Line { text, about });
    }

    fn drop_notification(&self, method: &str) {
        tracing::debug!(server = self.name, "`{method}` was dropped: it may be any session's");
    }
}

/// A session's own id of a request, as reports name it.
fn own_number(asker: &Asker) -> Option<u64> {
    match &asker.id {
        Id::Number(digits) => digits.parse().ok(),
        Id::String(_) => None,
    }
}
