//! Server-sent events, read from chunks as they come (WHATWG HTML, section 9.2).
//!
//! Whatever the chunks, the events are the same; an event takes no more memory than it is allowed to.

use std::time::Duration;

use memchr::memchr2;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its type: `message` where it names none.
    pub kind: String,
    /// Its lines of data, with line feeds between them.
    pub data: Vec<u8>,
}

/// An event of more bytes than allowed. Nothing behind it can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// An event's id may have this many bytes: it is sent back as a header. A longer one is as good as none.
const LONGEST_ID: usize = 4 << 10;
/// The longest wait that a server can ask for.
const LONGEST_RETRY: Duration = Duration::from_secs(3600);
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads a stream of events.
#[derive(Debug)]
pub struct Reader {
    max: usize,
    /// A line whose end hasn't come.
    line: Vec<u8>,
    /// The line is a comment, which nobody needs.
    in_comment: bool,
    /// The last line ended with a carriage return: a line feed belongs to it.
    after_cr: bool,
    /// The first line hasn't ended.
    first: bool,
    kind: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    id: Option<String>,
    last_id: Option<String>,
    retry: Option<Duration>,
}

impl Reader {
    /// Reads events of at most `max` bytes.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self {
            max,
            line: Vec::new(),
            in_comment: false,
            after_cr: false,
            first: true,
            kind: Vec::new(),
            data: Vec::new(),
            has_data: false,
            id: None,
            last_id: None,
            retry: None,
        }
    }

    /// The next event whose end lies in the chunk, of which the rest is left. None when all of it is read.
    ///
    /// # Errors
    /// Where the event is too long.
    pub fn next(&mut self, chunk: &mut &[u8]) -> Result<Option<Event>, TooLong> {
        while !chunk.is_empty() {
            if std::mem::take(&mut self.after_cr)
                && let Some(rest) = chunk.strip_prefix(b"\n")
            {
                *chunk = rest;
                continue;
            }
            if self.line.is_empty() && !self.first && chunk.first() == Some(&b':') {
                self.in_comment = true;
            }
            let end = memchr2(b'\r', b'\n', chunk);
            let (part, rest) = chunk.split_at_checked(end.unwrap_or(chunk.len())).unwrap_or((chunk, &[]));
            if !self.in_comment {
                if self.held() + part.len() > self.max {
                    return Err(TooLong);
                }
                self.line.extend_from_slice(part);
            }
            *chunk = rest;
            if let Some((end, rest)) = rest.split_first() {
                *chunk = rest;
                self.after_cr = *end == b'\r';
                if !std::mem::take(&mut self.in_comment)
                    && let Some(event) = self.end_line()
                {
                    return Ok(Some(event));
                }
            }
        }
        Ok(None)
    }

    /// The id of the last event that had one: where a stream that has broken goes on. An empty one takes it back.
    #[must_use]
    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref().filter(|id| !id.is_empty())
    }

    /// How long the server wants its clients to wait before they come again.
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// How many bytes of an event that hasn't ended are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.line.len() + self.data.len() + self.kind.len()
    }

    fn end_line(&mut self) -> Option<Event> {
        let mut line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.first) && line.starts_with(BOM) {
            line.drain(..BOM.len());
        }
        if line.is_empty() {
            return self.dispatch();
        }
        let colon = memchr::memchr(b':', &line).unwrap_or(line.len());
        let (name, value) = line.split_at_checked(colon).unwrap_or((&line, &[]));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push(b'\n');
                }
                if self.data.is_empty() {
                    // Most events are one line: it isn't copied.
                    let surplus = line.len() - value.len();
                    line.drain(..surplus);
                    self.data = line;
                } else {
                    self.data.extend_from_slice(value);
                }
            }
            b"event" => self.kind = value.to_vec(),
            b"id" if !value.contains(&0) && value.len() <= LONGEST_ID => {
                self.id = std::str::from_utf8(value).ok().map(str::to_owned);
            }
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let millis = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
                let wait = millis.map_or(LONGEST_RETRY, Duration::from_millis);
                self.retry = Some(wait.min(LONGEST_RETRY));
            }
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<Event> {
        if let Some(id) = self.id.take() {
            self.last_id = Some(id);
        }
        self.has_data = false;
        let kind = std::mem::take(&mut self.kind);
        let data = std::mem::take(&mut self.data);
        let named = || String::from_utf8_lossy(&kind).into_owned();
        // An event without data only brings an id, from which the stream can be taken up.
        (!data.is_empty())
            .then(|| Event { kind: if kind.is_empty() { "message".to_owned() } else { named() }, data })
    }
}
