//! Whether the readings of a text could matter to what is looked for, where they can only leave something out.
//!
//! Most text with a quote in it is prose or a query, and most of its readings are the text without its quotes. A pattern that
//! stands in such a reading and not in the text lies over a place where something was left out: the two characters that
//! meet there are neighbours in the pattern. Where no such two meet, and what is left is no notation either, the text needn't
//! be read. A property holds that what this says no to has no reading in which a pattern stands.

use std::ops::Range;

use super::{base64, decoder, hex, literal, runs};

/// Neighbours in the patterns that are looked for. None where every reading may matter.
#[derive(Debug, Default)]
pub(crate) struct Joints(Option<Pairs>);

#[derive(Debug)]
struct Pairs {
    /// Of each two bytes of ASCII, in small letters, any white space as a space: whether they are neighbours.
    neighbours: Vec<bool>,
    /// Whether a space is one of some.
    spaced: bool,
}

impl Joints {
    /// Those of these patterns; None is one of which nothing is known.
    pub(crate) fn of<'p>(patterns: impl Iterator<Item = Option<&'p str>>) -> Self {
        let mut pairs = Pairs { neighbours: vec![false; 1 << 14], spaced: false };
        for pattern in patterns {
            let plain =
                |pattern: &&str| pattern.is_ascii() && !pattern.bytes().any(|byte| MARKS.contains(&byte));
            let Some(pattern) = pattern.filter(plain) else { return Self(None) };
            for (left, right) in pattern.bytes().zip(pattern.bytes().skip(1)) {
                pairs.spaced |= fold(left) == b' ' || fold(right) == b' ';
                if let Some(known) = pairs.neighbours.get_mut(Pairs::index(left, right)) {
                    *known = true;
                }
            }
        }
        Self(Some(pairs))
    }

    /// False where no pattern that isn't in the text is in one of its readings.
    pub(crate) fn may_matter(&self, text: &str) -> bool {
        let Some(pairs) = &self.0 else { return true };
        if notates(text) {
            return true;
        }
        let Some(without) = leave_out(text, pairs) else { return false };
        // A prefix between literals may be left out with them, or be left. And what decodes to nothing may decode to something
        // without a quote beside it.
        without.met
            || without.prefixed
            || runs::has_long(text.as_bytes())
            || without.marks.is_loose()
            || without.gaps.is_some_and(|gaps| gaps.is_loose())
    }
}

impl Pairs {
    fn index(left: u8, right: u8) -> usize {
        usize::from(fold(left)) << 7 | usize::from(fold(right))
    }

    /// Whether a pattern may lie over two bytes that meet.
    fn meet(&self, left: u8, right: u8) -> bool {
        // Two spaces are one.
        let spaces = fold(left) == b' ' && fold(right) == b' ';
        spaces && self.spaced || self.neighbours.get(Self::index(left, right)) == Some(&true)
    }

    /// Whether a pattern may lie over a place that is left out between spaces, and over what stands beside those. (One that
    /// ends in the space stands in the text as well.)
    fn meet_over_space(&self, text: &[u8], place: Range<usize>) -> bool {
        let (before, after) = (text.get(..place.start), text.get(place.end..));
        let spaced = |byte: &&u8| fold(**byte) != b' ';
        let left = before.unwrap_or_default().iter().rev().find(spaced);
        let right = after.unwrap_or_default().iter().find(spaced);
        let (Some(&left), Some(&right)) = (left, right) else { return false };
        // A mark is left out too, and beyond it stands something else.
        MARKS.contains(&left) || MARKS.contains(&right) || self.meet(left, b' ') && self.meet(b' ', right)
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
    is_notation(text, 0..bytes.len())
        || hex::may_be(bytes)
        || (runs::has_long(bytes) || base64::may_be(bytes) || has_hex(bytes)) && decoder::begins_anew(text)
}

/// Whether some bytes are a notation by what stands beside them.
fn is_notation(text: &str, places: Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let at = |place: Option<usize>| place.and_then(|place| bytes.get(place)).copied().unwrap_or(b'\n');
    let part = bytes.get(places.clone());
    places.zip(part.unwrap_or_default()).any(|(place, byte)| {
        // Most bytes are these.
        if matches!(byte, b' ' | b',' | b'.' | b'0'..=b'<' | b'A'..=b'W' | b'_' | b'a'..=b'w') {
            return false;
        }
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
            b'+' => next.is_ascii_alphanumeric() || next == b'/',
            b'=' => {
                let hex = next.is_ascii_hexdigit() && at(Some(place + 2)).is_ascii_hexdigit();
                hex || next < b' ' || before == b'=' || MARKS.contains(&before) || pads(text, place)
            }
            b'(' => (next.is_ascii_digit() || next <= b' ') && literal::makes_characters(text, place),
            _ => false,
        }
    })
}

