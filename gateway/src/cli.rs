//! The command line: what can be said, and which part of the program does it.

mod audit;
mod check;
#[cfg(feature = "demo")]
mod demo;
mod explain;
mod log;
mod pin;
mod schema;
mod serve;
mod status;
mod token;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use argala_engine::Policy;
use clap::{Parser, Subcommand};

#[cfg(unix)]
use crate::reaper;

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
    Audit(audit::Audit),
    Pin(pin::Pin),
    Token(token::Token),
    Status(status::Status),
    Schema(schema::Schema),
    /// Ends servers in place of a gateway that is gone; it starts this itself.
    #[cfg(unix)]
    #[command(name = reaper::COMMAND, hide = true)]
    Reap,
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

/// The exit code of a wrong command line.
const WRONG_COMMAND_LINE: u8 = 2;

/// What went wrong, for a person, and the exit code.
pub(crate) struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// Something that isn't the command line's fault: exit code 1.
    fn new(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: 1 }
    }
}

/// Reads the command line, does what it says and tells the exit code. What ends a process stays with whose process it is:
/// the command is also a part of the Python package.
///
/// `itself` is how this very command is started: a program, and what stands before the command's own `arguments`.
pub fn run(itself: &[OsString], arguments: &[OsString]) -> u8 {
    let name = OsString::from("argala");
    let command = match Cli::try_parse_from(std::iter::once(&name).chain(arguments)) {
        Ok(cli) => cli.command,
        Err(error) => return refuse_command_line(&error, arguments),
    };
    let done = match command {
        Command::Serve(serve) => serve.run(itself),
        Command::Check(check) => check.run(),
        Command::Audit(audit) => audit.run(),
        Command::Pin(pin) => pin.run(),
        Command::Token(token) => token.run(),
        Command::Status(status) => status.run(),
        Command::Schema(schema) => schema.run(),
        #[cfg(unix)]
        Command::Reap => {
            reaper::reap(std::io::stdin().lock());
            Ok(0)
        }
        #[cfg(feature = "demo")]
        Command::Demo(demo) => demo.run(itself),
        #[cfg(feature = "demo")]
        Command::DemoServer { database } => demo::serve(&database),
    };
    done.unwrap_or_else(|failure| {
        let Failure { message, code } = failure;
        // A policy's mistakes come as a whole report.
        let prefix = if message.starts_with("error: ") || message.is_empty() { "" } else { "error: " };
        if !message.is_empty() {
            eprintln!("{prefix}{message}");
        }
        code
    })
}

/// Says what is wrong with the command line, or shows the help that was asked for.
fn refuse_command_line(error: &clap::Error, arguments: &[OsString]) -> u8 {
    let forgotten = error.kind() == clap::error::ErrorKind::UnknownArgument
        && arguments.first().is_some_and(|word| word == "serve")
        && !arguments.iter().any(|word| word == "--");
    if forgotten {
        eprintln!(
            "hint: a server's command stands behind `--`: argala serve --policy FILE -- COMMAND ARGS…\n"
        );
    }
    // Nobody who reads: then there is nobody to tell.
    let _ = error.print();
    u8::from(error.use_stderr()) * WRONG_COMMAND_LINE
}

/// Writes to stdout. A reader that has seen enough is no error, but there is no more to do.
fn write_out(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure { message: String::new(), code: 0 },
        _ => Failure::new(format!("stdout: {error}")),
    })
}

/// Loads the policy that `--policy` names.
fn load_policy(path: &Path) -> Result<Arc<Policy>, Failure> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::new(format!("{}: the policy can't be read: {error}", path.display())))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        Failure::new(format!("{}:{line}: the policy is not UTF-8", path.display()))
    })?;
    Policy::from_toml(&text, &path.display().to_string()).map(Arc::new).map_err(Failure::new)
}
