//! Reads an awk program for what runs commands, writes files or loads code: `system`, pipes, `print >`,
//! `@load`.

/// What is refused in a program.
pub(super) fn judge(program: &str) -> Result<(), String> {
    // Whatever a string or a pattern is to this awk, `system(` is never needed.
    if calls(program, "system") {
        return Err("`system` in its program runs a command".to_owned());
    }
    if program.contains("/inet") {
        return Err("its program opens a connection".to_owned());
    }
    let mut awk = Tokens { rest: program, operand: false };
    let mut printing = false;
    let mut round = 0_i32;
    while let Some(token) = awk.next()? {
        match token {
            Token::Word(word) => {
                if matches!(word, "print" | "printf") {
                    printing = true;
                    round = 0;
                }
            }
            Token::Sign('(' | '[') => round += 1,
            Token::Sign(')' | ']') => round -= 1,
            Token::Sign(';' | '\n' | '{' | '}') => printing = false,
            Token::Sign('@') => return Err("`@` in its program loads or calls what isn't read".to_owned()),
            Token::Sign('|') => {
                if awk.eat('|') {
                    continue;
                }
                return Err("a pipe in its program runs a command".to_owned());
            }
            Token::Sign('>') if printing && round <= 0 => {
                awk.eat('>');
                awk.blanks();
                let stream = ["\"/dev/stderr\"", "\"/dev/stdout\"", "\"/dev/null\""];
                if !stream.iter().any(|stream| awk.rest.starts_with(stream)) {
                    return Err("`>` in its program writes a file".to_owned());
                }
            }
            Token::Sign(_) | Token::Other => {}
        }
    }
    Ok(())
}

/// Whether a function of this name is called, as far as letters tell.
fn calls(program: &str, name: &str) -> bool {
    program.match_indices(name).any(|(at, _)| {
        let before = program.get(..at).and_then(|before| before.chars().next_back());
        let behind = program
            .get(at + name.len()..)
            .unwrap_or_default()
            .trim_start_matches([' ', '\t', '\\', '\n', '\r']);
        let whole = before.is_none_or(|letter| !letter.is_ascii_alphanumeric() && letter != '_');
        whole && behind.starts_with('(')
    })
}

enum Token<'p> {
    Word(&'p str),
    Sign(char),
    /// A string, a pattern or a number.
    Other,
}

struct Tokens<'p> {
    rest: &'p str,
    /// Whether the last token was a value, behind which a `/` divides.
    operand: bool,
}

impl<'p> Tokens<'p> {
    fn eat(&mut self, letter: char) -> bool {
        let rest = self.rest.strip_prefix(letter);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn take(&mut self, length: usize) -> &'p str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn next(&mut self) -> Result<Option<Token<'p>>, String> {
        self.blanks();
        let Some(letter) = self.rest.chars().next() else { return Ok(None) };
        if letter.is_ascii_alphabetic() || letter == '_' {
            let end = self.rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            let word = self.take(end.unwrap_or(self.rest.len()));
            let keyword = matches!(
                word,
                "print" | "printf" | "return" | "in" | "case" | "exit" | "else" | "do" | "getline"
            );
            self.operand = !keyword;
            return Ok(Some(Token::Word(word)));
        }
        self.take(letter.len_utf8());
        match letter {
            '"' => {
                self.quoted('"')?;
                self.operand = true;
                Ok(Some(Token::Other))
            }
            '/' if !self.operand => {
                self.quoted('/')?;
                self.operand = true;
                Ok(Some(Token::Other))
            }
            '#' => {
                self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
                self.next_line()
            }
            '0'..='9' => {
                self.operand = true;
                Ok(Some(Token::Other))
            }
            other => {
                self.operand = matches!(other, ')' | ']' | super::UNKNOWN);
                Ok(Some(Token::Sign(other)))
            }
        }
    }

    /// What stands behind a comment: its newline, which ends a statement.
    fn next_line(&mut self) -> Result<Option<Token<'p>>, String> {
        self.operand = false;
        Ok(if self.eat('\n') { Some(Token::Sign('\n')) } else { None })
    }

    /// Passes a string or a pattern up to its end. In a bracket of a pattern, a `/` ends it in some awks
    /// only.
    fn quoted(&mut self, end: char) -> Result<(), String> {
        let mut bracket = false;
        let mut seen = false;
        while let Some(letter) = self.rest.chars().next() {
            self.take(letter.len_utf8());
            match letter {
                '\\' => {
                    let next = self.rest.chars().next().map_or(0, char::len_utf8);
                    self.take(next);
                }
                '\n' => return Err("its program isn't plainly read".to_owned()),
                '[' if end == '/' => bracket = true,
                ']' => bracket = false,
                other if other == end && !bracket => return Ok(()),
                other if other == end && !seen => {
                    seen = true;
                    if self.rest.contains(['|', '>', '@']) {
                        return Err("its program isn't plainly read".to_owned());
                    }
                }
                _ => {}
            }
        }
        if bracket { Ok(()) } else { Err("its program isn't plainly read".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::judge;

    #[test]
    fn programs_that_run_or_write_are_found_and_others_are_not() {
        for program in [
            "BEGIN {system(\"/bin/sh\")}",
            "BEGIN{system (\"id\")}",
            "{print | \"sh\"}",
            "{\"id\" | getline x}",
            "{print > \"f\"}",
            "{print $1 >> FILENAME}",
            "{printf(\"x\") > \"f\"}",
            "@load \"fork\"\nBEGIN{}",
            "{print |& \"sh\"}",
            "{ f = \"system\"; @f(\"id\") }",
            "{ x = a / b; print | \"sh\" } # /",
            "BEGIN { getline < \"/inet/tcp/0/h/1\" }",
            "{print \"a\" > (\"f\" $1)}",
        ] {
            assert!(judge(program).is_err(), "{program}");
        }
        for program in [
            "{print $1}",
            "$3 > 5",
            "$1 > 5 {print}",
            "{print ($1 > 5)}",
            "/a|b/",
            "$0 ~ /[|>]/ {print}",
            "a || b",
            "{print \"a|b > c\"}",
            "{ if ($1 > 2) print $2 }",
            "{print $1 / 2}",
            "{print > \"/dev/stderr\"}",
            "NR%2{printf(\"%s \", $0); next}1",
            "length($0) < 25",
            "{ ...}",
            "BEGIN {FS=\"[ ]*[0-9]+%?[ ]+\"}; NR==2 {print $1}",
        ] {
            assert_eq!(judge(program), Ok(()), "{program}");
        }
    }
}
