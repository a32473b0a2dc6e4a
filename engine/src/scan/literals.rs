//! Many literal texts, looked for at once.
//!
//! Two machines. The packed one (Teddy: Wang et al., "Hyperscan", NSDI 2019, section 4.3) is near the speed of memory, but
//! takes few texts and sees no match that lies over another one. So it only answers where the first match of a leaf
//! stands; from there to the leaf's end the automaton (Aho and Corasick, CACM 18, 1975) tells every match, overlapping ones
//! too. Where nothing matches, which is what nearly every call looks like, the automaton never runs.

use std::fmt::Display;
use std::ops::Range;

use aho_corasick::automaton::Automaton as _;
use aho_corasick::dfa::DFA;
use aho_corasick::packed;
use aho_corasick::{AhoCorasick, Input, Match, MatchKind, Span};

use super::arena::Arena;
use super::lanes;

/// Compiled texts.
#[derive(Debug)]
pub(super) struct Literals {
    packed: Option<packed::Searcher>,
    /// None where there is nothing to look for.
    automaton: Option<Automaton>,
}

/// Tells every match.
#[derive(Debug)]
enum Automaton {
    /// One table row a byte of the texts, of up to 1 KiB.
    Table(Box<DFA>),
    /// Slower by half, and smaller by far.
    Compact(AhoCorasick),
}

/// Measured: past this many texts the packed search verifies so many candidates that the automaton is as fast.
const MAX_PACKED: usize = 64;

/// The packed search goes by the first bytes of a text; with one or two of them nearly every place is a candidate.
const MIN_PACKED_LENGTH: usize = 3;

/// The packed search sorts texts into 8 buckets or, at half the speed, into 16. Measured: past this many texts the 8 lose
/// more to false candidates than they win.
const MAX_NARROW: usize = 8;

/// Up to this many bytes of texts the automaton is a table.
const MAX_TABLE_BYTES: usize = 32 << 10;

impl Literals {
    /// Compiles texts, none of which is empty.
    ///
    /// # Errors
    /// A sentence, where they take too much memory.
    pub(super) fn new(texts: &[String]) -> Result<Self, String> {
        if texts.is_empty() {
            return Ok(Self { packed: None, automaton: None });
        }
        let bytes: usize = texts.iter().map(String::len).sum();
        // Overlapping search needs the standard kind: no match may hide another one.
        let kind = MatchKind::Standard;
        let refuse = |error: &dyn Display| format!("the denied patterns can't be compiled: {error}");
        let automaton = if bytes <= MAX_TABLE_BYTES {
            let table = DFA::builder().match_kind(kind).prefilter(false).build(texts);
            let table = table.map_err(|error| refuse(&error))?;
            // So that no search can refuse to be one.
            table.try_find_overlapping_iter(Input::new("")).map_err(|error| refuse(&error))?;
            Automaton::Table(Box::new(table))
        } else {
            let compact = AhoCorasick::builder().match_kind(kind).build(texts);
            Automaton::Compact(compact.map_err(|error| refuse(&error))?)
        };
        let fit = texts.len() <= MAX_PACKED && texts.iter().all(|text| text.len() >= MIN_PACKED_LENGTH);
        Ok(Self { packed: fit.then(|| pack(texts)).flatten(), automaton: Some(automaton) })
    }

    /// Tells `found` every text that stands in a leaf, by the index of the text, the index of the leaf and the bytes of
    /// the arena; in the order in which matches end. Ends early where `found` says that it wants no more.
    pub(super) fn find(&self, arena: &Arena, mut found: impl FnMut(usize, usize, Range<usize>) -> bool) {
        let Some(automaton) = &self.automaton else { return };
        let folded = arena.folded();
        let Some(packed) = &self.packed else {
            if !automaton.holds_none(folded) {
                automaton.find(folded, |text, range| {
                    arena.index_at(range.start).is_none_or(|leaf| found(text, leaf, range))
                });
            }
            return;
        };
        let mut from = 0;
        while let Some(hit) =
            packed.find_in(folded, Span { start: from.min(folded.len()), end: folded.len() })
        {
            let Some(index) = arena.index_at(hit.start()) else { return };
            let Some((_, leaf)) = arena.leaf(index) else { return };
            let start = hit.start();
            let wants_more = automaton
                .find(folded.get(start..leaf.end).unwrap_or_default(), |text, range| {
                    found(text, index, start + range.start..start + range.end)
                });
            if !wants_more {
                return;
            }
            from = leaf.end + 1;
        }
    }
}

impl Automaton {
    /// Whether a text certainly holds no match.
    fn holds_none(&self, text: &[u8]) -> bool {
        match self {
            Self::Table(table) => lanes::holds_none(table, text),
            Self::Compact(_) => false,
        }
    }

    /// Tells every match, by the index of the text and its bytes, in the order in which they end. Ends early where `found`
    /// says that it wants no more, and says so too.
    fn find(&self, text: &[u8], mut found: impl FnMut(usize, Range<usize>) -> bool) -> bool {
        let mut tell = |hit: Match| found(hit.pattern().as_usize(), hit.range());
        match self {
            // It takes the input of an unanchored search, which is what this is.
            Self::Table(table) => match table.try_find_overlapping_iter(Input::new(text)) {
                Ok(mut hits) => hits.all(&mut tell),
                Err(_) => false,
            },
            Self::Compact(compact) => compact.find_overlapping_iter(text).all(&mut tell),
        }
    }
}

/// None on a machine that has no instructions for it.
fn pack(texts: &[String]) -> Option<packed::Searcher> {
    let mut texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
    // Neighbours come into different buckets. Measured: that helps most where neighbours are alike at their ends.
    texts.sort_by(|left, right| left.iter().rev().cmp(right.iter().rev()));
    let build =
        |wide: Option<bool>| packed::Config::new().only_teddy_fat(wide).builder().extend(&texts).build();
    (texts.len() > MAX_NARROW).then(|| build(Some(true))).flatten().or_else(|| build(None))
}
