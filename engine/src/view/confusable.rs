//! Characters that look like an ASCII one (UTS 39): Greek, Cyrillic, Armenian, Cherokee, Lisu, digits of other scripts,
//! operators and the like become what they look like.
//!
//! ASCII stays as it is: the table makes `rn` of `m` and `l` of `I`, `1` and `|`, which would find words that nobody wrote.
//! But a character that looks like `l` may stand for any of them, and so there is a reading for each.
//!
//! What it does not see: a text that mixes what looks like `l` for different letters, beyond what a character's own case
//! tells; ASCII that looks like other ASCII (`DR0P`); what only a font makes look alike.

use super::decoder::Made;
use super::letter;
use super::unicode::Plain;

/// What the characters are taken for that look like several.
struct Choice {
    l: &'static str,
    o: Option<&'static str>,
    m: &'static str,
}

/// Beside the likeness itself, which has `I` for a capital and `l` for what isn't, and `m` for what looks like `rn`.
const CHOICES: [Choice; 3] = [
    Choice { l: "l", o: None, m: "rn" },
    Choice { l: "i", o: None, m: "m" },
    Choice { l: "1", o: Some("0"), m: "m" },
];

/// A text in ASCII, and where it could be read otherwise.
pub(super) struct Likeness {
    text: String,
    /// The places of single bytes that stand for what looks like an `l`, an `o` or an `m`.
    doubtful: Vec<(usize, Doubt)>,
}

#[derive(Clone, Copy)]
enum Doubt {
    L,
    O,
    M,
}

impl Likeness {
    /// None where no character looks like another. Capital Nu looks like `N` and small nu like `v`, so that either may come
    /// first.
    pub(super) fn of(text: &str, small_first: bool) -> Option<Self> {
        let mut plain = Plain::with_capacity(text.len());
        let mut doubtful = Vec::new();
        let mut alike = false;
        for character in text.chars() {
            if character.is_ascii() {
                plain.push(character);
                continue;
            }
            letter::with(character, |letter| {
                let Some(look) = letter.alike(small_first) else { return plain.push_letter(letter) };
                alike = true;
                let doubt = match look {
                    "l" => Some((if character.is_uppercase() { "I" } else { "l" }, Doubt::L)),
                    "o" => Some(("o", Doubt::O)),
                    "O" => Some(("O", Doubt::O)),
                    "rn" => Some(("m", Doubt::M)),
                    _ => None,
                };
                let shown = doubt.map_or(look, |(shown, kind)| {
                    doubtful.push((plain.len(), kind));
                    shown
                });
                shown.chars().for_each(|shown| plain.push(shown));
            });
        }
        alike.then(|| Self { text: plain.finish(), doubtful })
    }

    /// The likeness itself.
    pub(super) fn made(self) -> Made {
        Made::new("confusable", self.text)
    }

    /// With what is in doubt taken as one of the choices says.
    pub(super) fn choose(&self, choice: usize) -> Option<Made> {
        let choice = CHOICES.get(choice)?;
        let mut out = String::with_capacity(self.text.len());
        let mut copied = 0;
        for (at, doubt) in &self.doubtful {
            let chosen = match doubt {
                Doubt::L => choice.l,
                Doubt::O => match choice.o {
                    Some(digit) => digit,
                    None => continue,
                },
                Doubt::M => choice.m,
            };
            out.push_str(self.text.get(copied..*at)?);
            out.push_str(chosen);
            copied = at + 1;
        }
        out.push_str(self.text.get(copied..)?);
        (copied > 0).then(|| Made::new("confusable", out))
    }
}
