//! Words as a shell makes them: quotes and escapes gone, braces expanded, what only the run can tell marked.

use std::collections::VecDeque;

/// Stands in a word's text for what isn't known before the command runs.
pub(super) const UNKNOWN: char = '\u{FDD0}';
/// Unquoted braces and commas, until they are expanded or found to be plain text.
pub(super) const OPEN: char = '\u{FDD1}';
/// See [`OPEN`].
pub(super) const COMMA: char = '\u{FDD2}';
/// See [`OPEN`].
pub(super) const CLOSE: char = '\u{FDD3}';

/// How many words the braces of one word may make.
const EXPANDED: usize = 256;

/// How deep braces may stand in each other.
const BRACES: usize = 16;

/// Where an unknown part of a word comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unknown {
    /// A variable of this name.
    Variable(String),
    /// A positional parameter inside of a function, whose caller stands in the same text.
    Argument,
    /// What a program writes: the commands of the substitution, by their places in the list of all that was
    /// found.
    Output(usize, usize),
    /// What an operator of `${…}` leaves of a value: the text chooses which part.
    Part,
    /// Numbers and single letters of a range in braces.
    Range,
    /// What the text itself decides, in a way that isn't followed.
    Chosen,
    /// Nothing that the text decides: a special parameter, a number, the name of a file that was found.
    Outside,
}

/// One word.
#[derive(Debug, Clone, Default)]
pub(super) struct Word {
    /// Its letters, with [`UNKNOWN`] for each part that only the run can tell.
    pub(super) text: String,
    /// Where the unknown parts come from.
    pub(super) unknown: Vec<Unknown>,
    /// Whether an unquoted `*`, `?` or `[` stands in it.
    pub(super) glob: bool,
    /// Whether an unquoted `{` stands in it.
    pub(super) brace: bool,
    /// Whether a quote or a backslash stands in it: such a word is no keyword.
    pub(super) quoted: bool,
    /// Whether an unknown part is unquoted, so that it may become several words.
    pub(super) splits: bool,
}

