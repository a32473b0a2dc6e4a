//! The text of a call in one piece: its leaves one behind the other, each with its place.

use std::ops::Range;

/// Stands behind each leaf. No UTF-8 text has this byte, so no pattern matches across two leaves.
const SEPARATOR: u8 = 0xFF;

/// Every key, string and number of a call.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    text: Vec<u8>,
    leaves: Vec<(usize, Leaf)>,
}

/// What a piece of text is, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) kind: LeafKind,
    /// Where it stands: an index that its owner gave.
    pub(crate) place: usize,
}

/// The kinds of text in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LeafKind {
    Key,
    String,
    Number,
}

/// An arena whose ASCII letters are folded to one case.
#[derive(Debug)]
pub(crate) struct Folded(Arena);

impl Arena {
    /// Adds a piece of text.
    pub(crate) fn push(&mut self, text: &str, leaf: Leaf) {
        self.leaves.push((self.text.len(), leaf));
        self.text.extend_from_slice(text.as_bytes());
        self.text.push(SEPARATOR);
    }

    /// Folds the case of ASCII letters; every byte keeps its place.
    pub(super) fn fold(mut self) -> Folded {
        self.text.make_ascii_lowercase();
        Folded(self)
    }
}

impl Folded {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0.text
    }

    /// The leaf in which a range lies, and the range within it.
    pub(super) fn locate(&self, range: Range<usize>) -> Option<(Leaf, [usize; 2])> {
        let after = self.0.leaves.partition_point(|(start, _)| *start <= range.start);
        let (start, leaf) = self.0.leaves.get(after.checked_sub(1)?)?;
        Some((*leaf, [range.start - start, range.end - start]))
    }
}
