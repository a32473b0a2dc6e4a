//! Runs of digits that are text: hexadecimal (`44524f50`, `44 52 4f 50`, `0x44, 0x52`) and binary (`01000100 01010010`).
//!
//! A bare run within a text needs sixteen digits, as numbers are digits too, and one that is quoted or the whole text needs
//! eight; groups without `0x` must be the whole text. What they decode to must be text (see `binary`). What `0x` stands before
//! is read by `literal`, however short. What it does not see: decimal numbers but as arguments (`CHAR(68)`), an odd number of
//! digits.

use std::ops::Range;

use super::binary;
use super::decoder::Made;
use super::found::Found;
use super::runs;

const SHORTEST: usize = runs::LONG;
/// Where it is quoted, or the whole text.
pub(super) const SHORTEST_APART: usize = 8;
/// Groups that a separator parts.
const FEWEST_GROUPS: usize = 4;
const BITS: usize = 8;
const FEWEST_BYTES: usize = 2;

/// With runs of hexadecimal digits read, and of binary ones.
pub(super) fn read(text: &str) -> Option<Made> {
    let bits = read_runs(text, binary_run).in_place();
    let hex = read_runs(bits.as_deref().unwrap_or(text), hex_run).in_place();
    let names =
        [bits.as_ref().map(|_| "binary"), hex.as_ref().map(|_| "hex")].into_iter().flatten().collect();
    hex.or(bits).map(|text| Made { names, text })
}

/// What those runs say, without what stands around them.
pub(super) fn payloads(text: &str) -> Option<Made> {
    read_runs(text, hex_run).alone().map(|text| Made::new("hex", text))
}

/// Whether a text has a run from its beginning on, which is the only place for some.
pub(super) fn may_be(text: &[u8]) -> bool {
    let start = text.len() - text.trim_ascii_start().len();
    if !text.get(start).is_some_and(u8::is_ascii_hexdigit) {
        return false;
    }
    hex_run(text, start).1.is_some() || binary_run(text, start).1.is_some()
}

/// What reads the run at a place: where that ends, and what it says.
type Run = fn(&[u8], usize) -> (usize, Option<String>);

/// Reads each run, none over another.
fn read_runs(text: &str, run: Run) -> Found<'_> {
    let bytes = text.as_bytes();
    let mut found = Found::new(text);
    let mut passed = 0;
    for at in starts(bytes) {
        // What was no run is none from its middle either.
        if at < passed {
            continue;
        }
        let (end, read) = run(bytes, at);
        passed = end;
        if let Some(read) = read {
            found.push(at..end, read);
        }
    }
    found
}

/// Where `0x` stands. Looked for as a whole: a search that stops at each `x` takes long in a text of many.
pub(super) fn prefixes(text: &[u8]) -> impl Iterator<Item = usize> {
    let small = memchr::memmem::find_iter(text, b"0x");
    small.chain(memchr::memmem::find_iter(text, b"0X"))
}

/// Where a run may begin that counts: at the beginning, behind a quote, at `0x`, and in long runs of letters and digits.
fn starts(text: &[u8]) -> Vec<usize> {
    let mut starts = vec![text.len() - text.trim_ascii_start().len()];
    let alphanumeric = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
    starts.extend(
        memchr::memchr2_iter(b'\'', b'"', text).map(|quote| quote + 1).filter(|at| alphanumeric(*at)),
    );
    starts.extend(prefixes(text));
    for run in runs::long(text) {
        starts.extend(run.filter(|at| alphanumeric(*at) && !at.checked_sub(1).is_some_and(alphanumeric)));
    }
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// Whether nothing but white space stands around a place.
fn is_whole(text: &[u8], place: Range<usize>) -> bool {
    let blank = |part: Option<&[u8]>| part.is_some_and(|part| part.trim_ascii().is_empty());
    // A long way to either side isn't worth walking.
    place.end - place.start >= text.len() / 2
        && blank(text.get(..place.start))
        && blank(text.get(place.end..))
}

fn is_quoted(text: &[u8], place: &Range<usize>) -> bool {
    let quote =
        |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|byte| matches!(byte, b'\'' | b'"'));
    quote(place.start.checked_sub(1)) && quote(Some(place.end))
}

fn hex_run(text: &[u8], at: usize) -> (usize, Option<String>) {
    let rest = text.get(at..).unwrap_or_default();
    let length = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let place = at..at + length;
    let ends = rest.get(length).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let apart = length >= SHORTEST_APART && (is_quoted(text, &place) || is_whole(text, place));
    if ends && (length >= SHORTEST || apart) {
        let digits = rest.get(..length - length % 2).unwrap_or_default();
        return (at + length, binary::bytes_of_hex(digits).and_then(|bytes| binary::text_within(&bytes)));
    }
    grouped(text, at)
}

/// Two digits, a separator, two digits, and so on, with `0x` before each or without.
fn grouped(text: &[u8], start: usize) -> (usize, Option<String>) {
    let mut bytes = Vec::new();
    let mut separator: Option<&[u8]> = None;
    let (mut at, mut end, mut marked) = (start, start, true);
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let prefix = if rest.starts_with(b"0x") || rest.starts_with(b"0X") { 2 } else { 0 };
        let Some(byte) = rest.get(prefix..prefix + 2).and_then(super::digits::hex) else { break };
        if rest.get(prefix + 2).is_some_and(u8::is_ascii_alphanumeric) {
            break;
        }
        bytes.extend(u8::try_from(byte));
        marked &= prefix > 0;
        at += prefix + 2;
        end = at;
        let rest = text.get(at..).unwrap_or_default();
        // Without `0x`, commas part decimal numbers.
        let separators: &[u8] = if prefix > 0 { b", ;|\n" } else { b" :-._\n" };
        let length = rest.iter().take(2).take_while(|byte| separators.contains(byte)).count();
        let Some(between) = rest.get(..length).filter(|between| !between.is_empty()) else { break };
        if *separator.get_or_insert(between) != between {
            break;
        }
        at += length;
    }
    let counts = bytes.len() >= FEWEST_GROUPS && (marked || is_whole(text, start..end));
    (end, if counts { binary::text_within(&bytes) } else { None })
}

/// Groups of eight binary digits, apart or not.
fn binary_run(text: &[u8], start: usize) -> (usize, Option<String>) {
    let mut bytes = Vec::new();
    let (mut at, mut apart) = (start, false);
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let spaces = usize::from(at > start && rest.starts_with(b" "));
        let Some(group) = rest.get(spaces..spaces + BITS) else { break };
        let Some(byte) = super::digits::value(group, 2) else { break };
        bytes.extend(u8::try_from(byte));
        apart |= spaces > 0;
        at += spaces + BITS;
    }
    let ends = text.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let counts = ends && bytes.len() >= FEWEST_BYTES && (!apart || is_whole(text, start..at));
    (at, if counts { binary::whole_text(&bytes) } else { None })
}
