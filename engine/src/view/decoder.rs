//! The decoders, and which of them read on behind which.

use super::{
    View, base64, comments, confusable, hex, literal, percent, point, printable, shell, sweep, unicode,
};

/// What a decoder made of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    /// What was decoded, as a decision shows it. Never empty.
    pub(super) names: View,
    pub(super) text: String,
}

impl Made {
    pub(super) fn new(name: &'static str, text: String) -> Self {
        Self { names: vec![name], text }
    }
}

/// Something that reads a whole text in another way, or in several.
pub(super) struct Decoder {
    /// Bytes without one of which it makes nothing.
    pub(super) triggers: Triggers,
    pub(super) decode: fn(&str) -> Vec<Made>,
}

/// The kinds of bytes that a text has, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Triggers(u16);

impl Triggers {
    const BACKSLASH: u16 = 1;
    const PERCENT: u16 = 1 << 1;
    const AMPERSAND: u16 = 1 << 2;
    const QUOTE: u16 = 1 << 3;
    const DOLLAR: u16 = 1 << 4;
    const STAR: u16 = 1 << 5;
    const DASH: u16 = 1 << 6;
    const HASH: u16 = 1 << 7;
    const PLUS: u16 = 1 << 8;
    const EQUALS: u16 = 1 << 9;
    const BRACKET: u16 = 1 << 10;
    const DIGIT: u16 = 1 << 11;
    const LETTER: u16 = 1 << 12;
    const BEYOND_ASCII: u16 = 1 << 13;

    const OF_BYTE: [u16; 256] = Self::table();

    const fn table() -> [u16; 256] {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            #[allow(
                clippy::indexing_slicing,
                clippy::cast_possible_truncation,
                reason = "the index is below 256"
            )]
            {
                table[byte] = match byte as u8 {
                    b'\\' => Self::BACKSLASH,
                    b'%' => Self::PERCENT,
                    b'&' => Self::AMPERSAND,
                    b'\'' | b'"' | b'`' => Self::QUOTE,
                    b'$' | b'^' => Self::DOLLAR,
                    b'*' => Self::STAR,
                    b'-' => Self::DASH,
                    b'#' => Self::HASH,
                    b'+' => Self::PLUS,
                    b'=' => Self::EQUALS,
                    b'(' => Self::BRACKET,
                    b'0'..=b'9' => Self::DIGIT,
                    b'a'..=b'z' | b'A'..=b'Z' => Self::LETTER,
                    0x80.. => Self::BEYOND_ASCII,
                    _ => 0,
                };
            }
            byte += 1;
        }
        table
    }

    /// Those of a text.
    pub(super) fn of(text: &[u8]) -> Self {
        Self(text.iter().fold(0, |all, byte| all | Self::OF_BYTE.get(usize::from(*byte)).unwrap_or(&0)))
    }

    pub(super) fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// In the order in which they are tried; of two ways to the same text the first gives it its name.
pub(super) const DECODERS: [Decoder; 11] = [
    Decoder {
        triggers: Triggers(Triggers::PERCENT | Triggers::AMPERSAND | Triggers::BACKSLASH),
        decode: |text| sweep::sweep(text).into_iter().collect(),
    },
    Decoder {
        triggers: Triggers(Triggers::PERCENT),
        decode: |text| percent::drop_lone(text).map(|text| Made::new("percent", text)).into_iter().collect(),
    },
    Decoder { triggers: Triggers(Triggers::BACKSLASH), decode: point::readings },
    Decoder { triggers: Triggers(Triggers::BEYOND_ASCII), decode: unicode::readings },
    Decoder { triggers: Triggers(Triggers::BEYOND_ASCII), decode: confusable::readings },
    Decoder {
        triggers: Triggers(Triggers::STAR | Triggers::DASH | Triggers::HASH),
        decode: comments::readings,
    },
    Decoder {
        triggers: Triggers(Triggers::QUOTE | Triggers::BRACKET | Triggers::DIGIT),
        decode: literal::readings,
    },
    Decoder {
        triggers: Triggers(Triggers::QUOTE | Triggers::BACKSLASH | Triggers::DOLLAR),
        decode: shell::readings,
    },
    Decoder { triggers: Triggers(Triggers::DIGIT), decode: hex::readings },
    Decoder { triggers: Triggers(Triggers::LETTER), decode: base64::readings },
    Decoder { triggers: Triggers(Triggers::EQUALS | Triggers::PLUS), decode: printable::readings },
];
