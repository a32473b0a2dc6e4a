//! What is known of all commands of a text together: which of its unknown parts the text itself decides.
//!
//! A part is the text's own choice where a variable is set to it, or where a command that can print any text
//! prints it. Such a part may be an option, an action or code to the program that is given it.

use std::collections::{BTreeMap, BTreeSet};

use super::found::{Command, Direction, Found, Set};
use super::names;
use super::options::Doubt;
use super::word::{UNKNOWN, Unknown, Word};

/// What is known of all commands of a text together.
#[derive(Debug)]
pub(super) struct Known<'f> {
    /// All variables that the text sets.
    set: &'f BTreeMap<String, Set>,
    /// The variables whose value the text decides in a way that isn't followed.
    pub(super) chosen: BTreeSet<String>,
    /// Whether any variable may be one of those.
    pub(super) any: bool,
    /// Whether a command of the shell's own evaluates variables as arithmetic does.
    pub(super) evaluates: bool,
    /// How many of the commands up to each print what the text may choose.
    choosing: Vec<usize>,
    /// How many of the commands up to each give on more than what files hold.
    making: Vec<usize>,
}

/// Programs that print names of files and facts of the system, which the text can't choose.
const FACTS: [&str; 17] = [
    "ls", "pwd", "which", "whoami", "hostname", "uname", "id", "nproc", "wc", "tty", "readlink", "realpath",
    "find", "type", "cd", "basename", "dirname",
];

/// Programs that give on what files hold.
const READERS: [&str; 10] =
    ["cat", "zcat", "bzcat", "xzcat", "gzip", "gunzip", "xz", "bzip2", "head", "tail"];

impl<'f> Known<'f> {
    pub(super) fn of(found: &'f Found) -> Self {
        let mut known = Self {
            set: &found.set,
            chosen: BTreeSet::new(),
            any: false,
            evaluates: false,
            choosing: vec![0],
            making: vec![0],
        };
        for command in &found.commands {
            let name = command.words.first().and_then(Word::fixed).unwrap_or_default();
            let listed = |list: &[&str]| list.contains(&name);
            let texts = command.redirects.iter().any(|redirect| redirect.kind == Direction::Text);
            let plain = command.words.iter().skip(1).all(|word| known.prints_facts(name, word));
            // Without `-p` it prints the body of a function.
            let plain = plain
                && (name != "type"
                    || command.words.get(1).is_some_and(|word| matches!(word.text.as_str(), "-p" | "-P")));
            let fed = |count: &[usize], (from, to): (usize, usize)| count.get(from) == count.get(to);
            let choosing = !listed(&FACTS) || texts || !plain;
            let making = !(listed(&READERS) || listed(&FACTS))
                || texts
                || !plain
                || command.piped.is_some_and(|range| !fed(&known.making, range));
            known.choosing.push(known.choosing.last().copied().unwrap_or_default() + usize::from(choosing));
            known.making.push(known.making.last().copied().unwrap_or_default() + usize::from(making));
        }
        for command in &found.commands {
            known.builtin(command);
        }
        for (name, set) in &found.set {
            let follows = set.unknown.iter().all(|unknown| match unknown {
                Unknown::Outside | Unknown::Range => true,
                Unknown::Variable(name) => !found.set.contains_key(name),
                Unknown::Output(from, to) => known.facts((*from, *to)),
                Unknown::Argument | Unknown::Part | Unknown::Chosen => false,
            });
            if set.risky || !follows {
                known.chosen.insert(name.clone());
            }
        }
        known
    }

    /// Whether a word makes one of [`FACTS`] print nothing that the text chooses.
    fn prints_facts(&self, name: &str, word: &Word) -> bool {
        let bare = word.text.replace(UNKNOWN, "");
        let prints =
            ["-exec", "-ok", "-printf", "--rel", "--time"].iter().any(|option| bare.starts_with(option));
        let followed = |unknown: &Unknown| match unknown {
            Unknown::Variable(name) => !self.set.contains_key(name),
            other => matches!(other, Unknown::Outside | Unknown::Output(..)),
        };
        // These two print a part of what they are given.
        let given = matches!(name, "basename" | "dirname");
        !prints && !(given && (dashed(&bare) || !word.unknown.iter().all(followed)))
    }

