//! Cutting a SQL text into words, names, strings and marks, as a dialect does it.
//!
//! What databases agree to differ on is a [`Lexicon`]'s. What they differ on and none can be sure of is a fault, and so is
//! what has no end.
//!
//! What it doesn't see: settings of a session or a server that change how a string ends (`NO_BACKSLASH_ESCAPES`,
//! `ANSI_QUOTES`, `QUOTED_IDENTIFIER OFF`, `standard_conforming_strings`); changing them is a statement of its own.

use super::lexicon::{Dollars, Hash, Lexicon};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Word,
    /// A name between quotes; its text is without them.
    Name,
    /// A string; its text is all of it, prefix and quotes too.
    Text,
    Number,
    /// One other character.
    Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) shape: Shape,
    pub(super) text: &'t str,
    /// Where it begins, quotes included, in bytes.
    pub(super) at: usize,
    pub(super) end: usize,
}

impl Token<'_> {
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.shape == Shape::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is this name, between quotes or not.
    pub(super) fn is_name(&self, name: &str) -> bool {
        self.is_named() && self.text.eq_ignore_ascii_case(name)
    }

    /// Whether it can be a name.
    pub(super) fn is_named(&self) -> bool {
        matches!(self.shape, Shape::Word | Shape::Name)
    }

    pub(super) fn is_mark(&self, mark: &str) -> bool {
        self.shape == Shape::Mark && self.text == mark
    }
}

/// Why a text can't be cut to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) what: &'static str,
    /// Whether another reading of the text doesn't make it good: databases disagree on what follows.
    pub(super) fatal: bool,
}

/// The tokens up to the end, or up to the fault.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut<'t> {
    pub(super) tokens: Vec<Token<'t>>,
    pub(super) fault: Option<Fault>,
}

/// Cuts a text. Takes time linear in it.
pub(super) fn cut<'t>(text: &'t str, lexicon: &Lexicon) -> Cut<'t> {
    let tokens = Vec::with_capacity(text.len() / 4);
    let mut lexer = Lexer { text, at: 0, lexicon, tokens, versioned: false, escaped: None };
    let fault = loop {
        match lexer.step() {
            Ok(true) => {}
            Ok(false) => break None,
            Err(fault) => break Some(fault),
        }
    };
    Cut { tokens: lexer.tokens, fault }
}

struct Lexer<'t, 'l> {
    text: &'t str,
    at: usize,
    lexicon: &'l Lexicon,
    tokens: Vec<Token<'t>>,
    /// Inside of a versioned comment.
    versioned: bool,
    /// How many tokens there were when a string with an escape prefix ended: one that follows goes on with it.
    escaped: Option<usize>,
}

/// Words that say what the string right behind them is.
const RAW: &[&str] = &["r", "rb", "br"];
const Q: &[&str] = &["q", "nq"];

