//! How long does a whole decision take, from JSON text to verdict? Beside it, as the yardstick on the same machine and in
//! the same run: `serde_json` reading the same text into a tree, which is what a guard would do before it looks at all.
#![allow(clippy::unwrap_used, reason = "a bench that panics is a bench that fails")]

use argala_engine::{Policy, Verdict};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const METHOD: &str = "execute_sql_query";

fn seed_policy() -> Policy {
    let text = "allowed_methods = ['execute_sql_query']\ndenied_patterns = ['DROP', 'DELETE', 'TRUNCATE']";
    Policy::from_toml(text, "seed").unwrap()
}

/// A thousand patterns of which none stands in the calls.
fn thousand_patterns() -> Policy {
    let patterns: Vec<String> = (0..1000).map(|n| format!("\"pattern {:04} zq\"", n * 7)).collect();
    let text =
        format!("allowed_methods = [\"{METHOD}\"]\ndenied_patterns = [\"DROP\", {}]", patterns.join(", "));
    Policy::from_toml(&text, "thousand").unwrap()
}

/// A call of the seed's method whose arguments are about this many bytes of JSON text.
fn call(bytes: usize) -> String {
    let mut rows: Vec<String> = Vec::new();
    let whole = |rows: &[String]| {
        format!(
            r#"{{"query":"SELECT id, name FROM customers WHERE city = $1 AND since > $2 ORDER BY name","limit":100,"parameters":["Oslo",20240101],"rows":[{}]}}"#,
            rows.join(",")
        )
    };
    while whole(&rows).len() + 60 <= bytes {
        rows.push(format!(r#"{{"id":{},"note":"seen at the counter, paid","open":true}}"#, rows.len()));
    }
    whole(&rows)
}

const SIZES: [usize; 3] = [200, 1_000, 100_000];

#[divan::bench(args = SIZES, max_time = 0.7)]
fn seed_policy_decides(bencher: Bencher<'_, '_>, bytes: usize) {
    decide(bencher, &seed_policy(), &call(bytes));
}

#[divan::bench(args = SIZES, max_time = 0.7)]
fn thousand_patterns_decide(bencher: Bencher<'_, '_>, bytes: usize) {
    decide(bencher, &thousand_patterns(), &call(bytes));
}

#[divan::bench(args = SIZES, max_time = 0.7)]
fn yardstick_serde_json_value(bencher: Bencher<'_, '_>, bytes: usize) {
    let call = call(bytes);
    bencher
        .counter(BytesCount::of_str(&call))
        .bench(|| serde_json::from_str::<serde_json::Value>(black_box(&call)).unwrap());
}

fn decide(bencher: Bencher<'_, '_>, policy: &Policy, call: &str) {
    assert_eq!(policy.judge(METHOD, call.as_bytes()).verdict, Verdict::Allow);
    bencher.counter(BytesCount::of_str(call)).bench(|| policy.judge(METHOD, black_box(call.as_bytes())));
}

/// Calls that are made to be slow. Twice the bytes may take twice the time, and no more.
#[divan::bench(args = [100_000, 200_000, 400_000], max_time = 0.7)]
fn hit_at_every_byte_under_a_long_key(bencher: Bencher<'_, '_>, bytes: usize) {
    let text = format!("allowed_methods = [\"{METHOD}\"]\n[[deny]]\npatterns = [\"a\"]\nargs = [\"/x/*/y\"]");
    let policy = Policy::from_toml(&text, "reach").unwrap();
    decide(bencher, &policy, &format!(r#"{{"{}":"{}"}}"#, "b".repeat(bytes / 2), "a".repeat(bytes / 2)));
}

#[divan::bench(args = [50_000, 100_000, 200_000], max_time = 0.7)]
fn keys_without_end(bencher: Bencher<'_, '_>, bytes: usize) {
    let members: Vec<String> = (0..bytes / 10).map(|n| format!(r#""{n:06}":1"#)).collect();
    decide(bencher, &seed_policy(), &format!("{{{}}}", members.join(",")));
}
