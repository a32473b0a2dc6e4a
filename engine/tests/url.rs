//! What a `url` takes and refuses, as claims about texts.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use argala_engine::{Policy, Verdict};
use proptest::prelude::*;

fn policy(keys: &str) -> Policy {
    let text = format!("[tools.fetch]\nargs.url = {{ type = 'url', {keys} }}");
    Policy::from_toml(&text, "p.toml").unwrap_or_else(|error| unreachable!("{error}"))
}

fn allows(policy: &Policy, url: &str) -> bool {
    let arguments = serde_json::json!({ "url": url }).to_string();
    policy.judge("fetch", arguments.as_bytes()).verdict == Verdict::Allow
}

fn reason(policy: &Policy, url: &str) -> String {
    let arguments = serde_json::json!({ "url": url }).to_string();
    policy.judge("fetch", arguments.as_bytes()).message
}

#[test]
fn a_link_as_browsers_follow_it_is_taken() {
    let policy = policy("hosts = ['*']");
    for url in [
        "https://example.com",
        "HTTP://Example.COM:8080/a/../b?q=a b&r=%zz#frag ment",
        "https://example.com/ü/日本語?next=http://127.0.0.1/",
        "https://bücher.example/",
        "https://xn--bcher-kva.example/",
        "https://example.com./",
        "https://example.com/user@host\\x",
        "https://under_score.example.com/",
        "http://1.1.1.1/",
        "http://0x01010101/",
        "https://[2606:4700:4700::1111]:8443/",
        "https://[::ffff:8.8.8.8]/",
    ] {
        assert!(allows(&policy, url), "{}", reason(&policy, url));
    }
}

#[test]
fn a_private_address_is_denied_in_every_spelling() {
    let policy = policy("schemes = ['https']");
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "000000177.0.0.01",
        "127.0.0.1.",
        "127%2e0%2e0%2e1",
        "%31%32%37.1",
        "127。0｡0．1",
        "１２７.0.0.1",
        "①②⑦.⓪.⓪.①",
        "𝟏𝟐𝟕.0.0.1",
        "1\u{ad}27.0.0.1",
        "[::1]",
        "[0000::0001]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "0",
        "[::]",
        // Decimal to some readers: 10.0.0.1.
        "010.0.0.1",
        "０10.0.0.1",
        "0127。0.0.1",
    ] {
        let url = format!("https://{host}/");
        assert!(!allows(&policy, &url), "{url}");
    }
}

#[test]
fn a_name_that_leads_inside_is_denied_in_every_spelling() {
    let policy = policy("");
    for host in [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "%6cocalhost",
        "ｌocalhost",
        "ⓛocalhost",
        "local\u{ad}host",
        "local\u{200b}host",
        "metadata",
        "metadata.google.internal",
        "metadata.google。internal",
        "kubernetes.default.svc.cluster.local",
        "10.0.0.1.nip.io",
    ] {
        let url = format!("http://{host}/");
        assert!(!allows(&policy, &url), "{url}");
    }
}

#[test]
fn a_text_that_readers_divide_differently_is_denied_whatever_host_it_names() {
    let policy = policy("userinfo = 'allow'");
    for url in [
        "http://a.com\\@b.com/",
        "http://a.com#@b.com/",
        "http://a.com?@b.com/",
        "http://a.com@b.com@c.com/",
        "http://a.com%2f@b.com/",
        "http:a.com/",
        "http:/a.com/",
        "http:///a.com/",
        "http:\\\\a.com/",
        "//a.com/",
        "a.com",
        "ht\ttp://a.com/",
        "http://a.com/\r\nHost: b.com",
        " http://a.com/",
        "http://a.com/\n",
        "http://a.com\u{0}.b.com/",
        "http://a.com:80:81/",
        "http://a.com:８0/",
        // Where the first escape ends the host, these are 127.0.0.1, localhost, no host, 10.0.0.1 and 192.0.0.192.
        "http://127.0.0.1%2ea.com/",
        "http://localhost%c2%ada.com/",
        "http://%31.1.1.1/",
        "http://167772161%35/",
        "http://192.192%2e1%2e1/",
        // To IDNA of 2003 this is an address.
        "http://127.0.0.1\u{1806}/",
        // Wget before 1.25 goes to the first.
        "http://a.com;@b.com/",
        "http://a.com%3b@b.com/",
        "http://a..com/",
        "http://.a.com/",
        "http://a.com;b.com/",
        "http://[::1%25eth0]/",
        "http://[1.1.1.1]/",
        "http:///",
        "http://:80/",
        "http://@/",
    ] {
        assert!(!allows(&policy, url), "{url:?}");
    }
}

#[test]
fn a_list_of_hosts_holds_for_what_every_reader_connects_to() {
    let policy = policy("hosts = ['*.example.com', 'example.org', '1.1.1.1', 'bücher.example']");
    for (url, expected) in [
        ("https://a.example.com/", true),
        ("https://a.b.EXAMPLE.com./", true),
        ("https://example.com/", false),
        ("https://example.org/", true),
        ("https://www.example.org/", false),
        ("https://evilexample.com/", false),
        ("https://a.example.com.evil.net/", false),
        ("https://evil%2eexample.com/", false),
        ("https://evil.net%61.example.com/", false),
        ("https://evil。example.com/", false),
        ("https://ｅxample.org/", false),
        ("https://bücher.example/", true),
        ("https://xn--bcher-kva.example/", true),
        ("https://0x1010101/", true),
        ("https://1.0.0.1/", false),
    ] {
        assert_eq!(allows(&policy, url), expected, "{url}");
    }
}

