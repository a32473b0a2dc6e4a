//! What servers offer: asked by a session like any other's, whose host is played here and calls nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use argala_engine::Policy;
use argala_wire::line::Line;
use argala_wire::outbox::{Inlet, outbox};
use argala_wire::reply::code;
use argala_wire::{Frame, Id, Kind, Sender, legacy, reply};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

use crate::caller::Caller;
use crate::cli::Failure;
use crate::health::Health;
use crate::host::{Said, Told};
use crate::pins::{Pins, Seen};
use crate::servers::Server;
use crate::session::{self, EVENTS, HOST_QUEUE, Setup};

/// How long all servers together may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The wait before those are asked again that haven't answered.
const AGAIN: Duration = Duration::from_millis(200);

/// Asks servers what they offer.
///
/// # Errors
/// Those that didn't say.
pub(super) fn survey(servers: Vec<Server>) -> Result<BTreeMap<String, Seen>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("the runtime can't be started: {error}")))?;
    let names: Vec<String> = servers.iter().map(|server| server.name.clone()).collect();
    let pins = Pins::survey();
    let policy = Policy::from_toml("allowed_methods = [\"*\"]", "argala pin").map_err(Failure::new)?;
    let setup = Setup {
        policy: policy.into(),
        health: Health::of(&servers),
        servers: servers.into(),
        relayed: [].into(),
        era: None,
        slot: 0,
        awaited: Default::default(),
        caller: Caller::unknown(),
        audit: Default::default(),
        pins: pins.clone(),
        ledger: Default::default(),
    };
    runtime.block_on(play(setup, &pins, names.len()));
    let seen = pins.seen();
    let silent: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !seen.contains_key(*name)).collect();
    if silent.is_empty() {
        return Ok(seen);
    }
    Err(Failure::new(format!("these servers didn't say what tools they have: {}", silent.join(", "))))
}

/// Opens a session, lists tools until every server has said what it has, and ends the session.
async fn play(setup: Setup, pins: &Pins, servers: usize) {
    let until = Instant::now() + PATIENCE;
    let (told, mut heard) = outbox(HOST_QUEUE);
    let (say, said) = mpsc::channel(EVENTS);
    let (hurry, hurried) = oneshot::channel::<()>();
    let session = tokio::spawn(session::run(setup, said, told, async {
        // Nothing is sent: it is dropped when there is no more time.
        let _ = hurried.await;
    }));
    let client = json!({"name": "argala", "version": env!("CARGO_PKG_VERSION")});
    // Some servers offer a tool only to hosts that can do what it needs.
    let able = json!({"roots": {}, "sampling": {}, "elicitation": {}});
    let initialize = json!({"protocolVersion": legacy::LATEST, "capabilities": able, "clientInfo": client});
    let mut host = Host { say, heard: &mut heard, until, last: 0 };
    if host.ask(legacy::INITIALIZE, Some(&initialize.to_string())).await {
        host.tell(reply::notification(legacy::INITIALIZED, None)).await;
        while host.ask(legacy::TOOLS_LIST, None).await
            && pins.seen().len() < servers
            && Instant::now() < until
        {
            sleep(AGAIN).await;
        }
    }
    drop(host);
    drop(hurry);
    // What is still said to the host is heard by nobody, but must not be in the way.
    let drain = tokio::spawn(async move { while heard.next().await.is_some() {} });
    let _ = session.await;
    drain.abort();
}

struct Host<'a> {
    say: mpsc::Sender<Said>,
    heard: &'a mut Inlet<Told>,
    until: Instant,
    last: u64,
}

impl Host<'_> {
    async fn tell(&self, text: String) {
        let line = Line::Whole(text.into_bytes());
        let _ = self.say.send(Said::Line { line, post: None, mirrored: Vec::new() }).await;
    }

    /// Makes a request, and waits for its answer. False where none comes.
    async fn ask(&mut self, method: &str, params: Option<&str>) -> bool {
        self.last += 1;
        let id = Id::Number(self.last.to_string());
        self.tell(reply::request(self.last, method, params)).await;
        while let Ok(Some(told)) = timeout_at(self.until, self.heard.next()).await {
            let Ok(frame) = Frame::read(told.text.as_bytes(), Sender::Downstream) else { continue };
            match frame.kind() {
                Kind::Response { id: Some(answered) } if *answered == id => return true,
                Kind::Request { id, .. } => {
                    let reason = "nothing is called here, so nothing needs to be asked";
                    self.tell(reply::error(Some(id), code::METHOD_NOT_FOUND, reason)).await;
                }
                _ => {}
            }
        }
        false
    }
}
