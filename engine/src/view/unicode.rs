//! Unicode: characters that another one stands for, and those that nobody sees.
//!
//! Compatibility forms (fullwidth, mathematical, circled, superscript, ligatures, Roman numerals) become what they are forms
//! of, as NFKD has it, one character at a time: marks are dropped, so their order is no matter. What looks like another
//! character without being a form of it is in `confusable`.
//!
//! Letters beyond ASCII are folded to one case, so that a pattern in any script is found in any case of it.
//!
//! Marks are dropped where a language writes them upon letters (Latin, Greek, Cyrillic, Hebrew, Arabic), and kept where
//! they are letters themselves (the scripts of India and South-East Asia, kana): dropping those would make one word of many.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// The text in plain characters, or none where it is plain.
pub(super) fn resolve(text: &str) -> Option<String> {
    let mut plain = Plain::with_capacity(text.len());
    text.chars().for_each(|character| plain.push(character));
    (plain.text != text).then_some(plain.text)
}

/// Text that is put together from characters, each made plain.
#[derive(Debug)]
pub(super) struct Plain {
    text: String,
    /// What a mark would stand upon.
    base: char,
}

impl Plain {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), base: ' ' }
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn push(&mut self, character: char) {
        if character.is_ascii() {
            self.put(character);
        } else if let Some(letter) = enclosed(character) {
            self.put(letter);
        } else if !is_hidden(character) {
            decompose_compatible(character, |part| self.push_part(part));
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    fn push_part(&mut self, part: char) {
        if part.is_ascii() {
            self.put(part);
        } else if part.is_whitespace() {
            self.put(if matches!(part, '\u{85}' | '\u{2028}' | '\u{2029}') { '\n' } else { ' ' });
        } else if is_combining_mark(part) {
            if keeps_marks(self.base) && !is_hidden(part) {
                self.text.push(part);
            }
        } else if !is_hidden(part) {
            // The full folding of case: capital and small letters of either end as the same.
            part.to_uppercase().flat_map(char::to_lowercase).for_each(|folded| self.put(folded));
        }
    }

    fn put(&mut self, character: char) {
        self.base = character;
        self.text.push(character);
    }
}

/// Enclosed letters that have no compatibility form: the first of a row, its last, and the letter of the first.
const ENCLOSED: [(char, char, u8); 6] = [
    ('\u{249C}', '\u{24B5}', b'a'),
    ('\u{1F110}', '\u{1F129}', b'A'),
    ('\u{1F130}', '\u{1F149}', b'A'),
    ('\u{1F150}', '\u{1F169}', b'A'),
    ('\u{1F170}', '\u{1F189}', b'A'),
    ('\u{1F1E6}', '\u{1F1FF}', b'A'),
];

fn enclosed(character: char) -> Option<char> {
    let (first, _, letter) =
        ENCLOSED.into_iter().find(|(first, last, _)| (*first..=*last).contains(&character))?;
    char::from_u32(u32::from(character) - u32::from(first) + u32::from(letter))
}

/// Characters that show nothing: default-ignorable ones (DerivedCoreProperties), format characters, fillers and what stands
/// for a character that couldn't be read. In order.
const HIDDEN: [(char, char); 36] = [
    ('\u{80}', '\u{84}'),
    ('\u{86}', '\u{9F}'),
    ('\u{AD}', '\u{AD}'),
    ('\u{34F}', '\u{34F}'),
    ('\u{600}', '\u{605}'),
    ('\u{61C}', '\u{61C}'),
    ('\u{6DD}', '\u{6DD}'),
    ('\u{70F}', '\u{70F}'),
    ('\u{890}', '\u{891}'),
    ('\u{8E2}', '\u{8E2}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{200B}', '\u{200F}'),
    ('\u{202A}', '\u{202E}'),
    ('\u{2060}', '\u{206F}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FDD0}', '\u{FDEF}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFFB}'),
    ('\u{FFFC}', '\u{FFFF}'),
    ('\u{110BD}', '\u{110BD}'),
    ('\u{110CD}', '\u{110CD}'),
    ('\u{13430}', '\u{1343F}'),
    ('\u{16FE4}', '\u{16FE4}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D159}', '\u{1D159}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{1FFFE}', '\u{1FFFF}'),
    ('\u{E0000}', '\u{E0FFF}'),
    ('\u{EFFFE}', '\u{EFFFF}'),
    ('\u{FFFFE}', '\u{FFFFF}'),
    ('\u{10FFFE}', '\u{10FFFF}'),
];

fn is_hidden(character: char) -> bool {
    let after = HIDDEN.partition_point(|(first, _)| *first <= character);
    after.checked_sub(1).and_then(|row| HIDDEN.get(row)).is_some_and(|(_, last)| character <= *last)
}

/// Whether a mark upon this character makes another letter of it, not the same letter with an accent.
fn keeps_marks(base: char) -> bool {
    matches!(base, '\u{900}'..='\u{1DFF}' | '\u{3040}'..='\u{30FF}' | '\u{A800}'..='\u{ABFF}' | '\u{11000}'..='\u{11FFF}')
}

/// Where the tag characters of a text spell ASCII: that text.
pub(super) fn spell_tags(text: &str) -> Option<String> {
    let spelt: String = text
        .chars()
        .filter_map(|character| match u32::from(character) {
            tag @ 0xE0020..=0xE007E => char::from_u32(tag - 0xE0000),
            _ => None,
        })
        .collect();
    (!spelt.is_empty()).then_some(spelt)
}

/// The text without control characters that are no white space.
pub(super) fn drop_controls(text: &str) -> Option<String> {
    let dropped = |character: char| character.is_ascii_control() && !matches!(character, '\t' | '\n' | '\r');
    text.contains(dropped).then(|| text.replace(dropped, ""))
}
