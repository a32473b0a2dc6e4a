//! Backslash escapes whose digits are a code point: of SQL's `U&'\0044\+000052'` and of stylesheets (`\44 `).
//!
//! They look like octal escapes, which `escape` reads; so this is a reading beside that one.

use super::assembly::{Assembly, Piece};
use super::digits::{hex, leading};

/// The text with every such escape read.
pub(super) fn decode(text: &str, escape: u8, read: fn(&[u8]) -> Option<(Piece, usize)>) -> Option<String> {
    let bytes = text.as_bytes();
    let mut assembly = Assembly::default();
    let mut copied = 0;
    for at in memchr::memchr_iter(escape, bytes) {
        if at < copied {
            continue;
        }
        let Some((piece, taken)) = bytes.get(at + 1..).and_then(read) else { continue };
        assembly.copy(text.get(copied..at)?);
        assembly.push(piece);
        copied = at + 1 + taken;
    }
    if copied == 0 {
        return None;
    }
    assembly.copy(text.get(copied..)?);
    Some(assembly.finish())
}

/// Four digits, or a plus and six.
pub(super) fn sql(after: &[u8]) -> Option<(Piece, usize)> {
    if let Some(long) = after.strip_prefix(b"+") {
        return Some((Piece::Char(char::from_u32(hex(long.get(..6)?)?)?), 7));
    }
    Some((Piece::Unit(u16::try_from(hex(after.get(..4)?)?).ok()?), 4))
}

/// Two to six digits, and one white space that ends them. (One digit makes no character that anyone writes so.)
pub(super) fn css(after: &[u8]) -> Option<(Piece, usize)> {
    let digits = leading(after, 16, 6);
    (digits.len() > 1).then_some(())?;
    let character = char::from_u32(hex(digits)?)?;
    let ended = after.get(digits.len()).is_some_and(u8::is_ascii_whitespace);
    Some((Piece::Char(character), digits.len() + usize::from(ended)))
}
