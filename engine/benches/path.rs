//! How long does it take to judge a path? Beside it the same call where any value will do: what the constraint adds is the
//! difference.
#![allow(clippy::unwrap_used, reason = "a bench that panics is a bench that fails")]

use argala_engine::{Policy, Verdict};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const PATHS: [&str; 4] = [
    "/srv/data/reports/2026/november.csv",
    "/srv/data/résumé à lire.md",
    "/srv/data/100%25 sure/a%20b.txt",
    "/srv/data/a/../b\\c/$d",
];

fn policy(symlinks: &str) -> Policy {
    let text = format!(
        "[tools.read]\nargs.path = {{ type = 'path', within = ['/srv/data', '/'], symlinks = '{symlinks}' }}"
    );
    Policy::from_toml(&text, "path").unwrap()
}

fn decide(bencher: Bencher<'_, '_>, policy: &Policy, path: &str, verdict: Verdict) {
    let call = serde_json::json!({ "path": path }).to_string();
    assert_eq!(policy.judge("read", call.as_bytes()).verdict, verdict);
    bencher.bench(|| policy.judge("read", black_box(call.as_bytes())));
}

#[divan::bench(args = PATHS, max_time = 0.5)]
fn decides(bencher: Bencher<'_, '_>, path: &str) {
    decide(bencher, &policy("lexical"), path, Verdict::Allow);
}

#[divan::bench(args = PATHS, max_time = 0.5)]
fn yardstick_any(bencher: Bencher<'_, '_>, path: &str) {
    let policy = Policy::from_toml("[tools.read]\nargs.path = { type = 'any' }", "any").unwrap();
    decide(bencher, &policy, path, Verdict::Allow);
}

#[divan::bench(max_time = 0.5)]
fn links_followed(bencher: Bencher<'_, '_>) {
    decide(bencher, &policy("resolve"), "/usr", Verdict::Allow);
}

/// A text that is made to have many spellings, up to the length where paths end. Twice the bytes may take twice the
/// time, and no more.
#[divan::bench(args = [1_000, 2_000, 4_000], max_time = 0.5)]
fn many_spellings(bencher: Bencher<'_, '_>, bytes: usize) {
    let policy = policy("lexical");
    let text = format!("/srv/data/{}", "%252e.é\\x2e$a／".repeat(bytes / 19));
    let call = serde_json::json!({ "path": text }).to_string();
    bencher.bench(|| policy.judge("read", black_box(call.as_bytes())));
}
