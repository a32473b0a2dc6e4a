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
    let (mut any, mut zero, mut x) = (0, 0, 0);
    // One statement for each, without a branch: so they become instructions on many bytes.
    for &byte in block {
        any |= u8::from(byte.wrapping_sub(b'"') <= b'+' - b'"');
        any |= u8::from(byte == b'-');
        any |= u8::from(byte == b'=');
        any |= u8::from(byte | 2 == b'^');
        any |= u8::from(byte == b'`');
        any |= u8::from((byte.wrapping_sub(b' ') >= 0x7F - b' ') & (byte != b'\n'));
        zero |= u8::from(byte == b'0');
        x |= u8::from(byte | 0x20 == b'x');
    }
    any != 0 || x != 0 && (zero != 0 || last == b'0')
}

/// Whether one does so, by the bytes beside it.
fn notates_at(last: u8, block: &[u8; BLOCK], next: u8) -> bool {
    // Three arrays side by side, so that sixteen bytes or more are tested at once.
    let (mut before, mut after) = (*block, *block);
    before.rotate_right(1);
    after.rotate_left(1);
    let ([first, ..], [.., end]) = (&mut before, &mut after);
    (*first, *end) = (last, next);
    let within = |byte: u8, first: u8, last: u8| byte.wrapping_sub(first) <= last - first;
    let alphanumeric = |byte: u8| within(byte | 0x20, b'a', b'z') | within(byte, b'0', b'9');
    let mut any = 0;
    for ((&before, &byte), &after) in before.iter().zip(block).zip(&after) {
        any |= u8::from(within(byte, b'"', b'\''));
        any |= u8::from(byte | 2 == b'^');
        any |= u8::from(byte == b'`');
        any |= u8::from(byte >= 0x7F);
        any |= u8::from((byte < b' ') & (byte != b'\n') & (byte != b'\r') & (byte != b'\t'));
        any |= u8::from((byte == b'-') & (after == b'-'));
        any |= u8::from((byte == b'*') & ((before == b'/') | (after == b'/')));
        any |= u8::from((byte == b'(') & (within(after, b'0', b'9') | (after <= b' ')));
        any |= u8::from((byte | 0x20 == b'x') & (before == b'0'));
        any |= u8::from((byte == b'+') & alphanumeric(after));
        any |= u8::from((byte == b'=') & ((before > b' ') | alphanumeric(after) | (after < b' ')));
    }
    any != 0
}
