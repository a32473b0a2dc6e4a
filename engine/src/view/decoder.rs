//! The decoders, and in which order they are taken.
//!
//! Notations of single characters leave one another alone: they are read together, over and over, until the text is plain.
//! From there each lead reads it in its own way, as leads would spoil each other's notations: a backslash that a shell drops is
//! one that C reads; a comment may join words or part them. Behind its lead everything else is read too. So a text of every
//! notation has a dozen readings or two, not one for each subset of the decoders.

use super::confusable::Likeness;
use super::{
    Reading, View, base64, comments, hex, literal, percent, point, printable, shell, sweep, unicode,
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

/// One rewriting of a text: bytes without one of which it makes nothing, and what it makes.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) triggers: Triggers,
    pub(super) decode: fn(&str) -> Option<Made>,
}

impl Step {
    /// Whether that is another text.
    pub(super) fn take(&self, reading: &mut Reading) -> bool {
        if !self.triggers.meet(Triggers::of(reading.text.as_bytes())) {
            return false;
        }
        let Some(made) = (self.decode)(&reading.text).filter(|made| made.text != reading.text) else {
            return false;
        };
        reading.view.extend(made.names);
        reading.text = made.text;
        true
    }
}

const SWEEP: Step = Step {
    triggers: Triggers(Triggers::PERCENT | Triggers::AMPERSAND | Triggers::BACKSLASH),
    decode: sweep::sweep,
};
const CONTROLS: Step = Step {
    triggers: Triggers(Triggers::CONTROL),
    decode: |text| unicode::drop_controls(text).map(|text| Made::new("controls", text)),
};
const HEX: Step = Step { triggers: Triggers(Triggers::DIGIT), decode: hex::read };
const UNICODE: Step = Step {
    triggers: Triggers(Triggers::BEYOND_ASCII),
    decode: |text| unicode::resolve(text).map(|text| Made::new("unicode", text)),
};
const LITERALS: Step =
    Step { triggers: Triggers(Triggers::QUOTE | Triggers::BRACKET | Triggers::DIGIT), decode: literal::read };
const SHELL: Step = Step {
    triggers: Triggers(Triggers::QUOTE | Triggers::BACKSLASH | Triggers::DOLLAR),
    decode: |text| shell::unquote(text).map(|text| Made::new("shell", text)),
};
const COMMENTS_DROPPED: Step = Step {
    triggers: Triggers(Triggers::STAR | Triggers::DASH),
    decode: |text| comments::dropped(text).map(|text| Made::new("comments", text)),
};
const COMMENTS_PART: Step = Step {
    triggers: Triggers(Triggers::STAR | Triggers::DASH),
    decode: |text| comments::blocks(text, " ").map(|text| Made::new("comments", text)),
};
const LINES: Step = Step {
    triggers: Triggers(Triggers::DASH | Triggers::HASH),
    decode: |text| comments::lines(text).map(|text| Made::new("comments", text)),
};
const LONE_PERCENT: Step = Step {
    triggers: Triggers(Triggers::PERCENT),
    decode: |text| percent::drop_lone(text).map(|text| Made::new("percent", text)),
};
const SQL_POINTS: Step = Step {
    triggers: Triggers(Triggers::BACKSLASH),
    decode: |text| point::decode(text, b'\\', point::sql).map(|text| Made::new("sql", text)),
};
const CSS_POINTS: Step = Step {
    triggers: Triggers(Triggers::BACKSLASH),
    decode: |text| point::decode(text, b'\\', point::css).map(|text| Made::new("css", text)),
};
const QUOTED_PRINTABLE: Step = Step {
    triggers: Triggers(Triggers::EQUALS),
    decode: |text| {
        point::decode(text, b'=', printable::quoted).map(|text| Made::new("quoted-printable", text))
    },
};
const UTF_7: Step = Step {
    triggers: Triggers(Triggers::PLUS),
    decode: |text| point::decode(text, b'+', printable::shifted).map(|text| Made::new("utf-7", text)),
};
const PLUS: Step = Step {
    triggers: Triggers(Triggers::PLUS),
    decode: |text| printable::spaces(text).map(|text| Made::new("plus", text)),
};

