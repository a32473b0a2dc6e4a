//! Text made fit for mail and forms: quoted-printable (`=44`), UTF-7 (`+AEQ-`), and `+` for a space.

use super::assembly::{Assembly, Piece};
use super::base64;
use super::digits::hex;

/// What stands behind a `=`: two digits, or the end of a line that goes on.
pub(super) fn quoted(after: &[u8]) -> Option<(Piece, usize)> {
    if after.starts_with(b"\n") {
        return Some((Piece::Text(String::new()), 1));
    }
    if after.starts_with(b"\r\n") {
        return Some((Piece::Text(String::new()), 2));
    }
    Some((Piece::Byte(u8::try_from(hex(after.get(..2)?)?).ok()?), 2))
}

/// What stands behind a `+`: UTF-16 in base64, which a character outside of that alphabet ends.
pub(super) fn shifted(after: &[u8]) -> Option<(Piece, usize)> {
    // A plus is of that alphabet too, but what begins at each one must not be read to the end for each.
    let length = after.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'/').count();
    let bytes = base64::bytes_of(after.get(..length)?);
    let mut assembly = Assembly::default();
    for pair in bytes.chunks_exact(2) {
        if let [high, low] = pair {
            assembly.push(Piece::Unit(u16::from_be_bytes([*high, *low])));
        }
    }
    let text = assembly.finish();
    let clean = !text.is_empty() && !text.contains(|character: char| character.is_control());
    let ended = usize::from(after.get(length) == Some(&b'-'));
    clean.then_some((Piece::Text(text), length + ended))
}

/// A form's fields have no white space of their own.
pub(super) fn spaces(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let parts = |at: usize| bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
    let form = !text.contains(char::is_whitespace) && memchr::memchr_iter(b'+', bytes).any(parts);
    form.then(|| text.replace('+', " "))
}
