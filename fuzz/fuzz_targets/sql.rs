//! Any text as an argument of type `sql` gets a decision, whatever the dialect.
#![no_main]

use std::sync::LazyLock;

use argala_engine::Policy;
use libfuzzer_sys::fuzz_target;

const DIALECTS: [&str; 14] = [
    "generic",
    "ansi",
    "postgres",
    "mysql",
    "sqlite",
    "mssql",
    "snowflake",
    "bigquery",
    "redshift",
    "clickhouse",
    "duckdb",
    "hive",
    "databricks",
    "oracle",
];

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let tool = |dialect: &&str| {
        format!(
            "[tools.{dialect}]\nargs.q = {{ type = 'sql', dialect = '{dialect}', allow = ['select', 'explain'], tables = ['a', 'b.*'] }}\n"
        )
    };
    let text: String = DIALECTS.iter().map(tool).collect();
    Policy::from_toml(&text, "fuzz").expect("the policy is sound")
});

fuzz_target!(|input: (u8, &str)| {
    let (number, text) = input;
    let dialect = DIALECTS[usize::from(number) % DIALECTS.len()];
    let arguments = serde_json::json!({ "q": text }).to_string();
    let first = POLICY.judge(dialect, arguments.as_bytes());
    assert_eq!(first, POLICY.judge(dialect, arguments.as_bytes()));
});
