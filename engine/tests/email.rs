//! What an `email` takes and refuses, as claims about texts.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use argala_engine::{Policy, Verdict};
use proptest::prelude::*;

fn policy(keys: &str) -> Policy {
    let text = format!("[tools.send]\nargs.to = {{ type = 'email', {keys} }}");
    Policy::from_toml(&text, "p.toml").unwrap_or_else(|error| unreachable!("{error}"))
}

fn allows(policy: &Policy, to: &str) -> bool {
    let arguments = serde_json::json!({ "to": to }).to_string();
    policy.judge("send", arguments.as_bytes()).verdict == Verdict::Allow
}

#[test]
fn one_plain_address_is_taken() {
    let policy = policy("");
    for to in [
        "user@example.com",
        "first.last+tag@mail.example.co.uk",
        "o'brien@example.com",
        "x_y-z@example.com",
        "u#1@example.com",
        "jörg@example.com",
        "用户@example.com",
        "user@bücher.example",
        "user@xn--bcher-kva.example",
        "1@example.com",
    ] {
        assert!(allows(&policy, to), "{to}");
    }
}

#[test]
fn what_mail_programs_read_differently_is_denied() {
    let policy = policy("");
    let long = format!("{}@example.com", "a".repeat(65));
    let longer = format!("a@{}.example.com", ["abcdefgh"; 28].join("."));
    for to in [
        "",
        "user",
        "@example.com",
        "user@",
        "a@b@example.com",
        "User <user@example.com>",
        "<user@example.com>",
        "a@example.com,b@example.com",
        "a@example.com;b@example.com",
        "a@example.com b@example.com",
        " user@example.com",
        "user@example.com\n",
        "user@example.com\r\nBcc: x@evil.net",
        "us\u{0}er@example.com",
        "\"user\"@example.com",
        "\"a@evil.net\"@example.com",
        "user(comment)@example.com",
        "user@(comment)example.com",
        "user@[127.0.0.1]",
        "user@127.0.0.1",
        "user@2130706433",
        "user%evil.net@example.com",
        "evil.net!user@example.com",
        "|program@example.com",
        "/etc/passwd@example.com",
        "-oQ@example.com",
        "a`id`@example.com",
        "a${run{id}}@example.com",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        "user@example..com",
        "user@example.com.",
        "user@exa%6dple.com",
        "user@example.com/x",
        "user@example_.com:25",
        "user@-",
        "user@localhost",
        "mailto:user@example.com",
        "user＠example.com",
        "us\u{200b}er@example.com",
        "us\u{202e}er@example.com",
        "a℀b@example.com",
        &long,
        &longer,
    ] {
        assert!(!allows(&policy, to), "{to:?}");
    }
}

#[test]
fn the_domain_is_compared_as_it_is_looked_up() {
    let policy = policy("domains = ['example.com', '*.example.org', 'bücher.example', 'intern']");
    for (to, expected) in [
        ("u@example.com", true),
        ("u@EXAMPLE.com", true),
        ("u@mail.example.com", false),
        ("u@example.org", false),
        ("u@a.b.example.org", true),
        ("u@evilexample.org", false),
        ("u@example.com.evil.net", false),
        ("u@evil。example.org", false),
        ("u@xn--bcher-kva.example", true),
        ("u@BÜCHER.example", true),
        ("u@exаmple.com", false),
        ("u@intern", true),
    ] {
        assert_eq!(allows(&policy, to), expected, "{to}");
    }
}

#[test]
fn a_policy_that_could_not_do_what_it_says_does_not_load() {
    for (keys, part) in [
        ("domains = []", "an empty `domains` allows nothing"),
        ("domains = ['@example.com']", "is no host"),
        ("domains = ['127.0.0.1']", "is an address"),
        ("domains = ['*example.com']", "whole leftmost label"),
        ("domain = ['a.com']", "unknown key `domain`"),
    ] {
        let text = format!("[tools.send]\nargs.to = {{ type = 'email', {keys} }}");
        let error = Policy::from_toml(&text, "p.toml").unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(to in any::<String>()) {
        allows(&policy(""), &to);
    }

    #[test]
    fn what_is_taken_is_one_address_of_one_word(to in "[a-z@.,<>\" é%!-]{0,20}") {
        if allows(&policy(""), &to) {
            prop_assert_eq!(to.matches('@').count(), 1);
            prop_assert!(!to.contains([',', '<', '>', '"', ' ', '%', '!']));
        }
    }
}
