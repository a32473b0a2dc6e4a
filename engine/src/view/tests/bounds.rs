//! Any text has readings or passes a bound, and both within work that grows as the text does.

use proptest::prelude::*;

use super::super::{BYTES_BESIDES, BYTES_EACH, Search, compared, pattern_forms};

/// Marks of every notation, dense.
fn marks() -> impl Strategy<Value = String> {
    let mark = prop_oneof![
        Just("%"),
        Just("%25"),
        Just("%u00"),
        Just("&"),
        Just("&#"),
        Just("&amp;"),
        Just("\\"),
        Just("\\u"),
        Just("\\x"),
        Just("'"),
        Just("\""),
        Just("`"),
        Just("$"),
        Just("${"),
        Just("/*"),
        Just("*/"),
        Just("/*!"),
        Just("--"),
        Just("#"),
        Just("\n"),
        Just("("),
        Just(")"),
        Just("CHAR("),
        Just("CONCAT("),
        Just(","),
        Just("||"),
        Just("+"),
        Just("="),
        Just("0x"),
        Just("44"),
        Just("41424344"),
        Just("RFJP"),
        Just(" "),
        Just("é"),
        Just("\u{200B}"),
        Just("а"),
        Just("\u{E0041}"),
        Just("\0"),
        Just("Ａ"),
        Just("<!--"),
        Just("-->"),
        Just("^"),
        Just("U&'"),
    ];
    proptest::collection::vec(mark, 0..60).prop_map(|marks| marks.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_readings_within_the_bound_or_passes_it(text in prop_oneof![marks(), any::<String>()]) {
        if let Ok(found) = compared(&text, true) {
            let bytes: usize = found.iter().map(|reading| reading.text.len()).sum();
            prop_assert!(bytes <= text.len() * (BYTES_EACH + 1) + BYTES_BESIDES);
            prop_assert!(found.iter().all(|reading| !reading.view.is_empty()));
        }
        prop_assert!(pattern_forms(&text).contains(&text));
    }
}

#[test]
fn what_is_repeated_for_long_takes_no_longer_for_each_byte() {
    for piece in [
        "%25",
        "&amp;",
        "\\",
        "/*",
        "CHAR(1,",
        "CHAR(1 USING ",
        "+a",
        "'",
        "0x00,",
        "=",
        "$((",
        "((",
        "<!--",
        "CONCAT(",
        "A=",
        "AAAAAAAAAAAAAAAAAAA:",
        "\u{301}",
    ] {
        let text = piece.repeat(100_000 / piece.len());
        // Takes minutes where anything looks to the end from each place.
        let _ = compared(&text, true);
    }
}

/// What a text is charged for its readings and for the steps that look for them.
fn work(text: &str) -> usize {
    let mut search = Search::new(text);
    let before = search.bytes_left;
    search.read_all().unwrap();
    before - search.bytes_left
}

#[test]
fn twice_the_text_is_no_more_than_twice_the_work() {
    for piece in [
        "съешь ещё этих мягких булок, да выпей чаю; Zwölf Boxkämpfer. ",
        "%64%6f%20a%2520b%25252fc ",
        "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91 dGhlIGxhenkgZG9nIHNsZWVwcw== ",
        "if (a[i] != 'x\\n') { b += \"%d\" + c; } /* note */ // it's\n# d && e;\n",
        "&lt;p&gt;caf&eacute; &amp;amp; bar&#32;",
        "CHAR(68,82) || 'a' || \"b\" ",
    ] {
        let charged = |bytes: usize| work(&piece.repeat(bytes / piece.len()));
        for bytes in (10..16).map(|power| 1 << power) {
            let (once, twice) = (charged(bytes), charged(2 * bytes));
            assert!(once > 0 && twice * 10 <= once * 22, "{piece}: {bytes} bytes cost {once}, twice {twice}");
        }
    }
}
