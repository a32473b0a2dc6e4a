//! Frames from sessions: they go to the server under ids of the hub's, or are answered here.

use argala_json::quote;
use argala_wire::reply::{self, code};
use argala_wire::{Frame, Id, Kind, Sender, legacy, modern};

use super::capabilities::without_tasks;
use super::hub::Hub;
use super::requests::{Asker, What};
use super::subscriptions::Step;
use super::{Generation, LinkId};
use crate::connection::Outgoing;

impl Hub {
    /// A frame of a session's. What was written for another start of the server isn't sent to this one.
    pub(super) fn take_frame(&mut self, link: LinkId, generation: Generation, outgoing: Outgoing) {
        if !self.links.contains_key(&link) {
            return;
        }
        let Ok(frame) = Frame::read(outgoing.text.as_bytes(), Sender::Downstream) else {
            return tracing::debug!(server = self.name, "a frame that can't be read was dropped");
        };
        let is_current = generation == self.generation;
        match frame.kind().clone() {
            Kind::Request { id, .. } if !is_current => {
                let message = format!("the server `{}` has just been started again; try again", self.name);
                self.fail(link, &id, &message);
            }
            Kind::Request { id, method } => self.take_request(link, id, &method, frame, outgoing.headers),
            Kind::Notification { method } if is_current => self.take_notification(link, &method, frame),
            // The server asks nobody, so nobody answers.
            Kind::Notification { .. } | Kind::Response { .. } => {}
        }
    }

    fn take_request(
        &mut self,
        link: LinkId,
        id: Id,
        method: &str,
        frame: Frame,
        headers: Vec<(String, String)>,
    ) {
        let is_task = method.starts_with("tasks/") || frame.at(&["params", "task"]).is_some();
        let what = match method {
            legacy::INITIALIZE => return self.introduce(link, id, &frame),
            // One session's level would be that of all.
            legacy::LOGGING_SET_LEVEL => return self.answer(link, &id, "{}"),
            _ if is_task => {
                let message = format!("sessions share the server `{}`, and so it has no tasks", self.name);
                return self.refuse(link, &id, code::METHOD_NOT_FOUND, &message);
            }
            legacy::RESOURCES_SUBSCRIBE | legacy::RESOURCES_UNSUBSCRIBE => {
                let uri = frame.string(&["params", "uri"]).unwrap_or_default().into_owned();
                let subscribes = method == legacy::RESOURCES_SUBSCRIBE;
                let step = match subscribes {
                    true => self.subscriptions.subscribe(link, &uri),
                    false => self.subscriptions.unsubscribe(link, &uri),
                };
                match step {
                    Step::Done => return self.answer(link, &id, "{}"),
                    Step::TooMany => {
                        return self.fail(
                            link,
                            &id,
                            "too many resources are subscribed to, or the URI is too long",
                        );
                    }
                    Step::Ask if subscribes => What::Subscribe(uri),
                    Step::Ask => What::Relay,
                }
            }
            modern::DISCOVER => What::Discover,
            modern::LISTEN => What::Listen,
            _ => What::Relay,
        };
        self.relay(link, id, frame, headers, what);
    }

    /// Sends a session's request to the server.
    fn relay(&mut self, link: LinkId, id: Id, frame: Frame, headers: Vec<(String, String)>, what: What) {
        const CAPABILITIES: [&str; 3] = ["params", "_meta", modern::CLIENT_CAPABILITIES];
        const TOKEN: [&str; 3] = ["params", "_meta", "progressToken"];
        let frame = match frame.at(&CAPABILITIES) {
            Some(_) => match Frame::read(without_tasks(&frame, &CAPABILITIES).as_bytes(), Sender::Downstream)
            {
                Ok(frame) => frame,
                Err(_) => return,
            },
            None => frame,
        };
        let token = frame.at(&TOKEN);
        let own_token = token.map(|node| node.raw(frame.text()).to_owned());
        let asker = Asker { link, id: id.clone(), token: own_token };
        let sent = self.requests.open(asker, what.clone()).map_err(str::to_owned).and_then(|number| {
            let places = [frame.at(&["id"]), token];
            let edits: Vec<_> =
                places.into_iter().flatten().map(|node| (node.span.clone(), number.to_string())).collect();
            let sent = self.send(Outgoing { text: frame.edited(&edits), headers });
            sent.inspect_err(|_| drop(self.requests.remove(number)))
        });
        if let Err(message) = sent {
            self.forgo(link, &what);
            self.fail(link, &id, &message);
        }
    }

    /// A session doesn't get what it has asked for.
    pub(super) fn forgo(&mut self, link: LinkId, what: &What) {
        if let What::Subscribe(uri) = what {
            self.subscriptions.unsubscribe(link, uri);
        }
    }

    /// Tells the server that nobody wants to hear of a resource any more.
    pub(super) fn unsubscribe(&mut self, uri: &str) {
        let mut params = r#"{"uri":"#.to_owned();
        quote(uri, &mut params);
        params.push('}');
        let call = self.requests.next_id();
        self.pass(Outgoing::new(reply::request(call, legacy::RESOURCES_UNSUBSCRIBE, Some(&params))));
    }

    fn take_notification(&mut self, link: LinkId, method: &str, frame: Frame) {
        match method {
            legacy::CANCELLED => {
                let Some(node) = frame.at(&["params", "requestId"]) else { return };
                let own = Id::read(node, frame.text());
                let Some((number, request)) = own.and_then(|id| self.requests.take_by_asker(link, &id))
                else {
                    return;
                };
                let text = frame.edited(&[(node.span.clone(), number.to_string())]);
                self.pass(Outgoing::new(text));
                if let What::Subscribe(uri) = &request.what
                    && self.subscriptions.unsubscribe(link, uri) == Step::Ask
                {
                    self.unsubscribe(uri);
                }
            }
            // The server knows one client, which has said so, has no roots, and is asked nothing.
            _ if legacy::is_host_notification(method) => {}
            _ => self.pass(Outgoing::new(frame.into_text())),
        }
    }
}
