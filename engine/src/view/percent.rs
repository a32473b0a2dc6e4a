//! Percent encoding: `%44`, `%u0044`, and the lone `%` that some servers drop.
//!
//! What it does not see: `+` for a space, which is a reading of its own (`plus`).

use super::assembly::Piece;
use super::digits::hex;

/// What stands at a `%`, and in how many bytes.
pub(super) fn read(text: &[u8]) -> Option<(Piece, usize)> {
    let after = text.get(1..)?;
    if let Some(b'u' | b'U') = after.first() {
        let unit = hex(after.get(1..5)?)?;
        return Some((Piece::Unit(u16::try_from(unit).ok()?), 6));
    }
    let byte = hex(after.get(..2)?)?;
    Some((Piece::Byte(u8::try_from(byte).ok()?), 3))
}

/// The text without every `%` that begins nothing: so read ASP and some proxies.
pub(super) fn drop_lone(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    for at in memchr::memchr_iter(b'%', bytes) {
        let joins = at
            .checked_sub(1)
            .and_then(|before| bytes.get(before))
            .is_some_and(|byte| !byte.is_ascii_whitespace())
            && bytes.get(at + 1).is_some_and(|byte| !byte.is_ascii_whitespace());
        if joins && read(bytes.get(at..)?).is_none() {
            out.push_str(text.get(copied..at)?);
            copied = at + 1;
        }
    }
    (copied > 0).then(|| out + text.get(copied..).unwrap_or_default())
}
