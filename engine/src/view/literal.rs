//! Literals of SQL and of programming languages as the text that they make: `CHAR(68,82)`, `0x4452`, `U&'\0044'`, and pieces
//! joined by `||`, `+`, `.`, `&`, `CONCAT(…)` or by standing side by side.
//!
//! Whether a quote opens or closes isn't asked, as the text may be put into a quoted one. What it does not see: expressions
//! as numbers (`CHAR(60+8)`), functions that change text (`REVERSE`, `REPLACE`, `SUBSTRING`), variables.

use super::assembly::{Assembly, Piece};
use super::binary;
use super::decoder::Made;
use super::digits::value;
use super::found::Found;
use super::hex;
use super::point;

/// With literals read and joined.
pub(super) fn read(text: &str) -> Option<Made> {
    let mut names = Vec::new();
    let mut read: Option<String> = None;
    for (name, step) in STEPS {
        if let Some(next) = step(read.as_deref().unwrap_or(text)) {
            read = Some(next);
            names.push(name);
        }
    }
    read.map(|text| Made { names, text })
}

type Step = (&'static str, fn(&str) -> Option<String>);

const STEPS: [Step; 3] = [("sql", unicode_strings), ("char", characters), ("concat", join)];

/// `U&'d!0061t' UESCAPE '!'`; without a `UESCAPE` the escapes are read by `point`.
fn unicode_strings(text: &str) -> Option<String> {
    memchr::memmem::find(text.as_bytes(), b"&'")?;
    let at = text.as_bytes().windows(7).position(|word| word.eq_ignore_ascii_case(b"uescape"))?;
    let escape = text.get(at + 7..)?.bytes().find(|byte| byte.is_ascii_graphic() && *byte != b'\'')?;
    if escape.is_ascii_hexdigit() {
        return None;
    }
    point::decode(text, escape, point::sql)
}

/// Functions that make characters of numbers.
const FUNCTIONS: [&str; 13] = [
    "char",
    "chr",
    "nchar",
    "nchr",
    "varchar",
    "unichar",
    "unichr",
    "chrw",
    "fromcharcode",
    "fromcodepoint",
    "ascii_char",
    "from_code_point",
    "code_points_to_string",
];

/// Numbers as quoted text.
fn characters(text: &str) -> Option<String> {
    let mut quoted = Found::new(text);
    for (place, says) in numbers(text).into_pieces() {
        quoted.push(place, format!("'{says}'"));
    }
    quoted.in_place()
}

/// What numbers say, without what stands around them.
pub(super) fn payloads(text: &str) -> Option<Made> {
    numbers(text).alone().map(|text| Made::new("char", text))
}

fn numbers(text: &str) -> Found<'_> {
    let bytes = text.as_bytes();
    let mut found = Found::new(text);
    let mut places: Vec<usize> = hex::prefixes(bytes).map(|zero| zero + 1).collect();
    places.extend(memchr::memchr_iter(b'(', bytes));
    places.sort_unstable();
    for at in places {
        if at < found.end() {
            continue;
        }
        let read = if bytes.get(at) == Some(&b'(') { call(text, at) } else { hexadecimal(text, at) };
        if let Some((start, says, end)) = read
            && start >= found.end()
        {
            found.push(start..end, says);
        }
    }
    found
}

/// The call whose bracket opens here: its place and its text.
fn call(text: &str, bracket: usize) -> Option<(usize, String, usize)> {
    let before = text.get(..bracket)?.trim_end_matches(' ');
    let word = before
        .bytes()
        .rev()
        .take(24)
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count();
    let start = before.len() - word;
    let name = before.get(start..)?;
    FUNCTIONS.iter().any(|function| name.eq_ignore_ascii_case(function)).then_some(())?;
    let mut assembly = Assembly::default();
    let mut at = bracket + 1;
    loop {
        let rest = text.get(at..)?;
        let number = rest.trim_start_matches(SKIPPED);
        let (base, digits) = match number.get(..2) {
            Some("0x" | "0X") => (16, number.get(2..)?),
            _ => (10, number),
        };
        let length = digits.bytes().take_while(|byte| char::from(*byte).is_digit(base)).count();
        let value = value(digits.get(..length)?.as_bytes(), base)?;
        match u8::try_from(value) {
            Ok(byte) => assembly.push(Piece::Byte(byte)),
            Err(_) => assembly.push(Piece::Char(char::from_u32(value)?)),
        }
        let after = digits.get(length..)?.trim_start_matches(SKIPPED);
        at = text.len() - after.len() + 1;
        match after.bytes().next()? {
            b',' => {}
            b')' => return Some((start, assembly.finish(), at)),
            // The character set, as in `CHAR(68 USING utf8)`.
            _ => {
                let using = after.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("using "));
                let length = after
                    .bytes()
                    .take(LONGEST_CHARACTER_SET)
                    .position(|byte| byte == b')')
                    .filter(|_| using)?;
                return Some((start, assembly.finish(), at + length));
            }
        }
    }
}

