//! The gateway's run, from its configuration to its end.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::{check_relayed, only_server};
use crate::access::Access;
use crate::audit::{Audit, Event};
use crate::caller::Caller;
use crate::cli::{Failure, load_policy};
use crate::config::{Config, Http};
use crate::health::Health;
use crate::http::{self, tls::Tls};
use crate::ledger::Ledger;
use crate::pins::Pins;
use crate::servers;
use crate::session::Setup;
use crate::shared;
use crate::stdio;

const MAX_CONNECTIONS: usize = 10_000;
const MAX_SESSIONS: usize = 1_000;
/// In seconds.
const SESSION_IDLE: u64 = 1800;

/// Serves until the host is gone, or the process is told to stop.
pub(super) fn run(config: Config, command: &[OsString], insecure: bool) -> Result<u8, Failure> {
    let Some(policy) = &config.policy else {
        let message = "no policy: give --policy FILE, or `policy` in the configuration";
        return Err(Failure { message: message.to_owned(), code: 2 });
    };
    let policy = load_policy(policy)?;
    let servers = match &config.servers {
        Some(path) => servers::load(path, |name| std::env::var(name).ok()).map_err(Failure::new)?,
        None => vec![only_server(command)?],
    };
    let entrance = Entrance::of(&config, insecure)?;
    let relayed: Result<Vec<_>, _> = config.relay_methods.iter().map(|text| check_relayed(text)).collect();
    let relayed = relayed.map_err(|error| Failure::new(format!("relay_methods: {error}")))?;
    tracing::info!(
        policy = policy.identity(),
        servers = servers.len(),
        "argala {}",
        env!("CARGO_PKG_VERSION")
    );
    let pins = Pins::open(config.pins.as_ref(), config.descriptions).map_err(Failure::new)?;
    let audit = match &config.audit {
        Some(settings) => Audit::open(settings).map_err(|failed| Failure::new(failed.0))?,
        None => Audit::default(),
    };
    let ledger = match &config.budgets {
        Some(settings) => Ledger::open(&settings.state).map_err(Failure::new)?,
        None => Ledger::default(),
    };
    let names = servers.iter().map(|server| server.name.as_str()).collect();
    let started =
        Event::Started { version: env!("CARGO_PKG_VERSION"), policy: policy.identity(), servers: names };
    audit.record(&started).map_err(|failed| Failure::new(failed.0))?;
    let setup = Setup {
        policy,
        health: Health::of(&servers),
        servers: servers.into(),
        relayed: relayed.into(),
        era: None,
        slot: 0,
        awaited: Default::default(),
        caller: Caller::unknown(),
        audit: audit.clone(),
        ledger,
        pins,
    };
    let runtime = match config.http.address {
        // One host needs one thread.
        None => tokio::runtime::Builder::new_current_thread(),
        Some(_) => tokio::runtime::Builder::new_multi_thread(),
    }
    .enable_all()
    .build()
    .map_err(|error| Failure::new(format!("the runtime can't be started: {error}")))?;
    let servers = Arc::clone(&setup.servers);
    let stop = runtime.block_on(async { Stop::watch() });
    let served = match &config.http.address {
        Some(address) => runtime.block_on(serve_http(address, &config.http, entrance, setup, stop.told())),
        None => {
            let serve = stdio::serve(setup, tokio::io::stdin(), tokio::io::stdout(), stop.told());
            runtime.block_on(serve);
            Ok(())
        }
    };
    runtime
        .block_on(shared::end_all(servers.iter().filter_map(|server| server.shared.as_ref()), stop.told()));
    audit.end();
    // A thread still waits for the host's next line, and would wait for ever.
    runtime.shutdown_background();
    served.map(|()| 0)
}

async fn serve_http(
    address: &str,
    http: &Http,
    entrance: Entrance,
    setup: Setup,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("--http {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    if !bound.ip().is_loopback() {
        entrance
            .check()
            .map_err(|message| Failure { message: format!("--http {address}: {message}"), code: 2 })?;
    }
    let Entrance { access, tls, .. } = entrance;
    let most = |asked: Option<usize>, usual| asked.unwrap_or(usual).clamp(1, Semaphore::MAX_PERMITS);
    let options = http::Options {
        hosts: http.allow_hosts.clone(),
        origins: http.allow_origins.clone(),
        max_connections: most(http.max_connections, MAX_CONNECTIONS),
        max_sessions: most(http.max_sessions, MAX_SESSIONS),
        session_idle: Duration::from_secs(http.session_idle.unwrap_or(SESSION_IDLE).max(1)),
        access,
        tls,
    };
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    eprintln!("listening on {scheme}://{bound}/mcp");
    http::serve(listener, bound, setup, options, stop).await;
    Ok(())
}

/// How hosts over HTTP come in.
struct Entrance {
    access: Option<Access>,
    tls: Option<Tls>,
    insecure: bool,
}

impl Entrance {
    fn of(config: &Config, insecure: bool) -> Result<Self, Failure> {
        let Config { access, http, .. } = config;
        let wrong = |message: &str| Err(Failure { message: message.to_owned(), code: 2 });
        if access.is_some() && http.address.is_none() {
            return wrong(
                "[access] is about hosts over HTTP: it needs `address` in [http], or --http ADDRESS",
            );
        }
        let certified = access.as_ref().is_some_and(|access| !access.certificate.is_empty());
        if certified && http.tls.as_ref().is_none_or(|tls| tls.client_ca.is_none()) {
            return wrong("[[access.certificate]] needs `client_ca` in [http.tls]: who vouches for clients?");
        }
        let access = access.as_ref().map(Access::new).transpose().map_err(Failure::new)?;
        let tls = http.tls.as_ref().map(Tls::new).transpose().map_err(Failure::new)?;
        Ok(Self { access, tls, insecure })
    }

    /// Whether others than this machine may be let in so.
    fn check(&self) -> Result<(), &'static str> {
        if self.insecure {
            return Ok(());
        }
        if self.access.is_none() {
            return Err(
                "other machines could call every tool. Say in [access] of the configuration who may ask \
                        (docs/config.md), or serve 127.0.0.1; or, where something before the gateway decides who may ask, \
                        add --insecure",
            );
        }
        if self.tls.is_none() {
            return Err(
                "tokens could be read on their way here. Give the gateway a certificate in [http.tls] of the \
                        configuration (docs/config.md), or serve 127.0.0.1; or, where something before the gateway speaks \
                        TLS, add --insecure",
            );
        }
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
