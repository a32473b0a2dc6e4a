//! Judges each command that was found by the policy's list.

use std::collections::{BTreeSet, VecDeque};

use super::found::{Command, Direction, Found};
use super::known::Known;
use super::options::{Doubt, Given, shorten};
use super::programs::{self, Program, Reads};
use super::read::{self, Fault};
use super::word::{UNKNOWN, Unknown, Word};
use super::wrappers::{self, Inside};
use super::{Allowed, BYTES, Shell, alternatives, names};

/// Told of each command: a line that says what it is, and whether it is allowed. Answers whether to go on.
type Tell<'t> = dyn FnMut(&dyn Fn() -> String, bool) -> bool + 't;

/// How many commands are looked into that one command runs.
const COMMANDS: usize = 4096;

/// How deep a command may stand inside of others' operands.
const WRAPPED: usize = 16;

impl Shell {
    /// Reads a text and judges every command in it.
    pub(super) fn walk(&self, text: &str, tell: &mut Tell<'_>) {
        if text.len() > BYTES {
            tell(&|| format!("it is longer than {BYTES} bytes"), false);
            return;
        }
        let mut left = VecDeque::from([(text.to_owned(), "", 0_usize)]);
        let mut work = 0;
        let mut chosen = BTreeSet::new();
        while let Some((text, level, depth)) = left.pop_front() {
            let mut found = Found { work, ..Found::default() };
            if let Err(fault) = read::read(&text, level, depth, &mut found) {
                tell(&|| unread(&text, level, &fault), false);
                return;
            }
            work = found.work;
            let mut known = Known::of(&found);
            if depth > 0 && (known.any || !known.chosen.is_empty()) {
                tell(&|| format!("inside of {level} a variable is set to what isn't followed"), false);
                return;
            }
            known.chosen.extend(chosen.iter().cloned());
            chosen.clone_from(&known.chosen);
            // Loops, `${x:=…}`, arithmetic, `read` and `printf -v` set variables too.
            if let Some(name) = known.steered() {
                let line = || format!("it sets a variable that may change what runs: {}", shorten(name));
                if !tell(&line, false) {
                    return;
                }
            }
            if (found.evaluates || known.evaluates) && (known.any || !known.chosen.is_empty()) {
                let line =
                    || "arithmetic over a variable that the text sets to what isn't a number".to_owned();
                if !tell(&line, false) {
                    return;
                }
            }
            if found
                .run_by_sh
                .iter()
                .any(|name| known.any || known.chosen.contains(name) || found.set.contains_key(name))
            {
                let line =
                    || "a variable that the text sets stands inside of `[[` where sh would run it".to_owned();
                if !tell(&line, false) {
                    return;
                }
            }
            for command in &found.commands {
                let mut judged =
                    Judged { shell: self, known: &known, inside: VecDeque::new(), texts: Vec::new() };
                let mut fine = judged.tell(&text, command, 0, tell);
                // What wrappers run, each behind what it stands in.
                let mut count = 0;
                while let (true, Some((inner, wrapped))) = (fine, judged.inside.pop_front()) {
                    count += 1;
                    fine = judged.tell(&text, &inner, wrapped + count / COMMANDS * WRAPPED, tell);
                }
                if !fine {
                    return;
                }
                left.extend(judged.texts.into_iter().map(|(inner, level)| (inner, level, depth + 1)));
            }
        }
    }

    fn allowed(&self, name: &str) -> Option<&Allowed> {
        let listed = self.programs.get(name);
        if matches!(name, "[" | "[[") { listed.or_else(|| self.programs.get("test")) } else { listed }
    }
}

/// A text that can't be read.
fn unread(text: &str, level: &str, fault: &Fault) -> String {
    if level.is_empty() {
        let (line, column) = place(text, fault.at);
        format!("at line {line}, column {column} there is {}", fault.what)
    } else {
        format!("inside of {level} there is {}", fault.what)
    }
}

