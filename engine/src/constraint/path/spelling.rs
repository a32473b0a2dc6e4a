//! How programs that serve files have been seen to decode a path, beyond what every text may be decoded to.
//!
//! Old servers read escapes that no standard knows: digits beyond `f`, UTF-8 longer than it may be, characters that look
//! like a slash for a slash. Filters take `../` out once and leave another. Here each of them is a spelling of the same
//! path, and none of them may climb out.

use crate::view::Reading;

/// Programs that decode a path do so once or twice. A text that goes on changing is made to be misread.
const ROUNDS: usize = 5;

/// What some programs take for a slash: by likeness, by compatibility, by the maps of Windows code pages and of IIS.
const SLASHES: &[char] = &['\u{2044}', '\u{2215}', '\u{29f8}', '\u{ff0f}', '\u{efc8}', '\u{f025}'];
const BACKSLASHES: &[char] =
    &['\u{a5}', '\u{20a9}', '\u{2216}', '\u{29f5}', '\u{29f9}', '\u{fe68}', '\u{ff3c}'];
const DOTS: &[char] = &['\u{2024}', '\u{fe52}', '\u{ff0e}'];
const TWO_DOTS: char = '\u{2025}';

/// Something that programs do to a path, and how a decision calls it. It makes nothing of a text that it leaves as it is.
type Treatment = (&'static str, fn(&str) -> Option<String>);

/// What is done besides decoding, each to what those before it have made.
const TREATMENTS: &[Treatment] = &[
    ("marks", plain_marks),
    ("variables", without_variables),
    ("filter", without_slash_climb),
    ("filter", without_backslash_climb),
];

/// Every spelling of a path besides itself.
///
/// # Errors
/// What makes the text one that can't be judged, as the end of "a path …".
pub(super) fn spellings(text: &str) -> Result<Vec<Reading>, &'static str> {
    let mut all: Vec<Reading> = Vec::new();
    while let Some(decoded) = unescape(all.last().map_or(text, |latest| &latest.text))? {
        if all.len() == ROUNDS {
            return Err("that is encoded more times over than is looked at");
        }
        all.push(Reading { view: vec!["percent"; all.len() + 1], text: decoded });
    }
    for (name, treat) in TREATMENTS {
        let treated = |view: &[&'static str], text: &str| {
            Some(Reading { text: treat(text)?, view: view.iter().chain([name]).copied().collect() })
        };
        let made: Vec<Reading> = treated(&[], text)
            .into_iter()
            .chain(all.iter().filter_map(|spelling| treated(&spelling.view, &spelling.text)))
            .collect();
        all.extend(made);
    }
    Ok(all)
}

/// Percent-escapes decoded once; `None` where there are none.
fn unescape(text: &str) -> Result<Option<String>, &'static str> {
    if !text.contains('%') {
        return Ok(None);
    }
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('%') {
        bytes.extend(before.bytes());
        rest = behind;
        if let Some((character, left)) = unit(behind) {
            bytes.extend(character.encode_utf8(&mut [0; 4]).bytes());
            rest = left;
        } else if let Some((byte, left)) = octet(behind) {
            if matches!(byte, 0xc0 | 0xc1) {
                return Err(
                    "with an escape that no UTF-8 text has, and that some servers take for `.` or `/`",
                );
            }
            bytes.push(byte);
            rest = left;
        } else {
            bytes.push(b'%');
        }
    }
    bytes.extend(rest.bytes());
    let decoded = too_long(&bytes);
    if decoded.contains('\0') && !text.contains('\0') {
        return Err("with an escaped NUL, where some readers end it");
    }
    Ok((decoded != text).then_some(decoded))
}

/// `u2215`.
fn unit(text: &str) -> Option<(char, &str)> {
    let digits = text.strip_prefix(['u', 'U'])?.get(..4)?;
    let digits = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    Some((character, text.get(5..)?))
}

/// Two digits, with letters beyond `f` for what they would be worth: IIS read `%c0%qf` as `%c0%af`.
fn octet(text: &str) -> Option<(u8, &str)> {
    let mut digits = text.chars();
    let high = digits.next()?.to_digit(36)?;
    let low = digits.next()?.to_digit(36)?;
    Some((u8::try_from((high * 16 + low) & 0xff).ok()?, digits.as_str()))
}

