//! Whether the readings of a text could matter to what is looked for, where they can only leave something out.
//!
//! Most text with a quote in it is prose or a query, and most of its readings are the text without its quotes. A pattern that
//! stands in such a reading and not in the text lies over a place where something was left out: the two characters that
//! meet there are neighbours in the pattern. Where no such two meet, and what is left is no notation either, the text needn't
//! be read. A property holds that what this says no to has no reading in which a pattern stands.

use std::collections::HashSet;

use super::{base64, decoder, hex, literal, runs};

/// Neighbours in the patterns that are looked for.
#[derive(Debug, Default)]
pub(crate) struct Joints {
    /// In small letters, any white space as a space. None where every reading may matter.
    pairs: Option<HashSet<[u8; 2]>>,
}

impl Joints {
    /// Those of these patterns; None is one of which nothing is known.
    pub(crate) fn of<'p>(patterns: impl Iterator<Item = Option<&'p str>>) -> Self {
        let mut pairs = HashSet::new();
        for pattern in patterns {
            let plain =
                |pattern: &&str| pattern.is_ascii() && !pattern.bytes().any(|byte| MARKS.contains(&byte));
            let Some(pattern) = pattern.filter(plain) else { return Self { pairs: None } };
            let folded: Vec<u8> = pattern.bytes().map(fold).collect();
            pairs.extend(folded.windows(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok()));
        }
        Self { pairs: Some(pairs) }
    }

    /// False where no pattern that isn't in the text is in one of its readings.
    pub(crate) fn may_matter(&self, text: &str) -> bool {
        let Some(pairs) = &self.pairs else { return true };
        if notates(text) {
            return true;
        }
        let bytes = text.as_bytes();
        let Some(without) = leave_out(bytes) else { return false };
        let spaced = pairs.iter().flatten().any(|byte| *byte == b' ');
        let meets = |left: u8, right: u8| {
            let (left, right) = (fold(left), fold(right));
            if (left, right) == (b' ', b' ') { spaced } else { pairs.contains(&[left, right]) }
        };
        // A prefix between literals may be left out with them, or be left.
        without.prefixed
            || without.met.iter().any(|(left, right)| meets(*left, *right))
            || [&without.marks, &without.gaps].into_iter().any(|left| is_loose(left))
            || without.joins_run()
    }
}

/// What a shell leaves out, or what quotes a literal.
const MARKS: &[u8] = b"'\"`\\$^";

fn fold(byte: u8) -> u8 {
    if byte.is_ascii_whitespace() || byte == 0xB { b' ' } else { byte.to_ascii_lowercase() }
}

/// Whether a text may be read as anything but itself without some of its quotes. Asked of text that isn't plain, byte by
/// byte: what it says no to could be a notation and isn't.
fn notates(text: &str) -> bool {
    let bytes = text.as_bytes();
    is_notation(text)
        || hex::may_be(bytes)
        || (runs::has_long(bytes) || base64::may_be(bytes) || has_hex(bytes)) && decoder::begins_anew(text)
}

/// Whether some bytes are a notation by what stands beside them.
fn is_notation(text: &str) -> bool {
    let bytes = text.as_bytes();
    let at = |place: Option<usize>| place.and_then(|place| bytes.get(place)).copied().unwrap_or(b'\n');
    bytes.iter().enumerate().any(|(place, byte)| {
        let (before, next) = (at(place.checked_sub(1)), at(Some(place + 1)));
        match byte {
            b'\\' | b'^' | b'`' | b'%' | b'&' | b'#' | 0x7F.. => true,
            b'\t' | b'\n' | b'\r' => false,
            0..b' ' => true,
            // A parameter of a query is one of a shell's too; where a word goes on behind it, leaving it out parts the word.
            b'$' if next.is_ascii_digit() => {
                let after = at(Some(place + 2));
                after.is_ascii_alphanumeric() || after == b'_' || MARKS.contains(&after)
            }
            b'$' => b"@*!({I'\"".contains(&next),
            b'-' => next == b'-',
            b'/' => next == b'*',
            b'*' => next == b'/',
            b'x' | b'X' => before == b'0',
            b'+' => next.is_ascii_alphanumeric(),
            b'=' => {
                let hex = next.is_ascii_hexdigit() && at(Some(place + 2)).is_ascii_hexdigit();
                hex || next < b' ' || before == b'=' || MARKS.contains(&before) || pads(text, place)
            }
            b'(' => (next.is_ascii_digit() || next <= b' ') && literal::makes_characters(text, place),
            _ => false,
        }
    })
}

