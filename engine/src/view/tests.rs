//! What must be found, whichever way it is written.

mod encoders;

use super::readings;

/// The view under which a text is read as `read`.
fn view_of(text: &str, read: &str) -> Option<Vec<&'static str>> {
    let readings = readings(text).unwrap();
    readings.into_iter().find(|reading| reading.text.eq_ignore_ascii_case(read)).map(|reading| reading.view)
}

#[test]
fn a_text_is_read_through_every_notation_of_single_characters() {
    for (text, view) in [
        ("%44ROP", &["percent"][..]),
        ("%44%52%4f%50", &["percent"]),
        ("%2544ROP", &["percent", "percent"]),
        ("%252544ROP", &["percent", "percent", "percent"]),
        ("%u0044ROP", &["percent"]),
        ("%U0044ROP", &["percent"]),
        ("%C1%84ROP", &["percent"]),
        ("%E0%81%84ROP", &["percent"]),
        ("%F0%80%81%84ROP", &["percent"]),
        ("%%34%34ROP", &["percent", "percent"]),
        ("D%R%O%P", &["percent"]),
        ("&#68;ROP", &["html"]),
        ("&#x44;ROP", &["html"]),
        ("&#X44ROP", &["html"]),
        ("&#0000068ROP", &["html"]),
        ("&amp;#68;ROP", &["html", "html"]),
        ("&#38;#68;ROP", &["html", "html"]),
        ("DR&NoBreak;OP", &["html", "unicode"]),
        ("\\u0044ROP", &["escape"]),
        ("\\uuu0044ROP", &["escape"]),
        ("\\u{44}ROP", &["escape"]),
        ("\\U00000044ROP", &["escape"]),
        ("\\x44ROP", &["escape"]),
        ("\\x{44}ROP", &["escape"]),
        ("\\104ROP", &["escape"]),
        ("\\0104ROP", &["escape"]),
        ("\\o{104}ROP", &["escape"]),
        ("\\N{U+44}ROP", &["escape"]),
        ("\\\\u0044ROP", &["escape", "escape"]),
        ("\\0044\\0052\\004f\\0050", &["sql"]),
        ("\\+000044ROP", &["sql"]),
        ("\\44 ROP", &["css"]),
        ("%26%2368;ROP", &["percent", "html"]),
        ("&#37;44ROP", &["html", "percent"]),
        ("\\x2544ROP", &["escape", "percent"]),
        ("&bsol;x44ROP", &["html", "escape"]),
    ] {
        assert_eq!(view_of(text, "DROP").as_deref(), Some(view), "{text}");
    }
}
