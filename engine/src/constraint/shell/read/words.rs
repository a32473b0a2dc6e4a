//! Words and their quotes.

use super::super::names;
use super::super::word::{CLOSE, COMMA, OPEN, UNKNOWN, Unknown, Word};
use super::{Read, Reader};

impl Reader<'_, '_> {
    /// One word, or the words that its braces make. Something must stand here.
    pub(super) fn word(&mut self) -> Read<Vec<Word>> {
        let start = self.at;
        let mut word = Word::default();
        if self.starts("<(") || self.starts(">(") {
            self.process_substitution()?;
            word.text.push_str("/dev/fd/63");
        } else {
            self.letters(&mut word)?;
        }
        if self.at == start {
            return Err(self.fault("a sign where a word is expected"));
        }
        let many = self.fault("braces that make more words than are read");
        word.expand().ok_or(many)
    }

    /// Reads up to what ends a word.
    pub(super) fn letters(&mut self, word: &mut Word) -> Read<()> {
        while let Some(byte) = self.byte() {
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => return Ok(()),
                b'\\' => self.escape(word)?,
                b'\'' => self.single(word)?,
                b'"' => self.double(word)?,
                b'$' => self.dollar(word, false)?,
                b'`' => self.backquotes(word, false)?,
                b'{' | b',' | b'}' => {
                    self.at += 1;
                    word.brace |= byte == b'{';
                    word.text.push(match byte {
                        b'{' => OPEN,
                        b',' if word.brace => COMMA,
                        b'}' if word.brace => CLOSE,
                        other => char::from(other),
                    });
                }
                b'*' | b'?' | b'[' => {
                    self.at += 1;
                    word.glob = true;
                    word.text.push(char::from(byte));
                }
                _ => match self.letter() {
                    Some(blank) if blank.is_whitespace() => {
                        return Err(self.fault("a blank that is no space"));
                    }
                    Some(letter) => word.text.push(letter),
                    None => return Ok(()),
                },
            }
        }
        Ok(())
    }

    fn escape(&mut self, word: &mut Word) -> Read<()> {
        self.at += 1;
        match self.letter() {
            Some('\n') => Ok(()),
            Some(letter) => {
                word.quoted = true;
                word.text.push(letter);
                Ok(())
            }
            None => Err(self.fault("a backslash at the end")),
        }
    }

    fn single(&mut self, word: &mut Word) -> Read<()> {
        let open = self.fault("a quote that isn't closed");
        self.at += 1;
        let Some(inside) = self.rest().find('\'').and_then(|end| self.rest().get(..end)) else {
            return Err(open);
        };
        word.quoted = true;
        word.text.push_str(inside);
        self.at += inside.len() + 1;
        Ok(())
    }

    /// `"…"`
    pub(super) fn double(&mut self, word: &mut Word) -> Read<()> {
        self.enter()?;
        let open = self.fault("a quote that isn't closed");
        self.at += 1;
        word.quoted = true;
        loop {
            match self.byte() {
                None => return Err(open),
                Some(b'"') => break,
                Some(_) => self.inside_double(word, true)?,
            }
        }
        self.at += 1;
        self.leave();
        Ok(())
    }

    /// One step inside of double quotes or of a here-document, where a `"` is nothing special.
    pub(super) fn inside_double(&mut self, word: &mut Word, quotes: bool) -> Read<()> {
        match self.byte() {
            Some(b'\\') => {
                self.at += 1;
                match self.letter() {
                    Some('\n') => {}
                    Some(letter @ ('$' | '`' | '\\')) => word.text.push(letter),
                    Some('"') if quotes => word.text.push('"'),
                    Some(letter) => word.text.extend(['\\', letter]),
                    None => return Err(self.fault("a backslash at the end")),
                }
                Ok(())
            }
            Some(b'$') => self.dollar(word, true),
            Some(b'`') => self.backquotes(word, true),
            _ => {
                word.text.extend(self.letter());
                Ok(())
            }
        }
    }

    /// `$'…'`, whose `\'` only some shells take for a quote inside of it.
    pub(super) fn ansi(&mut self, word: &mut Word) -> Read<()> {
        self.at += 1;
        word.quoted = true;
        loop {
            match self.letter() {
                None => return Err(self.fault("a quote that isn't closed")),
                Some('\'') => return Ok(()),
                Some('\\') => {
                    let letter = self.ansi_escape()?;
                    word.text.push(letter);
                }
                Some(letter) => word.text.push(letter),
            }
        }
    }

    fn ansi_escape(&mut self) -> Read<char> {
        let code = match self.letter() {
            Some('n') => 10,
            Some('t') => 9,
            Some('r') => 13,
            Some('a') => 7,
            Some('b') => 8,
            Some('e' | 'E') => 27,
            Some('f') => 12,
            Some('v') => 11,
            Some(letter @ ('\\' | '"' | '?')) => u32::from(letter),
            Some('x') => self.digits(16, 2),
            Some('u') => self.digits(16, 4),
            Some('U') => self.digits(16, 8),
            Some('0'..='7') => {
                self.at -= 1;
                self.digits(8, 3)
            }
            _ => return Err(self.fault("an escape in `$'…'` that shells read differently")),
        };
        // A byte from 80 on is a part of a character, which no command's name has.
        let letter = if code < 0x80 { char::from_u32(code) } else { Some(char::REPLACEMENT_CHARACTER) };
        match letter {
            Some('\0') | None => Err(self.fault("a NUL in `$'…'`")),
            Some(letter) => Ok(letter),
        }
    }

    fn digits(&mut self, radix: u32, most: usize) -> u32 {
        let mut code = 0_u32;
        for _ in 0..most {
            let Some(digit) = self.byte().and_then(|byte| char::from(byte).to_digit(radix)) else { break };
            code = code.wrapping_mul(radix).wrapping_add(digit);
            self.at += 1;
        }
        code
    }

    /// Notes that a variable is set, and to what.
    pub(super) fn assigns(&mut self, name: &str, values: &[Word]) {
        let set = self.found.set.entry(name.to_owned()).or_default();
        for value in values {
            let text = &value.text;
            let number =
                !text.is_empty() && text.chars().all(|letter| letter.is_ascii_digit() || letter == UNKNOWN);
            set.worded |= !number || value.unknown.iter().any(|unknown| *unknown != Unknown::Range);
            // Options, several words, and what arithmetic or a program would take for more than it is.
            let telling = text.contains(['$', '`', '\\', '!', '|', ';', '%', '@', '=', ' ', '\t', '\n']);
            set.risky |=
                telling || text.starts_with(['-', '+']) || text.contains("::") || text.contains("bin/");
            set.rooted |= text.is_empty() || text.starts_with(['/', '~', '.', UNKNOWN]);
            set.unknown.extend(value.unknown.iter().cloned());
        }
    }

    /// Adds a variable to a word.
    pub(super) fn variable(&mut self, word: &mut Word, name: &str, quoted: bool) {
        let positional = name.bytes().all(|byte| byte.is_ascii_digit()) || name == "@" || name == "*";
        word.push_unknown(match name.bytes().next() {
            _ if positional && self.in_function => Unknown::Argument,
            _ if names::echoes(name) => Unknown::Chosen,
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => Unknown::Variable(name.to_owned()),
            _ => Unknown::Outside,
        });
        word.splits |= !quoted || name == "@";
    }
}
