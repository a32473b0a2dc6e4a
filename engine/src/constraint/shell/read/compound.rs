//! Commands that hold commands: groups, loops, `if`, `case`, functions.

use super::{Read, Reader};

impl<'t> Reader<'t, '_> {
    pub(super) fn command(&mut self) -> Read<()> {
        let Some(keyword) = self.keyword() else {
            return match self.byte() {
                Some(b'(') => {
                    self.enter()?;
                    if self.starts("((") {
                        self.arithmetic_command()?
                    } else {
                        self.subshell()?
                    }
                    self.leave();
                    self.trailing_redirects()
                }
                _ => self.simple(),
            };
        };
        self.enter()?;
        match keyword {
            "{" => self.group()?,
            "[[" => self.conditional()?,
            "if" => self.branches()?,
            "while" | "until" => {
                self.at += keyword.len();
                self.list(&["do"])?;
                self.body()?;
            }
            "for" | "select" => self.each(keyword)?,
            "case" => self.case()?,
            "function" => {
                self.at += keyword.len();
                self.blanks();
                let name = self.plain_name();
                if name.is_empty() {
                    return Err(self.fault("a function without a plain name"));
                }
                self.blanks();
                if self.byte() == Some(b'(') {
                    self.function()?;
                } else {
                    self.function_body()?;
                }
            }
            // Its operand is read as words: a program that the policy lists, or nothing.
            "coproc" => {
                self.leave();
                return self.simple();
            }
            _ => return Err(self.fault("a reserved word that nothing opened")),
        }
        self.leave();
        self.trailing_redirects()
    }

    fn group(&mut self) -> Read<()> {
        self.at += 1;
        self.list(&["}"])?;
        self.at += 1;
        Ok(())
    }

    fn subshell(&mut self) -> Read<()> {
        self.at += 1;
        self.list(&[")"])?;
        self.at += 1;
        Ok(())
    }

    fn body(&mut self) -> Read<()> {
        self.expect_keyword("do", "a loop without `do`")?;
        self.list(&["done"])?;
        self.expect_keyword("done", "a loop without `done`")
    }

    fn branches(&mut self) -> Read<()> {
        self.at += "if".len();
        loop {
            self.list(&["then"])?;
            self.expect_keyword("then", "an `if` without `then`")?;
            self.list(&["elif", "else", "fi"])?;
            if self.eat_keyword("elif") {
                continue;
            }
            if self.eat_keyword("else") {
                self.list(&["fi"])?;
            }
            return self.expect_keyword("fi", "an `if` without `fi`");
        }
    }

    /// `for` and `select`.
    fn each(&mut self, keyword: &str) -> Read<()> {
        self.at += keyword.len();
        self.blanks();
        if self.starts("((") {
            // To sh this is a mistake, so that both readings are one.
            self.at += 2;
            self.arithmetic(b";")?;
            self.blanks();
            self.eat(";");
            self.newlines()?;
            return self.body();
        }
        let name = self.plain_name();
        if name.is_empty() {
            return Err(self.fault("a loop without a plain name"));
        }
        self.newlines()?;
        let mut words = Vec::new();
        if self.eat_keyword("in") {
            loop {
                self.blanks();
                match self.byte() {
                    Some(b';' | b'\n') => break,
                    _ => words.extend(self.word()?),
                }
            }
        }
        self.assigns(name, &words);
        self.eat(";");
        self.newlines()?;
        self.body()
    }

    fn case(&mut self) -> Read<()> {
        self.at += "case".len();
        self.blanks();
        self.word()?;
        self.newlines()?;
        self.expect_keyword("in", "a `case` without `in`")?;
        loop {
            self.newlines()?;
            if self.eat_keyword("esac") {
                return Ok(());
            }
            self.eat("(");
            loop {
                self.blanks();
                self.word()?;
                self.blanks();
                if !self.eat("|") {
                    break;
                }
            }
            if !self.eat(")") {
                return Err(self.fault("a pattern of a `case` without its `)`"));
            }
            self.newlines()?;
            if !self.closes(&[";;", "esac"]) {
                self.list(&[";;", "esac"])?;
            }
            let _ = self.eat(";;&") || self.eat(";;") || self.eat(";&");
        }
    }

    /// The parentheses behind a function's name, and its body.
    pub(super) fn function(&mut self) -> Read<()> {
        self.eat("(");
        self.blanks();
        if !self.eat(")") {
            return Err(self.fault("an unquoted parenthesis inside of a command"));
        }
        self.function_body()
    }

    fn function_body(&mut self) -> Read<()> {
        self.newlines()?;
        let outer = std::mem::replace(&mut self.in_function, true);
        if self.keyword() == Some("{") {
            self.group()?;
        } else if self.byte() == Some(b'(') && !self.starts("((") {
            self.subshell()?;
        } else {
            return Err(self.fault("a function whose body is no group"));
        }
        self.in_function = outer;
        Ok(())
    }

    /// A name of letters that no shell takes for more.
    pub(super) fn plain_name(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && !"_-.".contains(letter));
        let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        self.at += name.len();
        name
    }
}
