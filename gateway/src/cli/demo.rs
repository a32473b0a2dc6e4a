//! `argala demo`: the real gateway before a real SQLite server, and a scripted agent.

mod agent;
mod report;

use std::ffi::{OsStr, OsString};
use std::path::Path;

use argala_wire::child::Command;
use clap::Args;
use serde_json::{Value, json};

use super::{Failure, write_out};
use agent::{Agent, Outcome};

/// Show the gateway at work: an agent, a real SQLite database, and calls that pass and calls that don't.
#[derive(Debug, Args)]
pub(super) struct Demo {}

/// The policy that the demo runs under: a copy of this repository's sample, as a packed crate has no file from outside it.
const POLICY: &str = include_str!("demo/policy.toml");

/// One call of the scripted agent.
struct Step {
    /// What the agent is up to.
    title: &'static str,
    tool: &'static str,
    arguments: Value,
    /// Whether the policy lets it pass.
    passes: bool,
}

fn script() -> Vec<Step> {
    let step = |title, tool, arguments, passes| Step { title, tool, arguments, passes };
    vec![
        step(
            "a read",
            "execute_sql_query",
            json!({"query": "SELECT name FROM users ORDER BY id LIMIT 2"}),
            true,
        ),
        step("a DROP", "execute_sql_query", json!({"query": "DROP TABLE users"}), false),
        step(
            "a DROP in a nested argument",
            "run_batch",
            json!({"steps": [{"name": "tidy up", "sql": "drop table orders"}]}),
            false,
        ),
        step(
            "a DROP in a key",
            "find_rows",
            json!({"table": "orders", "where": {"1 = 1; DROP TABLE users; --": 1}}),
            false,
        ),
        step("a method that isn't allowed", "drop_table", json!({"table": "orders"}), false),
        step(
            "a read of `dropdown_items`",
            "execute_sql_query",
            json!({"query": "SELECT label FROM dropdown_items LIMIT 2"}),
            true,
        ),
    ]
}

impl Demo {
    pub(super) fn run(self, itself: &[OsString]) -> Result<u8, Failure> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::new)?;
        runtime.block_on(play(itself))
    }
}

async fn play(itself: &[OsString]) -> Result<u8, Failure> {
    // Gone with everything in it when the demo ends.
    let folder = tempfile::tempdir().map_err(|error| {
        Failure::new(format!("the demo needs a folder for temporary files: {error}; TMPDIR can name one"))
    })?;
    let (program, before_arguments) = itself
        .split_first()
        .ok_or_else(|| Failure::new("the demo can't tell how this command is started"))?;
    let command = |arguments: &[&OsStr]| Command {
        program: program.clone(),
        args: before_arguments.iter().cloned().chain(arguments.iter().map(|word| word.into())).collect(),
        ..Command::default()
    };
    let guarded = folder.path().join("guarded.db");
    let bare = folder.path().join("bare.db");
    let policy = folder.path().join("argala_policy.toml");
    std::fs::write(&policy, POLICY).map_err(Failure::new)?;
    for database in [&guarded, &bare] {
        argala_example_sqlite::create_sample(database).map_err(Failure::new)?;
    }
    let before = argala_example_sqlite::tables(&guarded).map_err(Failure::new)?;

    say("Argala demo: an agent, a SQLite database, and a policy in between\n")?;
    let server = |database: &Path| command(&["demo-server".as_ref(), database.as_ref()]);
    let mut guard = command(&["serve".as_ref(), "--policy".as_ref(), policy.as_ref(), "--".as_ref()]);
    let Command { program, args, .. } = server(&guarded);
    guard.args.push(program);
    guard.args.extend(args);
    let (tools, rows) = run_script(&guard).await?;
    say(&report::tools(&tools))?;
    say(&report::calls(&rows))?;

    run_script(&server(&bare)).await?;
    let after = argala_example_sqlite::tables(&guarded).map_err(Failure::new)?;
    let unguarded = argala_example_sqlite::tables(&bare).map_err(Failure::new)?;
    say(&report::tables(&before, &after, &unguarded))?;

    let as_meant = rows.iter().all(|row| row.outcome.passed() == row.step.passes);
    if !as_meant || before != after {
        return Err(Failure::new("the demo didn't go as it should; please report this with its output"));
    }
    say(&report::registration(itself))?;
    Ok(0)
}

fn say(text: &str) -> Result<(), Failure> {
    write_out(&format!("{text}\n"))
}

/// A call of the script and what came of it.
struct Row {
    step: Step,
    outcome: Outcome,
}

async fn run_script(command: &Command) -> Result<(Vec<String>, Vec<Row>), Failure> {
    let mut agent = Agent::start(command).await?;
    let tools = agent.list_tools().await?;
    let mut rows = Vec::new();
    for step in script() {
        let outcome = agent.call(step.tool, &step.arguments).await?;
        rows.push(Row { step, outcome });
    }
    agent.end().await;
    Ok((tools, rows))
}

/// `argala demo-server`: the downstream of the demo.
pub(super) fn serve(database: &Path) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::new)?;
    let served = runtime.block_on(argala_example_sqlite::serve(database));
    runtime.shutdown_background();
    served.map(|()| 0).map_err(Failure::new)
}
