//! `[[ … ]]` and `(( … ))`, which sh takes for a command and for two subshells: both readings must be
//! harmless.

use super::super::found::Command;
use super::super::word::{UNKNOWN, Unknown, Word};
use super::{Read, Reader};

impl Reader<'_, '_> {
    pub(super) fn conditional(&mut self) -> Read<()> {
        let at = self.at;
        self.at += 2;
        let mut words = vec![Word::of("[[")];
        let mut starts_operand = true;
        let mut round = 0_usize;
        loop {
            self.blanks();
            if self.byte() == Some(b'\n') {
                // To sh a line's end ends a command here; behind `&&` it doesn't to either.
                if !starts_operand || words.len() == 1 {
                    return Err(self.fault("a line that ends inside of `[[`"));
                }
                self.newlines()?;
            }
            if self.keyword() == Some("]]") && round == 0 {
                self.at += 2;
                break;
            }
            if self.eat("&&") || self.eat("||") {
                starts_operand = true;
                words.push(Word::of("&&"));
                continue;
            }
            match self.byte() {
                None => return Err(self.fault("a `[[` without `]]`")),
                Some(b'(') => {
                    self.at += 1;
                    round += 1;
                    if round > super::DEPTH {
                        return Err(self.fault("deeper nesting than is read"));
                    }
                }
                Some(b')') if round > 0 => {
                    self.at += 1;
                    round -= 1;
                }
                Some(b'<') if self.ahead(1) != Some(b'(') => {
                    self.at += 1;
                    words.push(Word::of("<"));
                }
                // To sh, `>` writes a file and `|` starts a command. In a bracket, sh refuses the whole line.
                Some(b'|') if round > 0 => self.at += 1,
                Some(b';' | b'&' | b'|' | b'<' | b'>' | b')') => {
                    return Err(self.fault("a sign inside of `[[` that sh takes for its own"));
                }
                Some(_) => {
                    let made = self.word()?;
                    let first = made.first().map(|word| word.text.as_str()).unwrap_or_default();
                    if starts_operand && words.len() > 1 && !first.starts_with(['-', '!']) {
                        self.run_by_sh(&made)?;
                    }
                    starts_operand = first == "!" && starts_operand;
                    words.extend(made);
                }
            }
        }
        let compares = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v"];
        self.found.evaluates |= words.iter().any(|word| compares.contains(&word.text.as_str()));
        let (level, piped) = (self.level, self.piped);
        self.push(Command { at, level, words, piped, ..Command::default() });
        Ok(())
    }

    /// A word behind `||` is a command to sh: only a variable that the text doesn't set may stand there.
    fn run_by_sh(&mut self, made: &[Word]) -> Read<()> {
        let alone =
            made.first().filter(|word| word.text.chars().eq([UNKNOWN])).map(|word| word.unknown.as_slice());
        match alone {
            Some([Unknown::Variable(name)]) => self.found.run_by_sh.push(name.clone()),
            Some([Unknown::Outside]) => {}
            _ => return Err(self.fault("a word inside of `[[` that sh would run as a command")),
        }
        Ok(())
    }

    /// `((i++))` and its kind: no blank in it, so that sh finds one word there that is no program.
    pub(super) fn arithmetic_command(&mut self) -> Read<()> {
        let start = self.at + 2;
        let end = self.rest().find("))").map(|length| self.at + length);
        let text = end.and_then(|end| self.text.get(start..end)).unwrap_or_default().trim_matches(' ');
        let name_end =
            text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(text.len());
        let (name, operator) = text.split_at(name_end);
        let plain = operator.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-*/%=".contains(&byte));
        let counts = operator.len() >= 2 && operator.starts_with(['+', '-', '*', '/', '%', '=']);
        if !plain
            || !counts
            || !name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        {
            return Err(self.fault("`((`, which sh takes for two subshells; `$((…))` and `[ … ]` are read"));
        }
        self.found.evaluates = true;
        self.assigns(name, &[]);
        self.at = end.unwrap_or(start) + 2;
        Ok(())
    }
}
