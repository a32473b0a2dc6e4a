//! The HTTP client: one pool of connections per downstream of a session, HTTP/1.1, TLS by rustls.

use std::error::Error;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use argala_wire::http::headers;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_ENCODING, HOST, HeaderMap, HeaderValue, LOCATION, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tower_service::Service;
use url::Url;

use crate::servers::{Remote, is_loopback};

/// How long a connection may take to come about, with all that belongs to it: a proxy's consent, TLS.
const CONNECT: Duration = Duration::from_secs(10);
/// The wait before a request that could not be sent at all is tried once more.
const AGAIN: Duration = Duration::from_millis(250);
/// Common servers close a connection that has been idle for 5 s. A request that meets the closing is lost, so it isn't risked.
const IDLE: Duration = Duration::from_secs(4);
const MAX_REDIRECTS: usize = 5;

/// Why a request has no response.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Nothing of it has been sent.
    Unsent(String),
    /// It may have been handled.
    Lost(String),
}

impl Trouble {
    pub(crate) fn into_reason(self) -> String {
        let (Self::Unsent(reason) | Self::Lost(reason)) = self;
        reason
    }
}

/// A request that is to be sent.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Dropped when all of it has been written, or never will be.
    pub(crate) sent: Option<oneshot::Sender<()>>,
}

/// Sends requests to one server.
#[derive(Debug)]
pub(crate) struct Client {
    inner: legacy::Client<Connector, Sending>,
    headers: HeaderMap,
}

impl Client {
    /// A client for a server.
    ///
    /// # Errors
    /// A sentence, where the certificates to trust can't be read.
    pub(crate) fn new(remote: &Remote) -> Result<Self, String> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        let uri = uri(&remote.url).map_err(|_| "its URL can't be sent over HTTP".to_owned())?;
        let proxy = (!is_loopback(&remote.url)).then(|| Matcher::from_env().intercept(&uri)).flatten();
        let way = match proxy {
            None => Way::Direct(tcp),
            Some(proxy) => {
                let tunnel = Tunnel::new(proxy.uri().clone(), tcp);
                Way::Tunnel(match proxy.basic_auth() {
                    Some(credentials) => tunnel.with_auth(credentials.clone()),
                    None => tunnel,
                })
            }
        };
        let tls = if remote.url.scheme() == "https" { trusting_the_system()? } else { trusting_nobody() };
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let inner = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(Connector(https.wrap_connector(way)));
        let mut headers = remote.headers.clone();
        headers
            .entry(USER_AGENT)
            .or_insert(HeaderValue::from_static(concat!("argala/", env!("CARGO_PKG_VERSION"))));
        Ok(Self { inner, headers })
    }

    /// Sends a request and waits for the head of the response. Redirects are followed within the server's origin, by the same
    /// method: a POST that became a GET would be another request, and elsewhere the credentials aren't meant for.
    pub(crate) async fn send(&self, mut asked: Asked<'_>) -> Result<Response<Incoming>, Trouble> {
        let mut url = asked.url.clone();
        let mut tried_again = false;
        let mut redirects = 0;
        loop {
            let request = self.request(&mut asked, &url)?;
            let response = match self.inner.request(request).await {
                Ok(response) => response,
                Err(error) if error.is_connect() && !tried_again => {
                    tried_again = true;
                    sleep(AGAIN).await;
                    continue;
                }
                Err(error) if error.is_connect() => {
                    return Err(Trouble::Unsent(format!("it can't be reached: {}", cause(&error))));
                }
                Err(error) => {
                    return Err(Trouble::Lost(format!("the connection broke: {}", cause(&error))));
                }
            };
            let Some(target) = redirect(&response, &url) else { return decoded(response) };
            redirects += 1;
            if redirects > MAX_REDIRECTS {
                return Err(Trouble::Lost("it redirects in a circle".to_owned()));
            }
            if target.origin() != asked.url.origin() {
                let origin = target.origin().ascii_serialization();
                return Err(Trouble::Unsent(format!(
                    "it redirects to {origin}; if that is right, put its new address into the servers file"
                )));
            }
            url = target;
        }
    }

    fn request(&self, asked: &mut Asked<'_>, url: &Url) -> Result<Request<Sending>, Trouble> {
        let unsent = |_| Trouble::Unsent("its URL can't be sent over HTTP".to_owned());
        let body = Sending { data: Some(asked.body.clone()), _sent: asked.sent.take() };
        let mut request = Request::new(body);
        *request.method_mut() = asked.method.clone();
        *request.uri_mut() = uri(url).map_err(unsent)?;
        let headers = request.headers_mut();
        headers.extend(self.headers.clone());
        headers.extend(asked.headers.clone());
        headers.remove(HOST);
        Ok(request)
    }
}