/// Whether what marks were left out of could be a notation. Some marks may stay where others go, so this asks less of it than
/// [`notates`] does of a text that is as it stands.
fn is_loose(bytes: &[u8]) -> bool {
    let apart = bytes.trim_ascii();
    let whole = apart.len() >= base64::SHORTEST_MARKED && base64::is_nothing_else(apart);
    whole || has_hex(bytes) || hex::may_be(bytes) || std::str::from_utf8(bytes).map_or(true, is_notation)
}

/// Whether there are as many hexadecimal digits in a row as count between quotes.
fn has_hex(text: &[u8]) -> bool {
    let row = |row: usize, byte: &u8| if byte.is_ascii_hexdigit() { row + 1 } else { 0 };
    let mut length = 0;
    text.iter().any(|byte| {
        length = row(length, byte);
        length >= hex::SHORTEST_APART
    })
}

/// Whether an equals sign ends a run of base64 that is text.
fn pads(text: &str, sign: usize) -> bool {
    let Some(before) = sign.checked_sub(1) else { return false };
    let run = runs::around(text.as_bytes(), before);
    // Behind a mark it may be a part of a longer run, or not.
    let marked =
        run.start.checked_sub(1).and_then(|at| text.as_bytes().get(at)).is_some_and(|at| MARKS.contains(at));
    marked || run.end > before && text.get(run.start..=sign).is_none_or(decoder::begins_anew)
}

/// A text without its marks.
struct Without {
    /// The bytes that may meet.
    met: HashSet<(u8, u8)>,
    /// Whether the prefix of a literal stands between two.
    prefixed: bool,
    /// Without the marks alone, as a shell leaves it.
    marks: Vec<u8>,
    /// Without all from the first to the last of marks between which only what joins literals stands.
    gaps: Vec<u8>,
    /// Where in the last one something was left out.
    joints: Vec<usize>,
}

impl Without {
    /// Whether what was left out parted a long run of base64.
    fn joins_run(&self) -> bool {
        let part =
            |at: Option<usize>| at.and_then(|at| self.gaps.get(at)).is_some_and(|byte| runs::is_part(*byte));
        self.joints.iter().any(|at| {
            part(at.checked_sub(1)) && part(Some(*at)) && runs::around(&self.gaps, *at).len() >= runs::LONG
        })
    }
}

/// None where there is no mark.
fn leave_out(text: &[u8]) -> Option<Without> {
    let mark = |at: usize| match text.get(at)? {
        b'\'' | b'"' => Some(1),
        b'$' if text.get(at + 1).is_some_and(u8::is_ascii_digit) => Some(2),
        _ => None,
    };
    let mut without = Without {
        met: HashSet::new(),
        prefixed: false,
        marks: Vec::new(),
        gaps: Vec::new(),
        joints: Vec::new(),
    };
    let mut at = 0;
    let mut found = false;
    while let Some(byte) = text.get(at) {
        if mark(at).is_none() {
            without.marks.push(*byte);
            without.gaps.push(*byte);
            at += 1;
            continue;
        }
        found = true;
        let before = at.checked_sub(1).and_then(|before| text.get(before)).copied();
        // From the first mark to the last one, and what stands between them.
        let (mut end, mut reach) = (at, at);
        let mut between: Vec<u8> = Vec::new();
        let mut pending: Vec<u8> = Vec::new();
        loop {
            if let Some(length) = mark(reach) {
                reach += length;
                end = reach;
                between.append(&mut pending);
            } else if let Some(byte) = text.get(reach).filter(|_| joins(text, reach)) {
                pending.push(*byte);
                reach += 1;
            } else {
                break;
            }
        }
        // Each kind once: a long row of quotes must not take longer than it is.
        let mut kinds = between.clone();
        kinds.sort_unstable();
        kinds.dedup();
        let left = before.into_iter().chain(kinds.iter().copied());
        for from in left {
            let right = text.get(end).copied().into_iter().chain(kinds.iter().copied());
            without.met.extend(right.map(|to| (from, to)));
        }
        without.prefixed |= between.iter().any(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        without.marks.extend_from_slice(&between);
        without.joints.push(without.gaps.len());
        at = end;
    }
    found.then_some(without)
}

/// Whether a byte may stand between literals that are joined: space, brackets, operators, commas of a list, letters of the
/// prefix of a literal.
fn joins(text: &[u8], at: usize) -> bool {
    const PREFIX: &[u8] = b"NnEeUu_";
    const GLUE: &[u8] = b" \t\n\r()|+.&~,";
    let byte_in = |at: usize, set: &[u8]| text.get(at).is_some_and(|byte| set.contains(byte));
    let next = at + 1;
    byte_in(at, GLUE)
        || byte_in(at, PREFIX) && (byte_in(next, PREFIX) || byte_in(next, GLUE) || byte_in(next, b"'\""))
}
