//! What the reader takes and what it refuses, as tables, and against `serde_json`.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use argala_json::{ErrorKind, Limits, Options, Outline, compact, pointer};
use proptest::prelude::*;

fn strict() -> Options {
    Options::strict(Limits::default())
}

#[test]
fn texts_that_every_parser_reads_alike_are_taken_and_written_as_they_were_meant() {
    for (text, written) in [
        ("null", "null"),
        (" [ ] ", "[]"),
        ("{}", "{}"),
        ("\"\"", "\"\""),
        ("-0.0", "-0.0"),
        ("1.0", "1.0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1e400", "1e400"),
        (r#"{"a":[1,{"b":null},true,false],"c":"d"}"#, r#"{"a":[1,{"b":null},true,false],"c":"d"}"#),
        (r#""\u0041\n\/\ud83d\ude00""#, "\"A\\n/😀\""),
        ("\"\u{2028}\u{85}\u{7f}\"", r#""\u2028\u0085\u007f""#),
        (r#"[[],[[]],{"x":{}}]"#, r#"[[],[[]],{"x":{}}]"#),
        ("{\"a\":\r1,\r\n\"b\":2}", r#"{"a":1,"b":2}"#),
    ] {
        assert_eq!(compact(text, &strict()).as_deref(), Ok(written), "{text}");
    }
}

#[test]
fn texts_that_parsers_disagree_on_are_refused_at_their_place() {
    let unexpected = |expected| ErrorKind::Unexpected { expected };
    for (text, kind, offset) in [
        (&b""[..], ErrorKind::UnexpectedEnd, 0),
        (b"{", ErrorKind::UnexpectedEnd, 1),
        (b"[1", ErrorKind::UnexpectedEnd, 2),
        (b"\"a", ErrorKind::UnexpectedEnd, 2),
        (b"{\"a\":1,}", unexpected("a key in double quotes"), 7),
        (b"[1,]", unexpected("a value"), 3),
        (b"[1 2]", unexpected("`,` or `]`"), 3),
        (b"{\"a\" 1}", unexpected("`:`"), 5),
        (b"{a:1}", unexpected("a key in double quotes"), 1),
        (b"'a'", unexpected("a value"), 0),
        (b"NaN", unexpected("a value"), 0),
        (b"nul", unexpected("a value"), 0),
        (b"Infinity", unexpected("a value"), 0),
        (b"\xef\xbb\xbf{}", unexpected("a value"), 0),
        (b"// c\n1", unexpected("a value"), 0),
        (b"{} {}", ErrorKind::TrailingData, 3),
        (b"1\0", ErrorKind::TrailingData, 1),
        (b"01", ErrorKind::BadNumber, 0),
        (b"-", ErrorKind::BadNumber, 0),
        (b"1.", ErrorKind::BadNumber, 0),
        (b"1e+", ErrorKind::BadNumber, 0),
        (b"\"\x01\"", ErrorKind::ControlCharacter, 1),
        (b"\"\\x41\"", ErrorKind::BadEscape, 1),
        (b"\"\\u+041\"", ErrorKind::BadEscape, 1),
        (b"\"\\ud800\"", ErrorKind::LoneSurrogate, 1),
        (b"\"\\udc00\\ud800\"", ErrorKind::LoneSurrogate, 1),
        (b"\"\\ud800\\u0041\"", ErrorKind::LoneSurrogate, 1),
        (b"\"\xff\"", ErrorKind::NotUtf8, 1),
        (b"\"\xed\xa0\x80\"", ErrorKind::NotUtf8, 1),
        (b"{\"a\":1,\"a\":2}", ErrorKind::DuplicateKey("a".into()), 7),
        (b"{\"a\":1,\"\\u0061\":2}", ErrorKind::DuplicateKey("a".into()), 7),
        (b"[{\"b\":{\"c\":1,\"c\":1}}]", ErrorKind::DuplicateKey("c".into()), 13),
    ] {
        let error = Outline::read(text, &strict(), 0).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (&kind, offset), "{:?}", String::from_utf8_lossy(text));
    }
}

#[test]
fn the_same_key_in_two_objects_is_no_duplicate_and_the_fortieth_key_still_is() {
    assert!(compact(r#"{"a":{"a":1},"b":{"a":1}}"#, &strict()).is_ok());
    let members: Vec<String> = (0..40).map(|n| format!("\"k{n}\":{n}")).collect();
    let text = format!("{{{}}}", members.join(","));
    assert_eq!(compact(&text, &strict()).as_deref(), Ok(text.as_str()));
    for again in ["k0", "k20", "k39"] {
        let text = format!("{{{},\"{again}\":0}}", members.join(","));
        let error = compact(&text, &strict()).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::DuplicateKey(again.into()));
    }
}

#[test]
fn a_text_past_a_bound_is_refused_and_one_at_the_bound_is_not() {
    let options = Options::strict(Limits { max_bytes: 9, max_depth: 2, max_nodes: 4 });
    for (text, kind) in [
        ("[[1,2]]", None),
        ("[[[]]]", Some(ErrorKind::TooDeep(2))),
        ("[1,2,3]", None),
        ("[1,2,3,4]", Some(ErrorKind::TooManyNodes(4))),
        ("{\"a\":[0]}", None),
        ("\"12345678\"", Some(ErrorKind::TooLong(9))),
    ] {
        assert_eq!(compact(text, &options).err().map(|error| error.kind().clone()), kind, "{text}");
    }
}

#[test]
fn a_million_levels_are_refused_without_a_deep_stack() {
    let text = "[".repeat(1_000_000);
    assert_eq!(compact(&text, &strict()).unwrap_err().kind(), &ErrorKind::TooDeep(32));
    let limits = Limits { max_bytes: usize::MAX, max_depth: usize::MAX, max_nodes: usize::MAX };
    let closed = format!("{text}{}", "]".repeat(1_000_000));
    assert_eq!(compact(&closed, &Options::strict(limits)).unwrap(), closed);
}

#[test]
fn a_tolerant_reading_lets_through_what_is_only_passed_on() {
    let tolerant = Options::tolerant(Limits::default());
    let text = r#"{"a":1,"a":"\ud800"}"#;
    let outline = Outline::read(text.as_bytes(), &tolerant, 1).unwrap();
    let last = outline.at(&["a"]).unwrap();
    assert_eq!(last.string(text).unwrap(), "\u{fffd}");
}

#[test]
fn an_outline_finds_values_by_key_and_by_place() {
    let text =
        r#" {"id": 7, "params": {"name":"a\u0062", "arguments": {"x":[1,2]}, "_meta":{"t":0}}, "z":[[1],2]}"#;
    let outline = Outline::read(text.as_bytes(), &strict(), 3).unwrap();
    let raw = |keys: &[&str]| outline.at(keys).map(|node| node.raw(text));
    assert_eq!(raw(&["id"]), Some("7"));
    assert_eq!(raw(&["params", "arguments"]), Some(r#"{"x":[1,2]}"#));
    assert_eq!(raw(&["params", "_meta", "t"]), Some("0"));
    assert_eq!(raw(&["params", "arguments", "x"]), Some("[1,2]"));
    assert_eq!(raw(&["t"]), None);
    assert_eq!(outline.at(&["params", "name"]).unwrap().string(text).unwrap(), "ab");
    let array = outline.at(&["z"]).unwrap();
    let elements: Vec<_> = outline.children(array).map(|node| node.raw(text)).collect();
    assert_eq!(elements, ["[1]", "2"]);
    let root = outline.root().unwrap();
    let keys: Vec<_> = outline.children(root).filter_map(|node| node.key.as_deref()).collect();
    assert_eq!(keys, ["id", "params", "z"]);
}

#[test]
fn an_outline_of_members_keeps_nothing_that_is_inside_an_array() {
    let text = r#"{"a":[1,{"b":2}],"c":{"d":[[0]],"e":3}}"#;
    let outline = Outline::of_members(text.as_bytes(), &strict(), 3).unwrap();
    assert_eq!(outline.at(&["a"]).unwrap().raw(text), r#"[1,{"b":2}]"#);
    assert_eq!(outline.children(outline.at(&["a"]).unwrap()).count(), 0);
    assert_eq!(outline.at(&["c", "d"]).unwrap().raw(text), "[[0]]");
    assert_eq!(outline.at(&["c", "e"]).unwrap().raw(text), "3");
}

#[test]
fn an_outline_of_too_many_values_is_refused() {
    let limits = Limits { max_bytes: usize::MAX, max_depth: 9, max_nodes: usize::MAX };
    let text = format!("[{}0]", "0,".repeat(200_000));
    let options = Options::strict(limits);
    assert_eq!(
        Outline::read(text.as_bytes(), &options, 1).unwrap_err().kind(),
        &ErrorKind::TooManyNodes(200_000)
    );
    assert!(Outline::read(text.as_bytes(), &options, 0).is_ok());
    assert!(Outline::of_members(text.as_bytes(), &options, 1).is_ok());
}

#[test]
fn pointers_escape_and_parse_back() {
    let mut rendered = String::new();
    pointer::push_key(&mut rendered, "a/b~c");
    pointer::push_index(&mut rendered, 3);
    assert_eq!(rendered, "/a~1b~0c/3");
    assert_eq!(pointer::parse(&rendered), Some(vec!["a/b~c".to_owned(), "3".to_owned()]));
    assert_eq!(pointer::parse(""), Some(vec![]));
    assert_eq!(pointer::parse("/"), Some(vec![String::new()]));
    assert_eq!(pointer::parse("a"), None);
    assert_eq!(pointer::parse("/~2"), None);
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_writes_is_read_and_means_the_same(value in any_json()) {
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            let written = compact(&text, &strict()).unwrap();
            let back: serde_json::Value = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(back, serde_json::from_str::<serde_json::Value>(&text).unwrap());
        }
    }

    #[test]
    fn whatever_is_taken_serde_json_takes_too(bytes in prop::collection::vec(
        prop_oneof![Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b'"'), Just(b','), Just(b':'), Just(b'1'),
                    Just(b'-'), Just(b'.'), Just(b'e'), Just(b'\\'), Just(b'u'), Just(b' '), any::<u8>()], 0..24)) {
        if Outline::read(&bytes, &strict(), 2).is_ok() {
            prop_assert!(serde_json::from_slice::<&serde_json::value::RawValue>(&bytes).is_ok());
        }
    }
}
