//! How long does it take to judge a path? Beside it, in the same run: the same call where any value will do, and with the
//! links of the file system followed.
#![allow(clippy::unwrap_used, reason = "a bench that panics is a bench that fails")]

mod ratio;

use argala_engine::{Policy, Verdict};
use ratio::{compare, contestant};

const PATHS: [&str; 4] = [
    "/srv/data/reports/2026/november.csv",
    "/srv/data/résumé à lire.md",
    "/srv/data/100%25 sure/a%20b.txt",
    "/srv/data/a/../b\\c/$d",
];

fn main() {
    let policy = |within: &str, symlinks: &str| {
        let text = format!(
            "[tools.m]\nargs.path = {{ type = 'path', within = ['{within}'], symlinks = '{symlinks}' }}"
        );
        Policy::from_toml(&text, "path").unwrap()
    };
    let any = Policy::from_toml("[tools.m]\nargs.path = { type = 'any' }", "any").unwrap();
    let (below, all, resolved) =
        (policy("/srv/data", "lexical"), policy("/", "lexical"), policy("/", "resolve"));
    for path in PATHS {
        let call = serde_json::json!({ "path": path }).to_string();
        assert_eq!(below.judge("m", call.as_bytes()).verdict, Verdict::Allow);
        compare(
            path,
            0,
            vec![
                contestant("a call with any value", || any.judge("m", call.as_bytes())),
                contestant("a call with a path", || below.judge("m", call.as_bytes())),
            ],
        );
    }
    let call = r#"{"path":"/usr"}"#;
    assert_eq!(resolved.judge("m", call.as_bytes()).verdict, Verdict::Allow);
    compare(
        "/usr",
        0,
        vec![
            contestant("as text", || all.judge("m", call.as_bytes())),
            contestant("with links followed", || resolved.judge("m", call.as_bytes())),
        ],
    );
}
