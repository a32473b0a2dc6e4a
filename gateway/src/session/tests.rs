//! A session of the modern era that serves several POSTs over HTTP, before a server of the legacy era: what each gets to see.

use std::sync::Arc;

use argala_engine::Policy;
use argala_wire::Era;
use argala_wire::child::Command;
use argala_wire::line::Line;
use argala_wire::outbox::{Inlet, outbox};
use serde_json::{Value, json};

use super::{Awaited, HOST_QUEUE, Session, Setup};
use crate::connection::{News, Outgoing, Report};
use crate::health::Health;
use crate::host::{PostId, Said, Told};
use crate::servers::{Server, Transport};

/// A session, and the ends of its host and of its server.
struct Stage {
    session: Session,
    host: Inlet<Told>,
    server: Inlet<Outgoing>,
}

impl Stage {
    /// A session whose server has been introduced.
    fn open() -> Self {
        let command = Command { program: "server".into(), ..Command::default() };
        let servers = [Server::new("s".to_owned(), Transport::Stdio(command))];
        let setup = Setup {
            policy: Arc::new(Policy::from_toml("allowed_methods = [\"*\"]", "a test").unwrap()),
            health: Health::of(&servers),
            servers: servers.into(),
            relayed: [].into(),
            era: Some(Era::Modern),
            slot: 7,
            awaited: Awaited::default(),
            caller: crate::caller::Caller::unknown(),
            audit: crate::audit::Audit::default(),
            ledger: crate::ledger::Ledger::default(),
            pins: crate::pins::Pins::default(),
        };
        let (told, host) = outbox(HOST_QUEUE);
        let (queue, server) = outbox(HOST_QUEUE);
        let mut stage = Self { session: Session::new(setup, told), host, server };
        stage.session.hear(Report { server: 0, news: News::Up(queue) });
        stage.say(1, json!({"id": 1, "method": "server/discover"}));
        let probe = stage.received().remove(0);
        stage.serve(json!({"id": probe["id"], "error": {"code": -32601, "message": "?"}}));
        let initialize = stage.received().remove(0);
        let result = json!({"protocolVersion": "2025-11-25", "capabilities": {}});
        stage.serve(json!({"id": initialize["id"], "result": result}));
        assert_eq!(stage.received().remove(0)["method"], "notifications/initialized");
        assert_eq!(stage.told().len(), 1);
        stage
    }

    fn say(&mut self, post: PostId, mut frame: Value) {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
        });
        frame["jsonrpc"] = json!("2.0");
        frame["params"]["_meta"] = meta;
        let line = Line::Whole(frame.to_string().into_bytes());
        let mirrored = vec![("x".to_owned(), "1".to_owned())];
        self.session.take(Said::Line { line, post: Some(post), mirrored });
    }

    fn call(&mut self, post: PostId) -> Value {
        self.say(post, json!({"id": 1, "method": "tools/call", "params": {"name": "t"}}));
        self.received().remove(0)["id"].take()
    }

    fn serve(&mut self, mut frame: Value) {
        frame["jsonrpc"] = json!("2.0");
        let line = Line::Whole(frame.to_string().into_bytes());
        self.session.hear(Report { server: 0, news: News::Line { line, about: None } });
    }

    fn ask(&mut self) {
        self.serve(json!({"id": "q", "method": "elicitation/create", "params": {"message": "?"}}));
    }

    /// What the server has been sent since.
    fn received(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.server.try_next())
            .map(|frame| serde_json::from_str(&frame.text).unwrap())
            .collect()
    }

    /// What the host has been told since, and about which POST.
    fn told(&mut self) -> Vec<(Option<PostId>, Value)> {
        std::iter::from_fn(|| self.host.try_next())
            .map(|told| (told.post, serde_json::from_str(&told.text).unwrap()))
            .collect()
    }
}

#[tokio::test]
async fn a_question_is_asked_of_nobody_where_calls_of_two_posts_may_be_meant() {
    let mut stage = Stage::open();
    let (_, second) = (stage.call(2), stage.call(3));
    stage.ask();
    assert_eq!(stage.told(), []);
    assert_eq!(stage.received().remove(0)["error"]["code"], -32601);
    stage.serve(json!({"id": second, "result": {"content": []}}));
    assert_eq!(stage.told().remove(0).0, Some(3));
    stage.ask();
    let (post, answer) = stage.told().remove(0);
    assert_eq!((post, &answer["result"]["resultType"]), (Some(2), &json!("input_required")));
}

#[tokio::test]
async fn equal_ids_of_two_posts_are_two_requests() {
    let mut stage = Stage::open();
    let (first, second) = (stage.call(2), stage.call(3));
    stage.session.take(Said::Left(2));
    assert_eq!(stage.received().remove(0)["params"], json!({"requestId": first}));
    stage.serve(json!({"id": first, "result": {"content": []}}));
    stage.serve(json!({"id": second, "result": {"content": []}}));
    let told = stage.told();
    assert_eq!((told.len(), told[0].0), (1, Some(3)));
}

#[tokio::test]
async fn nothing_is_kept_of_posts_that_are_over() {
    let mut stage = Stage::open();
    for (post, method) in [(2, "server/discover"), (3, "no/method"), (4, "subscriptions/listen")] {
        stage.say(post, json!({"id": 1, "method": method}));
    }
    let answered = stage.call(5);
    stage.serve(json!({"id": answered, "result": {"content": []}}));
    stage.call(6);
    stage.session.take(Said::Left(6));
    assert!(stage.session.mirrored.is_empty());
    assert!(stage.session.is_idle());
    assert_eq!(stage.session.calls.len(), 0);
}

#[tokio::test]
async fn a_call_that_its_host_does_not_come_back_for_is_cancelled_and_forgotten() {
    let mut stage = Stage::open();
    let call = stage.call(2);
    stage.ask();
    assert!(!stage.session.setup.awaited.is_empty());
    let deadline = stage.session.held.next_deadline().unwrap();
    stage.session.pass_deadlines(deadline);
    let received = stage.received();
    assert_eq!(received[0]["id"], "q");
    assert_eq!(received[1]["params"]["requestId"], call);
    assert!(stage.session.setup.awaited.is_empty());
    assert_eq!(stage.session.calls.len(), 0);
    assert!(stage.session.held.next_deadline().is_none());
}
