//! `${…}`: names, subscripts, and words that stand in for a value.

use super::super::names;
use super::super::word::{Unknown, Word};
use super::{Read, Reader};

impl Reader<'_, '_> {
    pub(super) fn parameter(&mut self, word: &mut Word, quoted: bool) -> Read<()> {
        self.enter()?;
        self.at += 1;
        let length = self.byte() == Some(b'#') && self.ahead(1) != Some(b'}');
        let indirect = self.byte() == Some(b'!') && self.ahead(1) != Some(b'}');
        self.at += usize::from(length || indirect);
        let name = match self.byte() {
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => self.variable_name(),
            Some(b'0'..=b'9') => self.variable_name(),
            Some(b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-') => {
                let name = self.text.get(self.at..=self.at).unwrap_or_default();
                self.at += 1;
                name
            }
            _ => return Err(self.fault("a `${` that shells read differently")),
        };
        // Indirection reads a name out of a value, and an index out of that name.
        self.found.evaluates |= indirect;
        if indirect && names::echoes(name) {
            return Err(self.fault("indirection over a variable that the shell sets from the text"));
        }
        if self.byte() == Some(b'[') {
            self.subscript()?;
            word.splits = true;
        }
        self.variable(word, name, quoted);
        if self.byte() != Some(b'}') {
            if length {
                return Err(self.fault("a `${#` that shells read differently"));
            }
            self.operator(word, name, quoted)?;
        }
        if !self.eat("}") {
            return Err(self.fault("a `${` that isn't closed"));
        }
        self.leave();
        Ok(())
    }

    /// What is done to the value: `:-` and its kind put a word of their own there, others cut or change it.
    fn operator(&mut self, word: &mut Word, name: &str, quoted: bool) -> Read<()> {
        if matches!(name, "PWD" | "OLDPWD") {
            word.unknown.push(Unknown::Chosen);
        }
        let colon = self.eat(":");
        let mut value = Word::default();
        match self.byte() {
            Some(b'-' | b'+' | b'?' | b'=') => {
                let sets = self.eat("=");
                self.at += usize::from(!sets);
                self.alternative(&mut value, quoted)?;
                if sets {
                    self.assigns(name, &[Word::unknown(Unknown::Chosen)]);
                }
                let signs = [' ', '\t', '\n', '!', '|', ';', '&', '<', '>', '\\'];
                let risky = value.text.starts_with('-') || value.text.contains(signs);
                word.unknown.push(if risky { Unknown::Chosen } else { Unknown::Part });
            }
            _ if colon => {
                self.found.evaluates = true;
                self.alternative(&mut value, quoted)?;
                word.unknown.push(Unknown::Part);
            }
            Some(b'@') => {
                self.at += 1;
                if !matches!(self.byte(), Some(b'Q' | b'U' | b'u' | b'L' | b'A' | b'a' | b'}')) {
                    return Err(self.fault("a `${…@…}` that makes code of a value"));
                }
                self.at += usize::from(self.byte() != Some(b'}'));
            }
            Some(b'/') => {
                self.alternative(&mut value, quoted)?;
                let risky = value.text.contains(['-', '!', '|', ';', '&', '<', '>']);
                word.unknown.push(if risky { Unknown::Chosen } else { Unknown::Part });
            }
            Some(b'#' | b'%' | b'^' | b',' | b'*') => {
                self.alternative(&mut value, quoted)?;
                word.unknown.push(Unknown::Part);
            }
            _ => return Err(self.fault("a `${` that shells read differently")),
        }
        word.unknown.append(&mut value.unknown);
        Ok(())
    }

    /// `[…]` behind a name, which is arithmetic or a key.
    fn subscript(&mut self) -> Read<()> {
        self.at += 1;
        let mut ignored = Word::default();
        loop {
            match self.byte() {
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'$') => {
                    self.found.evaluates = true;
                    self.dollar(&mut ignored, true)?;
                    if ignored.unknown.contains(&Unknown::Chosen) {
                        return Err(self.fault("an array index of what the text decides"));
                    }
                }
                Some(b'`') => self.backquotes(&mut ignored, true)?,
                Some(b'@' | b'*' | b'-' | b'+' | b' ' | b'#' | b'0'..=b'9') => self.at += 1,
                Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => {
                    self.found.evaluates = true;
                    if names::echoes(self.variable_name()) {
                        return Err(
                            self.fault("an array index of a variable that the shell sets from the text")
                        );
                    }
                }
                _ => return Err(self.fault("an array index that shells read differently")),
            }
        }
    }

    /// The rest of a `${…}` behind its name, up to its `}`.
    fn alternative(&mut self, value: &mut Word, quoted: bool) -> Read<()> {
        loop {
            match self.byte() {
                None => return Err(self.fault("a `${` that isn't closed")),
                Some(b'}') => return Ok(()),
                Some(quote @ (b'\'' | b'"')) => self.inert_quotes(quote, value)?,
                Some(b'\\') => {
                    self.at += 1;
                    match self.letter() {
                        None | Some('\'' | '"' | '\n') => {
                            return Err(
                                self.fault("an escaped quote in `${…}`, which shells read differently")
                            );
                        }
                        Some(letter) => value.text.push(letter),
                    }
                }
                Some(b'$') if self.ahead(1) == Some(b'\'') => self.at += 1,
                Some(b'$') => self.dollar(value, quoted)?,
                Some(b'`') => self.backquotes(value, quoted)?,
                Some(b'<' | b'>') if self.ahead(1) == Some(b'(') => {
                    return Err(self.fault("a process substitution in `${…}`"));
                }
                Some(b'{') => return Err(self.fault("a brace in `${…}`, which shells read differently")),
                Some(_) => value.text.extend(self.letter()),
            }
        }
    }

    /// Quotes inside of `${…}`: shells differ on whether they quote, which is the same where nothing in them
    /// is special.
    fn inert_quotes(&mut self, quote: u8, value: &mut Word) -> Read<()> {
        self.at += 1;
        let mut ignored = Word::default();
        loop {
            match self.byte() {
                Some(byte) if byte == quote => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'$') if quote == b'"' => self.dollar(&mut ignored, true)?,
                None | Some(b'\'' | b'"' | b'`' | b'$' | b'{' | b'}' | b'\n') => {
                    return Err(self.fault("quotes in `${…}` that shells read differently"));
                }
                Some(_) => value.text.extend(self.letter()),
            }
        }
    }
}