/// What is told of a command.
fn told(text: &str, command: &Command, verdict: &Result<String, String>) -> String {
    let name = command.words.first().map(|word| format!("{:?}", shorten(&word.text)));
    let name = name.unwrap_or_else(|| "a line without a command".to_owned());
    let inside = if command.level.is_empty() { String::new() } else { format!(" in {}", command.level) };
    let (line, column) = place(text, command.at);
    match verdict {
        Ok(entry) => format!("{name} (line {line}, column {column}){inside}: {entry}"),
        Err(reason) => format!("{name} (line {line}, column {column}){inside} is refused, since {reason}"),
    }
}

/// Line and column, from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// One command while it is judged.
struct Judged<'j> {
    shell: &'j Shell,
    known: &'j Known<'j>,
    /// Commands that it runs, and inside of how many others each of them stands.
    inside: VecDeque<(Command, usize)>,
    /// Texts that it has a shell run.
    texts: Vec<(String, &'static str)>,
}

impl Judged<'_> {
    /// Judges a command and tells of it. Answers whether to go on.
    fn tell(&mut self, text: &str, command: &Command, wrapped: usize, tell: &mut Tell<'_>) -> bool {
        let before = self.inside.len();
        let verdict = if wrapped > WRAPPED {
            Err("it runs more commands inside of commands than are read".to_owned())
        } else {
            self.command(command)
        };
        for (_, depth) in self.inside.iter_mut().skip(before) {
            *depth = wrapped + 1;
        }
        tell(&|| told(text, command, &verdict), verdict.is_ok())
    }

    /// The entry that allows a command, or why it is refused.
    fn command(&mut self, command: &Command) -> Result<String, String> {
        self.redirects(command)?;
        for assignment in &command.assignments {
            let name = assignment.name.as_str();
            let fine = if command.words.is_empty() { !names::steers(name) } else { names::harmless(name) };
            if !fine {
                return Err(format!("it sets the variable `{}`, which may change what runs", shorten(name)));
            }
        }
        let Some(first) = command.words.first() else { return Ok("nothing is run".to_owned()) };
        let name = if first.text == "[" && !first.quoted { Some("[") } else { first.fixed() };
        let Some(name) = name else { return Err("what runs is only known when it runs".to_owned()) };
        let Some(allowed) = self.shell.allowed(name) else {
            return Err(format!(
                "it isn't allowed: what is allowed is {}",
                alternatives(self.shell.listed.iter().cloned())
            ));
        };
        let words = command.words.get(1..).unwrap_or_default();
        let leads = |form: &&Vec<String>| {
            form.len() <= words.len()
                && form.iter().zip(words).all(|(form, word)| word.fixed() == Some(form.as_str()))
        };
        let Some(form) = allowed.forms.iter().find(leads) else {
            let forms = allowed.forms.iter().map(|form| format!("{name} {}", form.join(" ")));
            let forms: Vec<String> = forms.take(6).collect();
            return Err(format!("of `{name}` only {} is allowed", forms.join(", ")));
        };
        let rest = words.get(form.len()..).unwrap_or_default();
        let program = programs::program(name);
        self.input(command, program, allowed)?;
        if let Some(inside) = wrappers::inside(name, rest) {
            self.wrapped(command, inside.map_err(str::to_owned)?);
        } else {
            self.words(command, program, allowed, form, name, rest)?;
        }
        let entry = if form.is_empty() { name.to_owned() } else { format!("{name} {}", form.join(" ")) };
        Ok(format!("allowed by `{entry}`"))
    }

    fn words(
        &mut self,
        command: &Command,
        program: &'static Program,
        allowed: &Allowed,
        lead: &[String],
        name: &str,
        words: &[Word],
    ) -> Result<(), String> {
        let (commands, rest) = if program.names.starts_with("find ") {
            wrappers::find(words)
        } else {
            (Vec::new(), words.iter().collect())
        };
        for (option, inner) in commands {
            if inner.is_empty() {
                return Err(format!("`{option}` has no command"));
            }
            self.run(command, inner, "find -exec");
        }
        if name == "git" && words.first().is_some_and(|word| word.text == "merge-index") {
            let inner: Vec<Word> = words
                .iter()
                .skip(1)
                .skip_while(|word| matches!(word.text.as_str(), "-o" | "-q"))
                .cloned()
                .collect();
            let own = inner.first().and_then(Word::fixed).is_some_and(|text| text == "git-merge-one-file");
            if !own {
                self.run(command, inner, "git merge-index");
            }
        }
        let given: Vec<(&Word, Doubt)> =
            rest.into_iter().map(|word| (word, self.known.doubt(word))).collect();
        let bare: Vec<Option<String>> = given
            .iter()
            .map(|(word, _)| (!word.unknown.is_empty()).then(|| word.text.replace(UNKNOWN, "")))
            .collect();
        let write_files = self.shell.write_files;
        Given { bare: &bare, program, lead, words: &given, opened: &allowed.opened, write_files }.judge()
    }

    fn wrapped(&mut self, command: &Command, inside: Inside) {
        match inside {
            Inside::Words(words) => self.run(command, words, "a command's operand"),
            Inside::WordsAndInput(mut words) => {
                if words.is_empty() {
                    words.push(Word::of("echo"));
                }
                let facts = command.piped.is_some_and(|range| self.known.facts(range));
                let mut word = Word::unknown(if facts { Unknown::Outside } else { Unknown::Chosen });
                word.splits = true;
                words.push(word);
                self.run(command, words, "xargs");
            }
            Inside::Text(text) => self.texts.push((text, "a text that is run")),
            Inside::Nothing => {}
        }
    }

    fn run(&mut self, outer: &Command, words: Vec<Word>, level: &'static str) {
        let command = Command { at: outer.at, level, words, piped: outer.piped, ..Command::default() };
        self.inside.push_back((command, 0));
    }

    fn redirects(&self, command: &Command) -> Result<(), String> {
        for redirect in &command.redirects {
            let target = &redirect.target;
            let text = target.text.as_str();
            let connects = text.contains("/dev/tcp") || text.contains("/dev/udp");
            match redirect.kind {
                Direction::Duplicate | Direction::Text => {}
                Direction::In if connects || !self.known.is_file(target) => {
                    return Err(format!("it reads from {:?}", shorten(text)));
                }
                Direction::In => {}
                Direction::Out => {
                    let number = text
                        .strip_prefix("/dev/fd/")
                        .is_some_and(|fd| fd.bytes().all(|byte| byte.is_ascii_digit()));
                    let stream = matches!(text, "/dev/null" | "/dev/stdout" | "/dev/stderr") || number;
                    if connects || (!stream && !self.shell.write_files) {
                        return Err(format!("it writes to {:?}", shorten(text)));
                    }
                }
            }
        }
        Ok(())
    }

    /// What a program that takes commands from its input is given there.
    fn input(&self, command: &Command, program: &Program, allowed: &Allowed) -> Result<(), String> {
        if !program.interactive || allowed.opened.iter().any(|opened| opened == "<") {
            return Ok(());
        }
        if command.piped.is_some_and(|range| !self.known.files(range)) {
            return Err("it may take commands from what is piped into it".to_owned());
        }
        let texts = command.redirects.iter().filter(|redirect| redirect.kind == Direction::Text);
        for redirect in texts {
            let lower = redirect.target.text.to_ascii_lowercase();
            let marked = program.marks.is_empty() || program.marks.iter().any(|mark| lower.contains(mark));
            let dots =
                program.reads == Reads::Dots && lower.lines().any(|line| line.trim_start().starts_with('.'));
            if marked || dots || lower.contains([UNKNOWN, '$', '`']) {
                return Err("it may take commands from the text that it is given".to_owned());
            }
        }
        Ok(())
    }
}
