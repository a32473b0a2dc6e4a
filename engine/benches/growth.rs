//! Does the time of a decision grow as the text does? For each kind of text: the time at every doubling from 1 KB to 1 MB, and
//! by how much it grew. Twice the bytes may take twice the time, and no more. Beside it, what doesn't depend on the machine:
//! by how much the bytes of all readings together grew.
//!
//! Where a time jumps at one step and these bytes don't, run it again: what else runs on the machine, its caches and memory that
//! the allocator asks for anew all show in a time.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and fails by panic")]

mod ratio;

use argala_engine::Policy;
use ratio::{contestant, time};

fn main() {
    let seed = policy("denied_patterns = ['DROP', 'DELETE', 'TRUNCATE']");
    let reach = policy("[[deny]]\npatterns = ['a']\nargs = ['/x/*/y']");
    let nested: Vec<String> = (1..=200).map(|length| format!("'{}'", "a".repeat(length))).collect();
    let nested = policy(&format!("denied_patterns = [{}]", nested.join(", ")));
    let words = |words: &'static str| move |bytes: usize| text(words, bytes);
    grow("plain ASCII", &seed, words("the quick brown fox jumps over the lazy dog, 42 times "));
    grow("non-ASCII prose", &seed, words("съешь ещё этих мягких булок, да выпей чаю; Zwölf Boxkämpfer. "));
    grow("percent-laden", &seed, words("%64%6f%20a%2520b%25252fc "));
    grow("base64-laden", &seed, words("aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91 dGhlIGxhenkgZG9nIHNsZWVwcw== "));
    grow(
        "source code",
        &seed,
        words("if (a[i] != 'x\\n') { b += \"%d\" + c; } /* note */ // it's\n# d && e;\n"),
    );
    grow("keys without end", &seed, |bytes| {
        let members: Vec<String> = (0..bytes / 10).map(|n| format!(r#""{n:06}":1"#)).collect();
        format!("{{{}}}", members.join(","))
    });
    grow("a hit at every byte, under a long key", &reach, |bytes| {
        format!(r#"{{"{}":"{}"}}"#, "b".repeat(bytes / 2), "a".repeat(bytes / 2))
    });
    grow("200 hits at every byte", &nested, words("a"));
}

fn policy(rules: &str) -> Policy {
    let limits = "max_bytes = 4_000_000\nmax_nodes = 1_000_000\nmax_key_bytes = 65536";
    let text = format!("allowed_methods = ['m']\n{rules}\n[limits]\n{limits}");
    Policy::from_toml(&text, "bench").unwrap()
}

/// A call with one argument: these words, over and over.
fn text(words: &str, bytes: usize) -> String {
    let text: String = words.chars().cycle().take(bytes / words.len() * words.chars().count() + 1).collect();
    serde_json::json!({ "text": text }).to_string()
}

fn grow(question: &str, policy: &Policy, call: impl Fn(usize) -> String) {
    println!("{question}");
    let mut before: Option<(f64, f64)> = None;
    for doubling in 0..=10 {
        let call = call(1024 << doubling);
        let spent = time(contestant("", || policy.judge("m", call.as_bytes())));
        let read = read_bytes(policy, &call);
        let ratio = before.map_or_else(String::new, |(time, bytes)| {
            format!("{:>6.2} x, read {:.2} x", spent / time, read / bytes)
        });
        let verdict = policy.judge("m", call.as_bytes()).verdict.as_str();
        let each = spent / call.len() as f64;
        println!(
            "  {:>8} bytes {:>10.1} us {each:>8.2} ns/byte {verdict:>6} {ratio}",
            call.len(),
            spent / 1e3
        );
        before = Some((spent, read));
    }
}

/// The bytes of a call and of all its readings.
fn read_bytes(policy: &Policy, call: &str) -> f64 {
    let texts = policy.explain("m", call.as_bytes()).texts;
    let readings: usize =
        texts.iter().flat_map(|text| &text.readings).map(|reading| reading.text.len()).sum();
    (call.len() + readings) as f64
}
