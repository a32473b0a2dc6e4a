//! Where sed and awk find their script: behind an option, or else as the first operand.
//!
//! A word that may be an option's value or no word at all leaves open whether the next one is the script:
//! then both are read as one.

use super::super::options::{Doubt, Given};
use super::super::word::{UNKNOWN, Word};

/// A program that is given a script.
pub(super) struct Language {
    /// The long form of the option `-e`, whose value is a script.
    pub(super) long: &'static str,
    /// Short options whose value is none.
    pub(super) valued: &'static str,
    /// Short options that take a value in some versions.
    pub(super) maybe_valued: &'static str,
    /// Long options without a value.
    pub(super) flags: &'static str,
    pub(super) judge: fn(&str) -> Result<(), String>,
}

impl Language {
    /// Judges every word that may be the script.
    pub(super) fn scripts(&self, given: &Given<'_>) -> Result<(), String> {
        let mut operands = Vec::new();
        let mut open = true;
        let mut explicit = false;
        let mut options = true;
        let mut words = given.words.iter();
        while let Some((word, doubt)) = words.next() {
            let text = word.text.as_str();
            if options && text == "--" {
                options = false;
            } else if options && text.starts_with("--") {
                let name = text.split('=').next().unwrap_or(text);
                if name.len() > 3 && self.long.starts_with(name) {
                    explicit = true;
                    if let Some((_, script)) = text.split_once('=') {
                        self.check(word, *doubt, script)?;
                    } else if let Some((word, doubt)) = words.next() {
                        self.check(word, *doubt, &word.text)?;
                    }
                } else if !text.contains('=') && !self.flags.split(' ').any(|flag| flag == name) {
                    operands.extend(words.next().map(|(word, doubt)| (word, *doubt)));
                }
            } else if options && text.len() > 1 && text.starts_with('-') {
                let mut letters = text.get(1..).unwrap_or_default().chars();
                while let Some(letter) = letters.next() {
                    let rest = letters.as_str();
                    let next = rest.is_empty();
                    if letter == 'e' {
                        explicit = true;
                        if !next {
                            self.check(word, *doubt, rest)?;
                        } else if let Some((word, doubt)) = words.next() {
                            self.check(word, *doubt, &word.text)?;
                        }
                        break;
                    }
                    if self.valued.contains(letter) {
                        if next {
                            words.next();
                        }
                        break;
                    }
                    if self.maybe_valued.contains(letter) && next {
                        operands.extend(words.next().map(|(word, doubt)| (word, *doubt)));
                    }
                }
            } else if open {
                let bare = text.replace(UNKNOWN, "");
                open = !word.unknown.is_empty() && (bare.is_empty() || bare.starts_with('-'));
                operands.push((word, *doubt));
            }
        }
        if explicit {
            return Ok(());
        }
        operands.into_iter().try_for_each(|(word, doubt)| self.check(word, doubt, &word.text))
    }

    fn check(&self, word: &Word, doubt: Doubt, script: &str) -> Result<(), String> {
        let unknown = script.contains(UNKNOWN);
        if doubt.steered && unknown && !word.unknown.is_empty() {
            return Err("its script is only known when it runs".to_owned());
        }
        (self.judge)(script)?;
        // A variable that isn't set leaves nothing, and what stands around it is the script.
        if unknown { (self.judge)(&script.replace(UNKNOWN, "")) } else { Ok(()) }
    }
}
