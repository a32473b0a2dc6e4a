//! JSON Pointers ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).

use std::fmt::Write as _;

/// Appends `/segment` with `~` and `/` escaped.
pub fn push_key(pointer: &mut String, segment: &str) {
    pointer.push('/');
    for character in segment.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// Appends `/index`.
pub fn push_index(pointer: &mut String, index: usize) {
    // Writing to a `String` can't fail.
    let _ = write!(pointer, "/{index}");
}

/// The segments of a pointer, unescaped. `""` has none; `None` where the text is no pointer: it must be empty or begin
/// with `/`, and a `~` must be `~0` or `~1`.
#[must_use]
pub fn parse(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    pointer.strip_prefix('/')?.split('/').map(unescape).collect()
}

fn unescape(segment: &str) -> Option<String> {
    let mut plain = String::with_capacity(segment.len());
    let mut characters = segment.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '~' => match characters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain)
}
