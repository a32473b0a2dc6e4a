//! The notations that stand for single characters, read together from left to right: percent encoding, character references
//! and backslash escapes.
//!
//! No two of them begin with the same character, so that one sweep reads what each alone would, in any mixture. What a
//! sweep brings to light is read by the next one.

use super::assembly::{Assembly, Piece};
use super::decoder::Made;
use super::{escape, html, percent};

/// By first character: the name and the reader.
type Notation = (&'static str, fn(&[u8]) -> Option<(Piece, usize)>);
const PERCENT: Notation = ("percent", percent::read);
const HTML: Notation = ("html", html::read);
const ESCAPE: Notation = ("escape", escape::read);

/// Reads every one of them once.
pub(super) fn sweep(text: &str) -> Option<Made> {
    let bytes = text.as_bytes();
    let mut assembly = Assembly::default();
    let mut names: [Option<&'static str>; 3] = [None; 3];
    let mut copied = 0;
    for at in memchr::memchr3_iter(b'%', b'&', b'\\', bytes) {
        if at < copied {
            continue;
        }
        let (place, (name, read)) = match bytes.get(at) {
            Some(b'%') => (0, PERCENT),
            Some(b'&') => (1, HTML),
            _ => (2, ESCAPE),
        };
        let Some((piece, taken)) = bytes.get(at..).and_then(read) else { continue };
        if copied == 0 {
            assembly = Assembly::with_capacity(bytes.len());
        }
        assembly.copy(text.get(copied..at)?);
        assembly.push(piece);
        copied = at + taken;
        if let Some(slot) = names.get_mut(place) {
            *slot = Some(name);
        }
    }
    if copied == 0 {
        return None;
    }
    assembly.copy(text.get(copied..)?);
    Some(Made { names: names.into_iter().flatten().collect(), text: assembly.finish() })
}
