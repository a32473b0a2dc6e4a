//! Base64 in both alphabets, padded or not, in lines or in one, and base32: what a run of their characters decodes to.
//!
//! Words and paths are such runs too. So a run counts that is the whole text or ends in padding, from four characters on,
//! and otherwise one of sixteen; and what it decodes to must be text (see `binary`). Only what was decoded is read on, one
//! run to a line, not what stands around it. A long run is also read from each of its first four characters, in case a word
//! stands before it. What it does not see: shorter runs within a text, other alphabets, compressed text.

use super::binary;
use super::decoder::Made;

/// A run within a text that no padding ends.
pub(super) const SHORTEST: usize = 16;
/// The whole text, or a run that padding ends.
const SHORTEST_MARKED: usize = 4;
/// Of a run in lines: each but the last.
const SHORTEST_LINE: usize = 8;
/// From here on a run may be preceded by a word.
const SHORTEST_SHIFTED: usize = 24;

/// What the runs of a text decode to.
pub(super) fn readings(text: &str) -> Vec<Made> {
    let mut found = [String::new(), String::new()];
    let [base64, base32] = &mut found;
    let whole = text.trim().len();
    for lines in [false, true] {
        for run in runs(text.as_bytes(), lines) {
            let marked = run.last() == Some(&b'=') || run.len() >= whole;
            if run.len() < if marked { SHORTEST_MARKED } else { SHORTEST } {
                continue;
            }
            let last_shift = if run.len() >= SHORTEST_SHIFTED { 4 } else { 1 };
            for shift in 0..last_shift {
                let bytes = run.get(shift..).map(bytes_of).unwrap_or_default();
                let read = if shift == 0 { binary::text_within(&bytes) } else { binary::stretches(&bytes) };
                push(base64, read);
            }
            if run.len() >= SHORTEST_MARKED * 2 {
                push(base32, binary::whole_text(&decode(run, 5, quintet)));
            }
        }
    }
    let names = ["base64", "base32"];
    names
        .into_iter()
        .zip(found)
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| Made::new(name, text))
        .collect()
}

/// The bytes of a run of base64.
pub(super) fn bytes_of(run: &[u8]) -> Vec<u8> {
    decode(run, 6, sextet)
}

/// Whether a byte can be part of a run.
pub(super) fn is_part(byte: u8) -> bool {
    sextet(byte).is_some()
}

/// Whether a text of this kind is a short run as a whole. (Longer ones are found as runs.)
pub(super) fn may_be(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    (SHORTEST_MARKED..SHORTEST).contains(&text.len())
        && text.iter().all(|byte| is_part(*byte))
        && binary::whole_text(&bytes_of(text)).is_some()
}

fn push(found: &mut String, read: Option<String>) {
    if let Some(read) = read
        && !found.lines().next_back().is_some_and(|last| last == read)
    {
        if !found.is_empty() {
            found.push('\n');
        }
        found.push_str(&read);
    }
}

/// The longest runs of characters of any of the alphabets, padding included. Where `lines`, ends of lines between them are
/// part of a run, and only runs that have some are told.
fn runs(text: &[u8], lines: bool) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += text.get(at..)?.iter().position(|byte| is_part(*byte))?;
            let rest = text.get(at..)?;
            let mut length = rest.iter().take_while(|byte| is_part(**byte)).count();
            let (mut line, mut breaks) = (length, false);
            while lines && line >= SHORTEST_LINE {
                let after = rest.get(length..)?;
                let gap = line_end(after);
                line = after.iter().skip(gap).take_while(|byte| is_part(**byte)).count();
                if gap == 0 || line == 0 {
                    break;
                }
                length += gap + line;
                breaks = true;
            }
            let padding = rest.iter().skip(length).take(6).take_while(|byte| **byte == b'=').count();
            at += length + padding;
            if !lines || breaks {
                return rest.get(..length + padding);
            }
        }
    })
}

/// The bytes of the end of a line, and of what indents the next one; 0 where the line goes on.
fn line_end(text: &[u8]) -> usize {
    let end = if text.starts_with(b"\r\n") { 2 } else { usize::from(text.starts_with(b"\n")) };
    if end == 0 {
        0
    } else {
        end + text.iter().skip(end).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }
}

/// Whether a line that ends here may be part of a run of several.
pub(super) fn may_go_on(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.iter().rev().take(SHORTEST_LINE).filter(|byte| is_part(**byte)).count() == SHORTEST_LINE
}

/// The whole bytes of a run of so many bits a character. White space and padding stand for nothing.
fn decode(run: &[u8], bits: u32, value: fn(u8) -> Option<u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(run.len() * 3 / 4);
    let (mut held, mut kept) = (0_u32, 0);
    for &byte in run {
        let Some(value) = value(byte) else {
            if byte == b'=' || byte.is_ascii_whitespace() {
                continue;
            }
            return Vec::new();
        };
        held = (held << bits | u32::from(value)) & 0xFFFF;
        kept += bits;
        if kept >= 8 {
            kept -= 8;
            bytes.extend(u8::try_from(held >> kept & 0xFF));
        }
    }
    bytes
}

/// Of each byte: its six bits in either alphabet, or more than six where it is in none.
const SEXTETS: [u8; 256] = sextets();

const fn sextets() -> [u8; 256] {
    let mut table = [u8::MAX; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        #[expect(clippy::indexing_slicing, reason = "a table of 256 has a place for each byte")]
        {
            table[byte as usize] = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                _ => u8::MAX,
            };
        }
        byte += 1;
    }
    table
}

fn sextet(byte: u8) -> Option<u8> {
    SEXTETS.get(usize::from(byte)).copied().filter(|value| *value < 64)
}

fn quintet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a',
        b'2'..=b'7' => byte - b'2' + 26,
        _ => return None,
    })
}
