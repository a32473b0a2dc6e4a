//! A hub between two sessions and a server: what each of them gets to see.

use argala_wire::line::Line;
use argala_wire::outbox::{Inlet, outbox};
use serde_json::{Value, json};

use super::hub::Hub;
use super::{Event, Linked, QUEUE};
use crate::connection::{Down, News, Outgoing};

/// A hub, the server's end of its connection, and the ends of its sessions.
struct Stage {
    hub: Hub,
    server: Inlet<Outgoing>,
    sessions: Vec<Inlet<Event>>,
}

impl Stage {
    /// Two sessions, and a server that runs.
    fn of_two() -> Self {
        let mut hub = Hub::new("s".to_owned());
        let (queue, server) = outbox(QUEUE);
        hub.hear(News::Up(queue));
        let mut stage = Self { hub, server, sessions: Vec::new() };
        stage.join();
        stage.join();
        stage
    }

    /// Two sessions that have been introduced.
    fn open() -> Self {
        let mut stage = Self::of_two();
        for link in [0, 1] {
            stage.say(
                link,
                json!({"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}}),
            );
        }
        let asked = stage.received();
        let result = json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}, "tasks": {}}});
        stage.serve(json!({"id": asked[0]["id"], "result": result}));
        assert_eq!(stage.received(), [json!({"jsonrpc": "2.0", "method": "notifications/initialized"})]);
        for link in [0, 1] {
            assert_eq!(stage.told(link)[0]["result"]["capabilities"], json!({"tools": {}}));
        }
        stage
    }

    fn join(&mut self) {
        let (queue, mut session) = outbox(QUEUE);
        self.hub.take(Linked::Joined(self.sessions.len() as u64, queue));
        assert!(matches!(session.try_next(), Some(Event::Up(_))));
        self.sessions.push(session);
    }

    fn say(&mut self, link: usize, frame: Value) {
        self.say_to(self.hub.generation, link, frame);
    }

    fn say_to(&mut self, generation: u64, link: usize, frame: Value) {
        let frame = Outgoing::new(with_version(frame));
        self.hub.take(Linked::Said { link: link as u64, generation, frame });
    }

    fn serve(&mut self, frame: Value) {
        self.serve_about(frame, None);
    }

    fn serve_about(&mut self, frame: Value, about: Option<u64>) {
        let line = Line::Whole(with_version(frame).into_bytes());
        self.hub.hear(News::Line { line, about });
    }

    /// What the server has been sent since.
    fn received(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.server.try_next())
            .map(|frame| serde_json::from_str(&frame.text).unwrap())
            .collect()
    }

    /// The frames that a session has been told since.
    fn told(&mut self, link: usize) -> Vec<Value> {
        let frame = |event| match event {
            Event::Line { text, .. } => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        };
        std::iter::from_fn(|| self.sessions[link].try_next()).map(frame).collect()
    }

    /// The id under which the server has been sent the only thing it was sent since.
    fn only_id(&mut self) -> Value {
        let received = self.received();
        assert_eq!(received.len(), 1, "{received:?}");
        received[0]["id"].clone()
    }
}

fn with_version(mut frame: Value) -> String {
    frame["jsonrpc"] = json!("2.0");
    frame.to_string()
}

#[test]
fn an_answer_goes_to_the_one_session_that_has_asked() {
    let mut stage = Stage::open();
    for link in [0, 1] {
        stage.say(
            link,
            json!({"id": 7, "method": "tools/call", "params": {"name": "t", "arguments": {"of": link}}}),
        );
    }
    let sent = stage.received();
    assert_ne!(sent[0]["id"], sent[1]["id"]);
    for call in sent.iter().rev() {
        stage.serve(json!({"id": call["id"], "result": call["params"]["arguments"]}));
    }
    for link in [0, 1] {
        assert_eq!(stage.told(link), [json!({"jsonrpc": "2.0", "id": 7, "result": {"of": link}})]);
    }
    stage.serve(json!({"id": sent[0]["id"], "result": {}}));
    assert_eq!(stage.told(0), [] as [Value; 0], "a second answer is nobody's");
}

#[test]
fn the_server_is_introduced_once_and_each_session_hears_a_revision_it_knows() {
    let mut stage = Stage::open();
    stage.say(1, json!({"id": 2, "method": "initialize", "params": {"protocolVersion": "2025-03-26"}}));
    assert_eq!(stage.received(), [] as [Value; 0]);
    assert_eq!(stage.told(1)[0]["result"]["protocolVersion"], "2025-03-26");
}

