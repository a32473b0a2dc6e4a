//! Why a text was refused, and where.

use std::fmt;

/// A refusal: what is wrong and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    offset: usize,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text ends before its value does.
    UnexpectedEnd,
    /// A byte that can't stand here; `expected` names what could.
    Unexpected {
        /// What the grammar allows at this place.
        expected: &'static str,
    },
    /// Something follows the value.
    TrailingData,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// A control character stands unescaped in a string.
    ControlCharacter,
    /// A backslash is followed by something that JSON doesn't know.
    BadEscape,
    /// A `\u` escape is half of a surrogate pair: no Unicode text can hold it.
    LoneSurrogate,
    /// A number that JSON's grammar doesn't allow, such as `01`, `.5` or `NaN`.
    BadNumber,
    /// An object has this key twice, compared after escapes are decoded.
    DuplicateKey(String),
    /// More than the allowed number of bytes.
    TooLong(usize),
    /// Nested deeper than the allowed number of levels.
    TooDeep(usize),
    /// More than the allowed number of values and keys.
    TooManyNodes(usize),
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The byte at which it was found, counted from 0.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedEnd => write!(f, "the text ends before its value does"),
            Self::Unexpected { expected } => write!(f, "expected {expected}"),
            Self::TrailingData => write!(f, "something follows the value"),
            Self::NotUtf8 => write!(f, "not UTF-8"),
            Self::ControlCharacter => write!(f, "a control character must be escaped"),
            Self::BadEscape => write!(f, "not an escape that JSON knows"),
            Self::LoneSurrogate => write!(f, "half of a surrogate pair"),
            Self::BadNumber => write!(f, "not a JSON number"),
            Self::DuplicateKey(key) => write!(f, "the key {key:?} stands twice in one object"),
            Self::TooLong(limit) => write!(f, "longer than {limit} bytes"),
            Self::TooDeep(limit) => write!(f, "nested deeper than {limit} levels"),
            Self::TooManyNodes(limit) => write!(f, "more than {limit} values and keys"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {})", self.kind, self.offset)
    }
}

impl std::error::Error for Error {}
