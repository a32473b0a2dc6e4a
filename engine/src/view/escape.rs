//! Backslash escapes, as C, JSON, JavaScript, Python, Perl and shells write them.
//!
//! A backslash before a quote or a slash is left to `shell`, which drops it: it may also be the end of a piece of text that
//! is quoted, or stand before a comment.
//! What it does not see: names of characters (`\N{LATIN CAPITAL LETTER D}`), control notation (`\cM`). The escapes of
//! stylesheets and of SQL's `U&'…'`, which differ in what they take for the end, are in `point`.

use super::assembly::Piece;
use super::digits::{hex, leading, octal};

/// A longer run of backslashes is read as one: whoever nests text in text so often has lost count too, and so halving the
/// run doesn't use up the rounds.
const LONGEST_RUN: usize = 16;

/// What stands at a `\`, and in how many bytes.
pub(super) fn read(text: &[u8]) -> Option<(Piece, usize)> {
    let after = text.get(1..)?;
    let (&kind, rest) = after.split_first()?;
    let plain = |character: char| Some((Piece::Char(character), 2));
    match kind {
        b'u' => {
            let repeated = rest.iter().take_while(|byte| **byte == b'u').count();
            let rest = rest.get(repeated..)?;
            if let Some((character, taken)) = braced(rest, 16) {
                return Some((Piece::Char(character), 2 + repeated + taken));
            }
            let unit = hex(rest.get(..4)?)?;
            Some((Piece::Unit(u16::try_from(unit).ok()?), 6 + repeated))
        }
        b'U' => {
            let digits = rest.get(..8).filter(|digits| hex(digits).is_some()).or_else(|| rest.get(..4))?;
            Some((Piece::Char(char::from_u32(hex(digits)?)?), 2 + digits.len()))
        }
        b'x' | b'X' => {
            if let Some((character, taken)) = braced(rest, 16) {
                return Some((Piece::Char(character), 2 + taken));
            }
            let digits = leading(rest, 16, 2);
            Some((Piece::Byte(u8::try_from(hex(digits)?).ok()?), 2 + digits.len()))
        }
        b'o' => braced(rest, 8).map(|(character, taken)| (Piece::Char(character), 2 + taken)),
        b'N' => braced(rest, 16).map(|(character, taken)| (Piece::Char(character), 2 + taken)),
        b'0'..=b'7' => {
            let mut digits = leading(after, 8, 3);
            // `echo -e` and `printf %b` take three digits behind a zero. Text rarely has the control character and the digit that
            // C sees there.
            let long = leading(after, 8, 4);
            if kind == b'0' && octal(long).is_some_and(|value| (0o40..0o177).contains(&value)) {
                digits = long;
            }
            Some((Piece::Byte(u8::try_from(octal(digits)?).ok()?), 1 + digits.len()))
        }
        b'n' => plain('\n'),
        b'r' => plain('\r'),
        b't' => plain('\t'),
        b'v' => plain('\u{B}'),
        b'f' => plain('\u{C}'),
        b'\n' => Some((Piece::Text(String::new()), 2)),
        b'\\' => {
            let run = text.iter().take_while(|byte| **byte == b'\\').count();
            Some((Piece::Char('\\'), if run > LONGEST_RUN { run } else { 2 }))
        }
        _ => None,
    }
}

/// A character by its number in braces (`{44}`, `{U+44}`), and the bytes that takes.
fn braced(text: &[u8], base: u32) -> Option<(char, usize)> {
    let inside = text.strip_prefix(b"{")?;
    let digits = inside.strip_prefix(b"U+").unwrap_or(inside);
    let number = leading(digits, base, 8);
    let value = super::digits::value(number, base)?;
    (digits.get(number.len()) == Some(&b'}')).then_some(())?;
    Some((char::from_u32(value)?, 2 + (inside.len() - digits.len()) + number.len()))
}
