//! No bytes and no order of events make the engine panic, or allow what it hasn't read to its end.

use argala_engine::{Inspector, Policy, Refusal, Stop, Verdict};
use proptest::prelude::*;
use serde_json::Value;

use crate::arguments::any_arguments;
use crate::policies::{METHODS, any_policy, denying};

proptest! {
    #[test]
    fn any_bytes_as_arguments_get_a_decision(
        policy in any_policy(),
        arguments in any_arguments(),
        method in any::<String>(),
        noise in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        bytes in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let policy = policy.load();
        prop_assert_eq!(policy.judge("m", &bytes).is_allowed() && bytes != b"{}", false);
        let mut text = arguments.to_string().into_bytes();
        for (place, byte) in noise {
            let place = place.index(text.len());
            text[place] = byte;
        }
        for method in [method.as_str(), METHODS[0]] {
            let decision = policy.judge(method, &text);
            if decision.is_allowed() {
                prop_assert!(serde_json::from_slice::<Value>(&text).is_ok_and(|value| value.is_object()));
            }
        }
    }

    #[test]
    fn any_text_as_a_policy_loads_or_says_why(
        policy in any_policy(),
        noise in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        bytes in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut text = policy.text().into_bytes();
        for (place, byte) in noise {
            let place = place.index(text.len());
            text[place] = byte;
        }
        for bytes in [text, bytes] {
            let text = String::from_utf8_lossy(&bytes);
            if let Err(error) = Policy::from_toml(&text, "p.toml") {
                prop_assert!(!error.diagnostics().is_empty());
                prop_assert!(error.to_string().contains("p.toml"), "{}", error);
            }
        }
    }

    #[test]
    fn events_that_are_not_one_whole_object_are_never_allowed(
        events in prop_oneof![
            prop::collection::vec(any_event(), 0..8),
            (any_arguments(), prop::collection::vec((any::<prop::sample::Index>(), any_event(), 0..3_u8), 0..3))
                .prop_map(|(arguments, edits)| edited(&arguments, edits)),
        ],
        refused in prop::bool::weighted(0.1),
    ) {
        for policy in [denying(&["never".to_owned()], "word").load(), strict()] {
            let mut inspector = policy.inspect("m").unwrap();
            for event in &events {
                // A caller that doesn't heed a `Stop` gets no more than one that does.
                let _ = event.tell(&mut inspector);
            }
            let decision = if refused { inspector.refuse(&Refusal::NotUtf8) } else { inspector.finish() };
            if decision.is_allowed() {
                prop_assert!(!refused && is_one_object(&events), "{:?}", events);
            }
        }
    }

    #[test]
    fn an_object_that_is_told_is_judged_as_its_text(policy in any_policy(), arguments in any_arguments()) {
        let policy = policy.load();
        for method in METHODS {
            let told = policy.inspect(method).map(|mut inspector| {
                // As a caller should: a `Stop` ends the telling.
                let _ = edited(&arguments, Vec::new()).iter().try_for_each(|event| event.tell(&mut inspector));
                inspector.finish()
            });
            let told = told.unwrap_or_else(|denial| *denial);
            prop_assert_eq!(told, policy.judge(method, arguments.to_string().as_bytes()));
        }
    }
}

/// A policy under which a value that was told in the wrong place could be missed.
fn strict() -> Policy {
    let text =
        "[tools.m]\nargs.a.type = 'any'\nargs.b.type = 'any'\nargs.q.type = 'any'\nargs.0.type = 'any'";
    Policy::from_toml(text, "p.toml").unwrap()
}

#[derive(Debug, Clone)]
enum Event {
    Null,
    Boolean(bool),
    Number(String),
    String(String),
    Key(String),
    EnterObject,
    LeaveObject,
    EnterArray,
    LeaveArray,
}

impl Event {
    fn tell(&self, inspector: &mut Inspector<'_>) -> Result<(), Stop> {
        match self {
            Self::Null => inspector.null(),
            Self::Boolean(value) => inspector.boolean(*value),
            Self::Number(lexeme) => inspector.number(lexeme),
            Self::String(text) => inspector.string(text),
            Self::Key(key) => inspector.key(key),
            Self::EnterObject => inspector.enter_object(),
            Self::LeaveObject => {
                inspector.leave_object();
                Ok(())
            }
            Self::EnterArray => inspector.enter_array(),
            Self::LeaveArray => {
                inspector.leave_array();
                Ok(())
            }
        }
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Null),
        any::<bool>().prop_map(Event::Boolean),
        prop::sample::select(vec!["1", "-0.5", "NaN", ""]).prop_map(|lexeme| Event::Number(lexeme.into())),
        "[ab]{0,2}".prop_map(Event::String),
        "[abq]".prop_map(Event::Key),
        Just(Event::EnterObject),
        Just(Event::LeaveObject),
        Just(Event::EnterArray),
        Just(Event::LeaveArray),
    ]
}

/// The events of an object, with some of them replaced, inserted or removed.
fn edited(arguments: &Value, edits: Vec<(prop::sample::Index, Event, u8)>) -> Vec<Event> {
    let mut events = Vec::new();
    events_of(arguments, &mut events);
    for (place, event, way) in edits {
        let place = place.index(events.len());
        match way {
            0 => events[place] = event,
            1 => events.insert(place, event),
            _ if events.len() > 1 => {
                events.remove(place);
            }
            _ => {}
        }
    }
    events
}

