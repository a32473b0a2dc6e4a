//! What does it cost to judge a SQL text? Beside it, in the same run: the same call where any value will do, and the parser
//! alone. Then: does a longer text cost more than in proportion?
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that panics is a bench that fails")]

mod ratio;

use argala_engine::{Policy, Verdict};
use ratio::{compare, contestant};
use sqlparser::dialect::{Dialect, GenericDialect, PostgreSqlDialect};
use sqlparser::parser::Parser;

fn policy(type_: &str) -> Policy {
    Policy::from_toml(&format!("[tools.q]\nargs.sql = {{ {type_} }}"), "policy").unwrap()
}

fn call(text: &str) -> String {
    serde_json::json!({ "sql": text }).to_string()
}

/// What an agent asks: a line, a report, and a report with a long list.
fn texts() -> Vec<(&'static str, String)> {
    let report = "WITH recent AS (SELECT id, customer, total FROM orders WHERE placed > '2024-01-01' AND NOT cancelled) \
                  SELECT c.name, count(*) AS orders, sum(r.total) AS total FROM recent r JOIN customers c ON c.id = r.customer \
                  WHERE c.city IN ('Oslo', 'Bergen') GROUP BY c.name HAVING sum(r.total) > 100 ORDER BY total DESC LIMIT 20";
    let ids: Vec<String> = (0..1000).map(|id| id.to_string()).collect();
    vec![
        ("a line", "SELECT id, name FROM customers WHERE city = 'Oslo' ORDER BY name".to_owned()),
        ("a report", report.to_owned()),
        ("a report with a comment and quotes", format!("-- it's `one`\n{report} /* \"x\" [y] */")),
        ("a report with a long list", report.replace("'Oslo', 'Bergen'", &ids.join(", "))),
    ]
}

fn main() {
    let any = policy("type = 'any'");
    let dialects: [(&str, &dyn Dialect); 2] =
        [("postgres", &PostgreSqlDialect {}), ("generic", &GenericDialect)];
    for (name, text) in texts() {
        let call = call(&text);
        for (dialect, parser) in dialects {
            let sql = policy(&format!("type = 'sql', dialect = '{dialect}'"));
            let verdict = sql.judge("q", call.as_bytes()).verdict;
            compare(
                &format!("{name}, {dialect}: {verdict:?}"),
                0,
                vec![
                    contestant("a call with any value", || any.judge("q", call.as_bytes())),
                    contestant("a call with a SQL text", || sql.judge("q", call.as_bytes())),
                    contestant("the parser alone", || Parser::parse_sql(parser, &text).unwrap()),
                ],
            );
        }
    }
    let sql = policy("type = 'sql', tables = ['t']");
    let row = "SELECT a, f(b) FROM t WHERE c = 'x' UNION ALL ";
    let calls = [15_000, 30_000, 60_000, 120_000].map(|bytes| {
        let call = call(&format!("{}SELECT 1", row.repeat(bytes / row.len())));
        assert_eq!(sql.judge("q", call.as_bytes()).verdict, Verdict::Allow);
        (bytes, call)
    });
    // Turn by turn: a machine that slows down for a while slows all of them.
    let took = compare(
        "a text that is twice as long takes … times as long",
        0,
        calls
            .iter()
            .map(|(bytes, call)| contestant(format!("{bytes} bytes"), || sql.judge("q", call.as_bytes())))
            .collect(),
    );
    for (before, after) in took.iter().zip(took.iter().skip(1)) {
        println!("  {:>6.2} x", after / before);
    }
}
