//! The `sqlite-server` command: one SQLite file as an MCP server on stdin and stdout.

use std::{path::PathBuf, process::ExitCode};

use argala_example_sqlite::{Error, create_sample, serve};
use clap::Parser;

/// Serve one SQLite file to an agent over MCP (stdio), without any protection.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The SQLite file to serve.
    database: PathBuf,
    /// Create the file with a few sample tables first, unless it is already there.
    #[arg(long)]
    create_sample: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sqlite-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Error> {
    if arguments.create_sample && !arguments.database.exists() {
        create_sample(&arguments.database)?;
    }
    serve(&arguments.database).await
}
