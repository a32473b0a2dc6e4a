//! `argala status`: asks a gateway over HTTP how its servers are.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;

use super::{Failure, write_out};
use crate::health::{Circuit, Entry, Page, State};

/// How long the gateway may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest page that is read.
const LONGEST: u64 = 4 << 20;

/// Show how the servers of a gateway are that serves hosts over HTTP. Exit code 1 where none is to be had. $ARGALA_TOKEN is the
/// token for a gateway that asks who is there.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Where the gateway is.
    #[arg(default_value = "http://127.0.0.1:8080")]
    url: String,
}

impl Status {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let failed = |reason: String| Failure::new(format!("{}: {reason}", self.url));
        let authority = self.url.strip_prefix("http://").ok_or_else(|| {
            failed("expected a URL that begins with http://, such as http://127.0.0.1:8080".to_owned())
        })?;
        let authority = authority.split('/').next().unwrap_or_default();
        let page = ask(authority).map_err(|error| failed(error.to_string()))?;
        let body = page.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        let page: Page = serde_json::from_str(body)
            .map_err(|_| failed("what answers there is no gateway of this version".to_owned()))?;
        write_out(&table(&page))?;
        Ok(u8::from(!page.ready))
    }
}

fn ask(authority: &str) -> std::io::Result<String> {
    let with_port = if authority.rsplit(']').next().is_some_and(|rest| rest.contains(':')) {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    let address = with_port.to_socket_addrs()?.next().ok_or(std::io::ErrorKind::NotFound)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // In HTTP/1.0 the answer ends with the connection.
    write!(stream, "GET /readyz HTTP/1.0\r\nHost: {authority}\r\n{}\r\n", authorization())?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer)?;
    Ok(answer)
}

/// Where a gateway asks who is there, it tells the rest to nobody else.
fn authorization() -> String {
    let token = std::env::var("ARGALA_TOKEN").unwrap_or_default();
    let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    if is_token { format!("Authorization: Bearer {token}\r\n") } else { String::new() }
}

fn table(page: &Page) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let width =
        page.servers.iter().map(|entry| entry.name.len()).max().unwrap_or_default().max("SERVER".len());
    let mut table = format!("{:width$}  STATE    SINCE    CIRCUIT  CALLS  RESTARTS  LAST ERROR\n", "SERVER");
    for entry in &page.servers {
        let state = match entry.state {
            State::Unknown => "unknown",
            State::Up => "up",
            State::Down => "down",
        };
        let circuit = match entry.circuit {
            Circuit::Closed => "closed",
            Circuit::Open => "open",
        };
        let since = ago(now.saturating_sub(entry.since));
        let Entry { name, in_flight, restarts, last_error, .. } = entry;
        let error = last_error.as_deref().unwrap_or_default();
        let line = format!(
            "{name:width$}  {state:7}  {since:7}  {circuit:7}  {in_flight:<5}  {restarts:<8}  {error}"
        );
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

/// A time in one unit.
fn ago(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}
