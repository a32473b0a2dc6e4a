//! What must be found, whichever way it is written.

mod bounds;
mod encoders;
mod gate;
mod joint;

use super::{compared, pattern_forms, readings};

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

#[test]
fn what_hides_words_from_a_reader_is_read() {
    for (text, read, view) in [
        ("RFJPUA==", "DROP", &["base64"][..]),
        ("RFJPUCBUQUJMRSB1", "DROP TABLE u", &["base64"]),
        ("x = RFJPUCBUQUJMRSB1c2Vycw;", "DROP TABLE users", &["base64"]),
        ("payloadRFJPUCBUQUJMRSB1c2VycyBub3c", "DROP TABLE users now\n", &["base64"]),
        ("RABSAE8AUAA=", "DROP", &["base64"]),
        ("IRJE6UBAKRAUETCF", "DROP TABLE", &["base32"]),
        ("44524f50", "DROP", &["hex"]),
        ("44 52 4f 50", "DROP", &["hex"]),
        ("X'44524f50'", "X'DROP'", &["hex"]),
        ("0x44, 0x52, 0x4f, 0x50", "DROP", &["hex"]),
        ("01000100 01010010 01001111 01010000", "DROP", &["binary"]),
        ("D=52OP", "DROP", &["quoted-printable"]),
        ("D+AFIATwBQ-", "DROP", &["utf-7"]),
        ("a +/yT/Mv8v/zA- b", "a DROP b", &["utf-7", "unicode"]),
        ("DROP+TABLE", "DROP TABLE", &["plus"]),
        ("DR/**/OP", "DROP", &["comments"]),
        ("DROP/* x */TABLE", "DROP TABLE", &["comments"]),
        ("DROP--x\nTABLE", "DROP\nTABLE", &["comments"]),
        ("DROP#x\nTABLE", "DROP\nTABLE", &["comments"]),
        ("/*!50000DR*//*!OP*/", "DROP", &["comments"]),
        ("DR<!-- x -->OP", "DROP", &["comments"]),
        ("CHAR(68,82,79,80)", "DROP", &["char"]),
        ("CHR(68)||CHR(82)||CHR(79)||CHR(80)", "'DROP'", &["char", "concat"]),
        ("CHAR(0x44, 82) + NCHAR(79) + 'P'", "'DROP'", &["char", "concat"]),
        ("CHAR(68,82,79,80 USING utf8)", "DROP", &["char"]),
        ("String.fromCharCode(68,82,79,80)", "DROP", &["char"]),
        ("'D'||'ROP'", "'DROP'", &["concat"]),
        ("'D' 'R' \n 'OP'", "'DROP'", &["concat"]),
        ("N'D' + N'ROP'", "N'DROP'", &["concat"]),
        ("CONCAT('D', 'ROP')", "CONCAT('DROP')", &["concat"]),
        ("\\\"D\\\" + \\\"ROP\\\"", "\\\"DROP\\\"", &["concat"]),
        ("U&'d!0052op' UESCAPE '!'", "U&'drop' UESCAPE '!'", &["sql"]),
        ("0x44524f50", "DROP", &["char"]),
        ("D'R'O\"P\"", "DROP", &["shell"]),
        ("D\\R\\OP", "DROP", &["shell"]),
        ("D$@R$*O${x}P", "DROP", &["shell"]),
        ("DR\\\nOP", "DROP", &["escape"]),
        ("rm$IFS-rf${IFS}/", "rm -rf /", &["shell"]),
        ("D^R^OP", "DROP", &["shell"]),
        ("$'\\x44\\u0052'OP", "DROP", &["escape", "shell"]),
        ("D\u{200B}RO\u{301}P", "DROP", &["unicode"]),
        ("\u{FF24}\u{1D411}\u{24C4}\u{1F17F}", "DROP", &["unicode"]),
        ("\u{E0044}\u{E0052}\u{E004F}\u{E0050}", "DROP", &["tags"]),
        ("D\0R\u{1}OP", "DROP", &["controls"]),
        ("\u{501}\u{433}\u{43E}\u{440}", "drop", &["confusable"]),
        ("DE\u{2223}ETE", "DELETE", &["confusable"]),
        ("\u{4CF}NSERT", "INSERT", &["confusable"]),
        ("\u{1D05}\u{280}\u{1D0F}\u{1D18}", "DROP", &["confusable"]),
    ] {
        let found = view_of(text, read);
        assert_eq!(found.as_deref(), Some(view), "{text}: {:#?}", readings(text));
    }
}

