//! The pieces of a text that say something else, and what they say.

use std::ops::Range;

/// Pieces in the order in which they stand, none over another.
#[derive(Debug)]
pub(super) struct Found<'t> {
    text: &'t str,
    pieces: Vec<(Range<usize>, String)>,
}

impl<'t> Found<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, pieces: Vec::new() }
    }

    pub(super) fn push(&mut self, place: Range<usize>, says: String) {
        self.pieces.push((place, says));
    }

    /// Where the last piece ends.
    pub(super) fn end(&self) -> usize {
        self.pieces.last().map_or(0, |(place, _)| place.end)
    }

    pub(super) fn into_pieces(self) -> Vec<(Range<usize>, String)> {
        self.pieces
    }

    /// The text with what each piece says in its place.
    pub(super) fn in_place(&self) -> Option<String> {
        let mut out = String::with_capacity(self.text.len());
        let mut copied = 0;
        for (place, says) in &self.pieces {
            out.push_str(self.text.get(copied..place.start)?);
            out.push_str(says);
            copied = place.end;
        }
        out.push_str(self.text.get(copied..)?);
        (copied > 0).then_some(out)
    }

    /// What the pieces say, one to a line.
    pub(super) fn alone(&self) -> Option<String> {
        let said: Vec<&str> = self.pieces.iter().map(|(_, says)| says.as_str()).collect();
        (!said.is_empty()).then(|| said.join("\n"))
    }
}
