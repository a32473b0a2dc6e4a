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

use super::letter::{self, Form, Letter};

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
        } else {
            letter::with(character, |letter| self.push_letter(letter));
        }
    }

    pub(super) fn push_letter(&mut self, letter: &Letter) {
        match letter.plain() {
            Form::Letter(character) => self.put(*character),
            Form::Mark(mark) => self.put_mark(*mark),
            Form::Parts(parts) => parts
                .iter()
                .for_each(|(part, is_mark)| if *is_mark { self.put_mark(*part) } else { self.put(*part) }),
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    fn put_mark(&mut self, mark: char) {
        if keeps_marks(self.base) {
            self.text.push(mark);
        }
    }

    fn put(&mut self, character: char) {
        self.base = character;
        self.text.push(character);
    }
}

/// Whether a mark upon this character makes another letter of it, not the same letter with an accent.
fn keeps_marks(base: char) -> bool {
    matches!(base, '\u{900}'..='\u{1DFF}' | '\u{3040}'..='\u{30FF}' | '\u{A800}'..='\u{ABFF}' | '\u{11000}'..='\u{11FFF}')
}

/// Where the tag characters of a text spell ASCII: that text.
pub(super) fn spell_tags(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
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
