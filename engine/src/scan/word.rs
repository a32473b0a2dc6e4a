//! `match = "word"`: a match that no letter, digit or underscore of any script makes part of a longer word.
//!
//! As `\b` does in a regular expression, it looks at an edge only where the pattern has a letter there: `rm -rf /` stands in
//! `rm -rf /home` too.

use std::ops::Range;

/// Whether the match at `range` is no part of a longer word. `text` is UTF-8 between separators that are not.
pub(super) fn stands_alone(text: &[u8], range: Range<usize>) -> bool {
    let matched = text.get(range.clone()).unwrap_or_default();
    let before = last_char(text.get(..range.start).unwrap_or_default());
    let after = first_char(text.get(range.end..).unwrap_or_default());
    let joined =
        |outside: Option<char>, edge: Option<char>| outside.is_some_and(is_word) && edge.is_some_and(is_word);
    !joined(before, first_char(matched)) && !joined(after, last_char(matched))
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

/// UTF-8 takes at most this many bytes a character.
const LONGEST: usize = 4;

fn first_char(text: &[u8]) -> Option<char> {
    let head = text.get(..text.len().min(LONGEST))?;
    let valid = match std::str::from_utf8(head) {
        Ok(valid) => valid,
        Err(error) => std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?,
    };
    valid.chars().next()
}

fn last_char(text: &[u8]) -> Option<char> {
    let tail = text.get(text.len().saturating_sub(LONGEST)..)?;
    (0..tail.len()).find_map(|skip| std::str::from_utf8(tail.get(skip..)?).ok()?.chars().next_back())
}

#[cfg(test)]
mod tests {
    use super::stands_alone;

    #[test]
    fn a_word_has_no_word_character_beside_it() {
        for (text, alone) in [
            ("drop", true),
            ("drop table", true),
            (";drop--", true),
            ("dropdown", false),
            ("raindrop", false),
            ("is_drop", false),
            ("drop_", false),
            ("drop1", false),
            ("édrop", false),
            ("dropé", false),
            ("“drop”", true),
            ("😀drop😀", true),
            ("中drop", false),
        ] {
            let start = text.find("drop").unwrap();
            assert_eq!(stands_alone(text.as_bytes(), start..start + 4), alone, "{text}");
        }
    }

    #[test]
    fn an_edge_that_is_no_letter_needs_nothing_beside_it() {
        for (text, alone) in [("x(drop;y", true), ("x(drop;", true), ("(drop;", true)] {
            let start = text.find("(drop;").unwrap();
            assert_eq!(stands_alone(text.as_bytes(), start..start + 6), alone, "{text}");
        }
    }

    #[test]
    fn a_word_ends_where_its_leaf_does() {
        assert!(stands_alone(b"ab\xffdrop\xffcd", 3..7));
    }
}