#[test]
fn a_refused_introduction_is_told_and_tried_again() {
    let mut stage = Stage::of_two();
    for _ in 0..2 {
        stage.say(0, json!({"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}}));
        let id = stage.only_id();
        stage.serve(json!({"id": id, "error": {"code": -32601, "message": "no"}}));
        assert_eq!(stage.told(0)[0]["error"]["code"], -32601);
    }
}

#[test]
fn progress_comes_under_the_sessions_own_token_and_to_that_session_alone() {
    let mut stage = Stage::open();
    let params = |link: usize| json!({"name": "t", "_meta": {"progressToken": if link == 0 { json!("x") } else { json!(1.0) }}});
    for link in [0, 1] {
        stage.say(link, json!({"id": 7, "method": "tools/call", "params": params(link)}));
    }
    let sent = stage.received();
    for (link, token) in [(0, json!("x")), (1, json!(1.0))] {
        let theirs = &sent[link]["params"]["_meta"]["progressToken"];
        stage.serve(
            json!({"method": "notifications/progress", "params": {"progressToken": theirs, "progress": 1}}),
        );
        assert_eq!(stage.told(link)[0]["params"], json!({"progressToken": token, "progress": 1}));
        assert_eq!(stage.told(1 - link), [] as [Value; 0]);
        stage.serve(json!({"id": sent[link]["id"], "result": {}}));
        stage.serve(
            json!({"method": "notifications/progress", "params": {"progressToken": theirs, "progress": 2}}),
        );
        assert_eq!(stage.told(link).len(), 1, "the answer, and no progress after it");
    }
}

#[test]
fn a_session_cancels_its_own_requests_only() {
    let mut stage = Stage::open();
    stage.say(0, json!({"id": 7, "method": "tools/call", "params": {"name": "t"}}));
    let id = stage.only_id();
    let cancel = json!({"method": "notifications/cancelled", "params": {"requestId": 7}});
    stage.say(1, cancel.clone());
    stage.say(1, json!({"method": "notifications/cancelled", "params": {"requestId": id}}));
    assert_eq!(stage.received(), [] as [Value; 0]);
    stage.say(0, cancel);
    assert_eq!(stage.received()[0]["params"]["requestId"], id);
    stage.serve(json!({"id": id, "result": {}}));
    assert_eq!(stage.told(0), [] as [Value; 0]);
}

#[test]
fn a_session_that_ends_gives_back_all_that_it_holds() {
    let mut stage = Stage::open();
    stage.say(0, json!({"id": 7, "method": "tools/call", "params": {"name": "t"}}));
    let call = stage.only_id();
    for (link, uri) in [(0, "a:/x"), (0, "a:/y"), (1, "a:/y")] {
        stage.say(link, json!({"id": uri, "method": "resources/subscribe", "params": {"uri": uri}}));
        for asked in stage.received() {
            stage.serve(json!({"id": asked["id"], "result": {}}));
        }
    }
    stage.hub.take(Linked::Left(0));
    let sent = stage.received();
    assert_eq!(sent[0]["params"]["requestId"], call);
    assert_eq!(
        (&sent[1]["method"], &sent[1]["params"]),
        (&json!("resources/unsubscribe"), &json!({"uri": "a:/x"}))
    );
    assert_eq!(sent.len(), 2);
    stage.serve(json!({"method": "notifications/resources/updated", "params": {"uri": "a:/y"}}));
    assert_eq!(stage.told(1).len(), 2, "the answer to its own subscription, and the change");
}

#[test]
fn a_change_of_a_resource_is_told_to_those_who_have_subscribed() {
    let mut stage = Stage::open();
    stage.say(1, json!({"id": 2, "method": "resources/subscribe", "params": {"uri": "a:/x"}}));
    let id = stage.only_id();
    stage.serve(json!({"id": id, "error": {"code": 1, "message": "no"}}));
    stage.serve(json!({"method": "notifications/resources/updated", "params": {"uri": "a:/x"}}));
    assert_eq!(stage.told(1).len(), 1, "it was refused");
    stage.say(1, json!({"id": 3, "method": "resources/subscribe", "params": {"uri": "a:/x"}}));
    let id = stage.only_id();
    stage.serve(json!({"id": id, "result": {}}));
    stage.serve(json!({"method": "notifications/resources/updated", "params": {"uri": "a:/x/1"}}));
    assert_eq!(stage.told(1).len(), 2);
    assert_eq!(stage.told(0), [] as [Value; 0]);
}

#[test]
fn what_is_for_all_goes_to_all_and_what_may_be_anyones_to_nobody() {
    let mut stage = Stage::open();
    stage.say(0, json!({"id": 7, "method": "tools/call", "params": {"name": "t"}}));
    let id = stage.only_id().as_u64();
    let log = json!({"method": "notifications/message", "params": {"level": "info", "data": "secret"}});
    stage.serve(log.clone());
    stage.serve(json!({"method": "vendor/x"}));
    stage.serve(json!({"method": "notifications/tasks/status", "params": {"taskId": "1"}}));
    assert_eq!((stage.told(0), stage.told(1)), (vec![], vec![]));
    stage.serve_about(log, id);
    assert_eq!((stage.told(0).len(), stage.told(1).len()), (1, 0));
    stage.serve(json!({"method": "notifications/tools/list_changed"}));
    assert_eq!((stage.told(0).len(), stage.told(1).len()), (1, 1));
}

#[test]
fn nobody_is_asked_anything_and_nothing_is_set_for_all() {
    let mut stage = Stage::open();
    stage.serve(json!({"id": 1, "method": "roots/list"}));
    stage.serve(json!({"id": "p", "method": "ping"}));
    let answers = stage.received();
    assert_eq!(answers[0]["error"]["code"], -32601);
    assert_eq!(answers[1], json!({"jsonrpc": "2.0", "id": "p", "result": {}}));
    stage.say(0, json!({"id": 2, "method": "logging/setLevel", "params": {"level": "debug"}}));
    stage.say(0, json!({"method": "notifications/roots/list_changed"}));
    stage.say(0, json!({"id": 3, "method": "tasks/get", "params": {"taskId": "1"}}));
    stage.say(0, json!({"id": 4, "method": "tools/call", "params": {"name": "t", "task": {}}}));
    assert_eq!(stage.received(), [] as [Value; 0]);
    let told = stage.told(0);
    assert_eq!(told[0]["result"], json!({}));
    assert_eq!((&told[1]["error"]["code"], &told[2]["error"]["code"]), (&json!(-32601), &json!(-32601)));
}

#[test]
fn a_listen_of_the_modern_era_keeps_its_own_id_on_the_sessions_side() {
    const ID: &str = "io.modelcontextprotocol/subscriptionId";
    const ABLE: &str = "io.modelcontextprotocol/clientCapabilities";
    let mut stage = Stage::of_two();
    let able = json!({"extensions": {"io.modelcontextprotocol/tasks": {}, "v/x": {}}});
    for link in [0, 1] {
        stage
            .say(link, json!({"id": 5, "method": "subscriptions/listen", "params": {"_meta": {ABLE: able}}}));
    }
    let sent = stage.received();
    assert_eq!(sent[0]["params"]["_meta"][ABLE], json!({"extensions": {"v/x": {}}}));
    let id = &sent[1]["id"];
    let notification = json!({"method": "notifications/tools/list_changed", "params": {"_meta": {ID: id}}});
    stage.serve(notification.clone());
    assert_eq!(stage.told(1)[0]["params"]["_meta"][ID], 5);
    stage.serve(json!({"id": id, "result": {"_meta": {ID: id}}}));
    assert_eq!(stage.told(1), [json!({"jsonrpc": "2.0", "id": 5, "result": {"_meta": {ID: 5}}})]);
    stage.serve(notification);
    stage.serve(json!({"method": "notifications/cancelled", "params": {"requestId": sent[0]["id"]}}));
    assert_eq!(stage.told(0)[0]["params"]["requestId"], 5);
    assert_eq!(stage.told(1), [] as [Value; 0]);
}

#[test]
fn a_server_that_ends_is_down_for_every_session_and_later_up() {
    let mut stage = Stage::open();
    stage.say(0, json!({"id": 7, "method": "tools/call", "params": {"name": "t"}}));
    let (id, before) = (stage.only_id(), stage.hub.generation);
    stage.hub.hear(News::Down(Down::now("it ended".to_owned())));
    let (queue, server) = outbox(QUEUE);
    stage.hub.hear(News::Up(queue));
    stage.server = server;
    for session in &mut stage.sessions {
        assert!(matches!(session.try_next(), Some(Event::Down(down)) if down.reason == "it ended"));
        assert!(matches!(session.try_next(), Some(Event::Up(_))));
    }
    stage.say_to(before, 0, json!({"id": 8, "method": "tools/call", "params": {"name": "t"}}));
    stage.serve(json!({"id": id, "result": {}}));
    assert_eq!(stage.received(), [] as [Value; 0], "it was written for the server that has ended");
    assert_eq!(stage.told(0)[0]["id"], 8);
    assert_eq!(stage.told(0), [] as [Value; 0]);
    stage.say(0, json!({"id": 9, "method": "initialize", "params": {}}));
    assert_eq!(stage.received()[0]["method"], "initialize");
}

#[test]
fn a_session_that_takes_nothing_is_cut_off_and_the_other_one_is_served() {
    let mut stage = Stage::open();
    let large = "x".repeat(QUEUE / 2);
    for _ in 0..4 {
        for link in [0, 1] {
            stage.say(link, json!({"id": 7, "method": "tools/call", "params": {"name": "t"}}));
        }
        for call in stage.received().iter().filter(|call| call["method"] == "tools/call") {
            stage.serve(json!({"id": call["id"], "result": {"text": large}}));
        }
        assert_eq!(stage.told(1).len(), 1);
    }
    assert!(!stage.hub.links.contains_key(&0));
    assert!(stage.hub.links.contains_key(&1));
}

#[test]
fn what_cannot_be_read_is_an_error_for_the_one_who_waits() {
    let mut stage = Stage::open();
    stage.say(0, json!({"id": 7, "method": "tools/call", "params": {"name": "t"}}));
    let id = stage.only_id();
    let line = |text: String| News::Line { line: Line::Whole(text.into_bytes()), about: None };
    stage.hub.hear(line("Welcome!".to_owned()));
    stage.hub.hear(line(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"#)));
    assert_eq!(stage.told(0)[0]["error"]["code"], -32603);
    assert_eq!(stage.told(1), [] as [Value; 0]);
}
