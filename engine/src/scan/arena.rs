//! The text of a call in one piece: its leaves one behind the other, each with its place.

use std::cell::Cell;
use std::ops::Range;

/// Stands behind each leaf. No UTF-8 text has this byte, so no pattern matches across two leaves.
pub(crate) const SEPARATOR: u8 = 0xFF;

/// Texts that are scanned together, ASCII letters folded to one case: every key, string and number of a call, or the
/// readings of one of them.
#[derive(Debug)]
pub(crate) struct Arena {
    buffers: Buffers,
}

/// The memory of an arena.
#[derive(Debug, Default)]
struct Buffers {
    folded: Vec<u8>,
    leaves: Vec<(usize, Leaf)>,
    /// Texts as they stand, of those leaves that may be read in other ways.
    raw: String,
    readable: Vec<(Leaf, Range<usize>)>,
}

thread_local! {
    /// The memory of the last arena of this thread. Measured: a fresh 100 KB from the system for each call takes longer than
    /// the scan of it.
    static SPARE: Cell<Option<Buffers>> = const { Cell::new(None) };
}

/// More than this many bytes are given back.
const MAX_SPARE: usize = 1 << 20;

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

impl Default for Arena {
    fn default() -> Self {
        let buffers = SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default();
        let mut arena = Self { buffers };
        arena.clear();
        arena
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        let buffers = std::mem::take(&mut self.buffers);
        let entries = buffers.leaves.capacity() + buffers.readable.capacity();
        let bytes =
            buffers.folded.capacity() + buffers.raw.capacity() + entries * size_of::<(Leaf, Range<usize>)>();
        if bytes <= MAX_SPARE {
            // A thread that ends has no use for it.
            let _ = SPARE.try_with(|spare| spare.set(Some(buffers)));
        }
    }
}

impl Arena {
    /// Adds a text.
    pub(super) fn push(&mut self, text: &str, leaf: Leaf) {
        self.push_with(leaf, |folded| folded.extend(text.bytes().map(|byte| byte.to_ascii_lowercase())));
    }

    /// Adds the text that is added here, its letters folded.
    pub(super) fn push_with<T>(&mut self, leaf: Leaf, add: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let Buffers { folded, leaves, .. } = &mut self.buffers;
        leaves.push((folded.len(), leaf));
        let added = add(folded);
        folded.push(SEPARATOR);
        added
    }

    /// Keeps the text of a leaf as it stands: it may be read in other ways.
    pub(super) fn keep(&mut self, text: &str, leaf: Leaf) {
        let Buffers { raw, readable, .. } = &mut self.buffers;
        let start = raw.len();
        raw.push_str(text);
        readable.push((leaf, start..raw.len()));
    }

    /// Forgets every text, and keeps the memory for others.
    pub(super) fn clear(&mut self) {
        self.buffers.folded.clear();
        self.buffers.leaves.clear();
        self.buffers.raw.clear();
        self.buffers.readable.clear();
    }

    /// All texts with their separators. Folding leaves every byte in its place.
    pub(super) fn folded(&self) -> &[u8] {
        &self.buffers.folded
    }

    /// The texts that may be read in other ways, as they stand, in the order in which they were added.
    pub(crate) fn readable(&self) -> impl Iterator<Item = (Leaf, &str)> {
        let Buffers { raw, readable, .. } = &self.buffers;
        readable.iter().filter_map(|(leaf, range)| Some((*leaf, raw.get(range.clone())?)))
    }

    /// How many texts there are.
    pub(super) fn len(&self) -> usize {
        self.buffers.leaves.len()
    }

    /// What the text with this index is, and its bytes without the separator.
    pub(super) fn leaf(&self, index: usize) -> Option<(Leaf, Range<usize>)> {
        let leaves = &self.buffers.leaves;
        let (start, leaf) = *leaves.get(index)?;
        let next = leaves.get(index + 1).map_or(self.folded().len(), |(next, _)| *next);
        Some((leaf, start..next.saturating_sub(1).max(start)))
    }

    /// The index of the text in which a byte lies.
    pub(super) fn index_at(&self, offset: usize) -> Option<usize> {
        self.buffers.leaves.partition_point(|(start, _)| *start <= offset).checked_sub(1)
    }
}