/// The URL as a request has it: without credentials and fragment.
fn uri(url: &Url) -> Result<Uri, hyper::http::Error> {
    let authority = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Uri::builder()
        .scheme(url.scheme())
        .authority(authority)
        .path_and_query(format!("{}{query}", url.path()))
        .build()
}

fn redirect(response: &Response<Incoming>, from: &Url) -> Option<Url> {
    const KEPT: [StatusCode; 4] = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    if !KEPT.contains(&response.status()) {
        return None;
    }
    from.join(response.headers().get(LOCATION)?.to_str().ok()?).ok()
}

/// Nobody asked for a compressed response.
fn decoded(response: Response<Incoming>) -> Result<Response<Incoming>, Trouble> {
    match response.headers().get(CONTENT_ENCODING) {
        Some(coding) if !coding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            Err(Trouble::Lost("it compressed its answer, though it was not asked to".to_owned()))
        }
        _ => Ok(response),
    }
}

/// What lies at the bottom of an error: its upper layers only say that there is one.
fn cause(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

fn trusting_nobody() -> ClientConfig {
    ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth()
}

/// Trust in those whom the system trusts. Read once: there are many certificates.
fn trusting_the_system() -> Result<ClientConfig, String> {
    static CONFIG: OnceLock<Result<ClientConfig, String>> = OnceLock::new();
    let read = || {
        let config = ClientConfig::builder().with_native_roots().map_err(|error| {
            format!(
                "the system's certificates can't be read: {error}; install ca-certificates, or set SSL_CERT_FILE"
            )
        })?;
        Ok(config.with_no_client_auth())
    };
    CONFIG.get_or_init(read).clone()
}

/// A body of one piece.
#[derive(Debug)]
struct Sending {
    data: Option<Bytes>,
    _sent: Option<oneshot::Sender<()>>,
}

impl Body for Sending {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.data.take().filter(|data| !data.is_empty()).map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}

type BoxError = Box<dyn Error + Send + Sync>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// How a server is reached.
#[derive(Debug, Clone)]
enum Way {
    Direct(HttpConnector),
    /// Through a proxy of the environment's, which sees no more than whom we speak to.
    Tunnel(Tunnel<HttpConnector>),
}

impl Service<Uri> for Way {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        match self.clone() {
            Self::Direct(mut tcp) => Box::pin(async move { Ok(tcp.call(uri).await?) }),
            Self::Tunnel(mut tunnel) => Box::pin(async move { Ok(tunnel.call(with_port(uri)?).await?) }),
        }
    }
}

/// The tunnel takes 443 for the port of any URI that names none.
fn with_port(uri: Uri) -> Result<Uri, hyper::http::Error> {
    match uri.host() {
        Some(host) if uri.port().is_none() && uri.scheme_str() == Some("http") => {
            let authority = format!("{host}:80");
            Uri::builder().scheme("http").authority(authority).path_and_query("/").build()
        }
        _ => Ok(uri),
    }
}

/// A connection that comes about in time, or not.
#[derive(Debug, Clone)]
struct Connector(HttpsConnector<Way>);

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move {
            timeout(CONNECT, connecting).await.unwrap_or_else(|_| {
                Err(format!("no connection came about in {} s", CONNECT.as_secs()).into())
            })
        })
    }
}

/// A header's value, as it is sent.
pub(crate) fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&headers::encode(text)).ok()
}
