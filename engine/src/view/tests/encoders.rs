//! Ways to write a text so that something else will read it back, and in any composition.

use proptest::prelude::*;

use super::super::readings;

type Encoder = (&'static str, fn(&str) -> String);

fn each(text: &str, write: impl FnMut(char) -> String) -> String {
    text.chars().map(write).collect()
}

fn bytes(text: &str, write: impl Fn(u8) -> String) -> String {
    text.bytes().map(write).collect()
}

fn base64(text: &str, alphabet_end: &[u8; 2], padded: bool) -> String {
    let alphabet: Vec<u8> =
        (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*alphabet_end).collect();
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let value =
            chunk.iter().fold(0_u32, |value, byte| value << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            if place <= chunk.len() {
                out.push(char::from(alphabet[(value >> (18 - 6 * place) & 63) as usize]));
            } else if padded {
                out.push('=');
            }
        }
    }
    out
}

fn shifted(text: &str, capital: u32, small: u32) -> String {
    each(text, |character| {
        let shifted = match character {
            'A'..='Z' => char::from_u32(u32::from(character) - 65 + capital),
            'a'..='z' => char::from_u32(u32::from(character) - 97 + small),
            _ => None,
        };
        shifted.unwrap_or(character).to_string()
    })
}

fn units(text: &str, write: impl Fn(u16) -> String) -> String {
    text.encode_utf16().map(write).collect()
}

pub(super) const ENCODERS: [Encoder; 26] = [
    ("percent", |text| bytes(text, |byte| format!("%{byte:02X}"))),
    ("percent twice", |text| bytes(text, |byte| format!("%25{byte:02x}"))),
    ("percent, first of two", |text| {
        let mut odd = false;
        each(text, |character| {
            odd = !odd;
            if odd || !character.is_ascii_alphabetic() {
                character.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect()
            } else {
                character.to_string()
            }
        })
    }),
    ("percent u", |text| units(text, |unit| format!("%u{unit:04x}"))),
    ("overlong", |text| {
        bytes(text, |byte| match byte {
            0x80.. => format!("%{byte:02X}"),
            _ => format!("%{:02X}%{:02X}", 0xC0 | byte >> 6, 0x80 | byte & 0x3F),
        })
    }),
    ("html decimal", |text| each(text, |character| format!("&#{};", u32::from(character)))),
    ("html hexadecimal", |text| each(text, |character| format!("&#x000{:x}", u32::from(character)) + ";")),
    ("html twice", |text| each(text, |character| format!("&amp;#{};", u32::from(character)))),
    ("escape u", |text| units(text, |unit| format!("\\u{unit:04x}"))),
    ("escape braces", |text| each(text, |character| format!("\\u{{{:x}}}", u32::from(character)))),
    ("escape U", |text| each(text, |character| format!("\\U{:08x}", u32::from(character)))),
    ("escape x", |text| bytes(text, |byte| format!("\\x{byte:02x}"))),
    ("escape octal", |text| bytes(text, |byte| format!("\\{byte:03o}"))),
    ("json", |text| serde_json::to_string(text).unwrap()),
    ("base64", |text| base64(text, b"+/", true)),
    ("base64url", |text| base64(text, b"-_", false)),
    ("base64 in lines", |text| {
        let lines = base64(text, b"+/", true);
        lines.as_bytes().chunks(20).map(|line| String::from_utf8_lossy(line).into_owned() + "\n").collect()
    }),
    ("hex", |text| bytes(text, |byte| format!("{byte:02x}"))),
    ("hex 0x", |text| format!("0x{}", bytes(text, |byte| format!("{byte:02X}")))),
    ("char", |text| {
        let codes: Vec<String> = text.chars().map(|character| u32::from(character).to_string()).collect();
        format!("SELECT CHAR({})", codes.join(","))
    }),
    ("comment glue", |text| each(text, |character| format!("{character}/**/"))),
    ("quotes", |text| each(text, |character| format!("'{character}'"))),
    ("zero width", |text| each(text, |character| format!("{character}\u{200B}"))),
    ("variation selectors", |text| each(text, |character| format!("{character}\u{FE0F}"))),
    ("fullwidth", |text| shifted(text, 0xFF21, 0xFF41)),
    ("mathematical", |text| shifted(text, 0x1D400, 0x1D41A)),
];

fn is_found(text: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains("drop table");
    has(text) || readings(text).is_ok_and(|readings| readings.iter().any(|reading| has(&reading.text)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn no_composition_of_encoders_hides_a_text(order in proptest::collection::vec(0..ENCODERS.len(), 0..=4)) {
        let text = order.iter().fold("1; DROP TABLE users".to_owned(), |text, &encoder| ENCODERS[encoder].1(&text));
        let names: Vec<&str> = order.iter().map(|&encoder| ENCODERS[encoder].0).collect();
        prop_assert!(is_found(&text), "{names:?} ({:?}): {}", readings(&text).err(), text.chars().take(200).collect::<String>());
    }
}

#[test]
fn no_pair_of_encoders_hides_a_text() {
    let mut hidden = Vec::new();
    for (outer, encode_outer) in ENCODERS {
        for (inner, encode_inner) in ENCODERS {
            if !is_found(&encode_outer(&encode_inner("1; DROP TABLE users"))) {
                hidden.push(format!("{outer}({inner})"));
            }
        }
    }
    assert!(hidden.is_empty(), "{hidden:#?}");
}
