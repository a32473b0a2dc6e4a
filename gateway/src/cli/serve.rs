//! `argala serve`: the gateway, as the command line and `argala.toml` describe it.

mod run;

use std::ffi::OsString;
use std::path::PathBuf;

use argala_engine::policy::MethodGlob;
use argala_wire::child::Command;
use clap::Args;

use super::{Failure, log};
use crate::config::{Config, Http};
use crate::servers::{Server, Transport};
use crate::{audit, pins};

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
    #[arg(long, value_name = "FILE", required_unless_present = "config")]
    policy: Option<PathBuf>,
    /// A file that says what these flags say, and what needs more than a flag (docs/config.md). Flags win.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Record every decision in this file, line by line (docs/audit.md). `argala audit verify FILE` checks it.
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    /// Hold servers' tools to what this file says they were when they were accepted (docs/pins.md). A server that it doesn't
    /// know is written into it.
    #[arg(long, value_name = "FILE")]
    pins: Option<PathBuf>,
    /// `strict` holds back what `--pins` doesn't know, also of servers that are new; `off` holds nothing back.
    #[arg(long, value_name = "MODE", value_enum)]
    pins_mode: Option<pins::Mode>,
    /// A file with `mcpServers` (or `servers`), as hosts have it: every server in it that is not disabled.
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    servers: Option<PathBuf>,
    /// Relay this method too, though the protocol doesn't have it; `*` stands for any run of characters. Never `tools/…`.
    #[arg(long = "relay-method", value_name = "GLOB", value_parser = relayed_method)]
    relayed: Vec<String>,
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
    #[arg(long = "allow-host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Also answer web pages of this origin, such as `https://app.example.com`.
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// Serve others than this machine, though nothing tells friend from foe, or tokens come in the clear.
    #[arg(long)]
    insecure: bool,
    /// Connections at a time: 10000, unless this says else.
    #[arg(long, value_name = "N")]
    max_connections: Option<usize>,
    /// Sessions at a time, each with servers of its own: 1000, unless this says else.
    #[arg(long, value_name = "N")]
    max_sessions: Option<usize>,
    /// End sessions that no host has needed for so long: 1800, unless this says else.
    #[arg(long, value_name = "SECONDS")]
    session_idle: Option<u64>,
}

fn relayed_method(text: &str) -> Result<String, String> {
    check_relayed(text).map(|_| text.to_owned())
}

/// A method beyond the protocol's that may be relayed.
fn check_relayed(text: &str) -> Result<MethodGlob, String> {
    if text.starts_with("tools/") {
        return Err("a tool's call must be judged, never just relayed".to_owned());
    }
    MethodGlob::parse(text)
}

impl Serve {
    pub(super) fn run(self, itself: &[OsString]) -> Result<u8, Failure> {
        #[cfg(unix)]
        crate::reaper::allow(itself);
        #[cfg(not(unix))]
        let _ = itself;
        let log = log::start()?;
        let command = self.command.clone();
        let insecure = self.over_http.insecure;
        let config = self.configured()?;
        let done = run::run(config, &command, insecure);
        log.end();
        done
    }

    /// What the file says, and the flags, which win.
    fn configured(self) -> Result<Config, Failure> {
        let mut config = match &self.config {
            Some(path) => Config::load(path).map_err(Failure::new)?,
            None => Config::default(),
        };
        if !self.command.is_empty() {
            config.servers = None;
        }
        let Self { policy, servers, relayed, http, over_http, audit, pins, pins_mode, .. } = self;
        config.policy = policy.or(config.policy);
        config.servers = servers.or(config.servers);
        config.relay_methods.extend(relayed);
        config.audit = match (audit, config.audit) {
            (Some(file), Some(settings)) => Some(audit::Settings { file, ..settings }),
            (Some(file), None) => Some(audit::Settings::of(file)),
            (None, settings) => settings,
        };
        if pins.is_some() || pins_mode.is_some() {
            let settings = config.pins.take().unwrap_or_default();
            let (file, mode) = (pins.unwrap_or(settings.file), pins_mode.unwrap_or(settings.mode));
            config.pins = Some(pins::Settings { file, mode });
        }
        config.http.address = http.or(config.http.address);
        over_http.add_to(&mut config.http)?;
        Ok(config)
    }
}

impl OverHttp {
    fn add_to(self, http: &mut Http) -> Result<(), Failure> {
        let Self { hosts, origins, insecure, max_connections, max_sessions, session_idle } = self;
        let bounds = [max_connections.is_some(), max_sessions.is_some(), session_idle.is_some()];
        let said = insecure || !hosts.is_empty() || !origins.is_empty() || bounds.contains(&true);
        if said && http.address.is_none() {
            let message = "what is said about hosts over HTTP needs --http ADDRESS";
            return Err(Failure { message: message.to_owned(), code: 2 });
        }
        http.allow_hosts.extend(hosts);
        http.allow_origins.extend(origins);
        http.max_connections = max_connections.or(http.max_connections);
        http.max_sessions = max_sessions.or(http.max_sessions);
        http.session_idle = session_idle.or(http.session_idle);
        Ok(())
    }
}

/// The server whose command stands behind `--`.
pub(super) fn only_server(command: &[OsString]) -> Result<Server, Failure> {
    let Some((program, args)) = command.split_first() else {
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
    let name = PathBuf::from(program).file_stem().map_or(shown, |stem| stem.to_string_lossy().into_owned());
    let command =
        Command { program: program.clone(), args: args.to_vec(), env: Default::default(), cwd: None };
    Ok(Server::new(name, Transport::Stdio(command)))
}
