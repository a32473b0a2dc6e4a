//! What is read as a message, what is refused, and what is passed on.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use argala_wire::frame::{MAX_FRAME, single_line, too_long};
use argala_wire::reply::code;
use argala_wire::{Frame, Id, Kind, Sender, batch};
use proptest::prelude::*;

fn number(digits: &str) -> Id {
    Id::Number(digits.to_owned())
}

#[test]
fn a_message_is_a_request_a_notification_or_a_response() {
    for (text, kind) in [
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
            Kind::Request { id: number("1"), method: "ping".into() },
        ),
        (
            r#"{"jsonrpc":"2.0","id":"a\u0062","method":"ping","params":{}}"#,
            Kind::Request { id: Id::String("ab".into()), method: "ping".into() },
        ),
        (
            r#"{"id":-7,"method":"p\u0069ng","params":null,"jsonrpc":"2.0","extra":1}"#,
            Kind::Request { id: number("-7"), method: "ping".into() },
        ),
        (
            r#"{"jsonrpc":"2.0","method":"notifications/x"}"#,
            Kind::Notification { method: "notifications/x".into() },
        ),
        (
            r#"{"jsonrpc":"2.0","id":123456789012345678901234567890,"result":{}}"#,
            Kind::Response { id: Some(number("123456789012345678901234567890")) },
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#,
            Kind::Response { id: Some(number("1")) },
        ),
        (r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#, Kind::Response { id: None }),
        (r#"{"jsonrpc":"2.0","error":{"code":1,"message":""}}"#, Kind::Response { id: None }),
    ] {
        assert_eq!(Frame::read(text.as_bytes(), Sender::Host).unwrap().kind(), &kind, "{text}");
    }
}

#[test]
fn a_frame_that_two_readers_may_take_differently_is_refused_under_its_id() {
    let one = Some(number("1"));
    for (text, expected, id) in [
        ("", code::PARSE_ERROR, None),
        ("nonsense", code::PARSE_ERROR, None),
        ("\u{feff}{}", code::PARSE_ERROR, None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping"} {}"#, code::PARSE_ERROR, one.clone()),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}"#, code::PARSE_ERROR, one.clone()),
        ("[]", code::INVALID_REQUEST, None),
        ("1", code::INVALID_REQUEST, None),
        ("{}", code::INVALID_REQUEST, None),
        (r#"{"id":1,"method":"ping"}"#, code::INVALID_REQUEST, one.clone()),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, code::INVALID_REQUEST, one.clone()),
        (r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, code::INVALID_REQUEST, one.clone()),
        (r#"{"jsonrpc":"2.0","id":1,"id":1,"method":"ping"}"#, code::INVALID_REQUEST, None),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","meth\u006fd":"tools/call"}"#,
            code::INVALID_REQUEST,
            one.clone(),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":{"b":1,"b":2}}}"#,
            code::INVALID_REQUEST,
            one.clone(),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\ud800"}}"#,
            code::INVALID_REQUEST,
            one.clone(),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}"#,
            code::INVALID_REQUEST,
            one.clone(),
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","paramſ":{}}"#, code::INVALID_REQUEST, one.clone()),
        (
            r#"{"jsonrpc":"2.0","id":1,"method\u0000":"tools/call","method":"ping"}"#,
            code::INVALID_REQUEST,
            one.clone(),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name\u0000":"b","name":"a"}}"#,
            code::INVALID_PARAMS,
            one.clone(),
        ),
        (r#"{"jsonrpc":"2.0","id":1,"METHOD":"ping"}"#, code::INVALID_REQUEST, one.clone()),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, code::INVALID_REQUEST, one.clone()),
        (r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#, code::INVALID_REQUEST, one.clone()),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, code::INVALID_REQUEST, one.clone()),
        (r#"{"jsonrpc":"2.0","id":1,"method":null}"#, code::INVALID_REQUEST, one.clone()),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, code::INVALID_REQUEST, None),
        (r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, code::INVALID_REQUEST, None),
        (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, code::INVALID_REQUEST, None),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, code::INVALID_REQUEST, None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, code::INVALID_PARAMS, one.clone()),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}"#, code::INVALID_PARAMS, one.clone()),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}"#,
            code::INVALID_PARAMS,
            one.clone(),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}"#,
            code::INVALID_PARAMS,
            one.clone(),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","argumentſ":{}}}"#,
            code::INVALID_PARAMS,
            one.clone(),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_META":{}}}"#,
            code::INVALID_PARAMS,
            one.clone(),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","tas\u212a":{}}}"#,
            code::INVALID_PARAMS,
            one,
        ),
    ] {
        let refused = Frame::read(text.as_bytes(), Sender::Host).unwrap_err();
        assert_eq!((refused.code, &refused.id), (expected, &id), "{text}: {}", refused.message);
        let reply = refused.reply().unwrap();
        assert!(Frame::read(reply.as_bytes(), Sender::Downstream).is_ok(), "{reply}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused_under_the_id_beside_them() {
    let refused =
        Frame::read(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", Sender::Host).unwrap_err();
    assert_eq!((refused.code, refused.id), (code::PARSE_ERROR, Some(number("1"))));
}

#[test]
fn a_frame_nested_too_deeply_is_refused_under_its_id() {
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"a":{open}{close}}}}}"#);
    let refused = Frame::read(text.as_bytes(), Sender::Host).unwrap_err();
    assert_eq!((refused.code, refused.id), (code::INVALID_REQUEST, Some(number("1"))));
}

#[test]
fn a_call_without_an_id_gets_no_answer() {
    let text = r#"{"jsonrpc":"2.0","method":"tools/call","params":[]}"#;
    assert_eq!(Frame::read(text.as_bytes(), Sender::Host).unwrap_err().reply(), None);
}

#[test]
fn a_downstream_may_send_what_only_its_envelope_has_to_be_strict_about() {
    let odd = r#"{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":"\ud800","n":1e999}}"#;
    let frame = Frame::read(odd.as_bytes(), Sender::Downstream).unwrap();
    assert_eq!(frame.text(), odd);
    let twice = r#"{"jsonrpc":"2.0","id":1,"id":2,"result":{}}"#;
    assert!(Frame::read(twice.as_bytes(), Sender::Downstream).is_err());
}

#[test]
fn an_edit_changes_its_place_and_no_other_byte() {
    let text = r#"{"jsonrpc" : "2.0", "id":1, "params":{ "_meta":{"progressToken":"t"}, "n":1.0 }, "method":"ping"}"#;
    let frame = Frame::read(text.as_bytes(), Sender::Host).unwrap();
    let token = frame.at(&["params", "_meta", "progressToken"]).unwrap().span.clone();
    let id = frame.at(&["id"]).unwrap().span.clone();
    let edited = frame.edited(&[(token, "77".into()), (id, "\"x\"".into())]);
    assert_eq!(edited, text.replace(r#""id":1"#, r#""id":"x""#).replace(r#""t""#, "77"));
}

#[test]
fn a_frame_leaves_as_one_line_to_every_reader() {
    for (text, line) in [
        (r#"{"a": "\r\n"}"#, r#"{"a": "\r\n"}"#),
        ("{\"a\":\r{\"b\":1}\r}", r#"{"a":{"b":1}}"#),
        ("{\n  \"a\": 1.0\n}", r#"{"a":1.0}"#),
        ("{\"a\":\r\"\u{2028}\"}", r#"{"a":"\u2028"}"#),
    ] {
        assert_eq!(single_line(text.to_owned()), line);
    }
}

#[test]
fn the_id_of_a_frame_that_is_too_long_is_found_at_either_end() {
    for (head, tail, id) in [
        (r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"a":""#, r#"xxxx"}}"#, Some(number("7"))),
        (
            r#"{"method":"tools/call","params":{"a":""#,
            r#"xxxx"},"jsonrpc":"2.0","id":"q"}"#,
            Some(Id::String("q".into())),
        ),
        (r#"{"method":"tools/call","params":{"id":7,"a":""#, r#"xxxx"}}"#, None),
        ("xxxx", "xxxx", None),
    ] {
        let refused = too_long(head.as_bytes(), tail.as_bytes());
        assert_eq!(refused.id, id, "{head}");
        assert!(refused.message.contains(&MAX_FRAME.to_string()));
    }
}

#[test]
fn a_batch_is_taken_apart_into_the_texts_that_came() {
    assert!(batch::is_batch(b" [1]"));
    assert!(!batch::is_batch(b"{}"));
    assert_eq!(batch::split(br#"[ {"a":1} , 2 ]"#, Sender::Host).unwrap(), [&br#"{"a":1}"#[..], b"2"]);
    for (text, said) in [("[]", "empty"), ("[1", "can't be read"), ("[{\"a\":1,\"a\":2}]", "twice")] {
        assert!(batch::split(text.as_bytes(), Sender::Host).unwrap_err().contains(said), "{text}");
    }
    let many = format!("[{}0]", "0,".repeat(batch::MAX_MESSAGES));
    assert!(batch::split(many.as_bytes(), Sender::Host).unwrap_err().contains("1001"));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Frame::read(&bytes, Sender::Host);
        let _ = Frame::read(&bytes, Sender::Downstream);
        let _ = batch::split(&bytes, Sender::Host);
        let _ = too_long(&bytes, &bytes);
    }

    #[test]
    fn a_refusal_is_always_a_frame_of_its_own(text in r#"\{("(jsonrpc|id|method|params)":("2.0"|1|"tools/call"|\{\}|\[\]|null),?){0,5}\}"#) {
        if let Err(refused) = Frame::read(text.as_bytes(), Sender::Host)
            && let Some(reply) = refused.reply()
        {
            prop_assert!(Frame::read(reply.as_bytes(), Sender::Downstream).is_ok());
        }
    }
}
