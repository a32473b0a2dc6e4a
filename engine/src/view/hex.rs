//! Runs of digits that are text: hexadecimal (`44524f50`, `44 52 4f 50`, `0x44, 0x52`) and binary (`01000100 01010010`).
//!
//! A bare run needs eight digits, as numbers are digits too, and must decode to text; what `0x` stands before is read by
//! `literal`, however short. What it does not see: decimal numbers but as arguments (`CHAR(68)`), an odd number of digits.

use super::binary;
use super::decoder::Made;
use super::found::Found;

const SHORTEST: usize = 8;
/// Groups that a separator parts.
const FEWEST_GROUPS: usize = 4;
const BITS: usize = 8;
const FEWEST_BYTES: usize = 2;

/// With runs of hexadecimal digits read, and of binary ones.
pub(super) fn read(text: &str) -> Option<Made> {
    let bits = runs(text, binary_run).in_place();
    let hex = runs(bits.as_deref().unwrap_or(text), hex_run).in_place();
    let names =
        [bits.as_ref().map(|_| "binary"), hex.as_ref().map(|_| "hex")].into_iter().flatten().collect();
    hex.or(bits).map(|text| Made { names, text })
}

/// What those runs say, without what stands around them.
pub(super) fn payloads(text: &str) -> Option<Made> {
    runs(text, hex_run).alone().map(|text| Made::new("hex", text))
}

type Run = fn(&[u8]) -> (usize, Option<String>);

/// Reads each run that begins where no letter or digit stands before.
fn runs(text: &str, run: Run) -> Found<'_> {
    let bytes = text.as_bytes();
    let mut found = Found::new(text);
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (taken, read) = run(rest);
        if let Some(read) = read {
            found.push(at..at + taken, read);
        }
        at += taken;
        // On to the next run.
        let rest = bytes.get(at..).unwrap_or_default();
        at += rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let rest = bytes.get(at..).unwrap_or_default();
        at += rest.iter().take_while(|byte| !byte.is_ascii_alphanumeric()).count();
    }
    found
}

fn hex_run(text: &[u8]) -> (usize, Option<String>) {
    let length = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let ends = text.get(length).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    if length >= SHORTEST && ends {
        let digits = text.get(..length - length % 2).unwrap_or_default();
        return (length, binary::bytes_of_hex(digits).and_then(|bytes| binary::text_within(&bytes)));
    }
    grouped(text)
}

/// Two digits, a separator, two digits, and so on, with `0x` before each or without.
fn grouped(text: &[u8]) -> (usize, Option<String>) {
    let mut bytes = Vec::new();
    let mut separator: Option<&[u8]> = None;
    let (mut at, mut end) = (0, 0);
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let prefix = if rest.starts_with(b"0x") || rest.starts_with(b"0X") { 2 } else { 0 };
        let Some(byte) = rest.get(prefix..prefix + 2).and_then(super::digits::hex) else { break };
        if rest.get(prefix + 2).is_some_and(u8::is_ascii_alphanumeric) {
            break;
        }
        bytes.extend(u8::try_from(byte));
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
    let read = if bytes.len() >= FEWEST_GROUPS { binary::text_within(&bytes) } else { None };
    (end, read)
}

/// Groups of eight binary digits, apart or not.
fn binary_run(text: &[u8]) -> (usize, Option<String>) {
    let mut bytes = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let spaces = if at > 0 { rest.iter().take_while(|byte| **byte == b' ').count().min(1) } else { 0 };
        let Some(group) = rest.get(spaces..spaces + BITS) else { break };
        let Some(byte) = super::digits::value(group, 2) else { break };
        bytes.extend(u8::try_from(byte));
        at += spaces + BITS;
    }
    let ends = text.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let read = if ends && bytes.len() >= FEWEST_BYTES { binary::whole_text(&bytes) } else { None };
    (at, read)
}
