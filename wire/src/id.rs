//! What a request is known by ([JSON-RPC 2.0](https://www.jsonrpc.org/specification), section 4).

use argala_json::{Node, quote};

/// The id of a request: a string or an integer. MCP allows no null.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Id {
    /// An integer, as it is written.
    Number(String),
    /// A string, decoded.
    String(String),
}

/// Longer ids are refused: each is held in memory until its answer comes.
const LONGEST: usize = 1024;

impl Id {
    /// The id at a node of a frame's text; None where it is not one.
    #[must_use]
    pub fn read(node: &Node, text: &str) -> Option<Self> {
        let raw = node.raw(text);
        if raw.len() > LONGEST {
            return None;
        }
        if let Some(string) = node.string(text) {
            return Some(Self::String(string.into_owned()));
        }
        let digits = raw.strip_prefix('-').unwrap_or(raw);
        let integer = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        integer.then(|| Self::Number(raw.to_owned()))
    }

    /// The id as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            Self::Number(lexeme) => lexeme.clone(),
            Self::String(text) => {
                let mut out = String::with_capacity(text.len() + 2);
                quote(text, &mut out);
                out
            }
        }
    }
}