impl<'t> Lexer<'t, '_> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn starts(&self, what: &str) -> bool {
        self.rest().starts_with(what)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn push(&mut self, shape: Shape, from: usize, inner: std::ops::Range<usize>) {
        let whole = from..self.at;
        let text = self.text.get(if shape == Shape::Text { whole } else { inner }).unwrap_or_default();
        self.tokens.push(Token { shape, text, at: from, end: self.at });
    }

    fn open(&self, at: usize, what: &'static str) -> Fault {
        Fault { at, what, fatal: false }
    }

    fn fatal(&self, at: usize, what: &'static str) -> Fault {
        Fault { at, what, fatal: true }
    }

    /// Takes one token or one stretch between tokens. False at the end.
    fn step(&mut self) -> Result<bool, Fault> {
        let Some(first) = self.rest().chars().next() else {
            return if self.versioned { Err(self.open(self.at, "a comment has no end")) } else { Ok(false) };
        };
        if first.is_ascii_whitespace() || first == '\u{b}' {
            self.at += 1;
            return Ok(true);
        }
        if self.comment()? {
            return Ok(true);
        }
        let from = self.at;
        match first {
            '\'' | '"' | '`' | '$' | '[' if self.quoted(first)? => {}
            '0'..='9' => self.number(),
            '.' if self.byte(from + 1).is_some_and(|byte| byte.is_ascii_digit()) && !self.after_name() => {
                self.number();
            }
            _ if self.begins_word(first) => self.word()?,
            '\\' => return Err(self.open(from, "a backslash stands outside of a string")),
            _ if !first.is_ascii() => {
                let what = "a character that is a space, a letter or a quote to some databases stands outside of a string";
                return Err(self.fatal(from, what));
            }
            _ if first.is_control() => {
                return Err(self.fatal(from, "a control character stands outside of a string"));
            }
            _ => {
                self.at += first.len_utf8();
                self.push(Shape::Mark, from, from..self.at);
            }
        }
        Ok(true)
    }

    fn begins_word(&self, character: char) -> bool {
        character == '_'
            || character.is_ascii_alphabetic()
            || !character.is_ascii() && character.is_alphanumeric()
            || self.lexicon.hash == Hash::Name && (character == '#' || character == '@')
    }

    /// Whether what was just taken is part of a dotted name, so that `.5` would be a part of it.
    fn after_name(&self) -> bool {
        self.tokens.last().is_some_and(|token| token.end == self.at && token.is_named())
    }

    fn number(&mut self) {
        let from = self.at;
        let bytes = self.text.as_bytes();
        let digits = |at: usize, test: fn(&u8) -> bool| {
            at + bytes.get(at..).unwrap_or_default().iter().take_while(|byte| test(byte)).count()
        };
        if self.rest().get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x")) {
            self.at = digits(from + 2, u8::is_ascii_hexdigit);
        } else {
            self.at = digits(from, u8::is_ascii_digit);
            if self.byte(self.at) == Some(b'.') {
                self.at = digits(self.at + 1, u8::is_ascii_digit);
            }
            if self.byte(self.at).is_some_and(|byte| byte.eq_ignore_ascii_case(&b'e')) {
                let sign = usize::from(matches!(self.byte(self.at + 1), Some(b'+' | b'-')));
                let end = digits(self.at + 1 + sign, u8::is_ascii_digit);
                if end > self.at + 1 + sign {
                    self.at = end;
                }
            }
        }
        self.push(Shape::Number, from, from..self.at);
    }

    fn word(&mut self) -> Result<(), Fault> {
        let from = self.at;
        let length = self
            .rest()
            .char_indices()
            .find(|(_, character)| {
                let inside = character.is_ascii_alphanumeric()
                    || matches!(character, '_' | '$')
                    || !character.is_ascii() && character.is_alphanumeric()
                    || self.lexicon.hash == Hash::Name && matches!(character, '#' | '@');
                !inside
            })
            .map_or(self.rest().len(), |(length, _)| length);
        self.at += length;
        let word = self.text.get(from..self.at).unwrap_or_default();
        let is_one = |words: &[&str]| words.iter().any(|one| one.eq_ignore_ascii_case(word));
        match self.byte(self.at) {
            Some(quote @ (b'\'' | b'"')) if self.lexicon.raw_prefix && is_one(RAW) => {
                return self.until_quote(from, quote, false, Shape::Text);
            }
            Some(quote @ b'\'') if self.lexicon.escape_prefix && is_one(&["e"]) => {
                self.until_quote(from, quote, true, Shape::Text)?;
                self.escaped = Some(self.tokens.len());
                return Ok(());
            }
            Some(b'\'') if self.lexicon.q_quotes && is_one(Q) => return self.q_quoted(from),
            _ => {}
        }
        self.push(Shape::Word, from, from..self.at);
        Ok(())
    }

    /// Takes what stands between quotes of some kind; false where the character is no quote in this dialect.
    fn quoted(&mut self, first: char) -> Result<bool, Fault> {
        if self.versioned {
            return Err(self.fatal(self.at, "a comment that some versions run as code holds a quote"));
        }
        let lexicon = self.lexicon;
        let from = self.at;
        match first {
            '\'' | '"'
                if lexicon.triple_quotes && self.starts(if first == '"' { "\"\"\"" } else { "'''" }) =>
            {
                self.triple(from, first)?;
            }
            '\'' if self.escaped == Some(self.tokens.len()) => {
                self.until_quote(from, b'\'', true, Shape::Text)?;
                // PostgreSQL's backslashes go on in it, DuckDB's don't.
                if self.tokens.last().is_some_and(|token| token.text.contains('\\')) {
                    let what = "a string goes on behind one with escapes, and holds a backslash";
                    return Err(self.fatal(from, what));
                }
                self.escaped = Some(self.tokens.len());
            }
            '\'' => self.until_quote(from, b'\'', lexicon.backslash, Shape::Text)?,
            '"' if lexicon.double_quoted_text => {
                self.until_quote(from, b'"', lexicon.backslash, Shape::Text)?;
            }
            '"' => self.until_quote(from, b'"', lexicon.backslash_in_names, Shape::Name)?,
            '`' if lexicon.backticks => {
                self.until_quote(from, b'`', lexicon.backslash_in_names, Shape::Name)?;
            }
            '[' if lexicon.brackets => self.until_quote(from, b']', false, Shape::Name)?,
            '$' => return self.dollars(from),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Takes a quoted token from its opening quote, before which there may be a prefix, to the closing one. A doubled
    /// closing quote is part of it.
    fn until_quote(&mut self, from: usize, close: u8, backslash: bool, shape: Shape) -> Result<(), Fault> {
        let begin = self.at + 1;
        let mut at = begin;
        loop {
            match self.byte(at) {
                None => return Err(self.open(from, "a string or a quoted name has no end")),
                Some(b'\\') if backslash => at += 2,
                Some(byte) if byte == close && self.byte(at + 1) == Some(close) => at += 2,
                Some(byte) if byte == close => break,
                Some(_) => at += 1,
            }
        }
        self.at = at + 1;
        self.push(shape, from, begin..at);
        let escapes = shape == Shape::Name && (backslash || self.follows_unicode_prefix(from));
        if escapes && self.tokens.last().is_some_and(|token| token.text.contains('\\')) {
            return Err(self.fatal(from, "a name is written in escapes"));
        }
        Ok(())
    }

    /// Whether `U&` stands right before.
    fn follows_unicode_prefix(&self, at: usize) -> bool {
        let before = self.text.get(..at).unwrap_or_default();
        before.ends_with("U&") || before.ends_with("u&")
    }

    fn triple(&mut self, from: usize, quote: char) -> Result<(), Fault> {
        let close = if quote == '"' { "\"\"\"" } else { "'''" };
        let begin = from + 3;
        let mut at = begin;
        while !self.text.as_bytes().get(at..).unwrap_or_default().starts_with(close.as_bytes()) {
            match self.byte(at) {
                None => return Err(self.open(from, "a string has no end")),
                Some(b'\\') if self.lexicon.backslash => at += 2,
                Some(_) => at += 1,
            }
        }
        self.at = at + 3;
        self.push(Shape::Text, from, begin..at);
        Ok(())
    }

    fn dollars(&mut self, from: usize) -> Result<bool, Fault> {
        let rest = self.rest();
        let tag = rest.get(1..).unwrap_or_default();
        let length = tag
            .find(|character: char| {
                character != '_' && character.is_ascii() && !character.is_ascii_alphanumeric()
            })
            .unwrap_or(tag.len());
        let tagged = tag.get(length..).is_some_and(|after| after.starts_with('$'))
            && !tag.starts_with(|character: char| character.is_ascii_digit());
        match self.lexicon.dollars {
            Dollars::Tagged if tagged => {}
            Dollars::Plain if tagged && length == 0 => {}
            _ => return Ok(false),
        }
        let fence = rest.get(..length + 2).unwrap_or_default();
        let begin = from + fence.len();
        let body = self.text.get(begin..).unwrap_or_default();
        let Some(end) = body.find(fence) else { return Err(self.open(from, "a string has no end")) };
        self.at = begin + end + fence.len();
        self.push(Shape::Text, from, begin..begin + end);
        Ok(true)
    }

    fn q_quoted(&mut self, from: usize) -> Result<(), Fault> {
        let body = self.text.get(self.at + 1..).unwrap_or_default();
        let Some(open) = body.chars().next() else { return Err(self.open(from, "a string has no end")) };
        let close = match open {
            '[' => ']',
            '(' => ')',
            '{' => '}',
            '<' => '>',
            other => other,
        };
        let begin = self.at + 1 + open.len_utf8();
        let fence = format!("{close}'");
        let Some(end) = self.text.get(begin..).and_then(|body| body.find(&fence)) else {
            return Err(self.open(from, "a string has no end"));
        };
        self.at = begin + end + fence.len();
        self.push(Shape::Text, from, begin..begin + end);
        Ok(())
    }

    /// Takes a comment, or the fence of a versioned one.
    fn comment(&mut self) -> Result<bool, Fault> {
        let lexicon = self.lexicon;
        if self.starts("--") {
            let after = self.rest().chars().nth(2);
            if !lexicon.dashes_need_space
                || after.is_none_or(|after| after.is_ascii_whitespace() || after.is_ascii_control())
            {
                return self.line_comment();
            }
        }
        if lexicon.hash == Hash::Comment && self.starts("#") || lexicon.slashes && self.starts("//") {
            return self.line_comment();
        }
        if lexicon.versioned {
            if self.versioned && self.starts("*/") {
                self.versioned = false;
                self.at += 2;
                return Ok(true);
            }
            let fence = ["/*!", "/*M!"].into_iter().find(|fence| self.starts(fence));
            if let Some(fence) = fence {
                if self.versioned {
                    return Err(self.fatal(self.at, "a comment that some versions run as code holds another"));
                }
                self.versioned = true;
                self.at += fence.len();
                self.at += self.rest().bytes().take(6).take_while(u8::is_ascii_digit).count();
                return Ok(true);
            }
        }
        if !self.starts("/*") {
            return Ok(false);
        }
        if self.versioned {
            return Err(self.fatal(self.at, "a comment that some versions run as code holds another"));
        }
        let from = self.at;
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        loop {
            match bytes.get(self.at..self.at + 2) {
                None => return Err(self.open(from, "a comment has no end")),
                Some(b"/*") if depth == 0 || lexicon.nested => {
                    depth += 1;
                    self.at += 2;
                }
                Some(b"*/") => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Ok(true);
                    }
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn line_comment(&mut self) -> Result<bool, Fault> {
        if self.versioned {
            return Err(self.fatal(self.at, "a comment that some versions run as code holds another"));
        }
        let rest = self.rest();
        let length = rest.find('\n').unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or_default();
        if line.trim_end_matches('\r').contains('\r') {
            let what = "a carriage return in a comment ends it for some databases, and not for others";
            return Err(self.fatal(self.at, what));
        }
        self.at += length;
        Ok(true)
    }
}
