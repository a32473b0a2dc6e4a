//! How long does it take to judge a URL? Beside it, in the same run: the parser's own share, and the same call where any value
//! will do.
#![allow(clippy::unwrap_used, reason = "a bench that panics is a bench that fails")]

mod ratio;

use argala_engine::{Policy, Verdict};
use ratio::{compare, contestant};

const URLS: [&str; 4] = [
    "https://api.example.com/v1/items?limit=100&cursor=abcdef",
    "https://bücher.example.com/",
    "https://[2606:4700:4700::1111]:8443/",
    "https://0x5db8d822/",
];

fn main() {
    let hosts = "'*.example.com', '[2606:4700:4700::1111]', '93.184.216.34'";
    let policy = format!("[tools.m]\nargs.url = {{ type = 'url', schemes = ['https'], hosts = [{hosts}] }}");
    let policy = Policy::from_toml(&policy, "url").unwrap();
    let any = Policy::from_toml("[tools.m]\nargs.url = { type = 'any' }", "any").unwrap();
    for url in URLS {
        let call = serde_json::json!({ "url": url }).to_string();
        assert_eq!(policy.judge("m", call.as_bytes()).verdict, Verdict::Allow);
        compare(
            url,
            0,
            vec![
                contestant("a call with any value", || any.judge("m", call.as_bytes())),
                contestant("a call with a url", || policy.judge("m", call.as_bytes())),
                contestant("the parser alone", || url::Url::parse(url).unwrap()),
            ],
        );
    }
}
