//! Views: the readings of a string that are scanned.
//!
//! A string is read as it stands, letters folded to one case. That reading keeps every byte in its place, so a match
//! in it has an exact span. What a downstream may decode a string to becomes a further view here, and brings its name
//! into the decision.
//!
//! How that goes is said in `decoder`. The same text is read once, however many ways lead to it.
//!
//! What no reading sees: ciphers and compressed text; expressions that only their program can work out (`CHAR(60+8)`, `REVERSE`,
//! values of variables, globs); a text in parts that several strings hold; and a text that was written in more than one way
//! at a time where one way's marks are the other's, such as backslashes of a shell within those of C within those of a shell.

mod assembly;
mod base64;
mod binary;
mod comments;
mod confusable;
mod decoder;
mod digits;
mod escape;
mod found;
mod gate;
mod hex;
mod html;
mod joint;
mod letter;
mod literal;
mod percent;
mod point;
mod printable;
mod runs;
mod shell;
mod space;
mod sweep;
#[cfg(test)]
mod tests;
mod unicode;

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

pub(crate) use gate::Outlook;
pub(crate) use joint::Joints;
pub(crate) use letter::{alike_besides_the_table, is_hidden};
pub(crate) use space::has_wide_space;

use decoder::{BRANCHES, DECODED, LETTERS, Leads, PLAIN_CHARACTERS, PLAIN_LETTERS, Program, RAW};

/// The readings that led from the string as it stands to the text that was scanned, first to last. Empty for the string
/// as it stands, in any case of its ASCII letters.
pub type View = Vec<&'static str>;

/// What a downstream may take a text for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// How it came about, first decoding first. Never empty.
    pub(crate) view: View,
    pub(crate) text: String,
}

/// A text has more readings than are looked at: which bound it passes, as the end of "it …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exceeded(pub(crate) &'static str);

/// How often the steps of a program are gone through, and how many branches lie one behind the other. Links that redirect to
/// links, and JSON within JSON, are encoded up to four times over in honest use.
const ROUNDS: usize = 8;

/// All readings of a text together have at most so many bytes for each of its own, and so many besides. Source code has ten
/// to twenty times its own bytes, and a highlighter's tables of every language's marks have fifty.
const BYTES_EACH: usize = 64;
const BYTES_BESIDES: usize = 1 << 18;

/// A program that finds nothing new is work all the same: so many count as one reading.
const RUNS_AS_ONE: usize = 16;

const ROUNDS_EXCEEDED: Exceeded = Exceeded("is encoded more times over than is looked at");

/// Every reading of a text that differs from it.
///
/// # Errors
/// A bound that the readings pass. Whoever asked must deny: what wasn't read can't be judged.
pub(crate) fn readings(text: &str) -> Result<Vec<Reading>, Exceeded> {
    if !gate::may_differ(text.as_bytes()) {
        return Ok(Vec::new());
    }
    read_all(text)
}

/// The same as the scanner compares them: where a pattern has white space, any run of it is one space. The text as it
/// stands is a further reading then, if it has such runs.
///
/// # Errors
/// As [`readings`].
pub(crate) fn compared(text: &str, spaces: bool) -> Result<Vec<Reading>, Exceeded> {
    let mut found = readings(text)?;
    if spaces {
        for reading in &mut found {
            reading.text =
                space::collapse(&reading.text).unwrap_or_else(|| std::mem::take(&mut reading.text));
        }
        found.extend(space::collapse(text).map(|text| Reading { view: vec!["space"], text }));
    }
    Ok(found)
}

/// What to look for in a text and its readings, so that a pattern is found in them: the pattern as it is, and what its
/// letters, marks and white space become there. ASCII letters keep their case, which whoever scans folds on both sides.
///
/// A pattern of ASCII with single spaces is its own and only form. One in another script has a second, in plain letters; and
/// where some of its letters look like ASCII ones, a third, as a reading of what letters look like mixes them.
pub(crate) fn pattern_forms(pattern: &str) -> Vec<String> {
    let spaced = space::collapse(pattern).unwrap_or_else(|| pattern.to_owned());
    let mut forms = vec![pattern.to_owned()];
    let mut add = |form: Option<String>| {
        if let Some(form) = form.filter(|form| !form.trim().is_empty() && !forms.contains(form)) {
            forms.push(form);
        }
    };
    add(unicode::resolve(&spaced));
    for small_first in [false, true] {
        // Letters that all look like ASCII would make of a foreign word another one of ASCII, which plain text has.
        let alike = confusable::Likeness::of(&spaced, small_first).map(|alike| alike.made().text);
        add(alike.filter(|alike| !alike.is_ascii()));
    }
    add(Some(spaced));
    forms
}

fn read_all(text: &str) -> Result<Vec<Reading>, Exceeded> {
    let mut search = Search::new(text);
    search.read_all()?;
    Ok(search.found)
}

/// The readings so far.
struct Search<'t> {
    text: &'t str,
    found: Vec<Reading>,
    /// Of those: where a branch has begun on which no program has run yet.
    begun: Vec<usize>,
    /// Of each hash: the readings that have it. Whoever finds two texts of one hash hides neither.
    known: HashMap<u64, Vec<usize>, BuildHasherDefault<DefaultHasher>>,
    bytes_left: usize,
}

impl<'t> Search<'t> {
    fn new(text: &'t str) -> Self {
        let bytes_left = text.len().saturating_mul(BYTES_EACH).saturating_add(BYTES_BESIDES);
        Self { text, found: Vec::new(), begun: Vec::new(), known: HashMap::default(), bytes_left }
    }

