//! White space: a run of it, of any kind, is one space, so that `DROP TABLE` is found in `DROP\t\nTABLE`.
//!
//! That is no decoding of its own: it is how readings, and the patterns that are looked for in them, are compared.

use argala_vector::{Kinds, Look, MOST};

use super::gate::Outlook;

/// The text with one space for each run of white space, or none where it is so.
pub(super) fn collapse(text: &str) -> Option<String> {
    let mut out = String::new();
    let (mut copied, mut run) = (0, None);
    for (at, character) in text.char_indices().chain(std::iter::once((text.len(), '.'))) {
        if character.is_whitespace() || character == '\u{2028}' {
            run.get_or_insert(at);
            continue;
        }
        let Some(start) = run.take() else { continue };
        if text.get(start..at)? != " " {
            out.push_str(text.get(copied..start)?);
            out.push(' ');
            copied = at;
        }
    }
    (copied > 0).then(|| out + text.get(copied..).unwrap_or_default())
}

/// White space that isn't a space, and what is above one.
const SPACES: Kinds = Kinds::new(
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0],
    b'!',
);

/// Whether a text of ASCII may have white space that [`collapse`] would change: any but a space, or two of them. Most text
/// has none by what is known of it already.
pub(crate) fn has_wide_space(text: &[u8], outlook: Outlook) -> bool {
    outlook.may_be_wide && is_wide(text)
}

pub(super) fn is_wide(text: &[u8]) -> bool {
    let mut last = Look::NOTHING;
    text.chunks(MOST).any(|group| {
        let look = SPACES.look(group);
        let rows = look.rows(last, group.len());
        last = look.last();
        look.kinds != 0 || rows.low
    })
}
