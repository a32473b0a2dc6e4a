//! Reads a command text as bash, dash, ksh and zsh do where they agree, and refuses the rest.
//!
//! The reader's only product is [`Found`]: the simple commands. It doesn't run anything, expand variables or
//! look at files. What shells read differently is a [`Fault`]: a text that one shell takes for data is code
//! to another. Nesting of every kind counts toward one bound, so that recursion stays shallow.

mod compound;
mod conditional;
mod expansion;
mod heredoc;
mod parameter;
mod redirect;
mod simple;
mod words;

use super::found::{Command, Found};
use heredoc::Pending;

/// How deep brackets, quotes, keywords and strings that are read again may stand in each other.
const DEPTH: usize = 32;

/// How many bytes are read for one text: strings inside of strings are read more than once.
const WORK: usize = 1 << 18;

/// Why a text isn't read: what stands there, as a part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

type Read<T> = Result<T, Fault>;

/// Reads one text and all that it holds.
///
/// # Errors
/// The first place that isn't plainly understood.
pub(super) fn read(text: &str, level: &'static str, depth: usize, found: &mut Found) -> Read<()> {
    let mut reader = Reader::new(text, level, depth, found)?;
    if let Some((at, _)) = text.char_indices().find(|(_, letter)| unreadable(*letter)) {
        return Err(Fault { at, what: "a control character or one that has no meaning" });
    }
    // A text that is run inside of another one is given its arguments there.
    reader.in_function = !level.is_empty();
    reader.list(&[])?;
    if reader.pending.is_empty() { Ok(()) } else { Err(reader.fault("a here-document without its text")) }
}

/// Characters that no command needs: a terminal or a shell may take them for anything.
fn unreadable(letter: char) -> bool {
    (letter.is_control() && letter != '\n' && letter != '\t') || ('\u{FDD0}'..='\u{FDEF}').contains(&letter)
}

/// Where in a text the reader is.
#[derive(Debug)]
struct Reader<'t, 'f> {
    text: &'t str,
    at: usize,
    depth: usize,
    level: &'static str,
    /// Whether this is the body of a function.
    in_function: bool,
    /// Here-documents whose text begins at the next newline.
    pending: Vec<Pending>,
    /// The commands before the pipe that what is read now stands behind.
    piped: Option<(usize, usize)>,
    found: &'f mut Found,
}

impl<'t, 'f> Reader<'t, 'f> {
    fn new(text: &'t str, level: &'static str, depth: usize, found: &'f mut Found) -> Read<Self> {
        found.work += text.len();
        let reader =
            Self { text, at: 0, depth, level, in_function: false, pending: Vec::new(), piped: None, found };
        if reader.found.work > WORK || depth > DEPTH {
            return Err(reader.fault("more text inside of text than is read"));
        }
        Ok(reader)
    }

