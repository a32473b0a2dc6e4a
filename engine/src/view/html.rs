//! Character references of HTML and XML: named, decimal and hexadecimal, with or without their semicolon.
//!
//! What it does not see: entities that a document declares for itself.

use super::assembly::Piece;
use super::digits::value;

/// No name is longer.
const LONGEST_NAME: usize = 40;

/// What stands at a `&`, and in how many bytes.
pub(super) fn read(text: &[u8]) -> Option<(Piece, usize)> {
    let after = text.get(1..)?;
    match after.strip_prefix(b"#") {
        Some(number) => numeric(number).map(|(character, taken)| (Piece::Char(character), 2 + taken)),
        None => named(text),
    }
}

fn numeric(text: &[u8]) -> Option<(char, usize)> {
    let (base, digits) = match text.first() {
        Some(b'x' | b'X') => (16, text.get(1..)?),
        _ => (10, text),
    };
    let length = digits.iter().take_while(|byte| char::from(**byte).is_digit(base)).count();
    let character = char::from_u32(value(digits.get(..length)?, base)?)?;
    let semicolon = usize::from(digits.get(length) == Some(&b';'));
    Some((character, text.len() - digits.len() + length + semicolon))
}

fn named(text: &[u8]) -> Option<(Piece, usize)> {
    let name = text.iter().skip(1).take(LONGEST_NAME).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    if name < 2 {
        return None;
    }
    let semicolon = usize::from(text.get(1 + name) == Some(&b';'));
    let taken = 1 + name + semicolon;
    let reference = std::str::from_utf8(text.get(..taken)?).ok()?;
    let read = htmlize::unescape(reference);
    (read != reference).then(|| (Piece::Text(read.into_owned()), taken))
}
