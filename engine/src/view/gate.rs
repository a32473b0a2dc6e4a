//! Whether a text may have other readings at all, at about the speed of memory: most text has none.
//!
//! Whole blocks are tested without a branch for each byte, first for anything that could begin a notation, then, where there
//! is something, for the bytes beside it. (Loops of this form are compiled to vector instructions; measured, iterators with
//! conditions in them are not.) What it says no to has no reading (a property holds that); what it says yes to mostly has
//! none either.

use super::{base64, hex, runs};

/// Bytes that are tested in one go.
const BLOCK: usize = 512;

/// False where a text has no reading but itself.
pub(crate) fn may_differ(text: &[u8]) -> bool {
    notates(text) || runs::has_long(text) || base64::may_be(text) || hex::may_be(text)
}

/// Whether a notation begins anywhere.
fn notates(text: &[u8]) -> bool {
    let mut from = 0;
    text.chunks(BLOCK).any(|block| {
        let to = from + block.len();
        let byte_at = |at: usize| text.get(at).copied().unwrap_or(b'\n');
        let before = from.checked_sub(1).map_or(b'\n', byte_at);
        let found = (may_begin(block) != 0 || has_zero_x(block) != 0 || before == b'0')
            && notates_at(before, block, byte_at(to));
        from = to;
        found
    })
}

/// Whether a byte of a block is one that a notation may begin with, `0x` apart.
fn may_begin(block: &[u8]) -> u8 {
    let mut found = 0;
    for &byte in block {
        found |= u8::from(byte.wrapping_sub(b'"') <= b'+' - b'"')
            | u8::from(byte | 0x10 == b'=')
            | u8::from(byte | 2 == b'^')
            | u8::from(byte == b'`')
            | (u8::from(byte.wrapping_sub(b' ') >= 0x7F - b' ') & u8::from(byte != b'\n'));
    }
    found
}

fn has_zero_x(block: &[u8]) -> u8 {
    let mut found = 0;
    for (&byte, &next) in block.iter().zip(block.iter().skip(1)) {
        found |= u8::from(byte == b'0') & u8::from(next | 0x20 == b'x');
    }
    found
}

/// Whether one does so, by the bytes beside it.
fn notates_at(last: u8, block: &[u8], next: u8) -> bool {
    let byte_at = |at: usize| block.get(at).copied();
    let ends = [
        (last, byte_at(0), byte_at(1).unwrap_or(next)),
        (block.len().checked_sub(2).and_then(byte_at).unwrap_or(last), block.last().copied(), next),
    ];
    let mut found = 0;
    for (before, byte, after) in ends {
        found |= byte.map_or(0, |byte| begins(before, byte, after));
    }
    for ((&before, &byte), &after) in block.iter().zip(block.iter().skip(1)).zip(block.iter().skip(2)) {
        found |= begins(before, byte, after);
    }
    found != 0
}

/// Whether a byte begins a notation.
#[inline]
fn begins(before: u8, byte: u8, after: u8) -> u8 {
    let alphanumeric =
        u8::from((after | 0x20).wrapping_sub(b'a') < 26) | u8::from(after.wrapping_sub(b'0') < 10);
    u8::from(byte.wrapping_sub(b'"') <= b'\'' - b'"')
        | u8::from(byte | 2 == b'^')
        | u8::from(byte == b'`')
        | u8::from(byte >= 0x7F)
        | (u8::from(byte < b' ')
            & u8::from(byte != b'\n')
            & u8::from(byte != b'\r')
            & u8::from(byte != b'\t'))
        | (u8::from(byte == b'-') & u8::from(after == b'-'))
        | (u8::from(byte == b'*') & (u8::from(before == b'/') | u8::from(after == b'/')))
        | (u8::from(byte == b'(') & (u8::from(after.wrapping_sub(b'0') < 10) | u8::from(after <= b' ')))
        | (u8::from(byte | 0x20 == b'x') & u8::from(before == b'0'))
        | (u8::from(byte == b'+') & alphanumeric)
        | (u8::from(byte == b'=') & (u8::from(before > b' ') | alphanumeric | u8::from(after < b' ')))
}