/// UTF-8 as it is read by who doesn't ask whether a character has been written in its shortest form, in up to six bytes
/// as once was allowed.
fn too_long(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((lead, behind)) = rest.split_first() {
        let more = usize::try_from(lead.leading_ones()).unwrap_or_default().saturating_sub(1);
        let tail = behind.get(..more).filter(|tail| more < 6 && tail.iter().all(|byte| byte & 0xc0 == 0x80));
        let first = u32::from(*lead) & (0x7f >> lead.leading_ones().min(7));
        let code = tail.map(|tail| tail.iter().fold(first, |code, byte| code << 6 | u32::from(byte & 0x3f)));
        let is_alone = lead.leading_ones() == 1;
        match code.filter(|_| !is_alone).and_then(char::from_u32) {
            Some(character) => {
                text.push(character);
                rest = behind.get(more..).unwrap_or_default();
            }
            None => {
                text.push(char::REPLACEMENT_CHARACTER);
                rest = behind;
            }
        }
    }
    text
}

/// Slashes, backslashes and dots of other scripts and widths as those of ASCII.
fn plain_marks(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            TWO_DOTS => plain.push_str(".."),
            _ if SLASHES.contains(&letter) => plain.push('/'),
            _ if BACKSLASHES.contains(&letter) => plain.push('\\'),
            _ if DOTS.contains(&letter) => plain.push('.'),
            _ => plain.push(letter),
        }
    }
    (plain != text).then_some(plain)
}

/// The text in which every variable is empty: `a/$x/..` leads up from `a` then.
fn without_variables(text: &str) -> Option<String> {
    if !text.contains(['$', '%']) {
        return None;
    }
    let in_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['$', '%']) {
        let (before, mark) = rest.split_at_checked(at)?;
        out.push_str(before);
        let name = mark.get(1..)?;
        let length = name.find(|letter| !in_name(letter)).unwrap_or(name.len());
        let behind = name.get(length..)?;
        let is_percent = mark.starts_with('%');
        let end = if is_percent { behind.strip_prefix('%') } else { Some(behind) };
        match end.filter(|_| length > 0) {
            Some(behind) => rest = behind,
            None => {
                out.push_str(mark.get(..1)?);
                rest = name;
            }
        }
    }
    out.push_str(rest);
    (out != text).then_some(out)
}

/// The text from which a filter has taken every `../` once: `....//` is `../` then.
fn without_slash_climb(text: &str) -> Option<String> {
    text.contains("../").then(|| text.replace("../", ""))
}

/// The same of `..\`.
fn without_backslash_climb(text: &str) -> Option<String> {
    text.contains("..\\").then(|| text.replace("..\\", ""))
}

#[cfg(test)]
mod tests {
    use super::spellings;

    #[test]
    fn a_climb_in_some_spelling_comes_to_light() {
        for (text, plain) in [
            ("%2e%2e%2f", "../"),
            ("%252e%252e%252f", "../"),
            ("%%32%65%%32%65/", "../"),
            ("%e0%80%ae%e0%80%ae%e0%80%af", "../"),
            ("%f0%80%80%ae./", "../"),
            ("%f8%80%80%80%ae%fc%80%80%80%80%ae/", "../"),
            ("..%u2215", "../"),
            ("%uff0e%uff0e%uff3c", "..\\"),
            ("．．／", "../"),
            ("‥/", "../"),
            ("..¥", "..\\"),
            ("....//", "../"),
            ("..././", "../"),
            ("....\\/", "../"),
            ("..../\\", "..\\"),
            ("%2e%2e%2e%2e%2f%2f", "../"),
            (".$x./", "../"),
            (".%X%./", "../"),
        ] {
            let all = spellings(text).unwrap();
            assert!(all.iter().any(|spelling| spelling.text == plain), "{text}: {all:?}");
        }
    }

    #[test]
    fn an_escape_that_no_utf8_has_is_no_path() {
        for text in ["..%c0%af", "%c0%2e", "..%c1%9c", "%c0%qf", "%bg%qf", "%25c0%25af", "%C1%8s"] {
            assert!(spellings(text).is_err(), "{text}");
        }
        let often = format!("%{}2e", "25".repeat(9));
        assert!(spellings(&often).is_err());
    }

    #[test]
    fn an_escaped_nul_is_no_path() {
        for text in ["a%00.txt", "%2500", "%u0000", "%e0%80%80"] {
            assert!(spellings(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_with_a_percent_sign_is_a_name() {
        for (text, plain) in [
            ("100%", None),
            ("100% sure", None),
            ("a%20b", Some("a b")),
            ("caf%C3%A9", Some("café")),
            ("M%FCnchen", Some("M\u{fffd}nchen")),
            ("%d", None),
            ("$", None),
            ("plain", None),
        ] {
            assert_eq!(
                spellings(text).unwrap().first().map(|spelling| spelling.text.as_str()),
                plain,
                "{text}"
            );
        }
    }
}
