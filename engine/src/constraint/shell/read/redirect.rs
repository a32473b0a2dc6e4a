//! Redirects.

use super::super::found::{Command, Direction, Redirect};
use super::super::word::Word;
use super::heredoc::Pending;
use super::{Read, Reader};

/// How many here-documents one text may have.
const HEREDOCS: usize = 32;

/// The signs, longest first.
const SIGNS: [(&str, Direction); 12] = [
    ("&>>", Direction::Out),
    ("<<<", Direction::Text),
    ("<<-", Direction::Text),
    ("&>", Direction::Out),
    (">>", Direction::Out),
    (">|", Direction::Out),
    (">&", Direction::Duplicate),
    ("<&", Direction::Duplicate),
    ("<>", Direction::Out),
    ("<<", Direction::Text),
    (">", Direction::Out),
    ("<", Direction::In),
];

impl Reader<'_, '_> {
    /// Whether a redirect stands here, its descriptor before it.
    pub(super) fn at_redirect(&self) -> bool {
        let rest = self.rest();
        let bare = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        // `{name}>` as well.
        let named = rest.strip_prefix('{').map(|rest| rest.trim_start_matches(named_by)).unwrap_or_default();
        let bare = named.strip_prefix('}').unwrap_or(bare);
        let substitution = bare.starts_with("<(") || bare.starts_with(">(");
        (bare.starts_with(['<', '>']) && !substitution) || rest.starts_with("&>")
    }

    pub(super) fn redirect(&mut self) -> Read<Redirect> {
        if self.byte() == Some(b'{') {
            self.at += self.rest().find('}').map_or(0, |end| end + 1);
        }
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        let Some((sign, kind)) = SIGNS.into_iter().find(|(sign, _)| self.starts(sign)) else {
            return Err(self.fault("a redirect that isn't read"));
        };
        self.at += sign.len();
        self.blanks();
        let start = self.at;
        let mut words = self.word()?;
        let (Some(target), None) = (words.pop(), words.pop()) else {
            return Err(self.fault("a redirect to several files"));
        };
        if sign.starts_with("<<") && sign != "<<<" {
            return self.delimiter(target, sign == "<<-", start);
        }
        let kind = match kind {
            Direction::Duplicate if descriptor(&target) => kind,
            Direction::Duplicate => Direction::Out,
            other => other,
        };
        Ok(Redirect { kind, target })
    }

    fn delimiter(&mut self, target: Word, tabs: bool, start: usize) -> Read<Redirect> {
        let written = self.text.get(start..self.at).unwrap_or_default();
        let quoted = target.quoted;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.!@%+:,'\"\\".contains(&byte);
        if target.text.is_empty() || !target.unknown.is_empty() || !written.bytes().all(plain) {
            return Err(self.fault("a delimiter of a here-document that isn't plain"));
        }
        let from = self.at;
        self.found.heredocs += 1;
        if self.found.heredocs > HEREDOCS {
            return Err(self.fault("more here-documents than are read"));
        }
        self.pending.push(Pending { delimiter: target.text, literal: quoted, tabs });
        // The text itself is what a program reads: found again by whoever asks for it.
        let body = self.text.get(from..).and_then(|rest| rest.split_once('\n')).map(|(_, body)| body);
        Ok(Redirect { kind: Direction::Text, target: Word::of(body.unwrap_or_default()) })
    }

    pub(super) fn trailing_redirects(&mut self) -> Read<()> {
        let mut command = Command { at: self.at, level: self.level, ..Command::default() };
        loop {
            self.blanks();
            if !self.at_redirect() {
                break;
            }
            let redirect = self.redirect()?;
            command.redirects.push(redirect);
        }
        if !command.redirects.is_empty() {
            self.push(command);
        }
        Ok(())
    }
}

/// Whether a letter is one of a variable's name.
fn named_by(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Whether a `>&` goes to a descriptor and not to a file.
fn descriptor(target: &Word) -> bool {
    target.fixed().is_some_and(|text| {
        let number = text.strip_suffix('-').unwrap_or(text);
        number.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty()
    })
}
