//! Here-documents: text that a command reads, with expansions where its delimiter isn't quoted.

use super::super::word::Word;
use super::{Read, Reader};

/// A here-document whose text is still to come.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) delimiter: String,
    /// Whether its text is taken letter by letter.
    pub(super) literal: bool,
    /// `<<-`: tabs before a line are dropped.
    pub(super) tabs: bool,
}

impl Reader<'_, '_> {
    /// Passes the text of a here-document and reads the expansions in it.
    pub(super) fn heredoc(&mut self, pending: &Pending) -> Read<()> {
        let start = self.at;
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return Err(self.fault("a here-document whose end isn't there"));
            }
            let line = rest.split('\n').next().unwrap_or_default();
            let bare = if pending.tabs { line.trim_start_matches('\t') } else { line };
            let end = self.at;
            self.at += line.len();
            if bare == pending.delimiter {
                return if pending.literal { Ok(()) } else { self.expansions(start, end) };
            }
            // Some shells join the line with the next, which may then be the delimiter.
            if !pending.literal && line.ends_with('\\') {
                return Err(self.fault("a broken line in a here-document, which shells read differently"));
            }
            self.at += usize::from(self.byte() == Some(b'\n'));
        }
    }

    fn expansions(&mut self, start: usize, end: usize) -> Read<()> {
        let text = self.text.get(start..end).unwrap_or_default();
        if !text.contains(['$', '`', '\\']) {
            return Ok(());
        }
        let mut inner = self.inner(text, "<<")?;
        let mut ignored = Word::default();
        while inner.byte().is_some() {
            inner.inside_double(&mut ignored, false).map_err(|fault| super::Fault { at: start, ..fault })?;
        }
        Ok(())
    }
}
