//! The reader: one pass over a text, without recursion.

use memchr::memchr2;

use crate::keys::OpenKeys;
use crate::text::{hex4, pair};
use crate::{Error, ErrorKind, Events, Text};

/// Bounds on a text. A text past one of them is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole text.
    pub max_bytes: usize,
    /// Levels of nesting: `[[1]]` has two.
    pub max_depth: usize,
    /// Values and keys, containers included.
    pub max_nodes: usize,
}

impl Limits {
    /// None: for a text whose size has been bounded before. Reading takes no stack, however deep it is.
    pub const UNBOUNDED: Self = Self { max_bytes: usize::MAX, max_depth: usize::MAX, max_nodes: usize::MAX };
}

impl Default for Limits {
    /// 1 MiB, 32 levels, 50,000 nodes: what a policy has when it says nothing.
    fn default() -> Self {
        Self { max_bytes: 1 << 20, max_depth: 32, max_nodes: 50_000 }
    }
}

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The bounds.
    pub limits: Limits,
    /// Refuse what parsers read differently: a duplicate key, half of a surrogate pair.
    pub strict: bool,
}

impl Options {
    /// Refuses every text that two parsers may read differently. For whatever is judged.
    #[must_use]
    pub fn strict(limits: Limits) -> Self {
        Self { limits, strict: true }
    }

    /// Lets duplicate keys and lone surrogates through. For what is only passed on as it came.
    #[must_use]
    pub fn tolerant(limits: Limits) -> Self {
        Self { limits, strict: false }
    }
}

/// Why a reading ended before its text did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped<S> {
    /// The text is refused.
    Refused(Error),
    /// The listener ended it.
    Listener(S),
}

/// Reads one JSON text and tells `events` what is in it.
///
/// # Errors
/// [`Stopped::Refused`] where the text isn't JSON, is ambiguous (under [`Options::strict`]) or passes a bound; events
/// before that place have been delivered. [`Stopped::Listener`] where the listener returned an error.
pub fn read<E: Events>(text: &[u8], options: &Options, events: &mut E) -> Result<(), Stopped<E::Stop>> {
    if text.len() > options.limits.max_bytes {
        return Err(refused(ErrorKind::TooLong(options.limits.max_bytes), options.limits.max_bytes));
    }
    let text = std::str::from_utf8(text).map_err(|error| refused(ErrorKind::NotUtf8, error.valid_up_to()))?;
    Reader { text, at: 0, nodes: 0, options, open: Vec::new(), keys: OpenKeys::default() }.run(events)
}

fn refused<S>(kind: ErrorKind, offset: usize) -> Stopped<S> {
    Stopped::Refused(Error::new(kind, offset))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Object,
    Array,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    nodes: usize,
    options: &'a Options,
    open: Vec<Container>,
    keys: OpenKeys<'a>,
}

/// What has been read: a whole value, or the opening of a container.
enum Progress {
    Value,
    Opened,
}

impl<'a> Reader<'a> {
    fn run<E: Events>(mut self, events: &mut E) -> Result<(), Stopped<E::Stop>> {
        self.skip_whitespace();
        let mut progress = self.value(events)?;
        loop {
            // A container that has just been opened may be empty; after a value comes a comma or the end.
            let first = matches!(progress, Progress::Opened);
            let Some(&container) = self.open.last() else { break };
            self.skip_whitespace();
            if self.peek() == Some(closing(container)) {
                self.at += 1;
                self.close(container, events)?;
                progress = Progress::Value;
                continue;
            }
            if !first {
                if self.peek() != Some(b',') {
                    return Err(self.unexpected(match container {
                        Container::Object => "`,` or `}`",
                        Container::Array => "`,` or `]`",
                    }));
                }
                self.at += 1;
                self.skip_whitespace();
            }
            if container == Container::Object {
                self.key(events)?;
            }
            progress = self.value(events)?;
        }
        self.skip_whitespace();
        if self.at < self.text.len() {
            return Err(refused(ErrorKind::TrailingData, self.at));
        }
        Ok(())
    }