    /// Runs every program on the text, and on all that branches off it.
    fn read_all(&mut self) -> Result<(), Exceeded> {
        self.branch(self.text, &[])?;
        self.read(self.text, &[])?;
        // Each round reads what branches of the round before began.
        let mut begun = std::mem::take(&mut self.begun);
        for _ in 0..ROUNDS {
            for place in begun {
                let Some(reading) = self.found.get(place).cloned() else { continue };
                self.branch(&reading.text, &reading.view)?;
                self.read(&reading.text, &reading.view)?;
            }
            begun = std::mem::take(&mut self.begun);
        }
        if begun.is_empty() { Ok(()) } else { Err(ROUNDS_EXCEEDED) }
    }

    /// Runs every program on a text.
    fn read(&mut self, text: &str, view: &[&'static str]) -> Result<(), Exceeded> {
        let raw = Reading { view: view.to_vec(), text: text.to_owned() };
        let mut stages = vec![raw];
        while let Some(stage) = stages.last() {
            let decoded = self.pass(PLAIN_CHARACTERS, stage)?;
            if decoded.text == stage.text {
                break;
            }
            if stages.len() > ROUNDS {
                return Err(ROUNDS_EXCEEDED);
            }
            stages.push(decoded);
        }
        let mut plain_texts: Vec<String> = Vec::new();
        for (place, stage) in stages.iter().enumerate() {
            // Letters may be part of a notation that would be taken apart without them.
            if place + 1 == stages.len() || !stage.text.is_ascii() {
                let plain = self.run(PLAIN_LETTERS, stage)?;
                if !plain_texts.contains(&plain.text) {
                    self.lead(DECODED, &plain)?;
                    self.lead(LETTERS, stage)?;
                    plain_texts.push(plain.text);
                }
            }
            // What only escapes led to had its backslashes read before.
            if place == 0 || stage.view.iter().rev().find(|name| **name != "controls") != Some(&"escape") {
                self.lead(RAW, stage)?;
            }
        }
        Ok(())
    }

    /// Runs each of these programs whose lead makes something of the text.
    fn lead(&mut self, programs: Leads, from: &Reading) -> Result<(), Exceeded> {
        for program in programs {
            let mut led = from.clone();
            if program.first().is_some_and(|lead| lead.take(&mut led)) {
                self.keep_and_branch(&led)?;
                let passed = self.follow(program, led)?;
                self.run(program, &passed)?;
            }
        }
        Ok(())
    }

    /// Goes through the steps of a program until none changes the text.
    fn run(&mut self, program: Program, from: &Reading) -> Result<Reading, Exceeded> {
        let mut now = from.clone();
        for _ in 0..ROUNDS {
            let next = self.pass(program, &now)?;
            if next.text == now.text {
                return Ok(now);
            }
            now = next;
        }
        Err(ROUNDS_EXCEEDED)
    }

    /// Takes the lead of a program, then what follows until that is through, and then the last step: it may drop what the
    /// others would read. What each of the three leaves is a reading.
    fn pass(&mut self, program: Program, from: &Reading) -> Result<Reading, Exceeded> {
        let mut now = from.clone();
        if program.first().is_some_and(|lead| lead.take(&mut now)) {
            self.keep_and_branch(&now)?;
        }
        self.follow(program, now)
    }

    fn follow(&mut self, program: Program, mut now: Reading) -> Result<Reading, Exceeded> {
        self.spend(now.text.len() / RUNS_AS_ONE)?;
        let others = program.get(1..).unwrap_or_default();
        let Some((last, between)) = others.split_last() else { return Ok(now) };
        for round in 0.. {
            let mut changed = false;
            for step in between {
                changed |= step.take(&mut now);
            }
            if !changed {
                break;
            }
            if round == ROUNDS {
                return Err(ROUNDS_EXCEEDED);
            }
        }
        self.keep_and_branch(&now)?;
        if last.take(&mut now) {
            self.keep_and_branch(&now)?;
        }
        Ok(now)
    }

    fn keep_and_branch(&mut self, reading: &Reading) -> Result<(), Exceeded> {
        if self.keep(reading)?.is_some() { self.branch(&reading.text, &reading.view) } else { Ok(()) }
    }

    fn branch(&mut self, text: &str, view: &[&'static str]) -> Result<(), Exceeded> {
        for made in BRANCHES.iter().flat_map(|branch| branch(text)) {
            let reading = Reading { view: [view, &made.names].concat(), text: made.text };
            if let Some(place) = self.keep(&reading)? {
                self.begun.push(place);
            }
        }
        Ok(())
    }

    /// Keeps a reading, unless its text is known; and tells where.
    fn keep(&mut self, reading: &Reading) -> Result<Option<usize>, Exceeded> {
        if reading.text == self.text {
            return Ok(None);
        }
        let same = self.known.entry(self.known.hasher().hash_one(&reading.text)).or_default();
        if same.iter().any(|&known| self.found.get(known).is_some_and(|known| known.text == reading.text)) {
            return Ok(None);
        }
        let place = self.found.len();
        same.push(place);
        self.found.push(reading.clone());
        self.spend(reading.text.len() + 1)?;
        Ok(Some(place))
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Exceeded> {
        let left = self.bytes_left.checked_sub(bytes);
        self.bytes_left = left.ok_or(Exceeded("can be read in more ways than are looked at"))?;
        Ok(())
    }
}
