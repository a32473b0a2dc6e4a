//! Bytes that came out of a run of letters or digits: whether they are text.
//!
//! Words, digests, keys and pictures are such runs too. So bytes count as text where all of them do, as UTF-8 or UTF-16; of
//! longer ones each stretch counts that is too long to be there by chance.

use super::assembly::read_utf8;

/// So many printable characters in a row aren't there by chance.
const STRETCH: usize = 12;

/// Bytes as text, if they are nothing else.
pub(super) fn whole_text(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Some(text) = utf16(bytes) {
        return Some(text);
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().all(is_text) => return None,
        Ok(text) => text.to_owned(),
        // Overlong forms and a few bytes of Latin-1 among much ASCII.
        Err(_) => {
            let plain = bytes.iter().filter(|byte| byte.is_ascii()).count();
            // No overlong form begins otherwise.
            let may_be_overlong = bytes.iter().any(|byte| matches!(byte, 0xC0 | 0xC1 | 0xE0 | 0xF0..));
            if !may_be_overlong && plain * 8 < bytes.len() * 7 {
                return None;
            }
            let mut text = String::new();
            read_utf8(bytes, &mut text);
            let overlong = text.is_ascii();
            (overlong || plain * 8 >= bytes.len() * 7).then_some(text)?
        }
    };
    (!text.is_empty() && text.chars().all(is_text)).then_some(text)
}

/// The parts of bytes that are text, one to a line.
pub(super) fn text_within(bytes: &[u8]) -> Option<String> {
    whole_text(bytes).or_else(|| stretches(bytes))
}

/// Its parts that are too long to be there by chance.
pub(super) fn stretches(bytes: &[u8]) -> Option<String> {
    let mut found = String::new();
    for stretch in bytes.split(|byte| !matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r' | b'\0')) {
        if stretch.len() >= STRETCH {
            read_utf8(stretch, &mut found);
            found.push('\n');
        }
    }
    (!found.is_empty()).then_some(found)
}

/// An even number of hexadecimal digits as text.
pub(super) fn text_of_hex(digits: &[u8]) -> Option<String> {
    whole_text(&bytes_of_hex(digits)?)
}

/// The bytes that hexadecimal digits stand for.
pub(super) fn bytes_of_hex(digits: &[u8]) -> Option<Vec<u8>> {
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks(2).map(|pair| super::digits::hex(pair).and_then(|byte| u8::try_from(byte).ok())).collect()
}

/// Text of UTF-16, told by its mark or by the zero in every other byte.
fn utf16(bytes: &[u8]) -> Option<String> {
    if bytes.len() < 4 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    // Most bytes hold none, and to look for one takes less than to count them.
    let has_zeros = memchr::memchr(0, bytes).is_some();
    let zeros = |from: usize| {
        has_zeros
            && bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count() * 8 >= bytes.len() * 3
    };
    let little = bytes.starts_with(b"\xFF\xFE") || zeros(1);
    if !little && !bytes.starts_with(b"\xFE\xFF") && !zeros(0) {
        return None;
    }
    let units = bytes.chunks(2).filter_map(|pair| match pair {
        [low, high] if little => Some(u16::from_le_bytes([*low, *high])),
        [high, low] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    });
    let text: String =
        char::decode_utf16(units).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    let text = text.trim_start_matches('\u{FEFF}');
    text.chars().all(|character| is_text(character) && character != '\0').then(|| text.to_owned())
}

fn is_text(character: char) -> bool {
    !character.is_control() || matches!(character, '\t' | '\n' | '\r' | '\0')
}
