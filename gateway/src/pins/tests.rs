//! Pins over the life of a server: first use, changes, strictness.

use std::path::Path;

use super::{Definition, Descriptions, Handling, Judged, LockFile, Mode, Offer, Pins, Settings};

fn pins(folder: &Path, mode: Mode) -> Pins {
    let settings = Settings { file: folder.join("argala.lock"), mode };
    Pins::open(Some(&settings), Descriptions::default()).unwrap()
}

fn judge(pins: &Pins, entries: &[&str]) -> Judged {
    let name = |entry: &str| {
        serde_json::from_str::<serde_json::Value>(entry).unwrap()["name"].as_str().unwrap().to_owned()
    };
    let tools: Vec<Definition> =
        entries.iter().map(|entry| Definition::read(&name(entry), entry, pins.wanted())).collect();
    pins.judge("s", &Offer { instructions: Some("be kind"), tools: &tools })
}

/// The rule for each tool, `-` where it is shown.
fn rules(judged: &Judged) -> Vec<(&str, &str)> {
    let rule = |withheld: &Option<super::Withheld>| withheld.as_ref().map_or("-", |withheld| withheld.rule);
    judged.tools.iter().map(|(name, withheld)| (name.as_str(), rule(withheld))).collect()
}

const ADD: &str = r#"{"name":"add","description":"Adds.","inputSchema":{"type":"object"}}"#;
const ADD_IN_ANOTHER_ORDER: &str =
    r#"{ "inputSchema":{"type":"object"},"description":"Add\u0073.","name":"add"}"#;

#[test]
fn a_server_is_written_down_when_it_is_first_seen_and_then_held_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = judge(&pins(folder.path(), Mode::FirstUse), &[ADD]);
    assert!(first.recorded);
    for mode in [Mode::FirstUse, Mode::Strict] {
        let pins = pins(folder.path(), mode);
        for (entries, expected) in [
            (vec![ADD], vec![("add", "-")]),
            (vec![ADD_IN_ANOTHER_ORDER], vec![("add", "-")]),
            (
                vec![r#"{"name":"add","description":"Adds!","inputSchema":{"type":"object"}}"#],
                vec![("add", "pins.changed")],
            ),
            (
                vec![
                    r#"{"name":"add","description":"Adds.","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}"#,
                ],
                vec![("add", "pins.changed")],
            ),
            (vec![ADD, r#"{"name":"new"}"#], vec![("add", "-"), ("new", "pins.unknown")]),
            (
                vec![r#"{"name":"add2","description":"Adds.","inputSchema":{"type":"object"}}"#],
                vec![("add2", "pins.unknown")],
            ),
            (vec![ADD, r#"{"name":"add"}"#], vec![("add", "pins.changed")]),
            (vec![r#"{"name":"add"}"#, ADD], vec![("add", "pins.changed")]),
            (
                vec![r#"{"name":"add","name":"add","description":"Adds.","inputSchema":{"type":"object"}}"#],
                vec![("add", "pins.unknown")],
            ),
            (vec![], vec![]),
        ] {
            let judged = judge(&pins, &entries);
            assert_eq!(rules(&judged), expected, "{mode:?} {entries:?}");
            assert!(!judged.recorded);
        }
    }
}

#[test]
fn what_hides_text_is_not_written_down_but_a_person_may_accept_it() {
    let folder = tempfile::tempdir().unwrap();
    let hiding = r#"{"name":"hides","description":"\u202e"}"#;
    let pins = pins(folder.path(), Mode::FirstUse);
    assert_eq!(rules(&judge(&pins, &[ADD, hiding])), [("add", "-"), ("hides", "pins.hidden_text")]);
    let survey = Pins::survey();
    judge(&survey, &[ADD, hiding]);
    let seen = survey.seen().remove("s").unwrap();
    assert_eq!(seen.findings.keys().collect::<Vec<_>>(), [&Some("hides".to_owned())]);
    let before = pins.edition("s");
    let file = LockFile::new(folder.path().join("argala.lock"));
    file.update(|lock| lock.servers.insert("s".to_owned(), seen.pinned).is_some()).unwrap();
    assert_ne!(pins.edition("s"), before, "a gateway that runs hears of it");
    assert_eq!(rules(&judge(&pins, &[ADD, hiding])), [("add", "-"), ("hides", "-")]);
}

#[test]
fn what_is_not_in_the_file_is_withheld_where_pins_are_strict() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { file: folder.path().join("argala.lock"), mode: Mode::Strict };
    let missing = Pins::open(Some(&settings), Descriptions::default()).unwrap_err();
    assert!(missing.contains("argala pin --accept"), "{missing}");
    std::fs::write(&settings.file, "version = 1\n").unwrap();
    let pins = pins(folder.path(), Mode::Strict);
    assert_eq!(rules(&judge(&pins, &[ADD])), [("add", "pins.unknown")]);
    assert_eq!(pins.judge_instructions("s", "be kind").unwrap().rule, "pins.unknown");
}

#[test]
fn of_two_gateways_the_first_writes_and_the_second_holds_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let both = [0, 1].map(|_| pins(folder.path(), Mode::FirstUse));
    assert!(judge(&both[0], &[ADD]).recorded);
    let second = judge(&both[1], &[r#"{"name":"add"}"#]);
    assert_eq!((rules(&second), second.recorded), (vec![("add", "pins.changed")], false));
}

#[test]
fn a_server_that_cannot_be_written_down_is_withheld() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { file: folder.path().join("missing").join("argala.lock"), mode: Mode::FirstUse };
    let pins = Pins::open(Some(&settings), Descriptions::default()).unwrap();
    assert_eq!(rules(&judge(&pins, &[ADD])), [("add", "pins.unknown")]);
}

#[test]
fn instructions_are_pinned_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let pins = pins(folder.path(), Mode::FirstUse);
    let rule = |text: &str| pins.judge_instructions("s", text).map_or("-", |withheld| withheld.rule);
    assert_eq!((rule("be kind"), rule("be\u{202e} kind")), ("-", "pins.hidden_text"));
    judge(&pins, &[ADD]);
    assert_eq!(
        (rule("be kind"), rule("be cruel"), rule("be\u{202e} kind")),
        ("-", "pins.changed", "pins.hidden_text")
    );
}

#[test]
fn hidden_text_is_handled_as_it_was_said_where_nothing_is_pinned() {
    let hiding = r#"{"name":"hides","description":"\u202e"}"#;
    for (hidden_text, expected) in
        [(Handling::Withhold, "pins.hidden_text"), (Handling::Warn, "-"), (Handling::Off, "-")]
    {
        let pins = Pins::open(None, Descriptions { hidden_text, ..Descriptions::default() }).unwrap();
        assert!(!pins.is_on());
        assert_eq!(rules(&judge(&pins, &[hiding])), [("hides", expected)]);
    }
}
