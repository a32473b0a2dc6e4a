//! Whether a text may have other readings at all, at about the speed of memory: most text has none.
//!
//! Whole blocks are tested without a branch for each byte, first for anything that could begin a notation, then, where there
//! is something, for the pairs of bytes that do. What it says no to has no reading (a property holds that); what it says yes
//! to mostly has none either.

use super::{base64, hex};

/// Bytes that are tested in one go.
const BLOCK: usize = 64;

/// False where a text has no reading but itself.
pub(crate) fn may_differ(text: &[u8]) -> bool {
    let mut at = 0;
    let mut blocks = text.chunks_exact(BLOCK);
    for block in &mut blocks {
        let (notation, long) = survey(block);
        if notation && begins_notation(text, at, block.len()) || long && has_run(text, at, block.len()) {
            return true;
        }
        at += BLOCK;
    }
    let rest = blocks.remainder();
    begins_notation(text, at, rest.len())
        || has_run(text, at, rest.len())
        || base64::may_be(text)
        || hex::may_be(text)
}

/// Whether a byte of a block could begin a notation, and whether eight bytes in a row could be part of a run of base64. Both
/// may be wrong in one way only.
fn survey(block: &[u8]) -> (bool, bool) {
    let notation = block.iter().fold(false, |found, &byte| {
        found
            | (byte.wrapping_sub(b'"') <= b'+' - b'"')
            | (byte == b'-')
            | (byte == b'=')
            | (byte | 2 == b'^')
            | (byte == b'`')
            | (byte | 0x20 == b'x')
            | (byte.wrapping_sub(b' ') >= 0x7F - b' ')
    });
    let long = block.as_chunks::<8>().0.iter().fold(false, |found, eight| {
        let eight = u64::from_le_bytes(*eight);
        found | (eight.wrapping_sub(EACH * u64::from(b'+')) & EACH << 7 == 0)
    });
    (notation, long)
}

/// One in each of eight bytes.
const EACH: u64 = 0x0101_0101_0101_0101;

/// Whether a notation begins within this many bytes from here.
fn begins_notation(text: &[u8], from: usize, length: usize) -> bool {
    let byte_at = |at: Option<usize>| at.and_then(|at| text.get(at)).copied().unwrap_or(b'\n');
    (from..from + length).any(|at| {
        let (before, byte, next) = (byte_at(at.checked_sub(1)), byte_at(Some(at)), byte_at(Some(at + 1)));
        match byte {
            b'"'..=b'\'' | b'\\' | b'^' | b'`' | 0x7F.. => true,
            b'\t' | b'\r' => false,
            b'\n' => base64::may_go_on(text.get(..at).unwrap_or_default()),
            0..b' ' => true,
            b'-' => next == b'-',
            b'/' => next == b'*',
            b'*' => next == b'/',
            b'(' => next.is_ascii_digit() || next <= b' ',
            b'x' | b'X' => before == b'0',
            b'+' => next.is_ascii_alphanumeric(),
            b'=' => base64::is_part(before) || before == b'=' || next.is_ascii_hexdigit() || next < b' ',
            _ => false,
        }
    })
}

/// Whether a run of base64 of the shortest length touches this many bytes from here.
fn has_run(text: &[u8], from: usize, length: usize) -> bool {
    let end = from + length;
    let mut at = from;
    while at < end {
        let after = text.get(at..).unwrap_or_default();
        let run = after.iter().take(base64::SHORTEST).take_while(|byte| base64::is_part(**byte)).count();
        let before = if at == from {
            let text = text.get(..at).unwrap_or_default();
            text.iter().rev().take(base64::SHORTEST).take_while(|byte| base64::is_part(**byte)).count()
        } else {
            0
        };
        if run + before >= base64::SHORTEST {
            return true;
        }
        at += run + 1;
    }
    false
}
