//! Runs of the characters of base64, which are those of hexadecimal and binary digits too: where the long ones are.
//!
//! Eight bytes are tested at once. None of the characters lies below `+`, as spaces and most punctuation do, and a run of
//! sixteen has eight of them in line with any grid of eight.

use std::ops::Range;

/// The shortest run that counts as long.
pub(super) const LONG: usize = argala_vector::ROW;

/// The lowest of its characters.
pub(super) const FLOOR: u8 = b'+';

const EIGHT: usize = 8;
/// One in each of eight bytes.
const EACH: u64 = 0x0101_0101_0101_0101;

/// Whether eight bytes could be part of a run.
fn may_be_part(eight: [u8; EIGHT]) -> bool {
    low_bytes(eight) == 0
}

/// A bit for each of eight bytes below `+`. What is beyond ASCII may be taken for such a byte, never the other way.
fn low_bytes(eight: [u8; EIGHT]) -> u64 {
    u64::from_le_bytes(eight).wrapping_sub(EACH * u64::from(FLOOR)) & EACH << 7
}

/// Whether a text has a long run.
pub(super) fn has_long(text: &[u8]) -> bool {
    let mut at = 0;
    for block in text.chunks(EIGHT * 16) {
        let eights = block.as_chunks().0;
        let mut any = 0;
        for eight in eights {
            // A set highest bit says that the subtraction left no other one.
            let low = low_bytes(*eight);
            any |= low.wrapping_sub(1) & !low;
        }
        if any >> 63 != 0 {
            let mut places = (at..).step_by(EIGHT).zip(eights).filter(|(_, eight)| may_be_part(**eight));
            if places.any(|(place, _)| around(text, place).len() >= LONG) {
                return true;
            }
        }
        at += block.len();
    }
    false
}

/// Every long run, in order.
pub(super) fn long(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let run = long_from(text, at)?;
        at = run.end;
        Some(run)
    })
}

/// The first long run that ends behind this place, of the grid of eight.
fn long_from(text: &[u8], from: usize) -> Option<Range<usize>> {
    let mut at = from - from % EIGHT;
    loop {
        let rest = text.get(at..)?.as_chunks::<EIGHT>().0;
        at += rest.iter().position(|eight| may_be_part(*eight))? * EIGHT;
        let run = around(text, at);
        if run.len() >= LONG && run.end > from {
            return Some(run);
        }
        at = (run.end.max(at + 1)).next_multiple_of(EIGHT);
    }
}

/// The run that a place lies in.
pub(super) fn around(text: &[u8], at: usize) -> Range<usize> {
    let before = text.get(..at).unwrap_or_default().iter().rev().take_while(|byte| is_part(**byte)).count();
    let after = text.get(at..).unwrap_or_default().iter().take_while(|byte| is_part(**byte)).count();
    at - before..at + after
}

/// Whether a byte can be part of a run.
pub(super) fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'/' | b'_')
}
