//! What needn't be read holds nothing that is looked for.

use proptest::prelude::*;

use super::super::space::is_wide;
use super::super::{Joints, compared};

fn holds(text: &str, pattern: &str) -> bool {
    text.to_ascii_lowercase().contains(pattern)
}

/// Whether the pattern stands somewhere with no letter, digit or underscore beside it.
fn holds_word(text: &str, pattern: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let word = |character: Option<char>| character.is_some_and(|c| c == '_' || c.is_alphanumeric());
    text.match_indices(pattern).any(|(at, _)| {
        let begins = pattern.starts_with(' ') || !word(text[..at].chars().next_back());
        begins && !word(text[at + pattern.len()..].chars().next())
    })
}

#[test]
fn what_quotes_nothing_that_is_looked_for_need_not_be_read() {
    let joints = Joints::of([Some("DROP"), Some("DELETE")].into_iter());
    for (text, may_matter) in [
        ("SELECT id FROM t WHERE name = 'Bob' AND city = $1", false),
        ("SELECT id FROM t WHERE name='Bob' AND id IN ('a', 'b', 'c') LIMIT (10)", false),
        ("It's what she said: \"don't\". (1) Yes, (2) no.", false),
        ("INSERT INTO t (a, b) VALUES (1, 'it''s')", false),
        ("D'R'OP", true),
        ("'D' || 'ROP'", true),
        ("'D' || '' || N'ROP'", true),
        ("CONCAT('DR', 'OP')", true),
        ("$1DROP", true),
        ("D$1ROP", true),
        ("'RFJPUCBU' + 'QUJMRSB1'", true),
        ("CHA''R(68)", true),
        ("CHAR('68')", true),
        ("X'44524f50'", true),
        ("'0'x'44524f50'", true),
        ("'/''*x*/'", true),
        ("%44ROP", true),
    ] {
        assert_eq!(joints.may_matter(text), may_matter, "{text}");
    }
}

#[test]
fn patterns_of_several_words_lie_over_more() {
    let joints = Joints::of([Some("rm -rf")].into_iter());
    for (text, may_matter) in
        [("\"rm\" -rf", true), ("rm '-rf'", true), ("rm $1 -rf", true), ("say \"hello\" to 'her'", false)]
    {
        assert_eq!(joints.may_matter(text), may_matter, "{text}");
    }
    assert!(Joints::of([Some("it's")].into_iter()).may_matter("'"));
    assert!(Joints::of([None].into_iter()).may_matter("'"));
    assert!(Joints::of([Some("é")].into_iter()).may_matter("'"));
}

proptest! {
    #[test]
    fn what_need_not_be_read_has_no_reading_that_holds_a_pattern(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "a", "b", "A", "ab", "'", "\"", "''", "$1", "$2", "$x", " ", "  ", "\n", "(", ")", "||", "+", ".", ",", "~",
                "N'", "e", "_", "=", "61", "62", "char", "CHAR(", "concat(", "0", "x", "-", "/", "*", "YWI", "YWJhYmFi", "q",
            ]),
            0..14,
        ),
        pattern in "[ab ]{0,2}[ab]",
    ) {
        let text: String = pieces.concat();
        let joints = Joints::of([Some(pattern.as_str())].into_iter());
        let spaces = pattern.contains(' ');
        if joints.may_matter(&text) || spaces && is_wide(text.as_bytes()) {
            return Ok(());
        }
        for reading in compared(&text, spaces).unwrap() {
            prop_assert!(holds(&text, &pattern) || !holds(&reading.text, &pattern), "{pattern:?} {text:?} {reading:?}");
            prop_assert!(
                holds_word(&text, &pattern) || !holds_word(&reading.text, &pattern),
                "{pattern:?} as a word, {text:?} {reading:?}"
            );
        }
    }
}
