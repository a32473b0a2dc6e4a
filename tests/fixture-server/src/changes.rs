//! What changes while the server runs, and who hears of it: legacy sessions, and the listeners of 2026-07-28.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::{RoleServer, SubscriptionContext};
use rmcp::{ErrorData, Peer};
use serde_json::{Value, json};
use tokio::sync::broadcast;

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

/// How calls of `wait` went.
#[derive(Default)]
struct Waits {
    begun: AtomicU64,
    ended: AtomicU64,
    cancelled: AtomicU64,
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
    pub(crate) fn new() -> Self {
        Self {
            sender: broadcast::Sender::new(64),
            another_tool: AtomicBool::new(false),
            another_prompt: AtomicBool::new(false),
            waits: Waits::default(),
        }
    }

    pub(crate) fn tell(&self, change: Change) {
        // Nobody listens: nobody is told.
        let _ = self.sender.send(change);
    }

    pub(crate) fn wait(&self) -> Waiting<'_> {
        self.waits.begun.fetch_add(1, Ordering::Relaxed);
        Waiting { waits: &self.waits, ended: false }
    }

    pub(crate) fn seen(&self) -> Value {
        json!({
            "begun": self.waits.begun.load(Ordering::Relaxed),
            "ended": self.waits.ended.load(Ordering::Relaxed),
            "cancelled": self.waits.cancelled.load(Ordering::Relaxed),
        })
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

// === impl Waiting ===

impl Waiting<'_> {
    pub(crate) fn end(mut self) {
        self.ended = true;
        self.waits.ended.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.waits.cancelled.fetch_add(1, Ordering::Relaxed);
        }
    }
}
