//! What the demo says, as text.

use std::ffi::OsString;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use super::Row;
use super::agent::Outcome;

/// A table's name and how many rows it has.
type Counts = [(String, u64)];

/// Where nothing says how wide the output is, a pipe say.
const WIDTH: u16 = 110;
const SHOWN: usize = 160;

/// The tools that the agent is shown.
pub(super) fn tools(names: &[String]) -> String {
    format!(
        "The agent is shown these tools: {}.\n`drop_table` is not among them: no call of it could be allowed.\n",
        names.join(", ")
    )
}

/// Each call, its verdict and why.
pub(super) fn calls(rows: &[Row]) -> String {
    let mut table = table(["", "the agent calls", "verdict", "what it hears"]);
    for row in rows {
        let call = format!("{}\n{} {}", row.step.title, row.step.tool, row.step.arguments);
        let (verdict, heard) = match &row.outcome {
            Outcome::Passed(text) => ("allowed", shorten(text)),
            Outcome::Failed(text) => ("failed", shorten(text)),
            Outcome::Denied(decision) => {
                let message = decision.get("message").and_then(Value::as_str).unwrap_or_default();
                ("DENIED", message.to_owned())
            }
        };
        table.add_row([&(table.row_count() + 1).to_string(), &call, verdict, &heard]);
    }
    format!("{}\n", table.trim_fmt())
}

/// What is left of the database, and what would have been.
pub(super) fn tables(before: &Counts, after: &Counts, unguarded: &Counts) -> String {
    let mut shown = table(["table", "rows before", "after, with Argala", "after, without it"]);
    for (name, count) in before {
        let left = |counts: &Counts| {
            counts
                .iter()
                .find(|(other, _)| other == name)
                .map_or("GONE".to_owned(), |(_, count)| count.to_string())
        };
        shown.add_row([name, &count.to_string(), &left(after), &left(unguarded)]);
    }
    let verdict = if before == after { "Every table is still there." } else { "Something is missing." };
    format!(
        "{}\n{verdict}\nThe last column: the same calls, sent straight to the server, on a copy of the file.\n",
        shown.trim_fmt()
    )
}

/// How to use it for real.
pub(super) fn registration(itself: &[OsString]) -> String {
    let mut words = itself.iter().map(|word| Value::from(word.to_string_lossy()).to_string());
    let program = words.next().unwrap_or_default();
    let before: String = words.map(|word| word + ", ").collect();
    format!(
        r#"To put it before a server of your own, paste this into your host's
configuration (README.md says where):

{{
  "mcpServers": {{
    "files": {{
      "command": {program},
      "args": [{before}"serve", "--policy", "/path/to/argala_policy.toml", "--",
               "npx", "-y", "@modelcontextprotocol/server-filesystem", "/srv/data"]
    }}
  }}
}}"#
    )
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| width.0);
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width).set_header(header);
    table
}

fn shorten(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() { format!("{shown}…") } else { shown }
}