    /// What a command of the shell's own does to variables.
    fn builtin(&mut self, command: &Command) {
        let name = command.words.first().and_then(Word::fixed).unwrap_or_default();
        let words = command.words.get(1..).unwrap_or_default();
        let has = |options: &[&str]| {
            words.iter().any(|word| options.iter().any(|option| word.text.starts_with(option)))
        };
        let sets = match name {
            "printf" => has(&["-v"]),
            "read" | "mapfile" | "readarray" | "getopts" | "declare" | "typeset" | "local" | "export"
            | "readonly" | "let" | "vared" => true,
            _ => false,
        };
        if sets {
            // Where a name isn't known, it may be any.
            self.any |= words.iter().any(|word| !word.unknown.is_empty());
            for word in words {
                let text = word.text.strip_prefix("-v").unwrap_or(&word.text);
                let text = text.split(['=', '[', '+']).next().unwrap_or_default();
                self.chosen.insert(text.to_owned());
            }
        }
        let compares = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v"];
        self.evaluates |= match name {
            "let" | "declare" | "typeset" | "local" => true,
            "test" | "[" => has(&compares),
            _ => false,
        };
    }

    /// A variable that the text sets and that changes what runs, or may be such a one.
    pub(super) fn steered(&self) -> Option<&str> {
        let steers = |name: &&String| {
            names::steers(name) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let known = self.set.keys().chain(&self.chosen).find(steers).map(String::as_str);
        known.or(self.any.then_some("one whose name only the run can tell"))
    }

    /// Whether these commands print only what the text can't choose.
    pub(super) fn facts(&self, (from, to): (usize, usize)) -> bool {
        self.choosing.get(from) == self.choosing.get(to)
    }

    /// Whether these commands give on only what files hold.
    pub(super) fn files(&self, (from, to): (usize, usize)) -> bool {
        self.making.get(from) == self.making.get(to)
    }

    /// Whether a word that is read from can't name a connection.
    pub(super) fn is_file(&self, word: &Word) -> bool {
        let mut sets = word.unknown.iter().filter_map(|unknown| match unknown {
            Unknown::Variable(name) => self.set.get(name),
            _ => None,
        });
        let relative =
            word.text.starts_with(UNKNOWN) && word.unknown.len() == 1 && !word.text.contains("/dev");
        !self.chooses(word) && sets.all(|set| relative && (!set.rooted || !set.worded))
    }

    /// What isn't known of a word.
    pub(super) fn doubt(&self, word: &Word) -> Doubt {
        if word.unknown.is_empty() {
            return Doubt::default();
        }
        let chosen = self.chooses(word);
        let set = |name: &String| self.set.get(name);
        let steers = |unknown: &Unknown| match unknown {
            Unknown::Variable(name) => set(name).is_some_and(|set| set.worded),
            other => *other == Unknown::Part,
        };
        let rooted = |unknown: &Unknown| matches!(unknown, Unknown::Variable(name) if set(name).is_some_and(|set| set.rooted));
        Doubt {
            chosen,
            steered: chosen || word.unknown.iter().any(steers),
            rooted: chosen || word.unknown.iter().any(rooted),
        }
    }

    /// Whether the text decides what is unknown in a word, so that it may be an option.
    fn chooses(&self, word: &Word) -> bool {
        let part = word.unknown.contains(&Unknown::Part);
        // One part of a value is what was there before; several can be put together to anything.
        if part && (word.text.starts_with('-') || word.text.matches(UNKNOWN).count() > 1) {
            return true;
        }
        word.unknown.iter().any(|unknown| match unknown {
            Unknown::Outside | Unknown::Part => false,
            Unknown::Variable(name) => {
                self.any
                    || self.chosen.contains(name)
                    || (word.text.starts_with('-') && self.set.contains_key(name))
            }
            Unknown::Output(from, to) => !self.facts((*from, *to)),
            Unknown::Argument | Unknown::Chosen => true,
            Unknown::Range => word.text.starts_with('-'),
        })
    }
}

/// Whether a part of a path begins with a dash.
fn dashed(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('-'))
}
