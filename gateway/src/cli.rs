//! The command line: what can be said, and which part of the program does it.

mod check;
#[cfg(feature = "demo")]
mod demo;
mod serve;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use argala_engine::Policy;
use clap::{Parser, Subcommand};

/// A firewall for the tool calls of AI agents.
#[derive(Debug, Parser)]
#[command(
    name = "argala",
    version,
    about,
    after_help = "Start with `argala demo`. The policy format is described in README.md; exit codes: 0 done or allowed, \
                  1 an error, 2 a wrong command line, 3 denied, 4 needs approval."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Check(check::Check),
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// The SQLite server of the demo.
    #[cfg(feature = "demo")]
    #[command(hide = true)]
    DemoServer {
        /// The database file.
        database: PathBuf,
    },
}

/// What went wrong, for a person, and the exit code.
struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// Something that isn't the command line's fault: exit code 1.
    fn new(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: 1 }
    }
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Check(check) => check.run(),
        #[cfg(feature = "demo")]
        Command::Demo(demo) => demo.run(),
        #[cfg(feature = "demo")]
        Command::DemoServer { database } => demo::serve(&database),
    };
    done.unwrap_or_else(|failure| {
        let Failure { message, code } = failure;
        if message.starts_with("error") {
            eprintln!("{message}");
        } else {
            eprintln!("error: {message}");
        }
        ExitCode::from(code)
    })
}

/// Loads the policy that `--policy` names.
fn load_policy(path: &Path) -> Result<Arc<Policy>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("{}: the policy can't be read: {error}", path.display())))?;
    Policy::from_toml(&text, &path.display().to_string()).map(Arc::new).map_err(Failure::new)
}
