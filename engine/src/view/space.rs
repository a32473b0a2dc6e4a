//! White space: a run of it, of any kind, is one space, so that `DROP TABLE` is found in `DROP\t\nTABLE`.
//!
//! That is no decoding of its own: it is how readings, and the patterns that are looked for in them, are compared.

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

/// Whether a text of ASCII has white space that [`collapse`] would change. A loop of this form is compiled to vector
/// instructions, as those of `gate` are.
pub(crate) fn has_wide_space(text: &[u8]) -> bool {
    let wide = |byte: u8| u8::from(byte.wrapping_sub(b'\t') <= b'\r' - b'\t');
    let mut found = text.last().map_or(0, |byte| wide(*byte));
    for (&byte, &next) in text.iter().zip(text.iter().skip(1)) {
        found |= wide(byte) | (u8::from(byte == b' ') & u8::from(next == b' '));
    }
    found != 0
}
