//! `argala serve`: the gateway.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use argala_engine::policy::MethodGlob;
use argala_wire::child::Command;
use clap::Args;

use super::{Failure, load_policy, log};
use crate::servers::{self, Server, Transport};
use crate::session::Setup;
use crate::stdio;

/// Put the gateway before MCP servers: to the host it is one MCP server on stdin and stdout.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  argala serve --policy argala_policy.toml -- npx -y @modelcontextprotocol/server-filesystem /srv/data
  argala serve --policy argala_policy.toml --servers .mcp.json

In a host's configuration, put `argala serve --policy FILE --` before the server's own command.
Tools of a single server keep their names; those of several are called server__tool.
Logs go to stderr; ARGALA_LOG (error, warn, info, debug) says how much.")]
pub(super) struct Serve {
    /// The policy file that every tool call is judged by.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// A file with `mcpServers` (or `servers`), as hosts have it: every server in it that is not disabled.
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    servers: Option<PathBuf>,
    /// Relay this method too, though the protocol doesn't have it; `*` stands for any run of characters. Never `tools/…`.
    #[arg(long = "relay-method", value_name = "GLOB", value_parser = relayed_method)]
    relayed: Vec<MethodGlob>,
    /// The command of one server, and its arguments.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

fn relayed_method(text: &str) -> Result<MethodGlob, String> {
    if text.starts_with("tools/") {
        return Err("a tool's call must be judged, never just relayed".to_owned());
    }
    MethodGlob::parse(text)
}

impl Serve {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let log = log::start()?;
        let policy = load_policy(&self.policy)?;
        let servers = match &self.servers {
            Some(path) => servers::load(path, |name| std::env::var(name).ok()).map_err(Failure::new)?,
            None => vec![self.only_server()?],
        };
        tracing::info!(
            policy = policy.identity(),
            servers = servers.len(),
            "argala {}",
            env!("CARGO_PKG_VERSION")
        );
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::new(format!("the runtime can't be started: {error}")))?;
        let setup = Setup {
            policy,
            servers: servers.into(),
            relayed: self.relayed.into(),
            era: None,
            slot: 0,
            held: Arc::default(),
        };
        runtime.block_on(stdio::serve(setup, tokio::io::stdin(), tokio::io::stdout(), told_to_stop()));
        // A thread still waits for the host's next line, and would wait for ever.
        runtime.shutdown_background();
        log.end();
        Ok(ExitCode::SUCCESS)
    }

    fn only_server(&self) -> Result<Server, Failure> {
        let Some((program, args)) = self.command.split_first() else {
            return Err(Failure {
                message: "no server: give a command behind `--`, or --servers FILE".to_owned(),
                code: 2,
            });
        };
        let shown = program.to_string_lossy().into_owned();
        which::which(program).map_err(|_| {
            Failure::new(format!(
                "the server's command `{shown}` is not found, or can't be run; check its spelling, or give its path"
            ))
        })?;
        let name =
            PathBuf::from(program).file_stem().map_or(shown, |stem| stem.to_string_lossy().into_owned());
        let command =
            Command { program: program.clone(), args: args.to_vec(), env: Default::default(), cwd: None };
        Ok(Server::new(name, Transport::Stdio(command)))
    }
}

/// Ends when the process is told to stop, so that it can end its servers first.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut signals: Vec<_> = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()]
            .into_iter()
            .filter_map(|kind| signal(kind).ok())
            .collect();
        std::future::poll_fn(|context| {
            if signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready()) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }
    #[cfg(not(unix))]
    let _ = tokio::signal::ctrl_c().await;
}