/// What a text looks like, with what is in doubt taken for this.
const fn alike(decode: fn(&str) -> Option<Made>) -> Step {
    Step { triggers: Triggers(Triggers::BEYOND_ASCII), decode }
}
const ALIKE: [Step; 5] = [
    alike(|text| Likeness::of(text, false).map(Likeness::made)),
    alike(|text| Likeness::of(text, true).map(Likeness::made)),
    alike(|text| Likeness::of(text, false)?.choose(0)),
    alike(|text| Likeness::of(text, false)?.choose(1)),
    alike(|text| Likeness::of(text, false)?.choose(2)),
];

/// Steps that are taken one behind the other, over and over, until none changes the text. What each step leaves is a
/// reading.
pub(super) type Program = &'static [Step];

/// What every text goes through first, one notation in another at a time.
pub(super) const PLAIN_CHARACTERS: Program = &[SWEEP, CONTROLS];
/// What is left then, with letters of every kind made plain.
pub(super) const PLAIN_LETTERS: Program = &[UNICODE, SWEEP, UNICODE, CONTROLS];

/// Each begins with its lead; where that makes nothing of the text, the program isn't run. In the order in which they are
/// run; of two ways to the same text the first gives it its name.
pub(super) type Leads = &'static [Program];

/// What reads a text as it stands, before anything else would take its backslashes.
pub(super) const RAW: Leads = &[
    &[SQL_POINTS, SWEEP, CONTROLS, UNICODE, LITERALS, SHELL],
    &[CSS_POINTS, SWEEP, CONTROLS, UNICODE],
    &[SHELL, SWEEP, CONTROLS, UNICODE],
];
/// What reads a text whose letters aren't made plain yet.
pub(super) const LETTERS: Leads = &[
    &[ALIKE[0], COMMENTS_DROPPED, LITERALS, SWEEP, CONTROLS, SHELL],
    &[ALIKE[1], COMMENTS_DROPPED, LITERALS, SWEEP, CONTROLS, SHELL],
    &[ALIKE[2], COMMENTS_DROPPED, LITERALS, SWEEP, CONTROLS, SHELL],
    &[ALIKE[3], COMMENTS_DROPPED, LITERALS, SWEEP, CONTROLS, SHELL],
    &[ALIKE[4], COMMENTS_DROPPED, LITERALS, SWEEP, CONTROLS, SHELL],
];
/// What reads a text of plain letters.
pub(super) const DECODED: Leads = &[
    &[LITERALS, SWEEP, CONTROLS, UNICODE, COMMENTS_DROPPED, SHELL],
    &[SHELL, SWEEP, CONTROLS, UNICODE, COMMENTS_DROPPED],
    &[COMMENTS_DROPPED, LITERALS, SWEEP, CONTROLS, UNICODE, SHELL],
    &[COMMENTS_PART, LITERALS, SWEEP, CONTROLS, UNICODE, SHELL],
    &[LINES, COMMENTS_PART, LITERALS, SWEEP, CONTROLS, UNICODE, SHELL],
    &[HEX, COMMENTS_DROPPED, LITERALS, SWEEP, CONTROLS, UNICODE, SHELL],
    &[LONE_PERCENT, COMMENTS_DROPPED, LITERALS, SWEEP, CONTROLS, UNICODE, SHELL],
    &[QUOTED_PRINTABLE, SWEEP, CONTROLS, UNICODE],
    &[UTF_7, SWEEP, CONTROLS, UNICODE],
    &[PLUS, COMMENTS_PART, SWEEP, CONTROLS, UNICODE],
];

/// What makes another text out of parts of a text: on that one everything begins anew.
pub(super) const BRANCHES: [fn(&str) -> Vec<Made>; 4] = [
    base64::readings,
    |text| hex::payloads(text).into_iter().collect(),
    |text| literal::payloads(text).into_iter().collect(),
    |text| unicode::spell_tags(text).map(|text| Made::new("tags", text)).into_iter().collect(),
];

/// Whether parts of a text are another text, on which everything begins anew.
pub(super) fn begins_anew(text: &str) -> bool {
    BRANCHES.iter().any(|branch| !branch(text).is_empty()) || hex::read(text).is_some()
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
    const CONTROL: u16 = 1 << 14;

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
                    0..=8 | 0xB..=0xC | 0xE..=0x1F | 0x7F => Self::CONTROL,
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