#[test]
fn words_numbers_and_digests_have_no_reading() {
    for text in [
        "drop",
        "dropdown",
        "internationalization",
        "d41d8cd98f00b204e9800998ecf8427e",
        "550e8400-e29b-41d4-a716-446655440000",
        "fBQKEtKkzHcfAzH2nkcSmQ",
        "/usr/share/doc/coreutils",
        "12345678",
        "I am a man of 100 words",
    ] {
        assert_eq!(readings(text), Ok(Vec::new()), "{text}");
    }
}

#[test]
fn ascii_is_never_taken_for_other_ascii() {
    for (text, absent) in [
        ("modern é", "modem"),
        ("DE1ETE é", "DELETE"),
        ("DR0P é", "DROP"),
        ("DEIETE é", "DELETE"),
        ("bum é", "burn"),
    ] {
        let found = readings(text).unwrap();
        assert!(found.iter().all(|reading| !reading.text.contains(absent)), "{text}: {found:#?}");
    }
}

#[test]
fn a_pattern_of_any_script_is_found_in_the_readings_of_its_spellings() {
    for (pattern, text) in [
        ("DROP TABLE", "DROP\t\n TABLE"),
        ("DROP TABLE", "DROP\u{A0}\u{2003}TABLE"),
        ("DROP  TABLE", "DROP TABLE/**/"),
        ("УДАЛИТЬ", "%D1%83далить"),
        ("удалить", "УДА\u{200B}ЛИТЬ"),
        ("удалить", "yдaлить \u{200B}"),
        ("straße", "STRASSE\u{200B}"),
        ("ışık", "IŞIK\u{200B}"),
        ("कमल", "क\u{200B}मल"),
    ] {
        let forms = pattern_forms(pattern);
        let found = compared(text, true).unwrap().iter().any(|reading| {
            forms.iter().any(|form| reading.text.to_ascii_lowercase().contains(&form.to_ascii_lowercase()))
        });
        assert!(found, "{pattern} in {text}: {forms:?} {:#?}", compared(text, true));
    }
}

#[test]
fn a_bound_that_is_passed_is_an_error_that_says_which() {
    let deep = (0..40).fold("%44ROP".to_owned(), |text, _| text.replace('%', "%25"));
    assert!(readings(&deep).is_err());
}

#[test]
fn source_code_and_prose_stay_within_the_bounds() {
    for piece in [
        "/* joins */ const row = \"a\" + 'b'; if (x % 2 && y) { print(`${row}\\n`, \"it's\"); } # 100%, -- so\n",
        "https://example.com/next?to=https%3A%2F%2Fexample.org%2Fa%2520b&q=two+words%21&amp;x=1\n",
        "let path = r\"C:\\new\\table\\x\"; let re = /\\\\d+\\/(?:\\w|\\\\\\\\)*/; // 50% -- \\u00e9\n",
        "<p class=\"a\">Caf&eacute; &amp; bar<!-- x --> 'tis 0x1F, CHAR(65), +ABC- = \u{e9}t\u{e9}</p>\n",
        "Пожалуйста, закажите \"столик\" на двоих у окна -- 100 % да. 予約を#お願いします。\n",
        "VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZywgYW5kIHNvIG9u\n",
    ] {
        let text = piece.repeat(40_000 / piece.len());
        let found = readings(&text).unwrap();
        let bytes: usize = found.iter().map(|reading| reading.text.len()).sum();
        assert!(bytes < text.len() * 40, "{piece} {} readings, {bytes} bytes", found.len());
    }
}
