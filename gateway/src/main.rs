//! The `argala` command: a firewall for the tool calls of AI agents.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let called = words.next().unwrap_or_default();
    let itself = std::env::current_exe().map_or(called, Into::into);
    ExitCode::from(argala_gateway::run(&[itself], &words.collect::<Vec<_>>()))
}
