//! How long does a whole decision take, from JSON text to verdict? Beside it, as the yardstick in the same run: `serde_json`
//! reading the same text into a tree, which is what a guard would do before it looks at all.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and fails by panic")]

mod ratio;

use argala_engine::{Policy, Verdict};
use ratio::{compare, contestant};

const METHOD: &str = "execute_sql_query";

fn main() {
    let (seed, thousand) = (seed_policy(), thousand_patterns());
    // What a shell, too, would take for a parameter makes Argala look twice.
    let queries = [("plain", "city = :city AND since > :since"), ("with $1", "city = $1 AND since > $2")];
    for (bytes, (name, query)) in
        [200, 1_000, 100_000].into_iter().flat_map(|bytes| queries.map(|query| (bytes, query)))
    {
        let call = call(bytes, query);
        for policy in [&seed, &thousand] {
            assert_eq!(policy.judge(METHOD, call.as_bytes()).verdict, Verdict::Allow);
        }
        compare(
            &format!("a call of {} bytes, {name}", call.len()),
            call.len(),
            vec![
                contestant("serde_json, to a Value", || {
                    serde_json::from_str::<serde_json::Value>(&call).unwrap()
                }),
                contestant("argala, 3 patterns", || seed.judge(METHOD, call.as_bytes())),
                contestant("argala, 1,000 patterns", || thousand.judge(METHOD, call.as_bytes())),
            ],
        );
    }
}

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
fn call(bytes: usize, condition: &str) -> String {
    let mut rows: Vec<String> = Vec::new();
    let whole = |rows: &[String]| {
        format!(
            r#"{{"query":"SELECT id, name FROM customers WHERE {condition} ORDER BY name","limit":100,"parameters":["Oslo",20240101],"rows":[{}]}}"#,
            rows.join(","),
        )
    };
    while whole(&rows).len() + 60 <= bytes {
        rows.push(format!(r#"{{"id":{},"note":"seen at the counter, paid","open":true}}"#, rows.len()));
    }
    whole(&rows)
}
