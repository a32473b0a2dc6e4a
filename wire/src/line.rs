//! Frames over byte streams, one a line: MCP's stdio transport.

use memchr::memchr;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};

use crate::frame::single_line;
use crate::outbox::{Inlet, Weigh};

/// One line of a stream, without its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A whole line.
    Whole(Vec<u8>),
    /// A line of more bytes than allowed: how it begins and how it ends. The rest has not been kept.
    TooLong {
        /// The first bytes.
        head: Vec<u8>,
        /// The last bytes.
        tail: Vec<u8>,
    },
}

impl Line {
    /// How many bytes of it are held.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::TooLong { head, tail } => head.len() + tail.len(),
        }
    }

    /// Whether none are.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How much of a line that is too long is kept, at each end.
const KEPT: usize = 4096;

/// Reads lines of at most `max` bytes. A longer one is read to its end in bounded memory.
#[derive(Debug)]
pub struct LineReader<R> {
    stream: R,
    max: usize,
}

impl<R: AsyncBufRead + Unpin> LineReader<R> {
    /// Reads from a stream.
    pub fn new(stream: R, max: usize) -> Self {
        Self { stream, max }
    }

    /// The next line that isn't blank; None at the end of the stream. Bytes after the last line's end are a line too.
    ///
    /// # Errors
    /// Where the stream fails.
    pub async fn next(&mut self) -> std::io::Result<Option<Line>> {
        loop {
            let Some(line) = self.read_line().await? else { return Ok(None) };
            match line {
                Line::Whole(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => {}
                line => return Ok(Some(line)),
            }
        }
    }

    async fn read_line(&mut self) -> std::io::Result<Option<Line>> {
        let mut line: Vec<u8> = Vec::new();
        // Where the line is too long: its end so far.
        let mut tail: Option<Vec<u8>> = None;
        let mut started = false;
        loop {
            let chunk = self.stream.fill_buf().await?;
            if chunk.is_empty() {
                return Ok(started.then(|| finish(line, tail)));
            }
            started = true;
            let end = memchr(b'\n', chunk);
            let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            match &mut tail {
                Some(tail) => push_tail(tail, part),
                None if line.len() + part.len() > self.max => {
                    line.extend_from_slice(part);
                    let mut kept = Vec::new();
                    push_tail(&mut kept, &line);
                    line.truncate(KEPT);
                    line.shrink_to_fit();
                    tail = Some(kept);
                }
                None => line.extend_from_slice(part),
            }
            let consumed = part.len() + usize::from(end.is_some());
            self.stream.consume(consumed);
            if end.is_some() {
                return Ok(Some(finish(line, tail)));
            }
        }
    }
}

fn push_tail(tail: &mut Vec<u8>, part: &[u8]) {
    tail.extend_from_slice(part.get(part.len().saturating_sub(KEPT)..).unwrap_or_default());
    let surplus = tail.len().saturating_sub(KEPT);
    tail.drain(..surplus);
}

fn finish(mut line: Vec<u8>, tail: Option<Vec<u8>>) -> Line {
    match tail {
        Some(tail) => Line::TooLong { head: line, tail },
        None => {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            Line::Whole(line)
        }
    }
}

/// Writes each frame that comes through `inlet` as one line, until it is closed or the stream fails. Frames that wait
/// together go out together.
///
/// # Errors
/// Where the stream fails.
pub async fn write_lines<W, T>(mut stream: W, mut inlet: Inlet<T>) -> std::io::Result<()>
where
    W: AsyncWrite + Unpin,
    T: Weigh + Into<String>,
{
    while let Some(frame) = inlet.next().await {
        let mut bytes = single_line(frame.into()).into_bytes();
        bytes.push(b'\n');
        while bytes.len() < KEPT
            && let Some(next) = inlet.try_next()
        {
            bytes.extend_from_slice(single_line(next.into()).as_bytes());
            bytes.push(b'\n');
        }
        stream.write_all(&bytes).await?;
        if inlet.is_empty() {
            stream.flush().await?;
        }
    }
    stream.shutdown().await
}
