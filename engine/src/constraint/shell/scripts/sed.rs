//! Reads a sed script for the commands that run or write: `e`, `w`, `W`, and the flags `e` and `w` of `s`.
//!
//! What isn't plainly read is refused. Where seds differ, the reading is GNU's.

/// What is refused in a script.
pub(super) fn judge(script: &str) -> Result<(), String> {
    let tail = script.rfind(['e', 'w', 'W']).map_or(0, |at| script.len() - at);
    let mut sed = Script { rest: script, tail };
    while !sed.rest.is_empty() {
        sed.command()?;
    }
    Ok(())
}

struct Script<'s> {
    rest: &'s str,
    /// How many bytes from the last letter on that could run or write something; none where there is no such
    /// letter.
    tail: usize,
}

const UNREAD: &str = "its script isn't plainly read";

impl Script<'_> {
    fn next(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = self.rest.get(letter.len_utf8()..).unwrap_or_default();
        Some(letter)
    }

    fn skip(&mut self, letters: &str) {
        self.rest = self.rest.trim_start_matches(|letter| letters.contains(letter));
    }

    fn command(&mut self) -> Result<(), String> {
        self.skip(" \t\n;{}");
        self.address()?;
        self.skip(" \t");
        if self.rest.starts_with(',') {
            self.next();
            self.skip(" \t");
            self.skip("+~");
            self.address()?;
        }
        self.skip(" \t!");
        match self.next() {
            None | Some('{' | '}' | ';' | '\n') => Ok(()),
            Some('#') => {
                self.line();
                Ok(())
            }
            Some('s') => self.substitute(),
            Some('y') => {
                let delimiter = self.next();
                self.until(delimiter, false)?;
                self.until(delimiter, false)
            }
            Some('a' | 'i' | 'c') => {
                self.text();
                Ok(())
            }
            Some('r' | 'R') => {
                self.line();
                Ok(())
            }
            Some(':') => {
                // A label ends at a blank or a semicolon, or at the line's end in other seds: what follows is
                // read.
                self.label();
                Ok(())
            }
            Some('b' | 't' | 'T') => {
                self.skip(" \t");
                self.label();
                Ok(())
            }
            Some('q' | 'Q' | 'l' | 'L') => {
                self.skip(" \t0123456789");
                Ok(())
            }
            Some('=' | 'd' | 'D' | 'g' | 'G' | 'h' | 'H' | 'n' | 'N' | 'p' | 'P' | 'x' | 'z' | 'F' | 'v') => {
                Ok(())
            }
            Some(letter @ ('e' | 'w' | 'W')) => {
                Err(format!("the command `{letter}` of its script runs or writes"))
            }
            // A part that only the run can tell: the caller has seen whether the text decides it.
            Some(super::UNKNOWN) => Ok(()),
            Some(_) => Err(UNREAD.to_owned()),
        }
    }

    fn address(&mut self) -> Result<(), String> {
        match self.rest.chars().next() {
            Some('0'..='9' | '$') => {
                self.skip("0123456789$~");
                Ok(())
            }
            Some('/') => {
                self.next();
                self.until(Some('/'), true)?;
                self.skip("IM");
                Ok(())
            }
            Some('\\') => {
                self.next();
                let delimiter = self.next();
                self.until(delimiter, true)?;
                self.skip("IM");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Passes text up to an unescaped delimiter. Inside of a bracket expression, the delimiter still ends it
    /// in GNU sed and doesn't in others: such text is refused.
    fn until(&mut self, delimiter: Option<char>, pattern: bool) -> Result<(), String> {
        let Some(delimiter) = delimiter.filter(|letter| !matches!(letter, '\n' | '\\')) else {
            return Err(UNREAD.to_owned());
        };
        let start = self.rest;
        while let Some(letter) = self.next() {
            if letter == '\\' {
                self.next();
            } else if letter == delimiter {
                let inside =
                    start.get(..start.len() - self.rest.len() - delimiter.len_utf8()).unwrap_or_default();
                return if pattern && open_bracket(inside) { self.bracketed(delimiter) } else { Ok(()) };
            }
        }
        Err(UNREAD.to_owned())
    }

    /// Inside of a bracket the two readings differ: go on behind it, and have neither reading run anything.
    fn bracketed(&mut self, delimiter: char) -> Result<(), String> {
        if self.tail > 0 && self.rest.len() >= self.tail {
            return Err(UNREAD.to_owned());
        }
        let close = self.rest.find(']').map_or(self.rest.len(), |at| at + 1);
        self.rest = self.rest.get(close..).unwrap_or_default();
        self.until(Some(delimiter), false)
    }

    fn substitute(&mut self) -> Result<(), String> {
        let delimiter = self.next();
        self.until(delimiter, true)?;
        self.until(delimiter, false)?;
        while let Some(letter) = self.rest.chars().next() {
            match letter {
                'g' | 'p' | 'i' | 'I' | 'm' | 'M' | '0'..='9' => {
                    self.next();
                }
                'e' | 'w' => return Err(format!("the flag `{letter}` in its script runs or writes")),
                ' ' | '\t' | ';' | '\n' | '}' | '#' | super::UNKNOWN => break,
                _ => return Err(UNREAD.to_owned()),
            }
        }
        Ok(())
    }

    fn line(&mut self) {
        self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
    }

    /// The text of `a`, `i` and `c`: up to a newline without a backslash before it.
    fn text(&mut self) {
        while let Some(letter) = self.next() {
            match letter {
                '\\' => {
                    self.next();
                }
                '\n' => return,
                _ => {}
            }
        }
    }

    fn label(&mut self) {
        let end = self.rest.find([';', '\n', '}', ' ']).unwrap_or(self.rest.len());
        self.rest = self.rest.get(end..).unwrap_or_default();
    }
}

/// Whether a pattern ends inside of a bracket expression.
fn open_bracket(pattern: &str) -> bool {
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '[' => {
                if letters.peek() == Some(&'^') {
                    letters.next();
                }
                // A bracket right behind the opening one is a letter.
                letters.next();
                let mut closed = false;
                while let Some(inner) = letters.next() {
                    if inner == '[' && letters.peek().is_some_and(|next| ":.=".contains(*next)) {
                        let kind = letters.next();
                        while let Some(class) = letters.next() {
                            if Some(class) == kind && letters.peek() == Some(&']') {
                                letters.next();
                                break;
                            }
                        }
                    } else if inner == ']' {
                        closed = true;
                        break;
                    }
                }
                if !closed {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::judge;

    #[test]
    fn commands_that_run_or_write_are_found_and_others_are_not() {
        for script in [
            "1e id",
            "e",
            "s/a/b/e",
            "s/a/b/ge",
            "s|a|b|w out",
            "w out",
            "$!W out",
            "/x/w out",
            "s/a/b/;e id",
            "1,3{p;e id\n}",
            "y/a/b/;w o",
            "\\|x|e id",
            "s/[/]/x/e;s/]/x/",
            "b x;e id",
            ":a;e",
            "a\\\ntext\ne id",
            "0~3e",
            "s/a/b/gw/dev/x",
            "s,a,b,e",
            "p\ne",
            "/a/I,/b/Me id",
            "s/\\//x/e",
        ] {
            assert!(judge(script).is_err(), "{script}");
        }
        for script in [
            "s/we/ew/g",
            "/we/d",
            "p",
            "$!d",
            "1,5p",
            "a we",
            "s/[/]/_/g",
            "y/ew/we/",
            ":a;N;$!ba;s/\\n/ /g",
            "x;G;1!h;s/\\n/ /g;$!d",
            "/a/,/b/{//!d}",
            "s/^[^/]*\\///",
            "1~2d",
            "",
            "5q",
            "s;\\(http://[^/]*\\)/.*;\\1;p",
            "/A/{n;p}",
            "# we",
        ] {
            assert_eq!(judge(script), Ok(()), "{script}");
        }
    }
}
