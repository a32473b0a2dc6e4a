//! An MCP server of both eras: what the conformance suite and the clients of the tests are run against.

mod changes;
mod data;
mod jobs;
mod questions;
mod server;

use std::{error::Error, io::Write as _, net::Ipv4Addr, path::PathBuf, sync::Arc};

use clap::{Parser, ValueEnum};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rmcp::ServiceExt as _;
use rmcp::transport::stdio;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use tokio::net::TcpListener;

use crate::server::Fixture;

/// An MCP server to test with.
#[derive(Parser)]
struct Flags {
    /// Serve streamable HTTP on a loopback port of the system's choice. Its URL is the first line of stdout.
    #[arg(long)]
    http: bool,
    /// Which revisions of the protocol to speak.
    #[arg(long, value_enum, default_value_t = Era::Both)]
    era: Era,
    /// Tell in this file how calls of `wait` go, so that several processes of one test know of each other's.
    #[arg(long)]
    waits: Option<PathBuf>,
}

/// The revisions of the protocol that a run of the server speaks.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Era {
    /// Those that begin with `initialize`: up to 2025-11-25.
    Legacy,
    /// Those without sessions: from 2026-07-28.
    Modern,
    /// All of them.
    Both,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let flags = Flags::parse();
    let fixture = Fixture::new(flags.era, flags.waits)?;
    if flags.http {
        serve_http(fixture).await
    } else {
        fixture.serve(stdio()).await?.waiting().await?;
        Ok(())
    }
}

async fn serve_http(fixture: Fixture) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let origins = ["http://localhost:*", "http://127.0.0.1:*"];
    let config = StreamableHttpServerConfig::default().with_allowed_origins(origins);
    let service = StreamableHttpService::new(
        move || Ok(fixture.for_another_session()),
        Arc::new(LocalSessionManager::default()),
        config,
    );
    let mut stdout = std::io::stdout();
    writeln!(stdout, "http://{}/mcp", listener.local_addr()?)?;
    stdout.flush()?;
    loop {
        let (connection, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        // A host that is gone is no failure of the server's.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
    }
}
