//! What changes while the server runs, and who hears of it: legacy sessions, and the listeners of 2026-07-28.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::{RoleServer, SubscriptionContext};
use rmcp::{ErrorData, Peer};
use serde_json::{Value, json};
use tokio::sync::broadcast;

/// How long after its acknowledgement a listener is there at the latest.
const LISTENERS_COME: Duration = Duration::from_millis(100);

/// Something that others may want to hear of.
#[derive(Clone)]
pub(crate) enum Change {
    Tools,
    Prompts,
    Resource(String),
}

/// What all sessions share.
pub(crate) struct Changes {
    sender: broadcast::Sender<Change>,
    pub(crate) another_tool: AtomicBool,
    pub(crate) another_prompt: AtomicBool,
    waits: Waits,
}

/// How calls of `wait` went, a word a line: in a file where several processes have them.
enum Waits {
    Here(Mutex<String>),
    InFile(PathBuf),
}

/// A call of `wait` under way. One that is dropped before its end was cancelled.
pub(crate) struct Waiting<'a> {
    waits: &'a Waits,
    ended: bool,
}

/// The URIs that a legacy session is subscribed to.
pub(crate) type Subscribed = Arc<Mutex<HashSet<String>>>;

// === impl Changes ===

impl Changes {
    pub(crate) fn new(waits: Option<PathBuf>) -> Self {
        Self {
            sender: broadcast::Sender::new(64),
            another_tool: AtomicBool::new(false),
            another_prompt: AtomicBool::new(false),
            waits: waits.map_or_else(|| Waits::Here(Mutex::default()), Waits::InFile),
        }
    }

    /// Tells whoever listens; a little later, as rmcp acknowledges a listen before the listener is there.
    pub(crate) fn tell(&self, change: Change) {
        let sender = self.sender.clone();
        tokio::spawn(async move {
            tokio::time::sleep(LISTENERS_COME).await;
            // Nobody listens: nobody is told.
            let _ = sender.send(change);
        });
    }

    pub(crate) fn wait(&self) -> Waiting<'_> {
        self.waits.note("begun");
        Waiting { waits: &self.waits, ended: false }
    }

    pub(crate) fn seen(&self) -> Value {
        let told = self.waits.told();
        let count = |word: &str| told.lines().filter(|line| *line == word).count();
        json!({"begun": count("begun"), "ended": count("ended"), "cancelled": count("cancelled")})
    }

    /// Tells a legacy session of every change, until it ends.
    pub(crate) fn forward(&self, peer: Peer<RoleServer>, subscribed: Subscribed) {
        let mut changes = self.sender.subscribe();
        tokio::spawn(async move {
            while let Ok(change) = changes.recv().await {
                let sent = match change {
                    Change::Tools => peer.notify_tool_list_changed().await,
                    Change::Prompts => peer.notify_prompt_list_changed().await,
                    Change::Resource(uri) if is_among(&subscribed, &uri) => {
                        peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await
                    }
                    Change::Resource(_) => Ok(()),
                };
                if sent.is_err() {
                    break;
                }
            }
        });
    }

    /// Serves one `subscriptions/listen` until it is cancelled.
    pub(crate) async fn listen(&self, listener: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.sender.subscribe();
        loop {
            let change = tokio::select! {
                () = listener.cancelled() => return Ok(()),
                Ok(change) = changes.recv() => change,
            };
            // What the listener didn't ask for is refused by the sink.
            let _ = match change {
                Change::Tools => listener.sink().notify_tool_list_changed().await,
                Change::Prompts => listener.sink().notify_prompt_list_changed().await,
                Change::Resource(uri) => listener.sink().notify_resource_updated(uri).await,
            };
        }
    }
}

fn is_among(subscribed: &Subscribed, uri: &str) -> bool {
    subscribed.lock().unwrap_or_else(PoisonError::into_inner).contains(uri)
}

// === impl Waits ===

impl Waits {
    fn note(&self, word: &str) {
        let line = format!("{word}\n");
        match self {
            Self::Here(told) => told.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line),
            Self::InFile(path) => {
                // A test that looks for the word fails where it can't be written.
                let file = OpenOptions::new().append(true).create(true).open(path);
                let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
            }
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Here(told) => told.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Self::InFile(path) => fs::read_to_string(path).unwrap_or_default(),
        }
    }
}

// === impl Waiting ===

impl Waiting<'_> {
    pub(crate) fn end(mut self) {
        self.ended = true;
        self.waits.note("ended");
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.waits.note("cancelled");
        }
    }
}