#[test]
fn schemes_ports_and_userinfo_are_what_the_policy_says() {
    for (keys, url, expected) in [
        ("", "https://example.com/", true),
        ("", "http://example.com/", true),
        ("", "ftp://example.com/", false),
        ("", "gopher://example.com/", false),
        ("", "file:///etc/passwd", false),
        ("", "javascript:alert(1)", false),
        ("schemes = ['HTTPS']", "https://example.com/", true),
        ("schemes = ['HTTPS']", "http://example.com/", false),
        ("schemes = ['postgres']", "postgres://db.example.com/x", true),
        ("schemes = ['postgres']", "postgres://2130706433/x", false),
        ("schemes = ['ssh']", "ssh://-oa.example.com/", false),
        ("schemes = ['ssh'], userinfo = 'allow'", "ssh://-oa@example.com/", false),
        ("", "https://-a.example.com/", true),
        ("schemes = ['postgres']", "postgres://%6cocalhost/x", false),
        ("", "https://u:p@example.com/", false),
        ("", "https://@example.com/", false),
        ("userinfo = 'allow'", "https://u:p@example.com/", true),
        ("userinfo = 'allow'", "https://example.com@10.0.0.1/", false),
        ("ports = [443, 8443]", "https://example.com/", true),
        ("ports = [443, 8443]", "https://example.com:443/", true),
        ("ports = [443, 8443]", "https://example.com:8443/", true),
        ("ports = [443, 8443]", "https://example.com:22/", false),
        ("ports = [443, 8443]", "http://example.com/", false),
        ("schemes = ['redis'], ports = [6379]", "redis://example.com/", false),
        ("private_ips = 'allow'", "http://127.0.0.1/", true),
        ("private_ips = 'allow', hosts = ['localhost']", "http://localhost:3000/", true),
        ("private_ips = 'allow', hosts = ['localhost']", "http://127.0.0.1:3000/", false),
    ] {
        assert_eq!(allows(&policy(keys), url), expected, "{keys} {url}");
    }
}

#[test]
fn a_denial_says_what_was_read_and_what_is_wanted() {
    for (keys, url, part) in [
        ("", "http://0x7f.1/", "\"0x7f.1\" (read as \"127.0.0.1\") is loopback (RFC 1122)"),
        ("hosts = ['*.example.com']", "http://evil.net/", "the host \"*.example.com\", not \"evil.net\""),
        ("schemes = ['https']", "http://a.com/", "must be a URL of the scheme \"https\", not \"http\""),
        ("ports = [443]", "http://a.com/", "with the port 443, not 80"),
        ("", "http:/a.com/", "exactly two slashes"),
        ("", "//a.com/", "with its scheme"),
    ] {
        let reason = reason(&policy(keys), url);
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn a_policy_that_could_not_do_what_it_says_does_not_load() {
    for (keys, part) in [
        ("hosts = []", "an empty `hosts` allows nothing"),
        ("hosts = ['https://example.com']", "is no host"),
        ("hosts = ['api-*.example.com']", "whole leftmost label"),
        ("hosts = ['127.0.0.1']", "private_ips denies what is loopback"),
        ("hosts = ['*.internal']", "private_ips denies"),
        ("hosts = ['faß.example']", "is two names"),
        ("schemes = []", "an empty `schemes` allows nothing"),
        ("schemes = ['https:']", "is no scheme"),
        ("schemes = ['file']", "has no host"),
        ("ports = []", "an empty `ports` allows nothing"),
        ("ports = [65536]", "65536 is no port"),
        ("ports = [4.5]", "4.5 is no port"),
        ("private_ips = 'denied'", "unknown value `denied`"),
        ("userinfo = true", "expected a string"),
        ("host = ['a.com']", "unknown key `host`"),
    ] {
        let text = format!("[tools.fetch]\nargs.url = {{ type = 'url', {keys} }}");
        let error = Policy::from_toml(&text, "p.toml").unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(url in any::<String>()) {
        allows(&policy(""), &url);
    }

    #[test]
    fn no_url_alike_text_panics(url in "(http|ssh)(:|:/|://|:///)[a-z0-9%@:.\\[\\]\\\\/?#。é]{0,40}") {
        allows(&policy("userinfo = 'allow', private_ips = 'allow', schemes = ['http', 'ssh']"), &url);
    }

    /// The four numbers of a private address, each written in a way of its own.
    #[test]
    fn no_mix_of_spellings_hides_a_private_address(
        address in prop_oneof![
            any::<[u8; 3]>().prop_map(|[a, b, c]| [10, a, b, c]),
            any::<[u8; 3]>().prop_map(|[a, b, c]| [127, a, b, c]),
            any::<[u8; 2]>().prop_map(|[a, b]| [192, 168, a, b]),
            any::<[u8; 2]>().prop_map(|[a, b]| [169, 254, a, b]),
        ],
        ways in any::<[u8; 4]>(),
        dots in any::<[u8; 3]>(),
    ) {
        let number = |at: usize| match ways[at] % 5 {
            0 => format!("{}", address[at]),
            1 => format!("0x{:x}", address[at]),
            2 => format!("0{:o}", address[at]),
            3 => format!("{}", address[at]).bytes().map(|digit| format!("%{digit:x}")).collect(),
            _ => format!("{}", address[at])
                .bytes()
                .filter_map(|digit| char::from_u32(0xff10 + u32::from(digit - b'0')))
                .collect(),
        };
        let dot = |at: usize| [".", "%2e", "。", "．", "｡"][usize::from(dots[at] % 5)];
        let host = [number(0), number(1), number(2), number(3)];
        let url = format!("http://{}{}{}{}{}{}{}/", host[0], dot(0), host[1], dot(1), host[2], dot(2), host[3]);
        prop_assert!(!allows(&policy(""), &url), "{}", url);
    }
}
