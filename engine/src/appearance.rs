//! How text looks to whoever reads it: what of it nobody sees, and what it may be mistaken for.
//!
//! ```
//! use argala_engine::appearance::{is_hidden, skeleton};
//!
//! assert!(is_hidden('\u{202e}'));
//! assert_eq!(skeleton("send_m\u{430}il"), skeleton("send_mail"));
//! ```

use unicode_normalization::UnicodeNormalization;

/// Whether a character shows nothing, wherever it stands: it is a control beyond ASCII, a format, a filler, or none at all.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    crate::view::is_hidden(character)
}

/// What stands for all texts that look like this one: two that look alike have the same (UTS 39, section 4, with a few letters
/// more, and without what nobody sees). It is no text to show to anyone.
#[must_use]
pub fn skeleton(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for character in text.chars().filter(|character| !is_hidden(*character)).nfkd() {
        match crate::view::alike_besides_the_table(character) {
            Some(alike) => seen.push_str(alike),
            None => seen.push(character),
        }
    }
    unicode_security::skeleton(&seen).collect()
}

#[cfg(test)]
mod tests {
    use super::skeleton;

    #[test]
    fn what_looks_alike_has_one_skeleton_and_what_does_not_has_another() {
        for (one, other, alike) in [
            ("send_mail", "send_mail", true),
            ("send_mail", "ѕend_mail", true),
            ("send_mail", "send_rnail", true),
            ("send_mail", "ｓend_mail", true),
            ("send_mail", "se\u{200b}nd_mail", true),
            ("list", "Iist", true),
            ("copy", "сору", true),
            ("send_mail", "send_mails", false),
            ("read_file", "readFile", false),
            ("read", "write", false),
        ] {
            assert_eq!(skeleton(one) == skeleton(other), alike, "{one} {other}");
        }
    }
}