    fn value<E: Events>(&mut self, events: &mut E) -> Result<Progress, Stopped<E::Stop>> {
        self.count()?;
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.enter(Container::Object, events),
            Some(b'[') => self.enter(Container::Array, events),
            Some(b'"') => {
                let text = self.string()?;
                listen(events.string(text, start..self.at))
            }
            Some(b'-' | b'0'..=b'9') => {
                let lexeme = self.number()?;
                listen(events.number(lexeme, start..self.at))
            }
            Some(b't') => {
                self.literal("true")?;
                listen(events.boolean(true, start..self.at))
            }
            Some(b'f') => {
                self.literal("false")?;
                listen(events.boolean(false, start..self.at))
            }
            Some(b'n') => {
                self.literal("null")?;
                listen(events.null(start..self.at))
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    fn key<E: Events>(&mut self, events: &mut E) -> Result<(), Stopped<E::Stop>> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        self.count()?;
        let text = self.string()?;
        if self.options.strict {
            let key = text.decode();
            if !self.keys.insert(key) {
                return Err(refused(ErrorKind::DuplicateKey(text.decode().into_owned()), start));
            }
        }
        events.key(text, start..self.at).map_err(Stopped::Listener)?;
        self.skip_whitespace();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        self.skip_whitespace();
        Ok(())
    }

    fn enter<E: Events>(
        &mut self,
        container: Container,
        events: &mut E,
    ) -> Result<Progress, Stopped<E::Stop>> {
        if self.open.len() >= self.options.limits.max_depth {
            return Err(refused(ErrorKind::TooDeep(self.options.limits.max_depth), self.at));
        }
        self.open.push(container);
        let at = self.at;
        self.at += 1;
        match container {
            Container::Object => {
                self.keys.open();
                events.enter_object(at)
            }
            Container::Array => events.enter_array(at),
        }
        .map_err(Stopped::Listener)?;
        Ok(Progress::Opened)
    }

    fn close<E: Events>(&mut self, container: Container, events: &mut E) -> Result<(), Stopped<E::Stop>> {
        self.open.pop();
        match container {
            Container::Object => {
                self.keys.close();
                events.leave_object(self.at)
            }
            Container::Array => events.leave_array(self.at),
        }
        .map_err(Stopped::Listener)
    }

    /// Reads a string from its opening quote to behind its closing one.
    fn string<S>(&mut self) -> Result<Text<'a>, Stopped<S>> {
        let start = self.at + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let Some(plain) = plain_length(rest) else {
                return Err(refused(ErrorKind::UnexpectedEnd, self.text.len()));
            };
            self.at += plain;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(refused(ErrorKind::ControlCharacter, self.at)),
            }
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(Text::new(raw, escaped))
    }

    fn escape<S>(&mut self) -> Result<(), Stopped<S>> {
        let at = self.at;
        match self.text.as_bytes().get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let unit = hex4(self.text.get(at + 2..at + 6));
                let unit = unit.ok_or_else(|| refused(ErrorKind::BadEscape, at))?;
                self.at += 6;
                if char::from_u32(unit).is_none() {
                    let low = self.text.get(at + 6..at + 8).filter(|follows| *follows == "\\u");
                    let low = low.and_then(|_| hex4(self.text.get(at + 8..at + 12)));
                    if low.and_then(|low| pair(unit, low)).is_some() {
                        self.at += 6;
                    } else if self.options.strict {
                        return Err(refused(ErrorKind::LoneSurrogate, at));
                    }
                }
            }
            Some(_) => return Err(refused(ErrorKind::BadEscape, at)),
            None => return Err(refused(ErrorKind::UnexpectedEnd, self.text.len())),
        }
        Ok(())
    }

    /// RFC 8259, section 6: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    fn number<S>(&mut self) -> Result<&'a str, Stopped<S>> {
        let start = self.at;
        let bad = |at| refused(ErrorKind::BadNumber, at);
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || (leading_zero && digits > 1) {
            return Err(bad(start));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(bad(start));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(bad(start));
            }
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn digits(&mut self) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn literal<S>(&mut self, word: &'static str) -> Result<(), Stopped<S>> {
        if !self.text.get(self.at..).unwrap_or_default().starts_with(word) {
            return Err(self.unexpected("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn count<S>(&mut self) -> Result<(), Stopped<S>> {
        self.nodes += 1;
        if self.nodes > self.options.limits.max_nodes {
            return Err(refused(ErrorKind::TooManyNodes(self.options.limits.max_nodes), self.at));
        }
        Ok(())
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn unexpected<S>(&self, expected: &'static str) -> Stopped<S> {
        match self.peek() {
            Some(_) => refused(ErrorKind::Unexpected { expected }, self.at),
            None => refused(ErrorKind::UnexpectedEnd, self.at),
        }
    }
}

/// How many bytes stand before the first quote, backslash or control character; None where there is none of them.
fn plain_length(text: &[u8]) -> Option<usize> {
    /// Most strings are shorter than this, and for those the set-up of a vector search costs more than it saves.
    const SHORT: usize = 16;
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    let (near, far) = text.split_at(text.len().min(SHORT));
    if let Some(length) = near.iter().position(special) {
        return Some(length);
    }
    let end = memchr2(b'"', b'\\', far);
    let plain = far.get(..end.unwrap_or(far.len())).unwrap_or_default();
    // Over a text without a control character this is a minimum, which compiles to vector instructions; a search would not.
    if plain.iter().fold(u8::MAX, |least, byte| least.min(*byte)) < 0x20 {
        return plain.iter().position(special).map(|length| near.len() + length);
    }
    end.map(|length| near.len() + length)
}

fn closing(container: Container) -> u8 {
    match container {
        Container::Object => b'}',
        Container::Array => b']',
    }
}

fn listen<S>(heard: Result<(), S>) -> Result<Progress, Stopped<S>> {
    heard.map(|()| Progress::Value).map_err(Stopped::Listener)
}
