//! How long does it take to judge a URL? Beside it the parser's own share: `url` parsing the same text.
#![allow(clippy::unwrap_used, reason = "a bench that panics is a bench that fails")]

use argala_engine::{Policy, Verdict};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const URLS: [&str; 4] = [
    "https://api.example.com/v1/items?limit=100&cursor=abcdef",
    "https://bücher.example.com/",
    "https://[2606:4700:4700::1111]:8443/",
    "https://0x5db8d822/",
];

const HOSTS: &str = "'*.example.com', '[2606:4700:4700::1111]', '93.184.216.34'";

fn policy() -> Policy {
    let text =
        format!("[tools.fetch]\nargs.url = {{ type = 'url', schemes = ['https'], hosts = [{HOSTS}] }}");
    Policy::from_toml(&text, "url").unwrap()
}

#[divan::bench(args = URLS, max_time = 0.5)]
fn decides(bencher: Bencher<'_, '_>, url: &str) {
    let policy = policy();
    let call = serde_json::json!({ "url": url }).to_string();
    assert_eq!(policy.judge("fetch", call.as_bytes()).verdict, Verdict::Allow);
    bencher.bench(|| policy.judge("fetch", black_box(call.as_bytes())));
}

/// The same call where any value will do: what the constraint adds is the difference.
#[divan::bench(args = URLS, max_time = 0.5)]
fn yardstick_any(bencher: Bencher<'_, '_>, url: &str) {
    let policy = Policy::from_toml("[tools.fetch]\nargs.url = { type = 'any' }", "any").unwrap();
    let call = serde_json::json!({ "url": url }).to_string();
    bencher.bench(|| policy.judge("fetch", black_box(call.as_bytes())));
}

#[divan::bench(args = URLS, max_time = 0.5)]
fn yardstick_url_parse(bencher: Bencher<'_, '_>, url: &str) {
    bencher.bench(|| url::Url::parse(black_box(url)).unwrap());
}

/// Twice the bytes may take twice the time, and no more.
#[divan::bench(args = [8_000, 16_000, 32_000], max_time = 0.5)]
fn long_query(bencher: Bencher<'_, '_>, bytes: usize) {
    let policy = policy();
    let call = format!(r#"{{"url":"https://a.example.com/?q={}"}}"#, "%41 é".repeat(bytes / 6));
    assert_eq!(policy.judge("fetch", call.as_bytes()).verdict, Verdict::Allow);
    bencher.bench(|| policy.judge("fetch", black_box(call.as_bytes())));
}
