//! A host on stdin and stdout: one session, one frame a line.

use std::time::Duration;

use argala_wire::frame::MAX_FRAME;
use argala_wire::line::{LineReader, write_lines};
use argala_wire::outbox::outbox;
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::sync::mpsc;

use crate::host::Said;
use crate::session::{self, EVENTS, HOST_QUEUE, Setup};

const READ_BUFFER: usize = 64 << 10;
/// How long the last frames to a host that doesn't read are waited for.
const LAST_FRAMES: Duration = Duration::from_secs(1);

/// Serves one host until it closes its side, or is gone, or `stop` comes.
pub(crate) async fn serve(
    setup: Setup,
    input: impl AsyncRead + Unpin + Send + 'static,
    output: impl AsyncWrite + Unpin + Send + 'static,
    stop: impl Future<Output = ()>,
) {
    let (told, inlet) = outbox(HOST_QUEUE);
    let mut writer = tokio::spawn(write_lines(output, inlet));
    let (say, said) = mpsc::channel(EVENTS);
    let reader = tokio::spawn(read_lines(input, say));
    session::run(setup, said, told, stop).await;
    reader.abort();
    let _ = tokio::time::timeout(LAST_FRAMES, &mut writer).await;
}

async fn read_lines(input: impl AsyncRead + Unpin, say: mpsc::Sender<Said>) {
    let mut reader = LineReader::new(BufReader::with_capacity(READ_BUFFER, input), MAX_FRAME);
    while let Ok(Some(line)) = reader.next().await {
        if say.send(Said::Line { line, post: None, mirrored: Vec::new() }).await.is_err() {
            break;
        }
    }
}
