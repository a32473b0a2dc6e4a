//! Whether a text may have other readings at all, at about the speed of memory: most text has none.
//!
//! Whole blocks are tested without a branch for each byte, first for anything that could begin a notation, then, where there
//! is something, for the pairs of bytes that do. What it says no to has no reading (a property holds that); what it says yes
//! to mostly has none either.

use super::{base64, hex, runs};

/// Bytes that are tested in one go.
const BLOCK: usize = 64;

/// False where a text has no reading but itself.
pub(crate) fn may_differ(text: &[u8]) -> bool {
    notates(text) || runs::has_long(text) || base64::may_be(text) || hex::may_be(text)
}

/// Whether a notation begins anywhere.
fn notates(text: &[u8]) -> bool {
    let mut last = b'\n';
    let mut rest = text;
    while let Some((block, after)) = rest.split_first_chunk::<BLOCK>() {
        if may_notate(last, block) && notates_at(last, block, after.first().copied().unwrap_or(b'\n')) {
            return true;
        }
        last = block.last().copied().unwrap_or(b'\n');
        rest = after;
    }
    let mut padded = [b' '; BLOCK];
    let mut end = b' ';
    for (place, byte) in padded.iter_mut().zip(rest) {
        *place = *byte;
        end = *byte;
    }
    // What ends a text may count where a space behind it would not: an equals sign.
    may_notate(last, &padded) && (notates_at(last, &padded, b'\n') || end == b'=')
}

/// Whether a byte of a block is one that a notation may begin with.
fn may_notate(last: u8, block: &[u8; BLOCK]) -> bool {
    let kinds = block.iter().fold(0, |found, &byte| {
        let may = (byte.wrapping_sub(b'"') <= b'+' - b'"')
            | (byte == b'-')
            | (byte == b'=')
            | (byte | 2 == b'^')
            | (byte == b'`')
            | ((byte.wrapping_sub(b' ') >= 0x7F - b' ') & (byte != b'\n'));
        found | u8::from(may) | u8::from(byte == b'0') * ZERO | u8::from(byte | 0x20 == b'x') * X
    });
    kinds & 1 != 0 || kinds & X != 0 && (kinds & ZERO != 0 || last == b'0')
}

/// Neither begins anything without the other.
const ZERO: u8 = 2;
const X: u8 = 4;

/// Whether one does so, by the bytes beside it.
fn notates_at(last: u8, block: &[u8; BLOCK], next: u8) -> bool {
    // Three arrays side by side, so that sixteen bytes or more are tested at once.
    let (mut before, mut after) = (*block, *block);
    before.rotate_right(1);
    after.rotate_left(1);
    if let ([first, ..], [.., end]) = (&mut before, &mut after) {
        (*first, *end) = (last, next);
    }
    let within = |byte: u8, first: u8, last: u8| byte.wrapping_sub(first) <= last - first;
    let alphanumeric = |byte: u8| within(byte | 0x20, b'a', b'z') | within(byte, b'0', b'9');
    before.iter().zip(block).zip(&after).fold(0, |found, ((&before, &byte), &after)| {
        let begins = within(byte, b'"', b'\'')
            | (byte | 2 == b'^')
            | (byte == b'`')
            | (byte >= 0x7F)
            | ((byte < b' ') & (byte != b'\n') & (byte != b'\r') & (byte != b'\t'))
            | ((byte == b'-') & (after == b'-'))
            | ((byte == b'*') & ((before == b'/') | (after == b'/')))
            | ((byte == b'(') & (within(after, b'0', b'9') | (after <= b' ')))
            | ((byte | 0x20 == b'x') & (before == b'0'))
            | ((byte == b'+') & alphanumeric(after))
            | ((byte == b'=') & ((before > b' ') | alphanumeric(after) | (after < b' ')));
        found | u8::from(begins)
    }) != 0
}
