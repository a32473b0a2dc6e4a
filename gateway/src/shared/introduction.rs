//! The hub introduces itself to a server of the legacy era, once; sessions hear what the server has said then.

use argala_wire::reply;
use argala_wire::{Frame, Id, Sender, legacy};

use super::LinkId;
use super::capabilities::without_tasks;
use super::hub::Hub;
use crate::connection::Outgoing;

/// How far the introduction has come.
pub(super) enum Introduction {
    None,
    /// The server has been asked; these sessions wait for what it says.
    Asked {
        call: u64,
        waiting: Vec<Waiting>,
    },
    /// What the server has said: its answer, under no session's id.
    Known(Frame),
}

/// A session that waits for the answer to its `initialize`.
pub(super) struct Waiting {
    link: LinkId,
    id: Id,
    /// The revision that it has asked for.
    version: String,
}

impl Hub {
    /// A session's `initialize`.
    pub(super) fn introduce(&mut self, link: LinkId, id: Id, frame: &Frame) {
        let version = frame.string(&["params", "protocolVersion"]).unwrap_or_default().into_owned();
        let waiting = Waiting { link, id, version };
        match &mut self.introduction {
            Introduction::Known(_) => self.answer_introduction(&waiting),
            Introduction::Asked { waiting: all, .. } => all.push(waiting),
            Introduction::None => {
                let call = self.requests.open_introduction();
                // Able to nothing, so that the server asks nobody anything.
                let params = format!(
                    r#"{{"protocolVersion":"{}","capabilities":{{}},"clientInfo":{{"name":"argala","version":"{}"}}}}"#,
                    legacy::LATEST,
                    env!("CARGO_PKG_VERSION")
                );
                let text = reply::request(call, legacy::INITIALIZE, Some(&params));
                match self.send(Outgoing::new(text)) {
                    Ok(()) => self.introduction = Introduction::Asked { call, waiting: vec![waiting] },
                    Err(message) => {
                        self.requests.remove(call);
                        self.fail(waiting.link, &waiting.id, &message);
                    }
                }
            }
        }
    }

    /// The server's answer to the introduction.
    pub(super) fn take_introduction(&mut self, frame: &Frame) {
        let Introduction::Asked { waiting, .. } =
            std::mem::replace(&mut self.introduction, Introduction::None)
        else {
            return;
        };
        if let Some(error) = frame.raw(&["error"]) {
            // Perhaps it takes the introduction of the other era, which is each session's own.
            for Waiting { link, id, .. } in waiting {
                let text = format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, id.to_json());
                self.tell_frame(link, text);
            }
            return;
        }
        let text = without_tasks(frame, &["result", "capabilities"]);
        let Ok(known) = Frame::read(text.as_bytes(), Sender::Downstream) else { return };
        self.introduction = Introduction::Known(known);
        self.pass(Outgoing::new(reply::notification(legacy::INITIALIZED, None)));
        for one in waiting {
            self.answer_introduction(&one);
        }
    }

    fn answer_introduction(&mut self, to: &Waiting) {
        let Introduction::Known(known) = &self.introduction else { return };
        let mut edits = Vec::new();
        edits.extend(known.at(&["id"]).map(|node| (node.span.clone(), to.id.to_json())));
        // Of two revisions of the era, the older one is what both sides know.
        let place = |version: &str| legacy::VERSIONS.iter().position(|known| *known == version);
        if let Some(node) = known.at(&["result", "protocolVersion"])
            && let Some(theirs) = node.string(known.text()).and_then(|theirs| place(&theirs))
            && place(&to.version).is_some_and(|asked| asked < theirs)
        {
            edits.push((node.span.clone(), format!("\"{}\"", to.version)));
        }
        let text = known.edited(&edits);
        if let Some(link) = self.links.get_mut(&to.link) {
            link.introduced = true;
        }
        self.tell_frame(to.link, text);
    }
}