impl Word {
    /// A word that is known letter by letter.
    pub(super) fn of(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// A word of which nothing is known.
    pub(super) fn unknown(source: Unknown) -> Self {
        Self { text: UNKNOWN.to_string(), unknown: vec![source], ..Self::default() }
    }

    /// Its text, where the shell can make nothing else of it.
    pub(super) fn fixed(&self) -> Option<&str> {
        (self.unknown.is_empty() && !self.glob && !self.brace).then_some(self.text.as_str())
    }

    /// Its text where nothing in it is unknown; it may be a pattern for file names.
    pub(super) fn known(&self) -> Option<&str> {
        self.unknown.is_empty().then_some(self.text.as_str())
    }

    /// Adds a part that only the run can tell.
    pub(super) fn push_unknown(&mut self, source: Unknown) {
        self.text.push(UNKNOWN);
        self.unknown.push(source);
    }

    /// The words that its braces make; `None` where there are too many of them.
    pub(super) fn expand(mut self) -> Option<Vec<Self>> {
        if !self.brace {
            return Some(vec![self]);
        }
        if nesting(&self.text) > BRACES {
            return None;
        }
        let mut done = Vec::new();
        let mut steps = 0;
        let mut left = VecDeque::from([std::mem::take(&mut self.text)]);
        while let Some(text) = left.pop_front() {
            steps += 1;
            if done.len() + left.len() > EXPANDED || steps > 2 * EXPANDED {
                return None;
            }
            match alternatives(&text) {
                Some((before, inside, after)) if inside.is_empty() => {
                    let numbers = text.get(before.len()..text.len() - after.len()).is_some_and(range);
                    self.unknown.push(if numbers { Unknown::Range } else { Unknown::Chosen });
                    left.push_back(format!("{before}{UNKNOWN}{after}"));
                }
                Some((before, inside, after)) => {
                    left.extend(inside.into_iter().map(|middle| format!("{before}{middle}{after}")));
                }
                None => done.push(text),
            }
        }
        let plain = |letter: char| match letter {
            OPEN => '{',
            COMMA => ',',
            CLOSE => '}',
            other => other,
        };
        Some(
            done.into_iter()
                .map(|text| Self { text: text.chars().map(plain).collect(), ..self.clone() })
                .collect(),
        )
    }
}

/// How deep the braces of a text stand in each other, at most.
fn nesting(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut most = 0;
    for letter in text.chars() {
        match letter {
            OPEN => depth += 1,
            CLOSE => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

/// Whether braces hold a range of numbers or of single letters, as every shell that knows them reads them.
fn range(braces: &str) -> bool {
    let inside = braces.trim_start_matches(OPEN).trim_end_matches(CLOSE);
    let ends: Vec<&str> = inside.split("..").collect();
    let number =
        |end: &&str| !end.is_empty() && end.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
    let letter = |end: &&str| matches!(end.as_bytes(), [byte] if byte.is_ascii_alphabetic());
    matches!(ends.len(), 2 | 3) && (ends.iter().all(number) || ends.iter().take(2).all(letter))
}

/// The first braces of a text that expand: what stands before them, their alternatives, and what stands
/// behind. No alternatives at all for a range.
fn alternatives(text: &str) -> Option<(&str, Vec<&str>, &str)> {
    // Each opening brace that isn't closed yet, with the commas of its own level.
    let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
    let mut found: Option<(usize, Vec<usize>, usize)> = None;
    for (at, letter) in text.char_indices() {
        match letter {
            OPEN => open.push((at, Vec::new())),
            COMMA => {
                if let Some((_, commas)) = open.last_mut() {
                    commas.push(at);
                }
            }
            CLOSE => {
                if let Some((start, commas)) = open.pop() {
                    let range =
                        commas.is_empty() && text.get(start..at).is_some_and(|inner| inner.contains(".."));
                    if (range || !commas.is_empty())
                        && found.as_ref().is_none_or(|(first, ..)| start < *first)
                    {
                        found = Some((start, commas, at));
                    }
                }
                if open.is_empty() && found.is_some() {
                    break;
                }
            }
            _ => {}
        }
    }
    let (start, commas, end) = found?;
    let before = text.get(..start)?;
    let after = text.get(end + CLOSE.len_utf8()..)?;
    if commas.is_empty() {
        return Some((before, Vec::new(), after));
    }
    let mut inside = Vec::with_capacity(commas.len() + 1);
    let mut from = start + OPEN.len_utf8();
    for comma in commas {
        inside.push(text.get(from..comma)?);
        from = comma + COMMA.len_utf8();
    }
    inside.push(text.get(from..end)?);
    Some((before, inside, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Word {
        let mark = |letter| match letter {
            '{' => OPEN,
            ',' => COMMA,
            '}' => CLOSE,
            other => other,
        };
        Word { text: text.chars().map(mark).collect(), brace: true, ..Word::default() }
    }

    #[test]
    fn braces_make_the_words_that_bash_makes() {
        for (text, wanted) in [
            ("{a,b}", &["a", "b"][..]),
            ("x{-delete,}y", &["x-deletey", "xy"]),
            ("{a,{b,c}}", &["a", "b", "c"]),
            ("{{a,b},c}", &["c", "a", "b"]),
            ("{}", &["{}"]),
            ("{a}", &["{a}"]),
            ("{a,b", &["{a,b"]),
            ("a,b", &["a,b"]),
            ("{x{a,b}", &["{xa", "{xb"]),
            ("{a,b}{1,2}", &["a1", "a2", "b1", "b2"]),
        ] {
            let words = word(text).expand().unwrap();
            assert_eq!(words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>(), wanted, "{text}");
        }
        assert_eq!(word("-{a..f}").expand().unwrap()[0].text, format!("-{UNKNOWN}"));
        assert!(word(&"{a,b}".repeat(20)).expand().is_none());
    }
}