/// Whether there are as many hexadecimal digits in a row as count between quotes. What stands before a byte that is none is
/// no such row, and needn't be looked at.
fn has_hex(text: &[u8]) -> bool {
    let mut from = 0;
    while let Some(row) = text.get(from..from + hex::SHORTEST_APART) {
        let Some(other) = row.iter().rposition(|byte| !byte.is_ascii_hexdigit()) else { return true };
        from += other + 1;
    }
    false
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
#[derive(Default)]
struct Without {
    /// Whether bytes meet over which a pattern may lie.
    met: bool,
    /// Whether the prefix of a literal stands between two.
    prefixed: bool,
    /// Without the marks alone, as a shell leaves it.
    marks: Rest,
    /// Without all from the first to the last of marks between which only what joins literals stands. None where nothing
    /// stands between any: that is the text without its marks.
    gaps: Option<Rest>,
}

impl Without {
    fn with_capacity(bytes: usize) -> Self {
        Self { marks: Rest { text: String::with_capacity(bytes), ..Rest::default() }, ..Self::default() }
    }
}

/// What is left of a text.
#[derive(Default)]
struct Rest {
    text: String,
    /// Where something was left out.
    joints: Vec<usize>,
}

impl Rest {
    /// The same text with the first of its joints.
    fn with_joints(&self, count: usize) -> Self {
        Self { text: self.text.clone(), joints: self.joints.iter().take(count).copied().collect() }
    }

    /// Whether it could be a notation. Some marks may stay where others go, so this asks less of it than [`notates`] does of
    /// a text that is as it stands.
    fn is_loose(&self) -> bool {
        let bytes = self.text.as_bytes();
        let apart = bytes.trim_ascii();
        apart.len() >= base64::SHORTEST_MARKED && base64::is_nothing_else(apart)
            || has_hex(bytes)
            || hex::may_be(bytes)
            || memchr::memchr_iter(b'(', bytes).any(|bracket| literal::makes_characters(&self.text, bracket))
            || self.joints.iter().any(|joint| self.is_loose_at(*joint))
    }

    /// Whether what meets here begins a notation, or is a long run of base64.
    fn is_loose_at(&self, joint: usize) -> bool {
        let bytes = self.text.as_bytes();
        let part =
            |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(|byte| runs::is_part(*byte));
        let parted = part(joint.checked_sub(1)) && part(Some(joint));
        parted && (runs::around(bytes, joint).len() >= runs::LONG || self.ends_padded(joint))
            || is_notation(&self.text, joint.saturating_sub(NEAR)..(joint + NEAR).min(bytes.len()))
    }

    /// Whether an equals sign ends the run in which this lies.
    fn ends_padded(&self, joint: usize) -> bool {
        self.text.as_bytes().get(runs::around(self.text.as_bytes(), joint).end) == Some(&b'=')
    }
}

/// No notation that begins with a few bytes begins with more than this many.
const NEAR: usize = 4;

/// None where there is no mark.
fn leave_out(text: &str, pairs: &Pairs) -> Option<Without> {
    let bytes = text.as_bytes();
    let mark = |at: usize| match bytes.get(at)? {
        b'\'' | b'"' => Some(1),
        b'$' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => Some(2),
        _ => None,
    };
    let mut without: Option<Without> = None;
    let mut copied = 0;
    for at in memchr::memchr3_iter(b'\'', b'"', b'$', bytes) {
        if at < copied || mark(at).is_none() {
            continue;
        }
        let without = without.get_or_insert_with(|| Without::with_capacity(bytes.len()));
        let joints_before = without.marks.joints.len();
        // From the first mark to the last one, and what stands between them.
        let (mut end, mut reach) = (at, at);
        let mut between = String::new();
        loop {
            if let Some(length) = mark(reach) {
                between.push_str(text.get(end..reach).unwrap_or_default());
                reach += length;
                end = reach;
                without.marks.joints.push(without.marks.text.len() + at - copied + between.len());
            } else if joins(bytes, reach) {
                reach += 1;
            } else {
                break;
            }
        }
        // Each kind once: a long row of quotes must not take longer than it is.
        let mut kinds = between.clone().into_bytes();
        kinds.sort_unstable();
        kinds.dedup();
        let before = at.checked_sub(1).and_then(|before| bytes.get(before)).copied();
        let after = bytes.get(end).copied();
        if kinds.is_empty() && before == Some(b' ') && after == Some(b' ') {
            without.met |= pairs.spaced && pairs.meet_over_space(bytes, at..end);
        } else {
            for from in before.into_iter().chain(kinds.iter().copied()) {
                let mut right = after.into_iter().chain(kinds.iter().copied());
                without.met |= right.any(|to| pairs.meet(from, to));
            }
        }
        without.prefixed |= kinds.iter().any(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        let kept = text.get(copied..at).unwrap_or_default();
        if !between.is_empty() && without.gaps.is_none() {
            without.gaps = Some(without.marks.with_joints(joints_before));
        }
        without.marks.text.push_str(kept);
        without.marks.text.push_str(&between);
        if let Some(gaps) = &mut without.gaps {
            gaps.text.push_str(kept);
            gaps.joints.push(gaps.text.len());
        }
        copied = end;
    }
    let mut without = without?;
    let kept = text.get(copied..).unwrap_or_default();
    without.marks.text.push_str(kept);
    if let Some(gaps) = &mut without.gaps {
        gaps.text.push_str(kept);
    }
    Some(without)
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
