//! `$(…)`, backquotes, `<(…)`, `$((…))`: what stands in them is read as commands of their own.

use super::super::names;
use super::super::word::{Unknown, Word};
use super::{Read, Reader};

impl<'t> Reader<'t, '_> {
    /// What a `$` begins.
    pub(super) fn dollar(&mut self, word: &mut Word, quoted: bool) -> Read<()> {
        self.at += 1;
        match self.byte() {
            Some(b'\'') if !quoted => self.ansi(word),
            Some(b'"') if !quoted => self.double(word),
            Some(b'(') if self.starts("((") => {
                self.at += 2;
                self.enter()?;
                self.arithmetic(b"")?;
                self.leave();
                word.push_unknown(Unknown::Outside);
                Ok(())
            }
            Some(b'(') => {
                let first = self.found.commands.len();
                self.substitution("$(…)")?;
                word.push_unknown(Unknown::Output(first, self.found.commands.len()));
                word.splits |= !quoted;
                Ok(())
            }
            Some(b'{') => self.parameter(word, quoted),
            Some(b'[') => Err(self.fault("`$[`, which shells read differently")),
            Some(b'\\') if self.ahead(1) == Some(b'\n') => {
                Err(self.fault("a line that is broken inside of an expansion"))
            }
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => {
                let name = self.variable_name();
                if self.starts("\\\n") {
                    return Err(self.fault("a line that is broken inside of an expansion"));
                }
                self.variable(word, name, quoted);
                Ok(())
            }
            Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-') => {
                let name = self.text.get(self.at..=self.at).unwrap_or_default();
                self.at += 1;
                self.variable(word, name, quoted);
                Ok(())
            }
            _ => {
                word.text.push('$');
                Ok(())
            }
        }
    }

    /// The name of a variable, as far as it reaches.
    pub(super) fn variable_name(&mut self) -> &'t str {
        let rest = self.rest();
        let end =
            rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        self.at += name.len();
        name
    }

    /// The list in parentheses behind `$`, `<` or `>`.
    fn substitution(&mut self, level: &'static str) -> Read<()> {
        self.enter()?;
        self.at += 1;
        let outer_level = std::mem::replace(&mut self.level, level);
        let outer_pending = std::mem::take(&mut self.pending);
        self.list(&[")"])?;
        if !self.pending.is_empty() {
            return Err(self.fault("a here-document without its text"));
        }
        self.pending = outer_pending;
        self.level = outer_level;
        self.at += 1;
        self.leave();
        Ok(())
    }

    /// `<(…)` and `>(…)`.
    pub(super) fn process_substitution(&mut self) -> Read<()> {
        self.at += 1;
        self.substitution("<(…)")
    }

    pub(super) fn backquotes(&mut self, word: &mut Word, quoted: bool) -> Read<()> {
        self.at += 1;
        let mut inside = String::new();
        loop {
            match self.letter() {
                None => return Err(self.fault("a backquote that isn't closed")),
                Some('`') => break,
                Some('\\') => match self.letter() {
                    Some(letter @ ('$' | '`' | '\\')) => inside.push(letter),
                    Some('"') if quoted => {
                        return Err(self.fault("`\\\"` in backquotes, which shells read differently"));
                    }
                    Some(letter) => inside.extend(['\\', letter]),
                    None => return Err(self.fault("a backquote that isn't closed")),
                },
                Some(letter) => inside.push(letter),
            }
        }
        let first = self.found.commands.len();
        let at = self.at;
        let mut inner = self.inner(&inside, "`…`")?;
        inner.list(&[]).map_err(|fault| super::Fault { at, ..fault })?;
        if !inner.pending.is_empty() {
            return Err(self.fault("a here-document without its text"));
        }
        word.push_unknown(Unknown::Output(first, self.found.commands.len()));
        word.splits |= !quoted;
        Ok(())
    }

    /// Arithmetic behind `((`, up to and with `))`. Only what no shell reads as anything else.
    pub(super) fn arithmetic(&mut self, more: &[u8]) -> Read<()> {
        let mut round = 0_usize;
        let mut ignored = Word::default();
        loop {
            match self.byte() {
                Some(b')') if round == 0 => {
                    if self.eat("))") {
                        return Ok(());
                    }
                    return Err(self.fault("`((` that a single `)` closes: put a blank between the two"));
                }
                Some(b'(') => {
                    self.at += 1;
                    round += 1;
                }
                Some(b')') => {
                    self.at += 1;
                    round -= 1;
                }
                Some(b'$') => {
                    self.found.evaluates = true;
                    self.dollar(&mut ignored, true)?;
                    if ignored.unknown.contains(&Unknown::Chosen) {
                        return Err(self.fault("arithmetic over what the text decides"));
                    }
                }
                Some(b'`') => self.backquotes(&mut ignored, true)?,
                Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => {
                    self.found.evaluates = true;
                    if names::echoes(self.variable_name()) {
                        return Err(
                            self.fault("arithmetic over a variable that the shell sets from the text")
                        );
                    }
                }
                Some(byte)
                    if byte.is_ascii_digit()
                        || b" \t\n+-*/%<>=!&|^~?:,#[]".contains(&byte)
                        || more.contains(&byte) =>
                {
                    self.at += 1;
                }
                _ => return Err(self.fault("a sign in arithmetic that shells read differently")),
            }
        }
    }
}
