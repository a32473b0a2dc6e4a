//! Base64 in both alphabets, padded or not, in lines or in one, and base32: what a run of their characters decodes to.
//!
//! Words and paths are such runs too. So a run counts that is the whole text or ends in padding, from four characters on,
//! and otherwise one of sixteen; and what it decodes to must be text (see `binary`). Only what was decoded is read on, one
//! run to a line, not what stands around it. A long run is also read from each of its first four characters, in case a word
//! stands before it. What it does not see: shorter runs within a text, other alphabets, compressed text.

use std::ops::Range;

use super::decoder::Made;
use super::{binary, runs};

/// The whole text, or a run that padding ends.
pub(super) const SHORTEST_MARKED: usize = 4;
/// From here on a run may be preceded by a word.
const SHORTEST_SHIFTED: usize = 24;
/// Up to here a text is decoded without memory from the heap: most keys are single words.
const WORD: usize = 64;

/// What the runs of a text decode to.
pub(super) fn readings(text: &str) -> Vec<Made> {
    let mut found = [String::new(), String::new()];
    let [base64, base32] = &mut found;
    for run in runs(text.as_bytes()) {
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

/// Whether a text is short, or in short lines, and of this kind as a whole. (Longer lines are found as runs.)
pub(super) fn may_be(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    if text.len() < SHORTEST_MARKED || !is_nothing_else(text) {
        return false;
    }
    if text.len() > WORD {
        return binary::text_within(&bytes_of(text)).is_some();
    }
    let mut bytes = [0; WORD];
    let mut length = 0;
    let decoded = decode_each(text, 6, sextet, |byte| {
        if let Some(slot) = bytes.get_mut(length) {
            (*slot, length) = (byte, length + 1);
        }
    });
    decoded && bytes.get(..length).and_then(binary::text_within).is_some()
}

pub(super) fn is_nothing_else(text: &[u8]) -> bool {
    text.iter().all(|byte| runs::is_part(*byte) || matches!(byte, b'=' | b'\r' | b'\n'))
}

fn push(found: &mut String, read: Option<String>) {
    if let Some(read) = read
        && found.lines().next_back().is_none_or(|last| last != read)
    {
        if !found.is_empty() {
            found.push('\n');
        }
        found.push_str(&read);
    }
}

/// The runs of a text that count: long ones, those that padding ends, the whole text; and lines of long ones in one.
fn runs(text: &[u8]) -> Vec<&[u8]> {
    let mut places: Vec<Range<usize>> = runs::long(text).collect();
    let lines =
        places.chunk_by(|line, next| line_end(text, line.end) == Some(next.start)).filter_map(|lines| {
            let (first, last) = (lines.first()?, lines.last()?);
            // The last line may be shorter.
            let end = line_end(text, last.end)
                .map_or(last.end, |start| runs::around(text, start).end.max(last.end));
            (end > first.end).then_some(first.start..end)
        });
    let mut joined: Vec<Range<usize>> = lines.collect();
    let padded = memchr::memchr_iter(b'=', text).filter_map(|at| {
        let run = runs::around(text, at);
        (run.end == at && (SHORTEST_MARKED..runs::LONG).contains(&(run.len() + padding(text, at))))
            .then_some(run)
    });
    places.extend(padded);
    let start = text.len() - text.trim_ascii_start().len();
    let whole = start..start + text.trim_ascii().len();
    if whole.len() >= SHORTEST_MARKED && text.get(whole.clone()).is_some_and(is_nothing_else) {
        places.push(whole);
    }
    places.append(&mut joined);
    places.sort_unstable_by_key(|place| (place.start, place.end));
    places.dedup();
    places.into_iter().filter_map(|place| text.get(place)).collect()
}

fn padding(text: &[u8], at: usize) -> usize {
    text.get(at..).unwrap_or_default().iter().take(3).take_while(|byte| **byte == b'=').count()
}

/// Where the next line begins, if one ends here.
fn line_end(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let after = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
    Some(text.len() - after.trim_ascii_start().len())
}

/// The whole bytes of a run of so many bits a character. White space and padding stand for nothing.
fn decode(run: &[u8], bits: u32, value: fn(u8) -> Option<u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(run.len() * 3 / 4);
    if decode_each(run, bits, value, |byte| bytes.push(byte)) { bytes } else { Vec::new() }
}

/// Tells those bytes; says whether the run has no other characters.
fn decode_each(run: &[u8], bits: u32, value: fn(u8) -> Option<u8>, mut tell: impl FnMut(u8)) -> bool {
    let (mut held, mut kept) = (0_u32, 0);
    for &byte in run {
        let Some(value) = value(byte) else {
            if byte == b'=' || byte.is_ascii_whitespace() {
                continue;
            }
            return false;
        };
        held = (held << bits | u32::from(value)) & 0xFFFF;
        kept += bits;
        if kept >= 8 {
            kept -= 8;
            let [byte, ..] = (held >> kept).to_le_bytes();
            tell(byte);
        }
    }
    true
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
