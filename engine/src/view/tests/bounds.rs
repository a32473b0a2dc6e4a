//! Any text has readings or passes a bound, and both within work that grows as the text does.

use proptest::prelude::*;

use super::super::{BYTES_BESIDES, BYTES_EACH, compared, pattern_forms};

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
