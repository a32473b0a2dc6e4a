//! `argala serve`: the gateway.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use argala_engine::policy::MethodGlob;
use argala_wire::child::Command;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::{Failure, load_policy, log};
use crate::health::Health;
use crate::http;
use crate::servers::{self, Server, Transport};
use crate::session::Setup;
use crate::shared;
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
    /// Serve hosts over HTTP at this address (streamable HTTP at /mcp, HTTP with SSE at /sse), not on stdin and stdout.
    #[arg(long, value_name = "ADDRESS")]
    http: Option<String>,
    #[command(flatten)]
    over_http: OverHttp,
    /// The command of one server, and its arguments.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// What can be said about hosts over HTTP.
#[derive(Debug, Args)]
struct OverHttp {
    /// Also answer requests for this host: the name that the gateway is known by, without a port.
    #[arg(long = "allow-host", value_name = "NAME", requires = "http")]
    hosts: Vec<String>,
    /// Also answer web pages of this origin, such as `https://app.example.com`.
    #[arg(long = "allow-origin", value_name = "ORIGIN", requires = "http")]
    origins: Vec<String>,
    /// Serve others than this machine, though nothing tells friend from foe.
    #[arg(long, requires = "http")]
    insecure: bool,
    /// Connections at a time.
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "http")]
    max_connections: usize,
    /// Sessions at a time: each has servers of its own.
    #[arg(long, value_name = "N", default_value_t = 1_000, requires = "http")]
    max_sessions: usize,
    /// End sessions that no host has needed for so long.
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, requires = "http")]
    session_idle: u64,
}

fn relayed_method(text: &str) -> Result<MethodGlob, String> {
    if text.starts_with("tools/") {
        return Err("a tool's call must be judged, never just relayed".to_owned());
    }
    MethodGlob::parse(text)
}

impl Serve {
    pub(super) fn run(self) -> Result<u8, Failure> {
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
        let setup = Setup {
            policy,
            health: Health::of(servers.iter().map(|server| server.name.as_str())),
            servers: servers.into(),
            relayed: self.relayed.into(),
            era: None,
            slot: 0,
            awaited: Default::default(),
        };
        let runtime = match self.http {
            // One host needs one thread.
            None => tokio::runtime::Builder::new_current_thread(),
            Some(_) => tokio::runtime::Builder::new_multi_thread(),
        }
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("the runtime can't be started: {error}")))?;
        let servers = Arc::clone(&setup.servers);
        let stop = runtime.block_on(async { Stop::watch() });
        let served = match &self.http {
            Some(address) => runtime.block_on(self.over_http.serve(address, setup, stop.told())),
            None => {
                let serve = stdio::serve(setup, tokio::io::stdin(), tokio::io::stdout(), stop.told());
                runtime.block_on(serve);
                Ok(())
            }
        };
        runtime.block_on(shared::end_all(
            servers.iter().filter_map(|server| server.shared.as_ref()),
            stop.told(),
        ));
        // A thread still waits for the host's next line, and would wait for ever.
        runtime.shutdown_background();
        log.end();
        served.map(|()| 0)
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

impl OverHttp {
    async fn serve(self, address: &str, setup: Setup, stop: impl Future<Output = ()>) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::new(format!("--http {address}: {error}"));
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        if !bound.ip().is_loopback() && !self.insecure {
            return Err(Failure {
                message: format!(
                    "--http {address}: other machines could call every tool. Serve 127.0.0.1, or, where something \
                     before the gateway decides who may ask, add --insecure"
                ),
                code: 2,
            });
        }
        let options = http::Options {
            hosts: self.hosts,
            origins: self.origins,
            max_connections: self.max_connections.clamp(1, Semaphore::MAX_PERMITS),
            max_sessions: self.max_sessions.clamp(1, Semaphore::MAX_PERMITS),
            session_idle: Duration::from_secs(self.session_idle.max(1)),
        };
        eprintln!("listening on http://{bound}/mcp");
        http::serve(listener, bound, setup, options, stop).await;
        Ok(())
    }
}

/// That the process is told to stop, so that it can end its servers first.
struct Stop(watch::Receiver<bool>);

impl Stop {
    fn watch() -> Self {
        let (stopping, stop) = watch::channel(false);
        tokio::spawn(async move {
            told_to_stop().await;
            let _ = stopping.send(true);
        });
        Self(stop)
    }

    /// Ends when the process has been told to stop.
    fn told(&self) -> impl Future<Output = ()> + use<> {
        let mut stop = self.0.clone();
        async move {
            let _ = stop.wait_for(|told| *told).await;
        }
    }
}

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
