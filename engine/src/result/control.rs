//! Control characters: what a terminal obeys instead of showing it, and what a model reads while no person sees it.
//!
//! Taken out are escape sequences (ECMA-48, in 7 bits and in 8) with all that belongs to them; C0 but tab and the ends of
//! lines, DEL and C1; what embeds, overrides or isolates a direction of writing, and the old format controls behind it; tags
//! that are no flag's; a variation selector behind another one. The marks LRM, RLM and ALM stay, as does what joins letters:
//! honest text of many languages has them, and they hide nothing.

const ESCAPE: char = '\u{1b}';

/// The flags that are spelt in tags (Unicode's RGI_Emoji_Tag_Sequence): England, Scotland, Wales.
const FLAGS: [&str; 3] = [
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
];

/// The text without them; None where there are none.
pub(super) fn stripped(text: &str) -> Option<String> {
    let mut rest = text;
    let mut out = String::new();
    let mut changed = false;
    while let Some(at) = rest.bytes().position(may_begin) {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let (kept, dropped) = lengths(from, out.chars().next_back());
        changed |= dropped > 0;
        out.push_str(from.get(..kept).unwrap_or_default());
        rest = from.get(kept + dropped..).unwrap_or_default();
    }
    changed.then(|| {
        out.push_str(rest);
        out
    })
}

/// Whether a byte may be the first of what goes, or of a flag.
fn may_begin(byte: u8) -> bool {
    match byte {
        b'\t' | b'\n' | b'\r' => false,
        0..=0x1f | 0x7f => true,
        // U+0080 to U+00BF, U+2000 to U+2FFF, U+F000 to U+FFFF, and planes 1 and 14.
        _ => matches!(byte, 0xc2 | 0xe2 | 0xef | 0xf0 | 0xf3),
    }
}

/// How many bytes stay at the beginning of a text, which isn't empty, and how many behind them go.
fn lengths(text: &str, behind: Option<char>) -> (usize, usize) {
    let Some(first) = text.chars().next() else { return (0, 0) };
    let length = first.len_utf8();
    match first {
        ESCAPE => (0, length + after_escape(text.get(length..).unwrap_or_default())),
        '\u{9b}' => (0, length + control_sequence(text.get(length..).unwrap_or_default())),
        '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => {
            (0, length + control_string(text.get(length..).unwrap_or_default()))
        }
        _ if first.is_control() && !matches!(first, '\t' | '\n' | '\r') => (0, length),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{e0000}'..='\u{e007f}' => (0, length),
        _ if is_variation(first) && behind.is_some_and(is_variation) => (0, length),
        '\u{1f3f4}' => {
            let flag = FLAGS.iter().find(|flag| text.starts_with(**flag));
            (flag.map_or(length, |flag| flag.len()), 0)
        }
        _ => (length, 0),
    }
}

