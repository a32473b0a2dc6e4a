//! What does the `sql` type cost per call, and how much of that is the parser's? Each text is judged through a policy, and
//! beside it `sqlparser` alone parses the same text.
#![allow(clippy::unwrap_used, reason = "a bench that panics is a bench that fails")]

use argala_engine::{Policy, Verdict};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use sqlparser::dialect::{Dialect, GenericDialect, PostgreSqlDialect};
use sqlparser::parser::Parser;

fn main() {
    divan::main();
}

const TEXTS: &[&str] = &["short", "medium", "long"];

/// What an agent asks: a line, a report, and a report with a long list.
fn text(name: &str) -> String {
    let report = "WITH recent AS (SELECT id, customer, total FROM orders WHERE placed > '2024-01-01' AND NOT cancelled) \
                  SELECT c.name, count(*) AS orders, sum(r.total) AS total FROM recent r JOIN customers c ON c.id = r.customer \
                  WHERE c.city IN ('Oslo', 'Bergen') GROUP BY c.name HAVING sum(r.total) > 100 ORDER BY total DESC LIMIT 20";
    match name {
        "short" => "SELECT id, name FROM customers WHERE city = 'Oslo' ORDER BY name".to_owned(),
        "medium" => report.to_owned(),
        _ => {
            let ids: Vec<String> = (0..1000).map(|id| id.to_string()).collect();
            report.replace("'Oslo', 'Bergen'", &ids.join(", "))
        }
    }
}

fn judge(bencher: Bencher<'_, '_>, dialect: &str, name: &str) {
    let policy =
        format!("[tools.q]\nargs.sql = {{ type = 'sql', dialect = '{dialect}', allow = ['select'] }}");
    let policy = Policy::from_toml(&policy, "p.toml").unwrap();
    let call = serde_json::json!({ "sql": text(name) }).to_string();
    assert_eq!(policy.judge("q", call.as_bytes()).verdict, Verdict::Allow);
    bencher.counter(BytesCount::of_str(&call)).bench(|| policy.judge("q", black_box(call.as_bytes())));
}

fn parse(bencher: Bencher<'_, '_>, dialect: &(dyn Dialect + Sync), name: &str) {
    let text = text(name);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| Parser::parse_sql(dialect, black_box(&text)).unwrap());
}

#[divan::bench(args = TEXTS, max_time = 0.7)]
fn postgres_judges(bencher: Bencher<'_, '_>, name: &str) {
    judge(bencher, "postgres", name);
}

#[divan::bench(args = TEXTS, max_time = 0.7)]
fn postgres_parser_alone(bencher: Bencher<'_, '_>, name: &str) {
    parse(bencher, &PostgreSqlDialect {}, name);
}

#[divan::bench(args = TEXTS, max_time = 0.7)]
fn generic_judges(bencher: Bencher<'_, '_>, name: &str) {
    judge(bencher, "generic", name);
}

#[divan::bench(args = TEXTS, max_time = 0.7)]
fn generic_parser_alone(bencher: Bencher<'_, '_>, name: &str) {
    parse(bencher, &GenericDialect, name);
}

/// Twice the text may take twice the time, and no more.
#[divan::bench(args = [16_000, 32_000, 64_000, 120_000], max_time = 0.7)]
fn tokens_alone(bencher: Bencher<'_, '_>, bytes: usize) {
    let policy = "[tools.q]\nargs.sql = { type = 'sql', allow = ['select'], tables = ['t'] }";
    let policy = Policy::from_toml(policy, "p.toml").unwrap();
    let row = "SELECT a, f(b) FROM t WHERE c = 'x' UNION ALL ";
    let call = serde_json::json!({ "sql": format!("{}SELECT 1", row.repeat(bytes / row.len())) }).to_string();
    assert_eq!(policy.judge("q", call.as_bytes()).verdict, Verdict::Allow);
    bencher.counter(BytesCount::of_str(&call)).bench(|| policy.judge("q", black_box(call.as_bytes())));
}