fn events_of(value: &Value, events: &mut Vec<Event>) {
    match value {
        Value::Null => events.push(Event::Null),
        Value::Bool(value) => events.push(Event::Boolean(*value)),
        Value::Number(number) => events.push(Event::Number(number.to_string())),
        Value::String(text) => events.push(Event::String(text.clone())),
        Value::Array(items) => {
            events.push(Event::EnterArray);
            items.iter().for_each(|item| events_of(item, events));
            events.push(Event::LeaveArray);
        }
        Value::Object(members) => {
            events.push(Event::EnterObject);
            for (key, member) in members {
                events.push(Event::Key(key.clone()));
                events_of(member, events);
            }
            events.push(Event::LeaveObject);
        }
    }
}

/// Whether events tell exactly one object from its beginning to its end.
fn is_one_object(events: &[Event]) -> bool {
    // Of each open container: whether it is an array, and whether a value may come next.
    let mut open: Vec<(bool, bool)> = Vec::new();
    let mut ended = false;
    for event in events {
        if ended {
            return false;
        }
        let fits = match (event, open.last_mut()) {
            (Event::Key(_), Some((false, value))) if !*value => {
                *value = true;
                true
            }
            (Event::LeaveObject, Some((false, false))) | (Event::LeaveArray, Some((true, _))) => {
                open.pop();
                ended = open.is_empty();
                true
            }
            (Event::Key(_) | Event::LeaveObject | Event::LeaveArray, _) => false,
            (_, Some((array, value))) => {
                let fits = *value;
                *value = *array;
                fits
            }
            (event, None) => matches!(event, Event::EnterObject),
        };
        if !fits {
            return false;
        }
        match event {
            Event::EnterObject => open.push((false, false)),
            Event::EnterArray => open.push((true, true)),
            _ => {}
        }
    }
    ended
}

#[test]
fn each_way_to_tell_an_object_wrongly_is_denied() {
    use Event::{EnterArray, EnterObject, Key, LeaveArray, LeaveObject, Null};
    let key = || Key("a".to_owned());
    for events in [
        vec![],
        vec![EnterObject],
        vec![Null],
        vec![EnterArray, LeaveArray],
        vec![EnterObject, LeaveArray],
        vec![EnterObject, Null, LeaveObject],
        vec![EnterObject, EnterObject, LeaveObject, LeaveObject],
        vec![EnterObject, key(), LeaveObject],
        vec![EnterObject, key(), key(), Null, LeaveObject],
        vec![EnterObject, key(), Null, Null, LeaveObject],
        vec![EnterObject, key(), EnterArray, LeaveObject, LeaveObject],
        vec![EnterObject, key(), EnterArray, key(), LeaveArray, LeaveObject],
        vec![EnterObject, key(), EnterObject, LeaveArray, LeaveObject],
        vec![EnterObject, LeaveObject, LeaveObject],
        vec![EnterObject, LeaveObject, Null],
        vec![EnterObject, LeaveObject, key()],
        vec![EnterObject, LeaveObject, EnterObject, LeaveObject],
        vec![key(), EnterObject, LeaveObject],
        vec![LeaveObject, EnterObject, LeaveObject],
    ] {
        for policy in [denying(&["never".to_owned()], "word").load(), strict()] {
            let mut inspector = policy.inspect("m").unwrap();
            for event in &events {
                let _ = event.tell(&mut inspector);
            }
            let decision = inspector.finish();
            assert_eq!(
                (decision.verdict, decision.rule.as_str()),
                (Verdict::Deny, "input.not-json"),
                "{events:?}"
            );
        }
    }
}

#[test]
fn a_message_repeats_no_control_character_and_no_megabyte_of_what_an_agent_chose() {
    let policy = strict();
    let long = "\u{1b}[2J\u{202e}".repeat(100_000);
    let arguments = serde_json::json!({ &long: 1, "a": "fine" }).to_string();
    for decision in [policy.judge(&long, b"{}"), policy.judge("m", arguments.as_bytes())] {
        assert_eq!(decision.verdict, Verdict::Deny);
        assert!(decision.message.len() < 6000, "{} bytes", decision.message.len());
        assert!(!decision.message.contains(char::is_control), "{:?}", decision.message);
    }
}

#[test]
fn a_call_that_no_policy_expected_is_denied_in_time() {
    // Each of these once took, or would take in a plain implementation, time in the square of its length.
    let policy = Policy::from_toml(
        "allowed_methods = ['m']\nlimits.max_key_bytes = 65536\n[[deny]]\nid = 'elsewhere'\npatterns = ['a']\nargs = ['x', '/y/*/z']\n[[deny]]\nid = 'last'\npatterns = ['no']",
        "p.toml",
    )
    .unwrap();
    let n = 300_000;
    let key = "b".repeat(60_000);
    let keys: Vec<String> = (0..20_000).map(|key| format!("\"k{key}\":0")).collect();
    for arguments in [
        format!("{{\"{key}\":\"{}no\"}}", "a".repeat(n)),
        format!("{{\"{key}\":[{}\"no\"]}}", "\"a\",".repeat(40_000)),
        format!("{{{},\"no\":1}}", keys.join(",")),
        format!("{{\"x1\":{}\"no\"{}}}", "[".repeat(30), "]".repeat(30)),
        format!("{{\"no\":\"{}\"}}", "no".repeat(n)),
    ] {
        let decision = policy.judge("m", arguments.as_bytes());
        assert_eq!((decision.verdict, decision.rule.as_str()), (Verdict::Deny, "last"));
        assert!(decision.message.len() < 1000, "a message of {} bytes", decision.message.len());
    }
}