fn is_variation(character: char) -> bool {
    matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// How long that is which belongs to an escape character.
fn after_escape(text: &str) -> usize {
    match text.as_bytes().first() {
        Some(b'[') => 1 + control_sequence(text.get(1..).unwrap_or_default()),
        Some(b'P' | b'X' | b']' | b'^' | b'_') => 1 + control_string(text.get(1..).unwrap_or_default()),
        _ => {
            let between = text.bytes().take_while(|byte| (0x20..=0x2f).contains(byte)).count();
            match text.as_bytes().get(between) {
                Some(0x30..=0x7e) => between + 1,
                _ => 0,
            }
        }
    }
}

/// How long a control sequence is: parameters, intermediates, and a final byte where it isn't broken off.
fn control_sequence(text: &str) -> usize {
    let parameters = text.bytes().take_while(|byte| (0x20..=0x3f).contains(byte)).count();
    match text.as_bytes().get(parameters) {
        Some(0x40..=0x7e) => parameters + 1,
        _ => parameters,
    }
}

/// How long a control string is: up to its end, or to the control character that breaks it off. One that never ends has
/// no text, or it would take everything behind it along; there is no control character then, so that none is sought twice.
fn control_string(text: &str) -> usize {
    let ends = |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r');
    let Some(at) = text.find(ends) else { return 0 };
    let end = text.get(at..).unwrap_or_default();
    match end.chars().next() {
        Some(ESCAPE) if end.get(1..2) == Some("\\") => at + 2,
        Some(end @ ('\u{7}' | '\u{18}' | '\u{1a}' | '\u{9c}')) => at + end.len_utf8(),
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{FLAGS, stripped};

    #[test]
    fn what_a_terminal_obeys_goes_with_all_that_belongs_to_it() {
        for (text, plain) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}[38;2;1;2;3mred\u{1b}[m", "red"),
            ("\u{9b}31mred\u{9b}0m", "red"),
            ("\u{1b}[?25l\u{1b}[2J\u{1b}[Hclean", "clean"),
            ("\u{1b}[1 qcursor", "cursor"),
            ("\u{1b}]0;title\u{7}text", "text"),
            ("\u{1b}]0;title\u{1b}\\text", "text"),
            ("\u{9d}0;title\u{9c}text", "text"),
            ("\u{1b}]8;;https://a.example\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}P1$r0m\u{1b}\\dcs\u{1b}_apc\u{1b}\\", "dcs"),
            ("\u{90}q#0\n~~\u{9c}sixel", "sixel"),
            ("\u{1b}(B\u{1b}creset\u{1b}7", "reset"),
            ("a\u{8}b\u{7f}c\0d\u{85}e", "abcde"),
            // Broken off, or never ended.
            ("\u{1b}[31", ""),
            ("\u{1b}[3\u{1}1m", "1m"),
            ("\u{1b}]0;title\u{1}text", "text"),
            ("\u{1b}]0;title and text", "0;title and text"),
            ("\u{1b}", ""),
            ("\u{1b}é", "é"),
        ] {
            assert_eq!(stripped(text).as_deref(), Some(plain), "{text:?}");
        }
    }

    #[test]
    fn what_no_person_sees_goes() {
        let tags: String =
            "obey".bytes().filter_map(|byte| char::from_u32(0xe0000 + u32::from(byte))).collect();
        for (text, plain) in [
            (format!("a{tags}b"), "ab".to_owned()),
            (format!("\u{1f3f4}{tags}\u{e007f}"), "\u{1f3f4}".to_owned()),
            (format!("{}{tags}", FLAGS[1]), FLAGS[1].to_owned()),
            ("a\u{202e}cba\u{202c}".to_owned(), "acba".to_owned()),
            ("a\u{2066}b\u{2069}".to_owned(), "ab".to_owned()),
            ("☺\u{fe0f}\u{e0101}\u{fe01}".to_owned(), "☺\u{fe0f}".to_owned()),
        ] {
            assert_eq!(stripped(&text), Some(plain), "{text:?}");
        }
    }

    #[test]
    fn honest_text_stays() {
        for text in [
            "",
            "plain\ttext\r\nof two lines",
            "“quotes” – and … 100 €",
            "ﬁne ｆｕｌｌｗｉｄｔｈ \u{feff}",
            "שלום\u{200f}!",
            "می\u{200c}خواهم",
            "👩\u{200d}👩\u{200d}👧 ☺\u{fe0f} 🏴\u{200d}☠\u{fe0f}",
            FLAGS[0],
            FLAGS[2],
        ] {
            assert_eq!(stripped(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_goes_is_left(
            parts in prop::collection::vec(
                prop_oneof![
                    Just("\u{1b}"), Just("["), Just("]"), Just("\\"), Just("\u{9b}"), Just("\u{9d}"), Just("\u{9c}"),
                    Just("\u{7}"), Just("3;1"), Just("m"), Just("é"), Just("\n"), Just("\u{1}"), Just("\u{fe0f}"),
                    Just("\u{e0101}"), Just("\u{1f3f4}"), Just("\u{e0067}"), Just("\u{e007f}"), Just("\u{202e}"),
                ],
                0..20,
            )
        ) {
            let text = parts.concat();
            let once = stripped(&text).unwrap_or(text);
            prop_assert!(!once.chars().any(|left| left.is_control() && left != '\n'));
            prop_assert_eq!(stripped(&once), None);
        }
    }
}
