//! What the gate says no to has no reading, and no wide space.

use proptest::prelude::*;

use super::super::gate::may_differ;
use super::super::space::is_wide;
use super::super::{Outlook, has_wide_space, read_all};

/// Text in which what begins a notation is dense, and text in which it is rare.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~\n\t]{0,200}",
        "[a-z0-9A-F (x+=/*\n-]{0,120}",
        "([a-z]{1,12}[ \n.,]){0,40}",
        "[0-9a-f]{0,40}",
        "([0-9a-f]{2}[ :]){0,12}[0-9a-f]{0,2}",
        "[01 ]{0,60}",
        "([A-Za-z0-9+/]{6,12}\n){0,8}[A-Za-z0-9]{0,8}={0,2}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_text_that_the_gate_lets_by_has_no_reading(text in texts()) {
        if !may_differ(text.as_bytes()) {
            prop_assert_eq!(read_all(&text), Ok(Vec::new()));
        }
    }

    #[test]
    fn no_wide_space_is_overlooked(text in prop_oneof![texts(), "[ab,]{0,70}[ \t\n\r]{0,2}[ab,]{0,70}"]) {
        let outlook = Outlook::folding(text.as_bytes(), true, &mut Vec::new());
        prop_assert_eq!(has_wide_space(text.as_bytes(), outlook), is_wide(text.as_bytes()));
    }
}

#[test]
fn plain_text_is_let_by() {
    for text in [
        "",
        "users",
        "SELECT id, name FROM customers WHERE city = $1 LIMIT 10".replace('$', "").as_str(),
        "Please book a table for two at eight (near the window), and a taxi home; thanks!\nSee you then.",
        "The report of 2024-05-17 lists 12345678 rows, 3.5 % fewer than before"
            .replace('%', "per cent")
            .as_str(),
        "/srv/data/may.csv",
        "select count(*) from t where a = 1 and b <> 2",
    ] {
        assert!(!may_differ(text.as_bytes()), "{text}");
    }
}
