//! Whether a text may have other readings at all, at about the speed of memory: most text has none.
//!
//! One look at a few hundred bytes tells what kinds of bytes are there (see `argala-vector`). Only where one of them could
//! begin a notation are the bytes beside it tested, without a branch for each byte. What it says no to has no reading (a
//! property holds that); what it says yes to mostly has none either.

use argala_vector::{Kinds, Look, MOST};

use super::{base64, hex, runs};

/// Bytes that could begin a notation. Rows and columns can't tell all of them from others, so a few others count too.
const MAY_BEGIN: u8 = !(ZERO | X);
const BEYOND_ASCII_OR_DATA_LINK: u8 = 1;
const CONTROL: u8 = 1 << 1;
const MARK: u8 = 1 << 2;
const EQUALS_OR_SLASH: u8 = 1 << 3;
const BACKQUOTE: u8 = 1 << 4;
const DELETE: u8 = 1 << 5;
/// What makes a notation together: `0x`.
const ZERO: u8 = 1 << 6;
const X: u8 = 1 << 7;

/// Of the kinds that most text has without a notation: the bytes among them that may begin one.
const SPARSE: [(u8, [u8; 3]); 6] = [
    (MARK, *b"\"'$"),
    (MARK, *b"%&#"),
    (MARK, *b"(*+"),
    (MARK, [b'-'; 3]),
    (EQUALS_OR_SLASH, *b"=\\^"),
    (X, *b"xxX"),
];
const ALL_SPARSE: u8 = MARK | EQUALS_OR_SLASH | X;
/// With more of these bytes in a group, it takes less to test every byte.
const FEW: usize = 32;

/// The rows and the columns of the table of ASCII.
const KINDS: Kinds = {
    const BEYOND: u8 = BEYOND_ASCII_OR_DATA_LINK;
    const ALL: u8 = BEYOND | CONTROL;
    let rows = [
        CONTROL,
        BEYOND,
        MARK,
        EQUALS_OR_SLASH | ZERO,
        0,
        EQUALS_OR_SLASH | X,
        BACKQUOTE,
        DELETE | X,
        BEYOND,
        BEYOND,
        BEYOND,
        BEYOND,
        BEYOND,
        BEYOND,
        BEYOND,
        BEYOND,
    ];
    let columns = [
        ALL | BACKQUOTE | ZERO,
        ALL,
        ALL | MARK,
        ALL | MARK,
        ALL | MARK,
        ALL | MARK,
        ALL | MARK,
        ALL | MARK,
        ALL | MARK | X,
        ALL | MARK,
        BEYOND | MARK,
        ALL | MARK,
        ALL | EQUALS_OR_SLASH,
        ALL | MARK | EQUALS_OR_SLASH,
        ALL | EQUALS_OR_SLASH,
        ALL | DELETE,
    ];
    Kinds::new(rows, columns, runs::FLOOR)
};

/// What one look at a text tells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outlook {
    /// False where a text has no reading but itself.
    pub(crate) may_differ: bool,
    /// False where it has no white space but single spaces and ends of lines, or where nobody asked.
    pub(crate) may_be_wide: bool,
}

impl Outlook {
    /// Of this text, which is added to `folded` in small letters; `spaces` asks for what it says of them.
    pub(crate) fn folding(text: &[u8], spaces: bool, folded: &mut Vec<u8>) -> Self {
        let before = folded.len();
        let outlook = Self::of(text, spaces, |group| KINDS.look_and_fold(group, folded));
        // Where a notation begins, the rest wasn't looked at.
        let rest = text.get(folded.len() - before..).unwrap_or_default();
        folded.extend(rest.iter().map(u8::to_ascii_lowercase));
        outlook
    }

    fn of(text: &[u8], spaces: bool, look: impl FnMut(&[u8]) -> Look) -> Self {
        let seen = walk(text, spaces, look);
        Self { may_differ: seen.may_differ || base64::may_be(text) || hex::may_be(text), ..seen }
    }
}

/// False where a text has no reading but itself.
pub(super) fn may_differ(text: &[u8]) -> bool {
    Outlook::of(text, false, |group| KINDS.look(group)).may_differ
}

/// Whether a notation begins anywhere, or a long run of base64 is there; and whether anything could be wide space. Where one
/// begins, the rest isn't looked at.
fn walk(text: &[u8], spaces: bool, mut look: impl FnMut(&[u8]) -> Look) -> Outlook {
    const FOUND: Outlook = Outlook { may_differ: true, may_be_wide: true };
    let byte_at = |at: usize| text.get(at).copied().unwrap_or(b'\n');
    let (mut from, mut last) = (0_usize, Look::NOTHING);
    // Two low bytes side by side: two spaces are such ones, and most text has few of them.
    let (mut control, mut low_pairs) = (false, false);
    for group in text.chunks(MOST) {
        let look = look(group);
        let to = from + group.len();
        let before = from.checked_sub(1).map_or(b'\n', byte_at);
        let may_be_hex = look.kinds & X != 0 && (look.kinds & ZERO != 0 || before == b'0');
        let kinds = look.kinds & MAY_BEGIN | if may_be_hex { X } else { 0 };
        if kinds != 0 && notates_among(kinds, before, group, byte_at(to)) {
            return FOUND;
        }
        let near = from.saturating_sub(runs::LONG - 1)..to;
        let rows = look.rows(last, group.len());
        if rows.high && runs::has_long(text.get(near).unwrap_or_default()) {
            return FOUND;
        }
        control |= look.control;
        low_pairs |= rows.low;
        (from, last) = (to, look.last());
    }
    Outlook { may_differ: false, may_be_wide: spaces && (control || low_pairs) }
}

/// Whether a byte of one of these kinds begins a notation. Where there may be only such as are few, they are looked for, as
/// that is many times faster than to test every byte.
fn notates_among(kinds: u8, last: u8, block: &[u8], next: u8) -> bool {
    if kinds & !ALL_SPARSE != 0 {
        return notates_at(last, block, next);
    }
    let byte_at = |at: usize| block.get(at).copied();
    let mut looked_at = 0;
    for (_, [one, two, three]) in SPARSE.iter().filter(|(kind, _)| kinds & kind != 0) {
        for at in memchr::memchr3_iter(*one, *two, *three, block) {
            let before = at.checked_sub(1).and_then(byte_at).unwrap_or(last);
            let after = byte_at(at + 1).unwrap_or(next);
            if byte_at(at).is_some_and(|byte| begins(before, byte, after) != 0) {
                return true;
            }
            looked_at += 1;
            if looked_at > FEW {
                return notates_at(last, block, next);
            }
        }
    }
    false
}

/// Whether one does so, by the bytes beside it: tests every byte.
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
        | (u8::from(byte == b'+') & (alphanumeric | u8::from(after == b'/')))
        | (u8::from(byte == b'=') & (u8::from(before > b' ') | alphanumeric | u8::from(after < b' ')))
}
