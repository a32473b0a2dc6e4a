//! Simple commands: assignments, words and redirects, in any order.

use super::super::found::{Assignment, Command};
use super::super::word::Word;
use super::{Read, Reader};

impl Reader<'_, '_> {
    pub(super) fn simple(&mut self) -> Read<()> {
        let mut command = Command { at: self.at, level: self.level, piped: self.piped, ..Command::default() };
        // To sh, `&>` ends the command: what stands behind it would be another one.
        let mut ended = false;
        loop {
            self.blanks();
            if self.at_redirect() {
                ended |= self.starts("&>");
                let redirect = self.redirect()?;
                command.redirects.push(redirect);
                continue;
            }
            match self.byte() {
                None | Some(b'\n' | b';' | b'&' | b'|' | b')') => break,
                Some(b'(') => {
                    let alone = command.assignments.is_empty() && command.redirects.is_empty();
                    let named =
                        matches!(command.words.as_slice(), [name] if !name.quoted && plain_name(name));
                    if !alone || !named {
                        return Err(self.fault("an unquoted parenthesis inside of a command"));
                    }
                    self.enter()?;
                    self.function()?;
                    self.leave();
                    return self.trailing_redirects();
                }
                // zsh takes a brace alone for the end of a group wherever it stands.
                Some(b'{' | b'}') if matches!(self.keyword(), Some("{" | "}")) => {
                    return Err(self.fault("an unquoted brace alone inside of a command"));
                }
                Some(_) if ended => {
                    return Err(self.fault("a word behind `&>`, which sh takes for another command"));
                }
                Some(_) => {
                    if command.words.is_empty()
                        && let Some(assignment) = self.assignment()?
                    {
                        command.assignments.push(assignment);
                        continue;
                    }
                    let words = self.word()?;
                    command.words.extend(words);
                }
            }
        }
        if command.words.is_empty() && command.assignments.is_empty() && command.redirects.is_empty() {
            return Err(self.fault("nothing, where a command is expected"));
        }
        // The value of `x=1 ls` is the program's; `x=1` alone sets it for all that follows.
        for assignment in &command.assignments {
            self.assigns(&assignment.name, &assignment.values);
        }
        self.push(command);
        Ok(())
    }

    /// `name=value`, `name+=value` or `name=(…)`, where one stands here.
    fn assignment(&mut self) -> Read<Option<Assignment>> {
        let rest = self.rest();
        let end =
            rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let sign = ["=", "+="].into_iter().find(|sign| behind.starts_with(sign));
        let (Some(sign), false) =
            (sign, name.is_empty() || name.starts_with(|letter: char| letter.is_ascii_digit()))
        else {
            return Ok(None);
        };
        let name = name.to_owned();
        self.at += name.len() + sign.len();
        let mut values = Vec::new();
        if self.byte() == Some(b'(') {
            self.at += 1;
            loop {
                self.newlines()?;
                if self.eat(")") {
                    break;
                }
                values.extend(self.word()?);
            }
        } else {
            let mut value = Word::default();
            self.letters(&mut value)?;
            if self.byte() == Some(b'(') {
                return Err(self.fault("an unquoted parenthesis inside of a command"));
            }
            let many = self.fault("braces that make more words than are read");
            values.extend(value.expand().ok_or(many)?);
        }
        Ok(Some(Assignment { name, values }))
    }
}

/// Whether a word can name a function in every shell.
fn plain_name(word: &Word) -> bool {
    word.fixed()
        .is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte)))
}
