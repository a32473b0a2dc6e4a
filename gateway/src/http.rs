//! Hosts over HTTP: `/mcp` (streamable HTTP, both eras), `/sse` and `/messages` (HTTP with SSE), and how the gateway is.
//!
//! Nothing of a request is looked at before its `Host` and its `Origin` have been checked.

mod admission;
mod answer;
mod checks;
mod mcp;
mod message;
mod modern;
mod session;
mod sessions;
mod sse;
mod steady;
mod stream;
mod streamable;
mod streams;
pub(crate) mod tls;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue, VARY,
};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::access::{Access, PLACES, Reason, Refusals};
use crate::health::Health;
use crate::session::Setup;
use admission::{Admission, Peer};
use answer::{Content, Refusal, empty, whole};
use checks::Checks;
use sessions::{OwnSessions, Sessions};
use steady::Steady;
use tls::Tls;

/// What can be said about the face over HTTP.
#[derive(Debug)]
pub(crate) struct Options {
    /// Names that the gateway is known by, besides those of the machine itself.
    pub(crate) hosts: Vec<String>,
    /// Origins of web pages that may ask.
    pub(crate) origins: Vec<String>,
    pub(crate) max_connections: usize,
    pub(crate) max_sessions: usize,
    /// How long a session is kept that nobody needs.
    pub(crate) session_idle: Duration,
    /// Who is let in; None where anybody is.
    pub(crate) access: Option<Access>,
    pub(crate) tls: Option<Tls>,
}

/// How long the head of a request may take, and the pause before the next one.
const HEAD: Duration = Duration::from_secs(30);
/// How long the last answers are waited for.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// The pause after a connection could not be taken: mostly for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);
const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

struct Face {
    checks: Checks,
    admission: Admission,
    sessions: Arc<Sessions>,
    health: Health,
}

/// Whether a request gets past the checks of its `Host` and `Origin`.
#[cfg(feature = "fuzzing")]
pub(crate) fn is_from_here(request: &hyper::http::request::Parts) -> bool {
    checks::Checks::new(([127, 0, 0, 1], 8080).into(), &[], &[]).check(request).is_ok()
}

/// Serves hosts until `stop` comes, and ends all that it has started.
pub(crate) async fn serve(
    listener: TcpListener,
    address: SocketAddr,
    setup: Setup,
    options: Options,
    stop: impl Future<Output = ()>,
) {
    let (stopping, stopped) = watch::channel(false);
    let health = setup.health.clone();
    let refusals = Refusals::new(setup.audit.clone());
    let admission = Admission::new(options.access, options.tls.is_some(), Arc::clone(&refusals));
    let sessions = Arc::new(Sessions::new(setup, stopped, options.max_sessions, options.session_idle));
    let checks = Checks::new(address, &options.hosts, &options.origins);
    let face = Arc::new(Face { checks, admission, sessions, health });
    let connections = Arc::new(Semaphore::new(options.max_connections));
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    let sweeper = tokio::spawn({
        let sessions = Arc::clone(&face.sessions);
        async move { sessions.sweep().await }
    });
    tokio::spawn({
        let face = Arc::clone(&face);
        async move { face.admission.prepare().await }
    });
    let writer = tokio::spawn({
        let refusals = Arc::clone(&refusals);
        async move { refusals.write_all().await }
    });
    loop {
        let (stream, address) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!("a connection could not be taken: {error}");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        let Ok(permit) = Arc::clone(&connections).try_acquire_owned() else {
            refuse_connection(&stream);
            continue;
        };
        // Small answers must not wait for more.
        let _ = stream.set_nodelay(true);
        let stream = Steady::new(stream);
        let peer = Peer { from: address.ip().to_canonical(), names: Arc::default() };
        let (face, tls, watcher) = (Arc::clone(&face), options.tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            let served = match tls {
                None => watcher.watch(serve_connection(stream, peer, face)).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => {
                        let peer = Peer { names: tls::names(&stream).into(), ..peer };
                        watcher.watch(serve_connection(stream, peer, face)).await
                    }
                    Err(reason) => {
                        tracing::debug!("a connection by TLS didn't come about: {reason}");
                        face.admission.note(Reason::Tls, peer.from);
                        Ok(())
                    }
                },
            };
            if let Err(error) = served {
                tracing::debug!("a connection broke: {error}");
            }
            drop(permit);
        });
    }
    drop(listener);
    sweeper.abort();
    let _ = stopping.send(true);
    face.sessions.ended().await;
    let _ = tokio::time::timeout(LAST_ANSWERS, graceful.shutdown()).await;
    writer.abort();
    refusals.write();
}

fn refuse_connection(stream: &TcpStream) {
    tracing::warn!("a connection was refused: there are as many as there may be");
    let _ = stream.try_write(BUSY);
}

fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    peer: Peer,
    face: Arc<Face>,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> {
    let service = service_fn(move |request: Request<Incoming>| {
        let (face, peer) = (Arc::clone(&face), peer.clone());
        async move { Ok::<_, Infallible>(face.answer(request, &peer).await) }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service)
}

impl Face {
    async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Response<Content> {
        let (parts, body) = request.into_parts();
        let origin = match self.checks.check(&parts) {
            Ok(origin) => origin,
            Err(refusal) => {
                self.admission.note(Reason::Origin, peer.from);
                return refusal.response();
            }
        };
        let mut response = match &origin {
            Some(_) if parts.method == Method::OPTIONS => preflight(&parts),
            _ => self.route(&parts, body, peer).await.unwrap_or_else(Refusal::response),
        };
        if let Some(origin) = origin {
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static("mcp-session-id, www-authenticate"),
            );
            headers.append(VARY, HeaderValue::from_static("origin"));
        }
        response
    }

    async fn route(&self, parts: &Parts, body: Incoming, peer: &Peer) -> Result<Response<Content>, Refusal> {
        match parts.uri.path() {
            path @ ("/mcp" | sse::STREAM | sse::MESSAGES) => {
                let guest = self.admission.admit(parts, peer).await?;
                let sessions = OwnSessions { all: &self.sessions, guest };
                match path {
                    sse::STREAM => sse::open(&sessions, parts),
                    sse::MESSAGES => sse::post(&sessions, parts, body).await,
                    _ => mcp::answer(&sessions, parts, body).await,
                }
            }
            "/healthz" => Ok(whole(StatusCode::OK, "text/plain", "ok\n".to_owned())),
            "/readyz" => {
                let mut page = self.health.page();
                let status = if page.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                // Which servers there are, and what is wrong with them, is nothing for anybody.
                if !self.admission.would_admit(parts, peer).await {
                    page.servers.clear();
                }
                Ok(whole(status, "application/json", page.to_json()))
            }
            path => match PLACES.contains(&path).then(|| self.admission.metadata(parts)).flatten() {
                Some(metadata) => Ok(whole(StatusCode::OK, "application/json", metadata)),
                None => Err(Refusal::bad_request("there is nothing here; MCP is at /mcp")
                    .status(StatusCode::NOT_FOUND)),
            },
        }
    }
}

/// Tells a browser what a page of an allowed origin may ask.
fn preflight(parts: &Parts) -> Response<Content> {
    let mut response = empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, DELETE"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    // The origin is trusted, and the names of mirrored arguments are anybody's.
    if let Some(asked) = parts.headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    response
}