    /// Reads a text that stands inside of this one: backquotes, a here-document.
    fn inner<'i>(&'i mut self, text: &'i str, level: &'static str) -> Read<Reader<'i, 'i>> {
        let (in_function, piped) = (self.in_function, self.piped);
        let mut inner = Reader::new(text, level, self.depth + 1, self.found)?;
        inner.in_function = in_function;
        inner.piped = piped;
        Ok(inner)
    }

    fn fault(&self, what: &'static str) -> Fault {
        Fault { at: self.at, what }
    }

    /// One level deeper; [`Self::leave`] ends it. A fault ends all reading, so that nothing need be undone.
    fn enter(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > DEPTH { Err(self.fault("deeper nesting than is read")) } else { Ok(()) }
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn byte(&self) -> Option<u8> {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + by).copied()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn starts(&self, prefix: &str) -> bool {
        self.rest().starts_with(prefix)
    }

    fn eat(&mut self, prefix: &str) -> bool {
        let there = self.starts(prefix);
        if there {
            self.at += prefix.len();
        }
        there
    }

    /// The next character, whole.
    fn letter(&mut self) -> Option<char> {
        let letter = self.rest().chars().next()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    /// Passes blanks, line continuations and a comment.
    fn blanks(&mut self) {
        loop {
            match self.byte() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\\') if self.ahead(1) == Some(b'\n') => self.at += 2,
                Some(b'#') => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                _ => return,
            }
        }
    }

    /// Passes blanks and newlines; here-documents begin behind the first of them.
    fn newlines(&mut self) -> Read<()> {
        self.blanks();
        while self.byte() == Some(b'\n') {
            self.newline()?;
            self.blanks();
        }
        Ok(())
    }

    fn newline(&mut self) -> Read<()> {
        self.at += 1;
        for pending in std::mem::take(&mut self.pending) {
            self.heredoc(&pending)?;
        }
        Ok(())
    }

    /// The reserved word that stands here, unquoted and whole.
    fn keyword(&self) -> Option<&'static str> {
        const KEYWORDS: [&str; 22] = [
            "!", "{", "}", "[[", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for",
            "function", "if", "in", "select", "then", "time", "until", "while", "]]",
        ];
        let rest = self.rest();
        if !matches!(self.byte()?, b'!' | b'{' | b'}' | b'[' | b']' | b'a'..=b'z') {
            return None;
        }
        let end = rest.find(|letter: char| " \t\n;&|<>()".contains(letter)).unwrap_or(rest.len());
        let word = rest.get(..end)?;
        KEYWORDS.into_iter().find(|known| *known == word)
    }

    fn eat_keyword(&mut self, keyword: &str) -> bool {
        let there = self.keyword() == Some(keyword);
        if there {
            self.at += keyword.len();
        }
        there
    }

    fn expect_keyword(&mut self, keyword: &str, what: &'static str) -> Read<()> {
        if self.eat_keyword(keyword) { Ok(()) } else { Err(self.fault(what)) }
    }

    /// Commands up to one of these closers, which is left where it is; up to the end of the text where there
    /// are none. At least one command stands before a closer.
    fn list(&mut self, closers: &[&str]) -> Read<()> {
        let mut any = false;
        loop {
            self.newlines()?;
            if self.byte().is_none() {
                return if closers.is_empty() {
                    Ok(())
                } else {
                    Err(self.fault("the end, where something is still open"))
                };
            }
            if self.closes(closers) {
                return if any { Ok(()) } else { Err(self.fault("nothing, where a command is expected")) };
            }
            self.and_or()?;
            any = true;
            self.blanks();
            match self.byte() {
                Some(b';') if matches!(self.ahead(1), Some(b';' | b'&')) => {
                    if !self.closes(closers) {
                        return Err(self.fault("`;;` outside of a case"));
                    }
                }
                Some(b';' | b'&') => self.at += 1,
                Some(b'\n') | None => {}
                Some(_) if self.closes(closers) => {}
                Some(_) => return Err(self.fault("something that can't follow a command")),
            }
        }
    }

    fn closes(&self, closers: &[&str]) -> bool {
        closers.iter().any(|closer| match *closer {
            ")" => self.byte() == Some(b')'),
            ";;" => self.starts(";;") || self.starts(";&"),
            keyword => self.keyword() == Some(keyword),
        })
    }

    fn and_or(&mut self) -> Read<()> {
        loop {
            self.pipeline()?;
            self.blanks();
            if !self.eat("&&") && !self.eat("||") {
                return Ok(());
            }
            self.newlines()?;
        }
    }

    fn pipeline(&mut self) -> Read<()> {
        while self.eat_keyword("!") || self.eat_keyword("time") {
            self.blanks();
            if self.starts("-p ") {
                self.at += 2;
            }
            self.blanks();
        }
        let outer = self.piped;
        let first = self.found.commands.len();
        loop {
            self.command()?;
            self.blanks();
            if self.starts("||") || !self.eat("|") {
                break;
            }
            self.eat("&");
            self.piped = Some((first, self.found.commands.len()));
            self.newlines()?;
        }
        self.piped = outer;
        Ok(())
    }

    fn push(&mut self, command: Command) {
        self.found.commands.push(command);
    }
}
