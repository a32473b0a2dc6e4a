//! Requests of the modern era against a server of raw bytes.

use argala_wire::line::Line;
use argala_wire::outbox::Outbox;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::super::{Connection, Ending, News, Outgoing, Report};
use crate::servers::{Server, read_for_tests};

struct Peer {
    listener: TcpListener,
    reports: mpsc::Receiver<Report>,
    outbox: Outbox<Outgoing>,
    connection: Connection,
}

impl Peer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let servers: Vec<Server> =
            read_for_tests(&format!(r#"{{"mcpServers": {{"a": {{"url": "{url}", "type": "http"}}}}}}"#));
        let (told, mut reports) = mpsc::channel(4);
        let connection = Connection::open(0, &servers[0], told);
        let Some(Report { news: News::Up(outbox), .. }) = reports.recv().await else { panic!("not up") };
        Self { listener, reports, outbox, connection }
    }

    fn send(&self, method: &str, id: u64) {
        let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;
        let params = format!(r#"{{"name":"t","_meta":{meta}}}"#);
        let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#);
        self.outbox.send(Outgoing::new(text)).unwrap();
    }

    /// Takes a request and answers it.
    async fn answer(&self, response: &str) -> (String, TcpStream) {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"}}}") {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
        }
        stream.write_all(response.as_bytes()).await.unwrap();
        (String::from_utf8(request).unwrap(), stream)
    }

    async fn line(&mut self) -> (String, Option<u64>) {
        match self.reports.recv().await.unwrap().news {
            News::Line { line: Line::Whole(bytes), about } => (String::from_utf8(bytes).unwrap(), about),
            other => panic!("{other:?}"),
        }
    }
}

fn response(status: &str, media: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn a_modern_request_needs_no_session_and_is_mirrored() {
    let mut peer = Peer::start().await;
    peer.send("tools/call", 1);
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    let (request, _stream) = peer.answer(&response("200 OK", "application/json", answer)).await;
    for header in ["mcp-method: tools/call\r\n", "mcp-name: t\r\n", "mcp-protocol-version: 2026-07-28\r\n"] {
        assert!(request.contains(header), "{request}");
    }
    assert!(!request.contains("mcp-session-id"));
    assert_eq!(peer.line().await, (answer.to_owned(), Some(1)));
}

#[tokio::test]
async fn an_error_in_a_refusal_passes_as_it_came() {
    let mut peer = Peer::start().await;
    peer.send("tools/call", 1);
    let error = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32020,"message":"no","data":{"a":1.0}}}"#;
    let _stream = peer.answer(&response("400 Bad Request", "application/json", error)).await;
    assert_eq!(peer.line().await, (error.to_owned(), Some(1)));
}

#[tokio::test]
async fn a_server_that_does_not_know_discovery_is_there_and_one_that_is_busy_is_not() {
    let mut peer = Peer::start().await;
    peer.send("server/discover", 1);
    let _stream = peer.answer(&response("404 Not Found", "text/html", "none")).await;
    let news = peer.reports.recv().await.unwrap().news;
    assert!(
        matches!(&news, News::Failed(failed) if failed.request == 1 && failed.reason.contains("404")),
        "{news:?}"
    );
    peer.send("server/discover", 2);
    let _stream = peer.answer(&response("503 Service Unavailable", "text/html", "later")).await;
    let news = peer.reports.recv().await.unwrap().news;
    assert!(matches!(&news, News::Down(down) if down.reason.contains("503")), "{news:?}");
}

#[tokio::test]
async fn cancelling_a_modern_request_closes_its_response_and_says_nothing() {
    let peer = Peer::start().await;
    peer.send("tools/call", 1);
    let open = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: here\n\n";
    let (_, mut stream) = peer.answer(open).await;
    let cancelled = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    peer.outbox.send(Outgoing::new(cancelled.to_owned())).unwrap();
    let mut rest = Vec::new();
    // The end, or a reset: the response is closed.
    let _ = stream.read_to_end(&mut rest).await;
    assert_eq!(rest, b"");
    peer.connection.end(Ending::Close);
    peer.connection.closed().await;
}