/// Whether the bracket here opens a call that makes characters of numbers.
pub(super) fn makes_characters(text: &str, bracket: usize) -> bool {
    call(text, bracket).is_some()
}

/// No name of a character set is longer.
const LONGEST_CHARACTER_SET: usize = 64;
const SKIPPED: [char; 6] = [' ', '\t', '\n', '\r', '"', '\''];

/// The hexadecimal literal whose `x` stands here, where it is text: `0x4452`.
fn hexadecimal(text: &str, x: usize) -> Option<(usize, String, usize)> {
    let bytes = text.as_bytes();
    let start = x.checked_sub(1).filter(|zero| bytes.get(*zero) == Some(&b'0'))?;
    if start.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let digits = bytes.get(x + 1..)?;
    let length = digits.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let read = binary::text_of_hex(digits.get(..length)?)?;
    Some((start, read, x + 1 + length))
}

/// Pieces of quoted text in one.
fn join(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    let mut calls = Calls::default();
    for at in memchr::memchr2_iter(b'\'', b'"', bytes) {
        if at < copied {
            continue;
        }
        calls.advance(bytes, at);
        let escaped =
            at.checked_sub(1).filter(|before| *before >= copied && bytes.get(*before) == Some(&b'\\'));
        let Some((taken, both)) = glue(bytes.get(at..)?, escaped.is_some(), calls.concatenates()) else {
            continue;
        };
        let start = escaped.filter(|_| both).unwrap_or(at);
        out.push_str(text.get(copied..start)?);
        copied = at + taken;
    }
    (copied > 0).then(|| out + text.get(copied..).unwrap_or_default())
}

/// From a quote over an operator to the next quote: how many bytes, and whether backslashes stand before both, as in text
/// within text.
fn glue(text: &[u8], escaped: bool, list: bool) -> Option<(usize, bool)> {
    let quote = text.first()?;
    let (mut operator, mut both) = (false, false);
    for at in 1..=LONGEST_GLUE {
        let byte = text.get(at)?;
        match byte {
            byte if byte == quote => return Some((at + 1, both)),
            b'\'' | b'"' if operator => return Some((at + 1, both)),
            b'\\' if escaped && text.get(at + 1) == Some(quote) => both = true,
            b' ' | b'\t' | b'\n' | b'\r' | b'(' | b')' => {}
            b'|' | b'+' | b'.' | b'&' | b'~' => operator = true,
            b',' if list => operator = true,
            // The prefix of a literal: `N'…'`, `U&'…'`.
            b'N' | b'n' | b'E' | b'e' | b'U' | b'u' | b'_' if operator => {}
            _ => return None,
        }
    }
    None
}

/// No operator has more white space and brackets around it.
const LONGEST_GLUE: usize = 24;

/// Whether a place lies within the brackets of a `CONCAT`.
#[derive(Default)]
struct Calls {
    at: usize,
    /// How many brackets are open since that of `CONCAT`; 0 outside.
    depth: usize,
}

impl Calls {
    fn advance(&mut self, text: &[u8], to: usize) {
        let Some(passed) = text.get(self.at..to) else { return };
        for place in memchr::memchr2_iter(b'(', b')', passed) {
            let opens = passed.get(place) == Some(&b'(');
            self.depth = match (opens, self.depth) {
                (true, 0) => usize::from(is_concat(text.get(..self.at + place).unwrap_or_default())),
                (true, depth) => depth + 1,
                (false, depth) => depth.saturating_sub(1),
            };
        }
        self.at = to;
    }

    fn concatenates(&self) -> bool {
        self.depth > 0
    }
}

fn is_concat(before: &[u8]) -> bool {
    let word = before.trim_ascii_end();
    [&b"concat"[..], b"concat_ws", b"strcat"].iter().any(|name| {
        word.len()
            .checked_sub(name.len())
            .and_then(|start| word.get(start..))
            .is_some_and(|end| end.eq_ignore_ascii_case(name))
    })
}
