//! `argala demo`: the real gateway before a real SQLite server, and a scripted agent.

mod agent;
mod report;

use std::path::Path;
use std::process::ExitCode;

use argala_wire::child::Command;
use clap::Args;
use serde_json::{Value, json};

use super::{Failure, write_out};
use agent::{Agent, Outcome};

/// Show the gateway at work: an agent, a real SQLite database, and calls that pass and calls that don't.
#[derive(Debug, Args)]
pub(super) struct Demo {}

/// The policy that the demo runs under: the sample of this repository.
const POLICY: &str = include_str!("../../../argala_policy.toml");

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
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::new)?;
        runtime.block_on(play())
    }
}

async fn play() -> Result<ExitCode, Failure> {
    // Gone with everything in it when the demo ends.
    let folder = tempfile::tempdir().map_err(|error| {
        Failure::new(format!("the demo needs a folder for temporary files: {error}; TMPDIR can name one"))
    })?;
    let program = std::env::current_exe().map_err(Failure::new)?;
    let guarded = folder.path().join("guarded.db");
    let bare = folder.path().join("bare.db");
    let policy = folder.path().join("argala_policy.toml");
    std::fs::write(&policy, POLICY).map_err(Failure::new)?;
    for database in [&guarded, &bare] {
        argala_example_sqlite::create_sample(database).map_err(Failure::new)?;
    }
    let before = argala_example_sqlite::tables(&guarded).map_err(Failure::new)?;

    say("Argala demo: an agent, a SQLite database, and a policy in between\n")?;
    let server = |database: &Path| vec!["demo-server".into(), database.into()];
    let mut arguments =
        vec!["serve".into(), "--policy".into(), policy.clone().into(), "--".into(), program.clone().into()];
    arguments.extend(server(&guarded));
    let guard = Command { program: program.clone().into(), args: arguments, ..Command::default() };
    let (tools, rows) = run_script(&guard).await?;
    say(&report::tools(&tools))?;
    say(&report::calls(&rows))?;

    let direct = Command { program: program.clone().into(), args: server(&bare), ..Command::default() };
    run_script(&direct).await?;
    let after = argala_example_sqlite::tables(&guarded).map_err(Failure::new)?;
    let unguarded = argala_example_sqlite::tables(&bare).map_err(Failure::new)?;
    say(&report::tables(&before, &after, &unguarded))?;

    let as_meant = rows.iter().all(|row| row.outcome.passed() == row.step.passes);
    if !as_meant || before != after {
        return Err(Failure::new("the demo didn't go as it should; please report this with its output"));
    }
    say(&report::registration(&program))?;
    Ok(ExitCode::SUCCESS)
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
pub(super) fn serve(database: &Path) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::new)?;
    let served = runtime.block_on(argala_example_sqlite::serve(database));
    runtime.shutdown_background();
    served.map(|()| ExitCode::SUCCESS).map_err(Failure::new)
}
