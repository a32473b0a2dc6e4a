//! `type = "shell"`: a command text all of whose commands, at every level, are allowed.
//!
//! The text is read as a shell would read it (`read`), each simple command in it is found, and each is judged
//! by the policy's list (`judge`): its name and leading words, the options and words by which an allowed
//! program would run something else (`programs`, `options`, `scripts`), what a wrapper runs (`wrappers`), its
//! redirects, and the variables that it sets (`names`). What isn't plainly understood is denied.
//!
//! Not seen: what files hold (a Makefile, a script, a configuration, a hook), what aliases and functions of
//! the shell's own start files make of a name, which program `PATH` finds, file names that a `*` becomes (a
//! file may be called `-rf`), keys that a person types into a program, what variables that were set before
//! hold, and a text that is typed into an interactive shell, which expands `!`. A program that isn't known
//! here is judged by general rules only, and the code of an interpreter only by the plain ways in which it
//! starts a program.

mod found;
mod judge;
mod known;
mod names;
mod options;
mod programs;
mod read;
mod scripts;
mod word;
mod wrappers;

use std::collections::BTreeMap;

use super::{Constraint, Type, Value, alternatives, unmet};
use crate::policy::keys::{Key, Takes};
use crate::policy::load::{Fields, Loader};

/// How long a command text may be.
const BYTES: usize = 16 * 1024;

pub(super) const TYPE: Type = Type {
    name: "shell",
    about: "A text for a shell, of allowed commands only.",
    keys: &[
        Key {
            name: "allow",
            takes: Takes::Texts,
            about: "The commands that are taken, with their leading words: \"git status\" takes no \"git push\".",
        },
        Key {
            name: "options",
            takes: Takes::Texts,
            about: "Options that are taken although they run or write something, behind their program: \"find -delete\".",
        },
        Key {
            name: "write_files",
            takes: Takes::Boolean,
            about: "Whether output may go into files, by redirection or by an option; false by default.",
        },
    ],
    load,
};

/// What a policy allows.
#[derive(Debug)]
struct Shell {
    /// By the name of the program.
    programs: BTreeMap<String, Allowed>,
    /// As the policy writes them.
    listed: Vec<String>,
    write_files: bool,
}

/// What is allowed of one program.
#[derive(Debug, Default)]
struct Allowed {
    /// Its leading words, without its name, most words first.
    forms: Vec<Vec<String>>,
    /// Options that the policy opens.
    opened: Vec<String>,
}

fn load(fields: &mut Fields<'_>, loader: &mut Loader) -> Box<dyn Constraint> {
    let mut shell = Shell { programs: BTreeMap::new(), listed: Vec::new(), write_files: false };
    if !fields.has("allow") {
        let help = "list what may run: allow = [\"ls\", \"git status\"]".to_owned();
        loader.report(fields.place(), fields.span(), "a shell needs `allow`", Some(help));
    }
    let allow = fields.strings("allow", loader);
    fields.refuse_empty("allow", allow.as_ref().map(Vec::len), loader);
    for (text, node) in allow.unwrap_or_default() {
        let mut words = text.split_ascii_whitespace().map(str::to_owned);
        match words.next() {
            Some(name) if plain(&text) => {
                shell.programs.entry(name).or_default().forms.push(words.collect());
                shell.listed.push(text);
            }
            _ => {
                let message = format!("{text:?} is no command with leading words");
                let help = "write a program's name and plain words behind it, without quotes: \"git status\"";
                loader.report(&fields.place_of("allow"), node.span.clone(), message, Some(help.to_owned()));
            }
        }
    }
    for (text, node) in fields.strings("options", loader).unwrap_or_default() {
        let place = fields.place_of("options");
        let (name, option) = text.split_once(' ').unwrap_or((text.as_str(), ""));
        if option.trim().is_empty() {
            let message = format!("{text:?} is no program with an option behind it");
            loader.report(&place, node.span.clone(), message, Some("write \"find -delete\"".to_owned()));
        } else if shell.programs.contains_key(name)
            && !options::openable(programs::program(name), option.trim())
        {
            let message = format!("`{}` is nothing that is refused of `{name}`", option.trim());
            let known = programs::refused(programs::program(name));
            loader.report_unknown(&place, node.span.clone(), &message, option.trim(), known);
        } else if let Some(allowed) = shell.programs.get_mut(name) {
            allowed.opened.push(option.trim().to_owned());
        } else {
            let known: Vec<&str> = shell.programs.keys().map(String::as_str).collect();
            let message = format!("an option of `{name}`, which `allow` doesn't list");
            loader.report_unknown(&place, node.span.clone(), &message, name, known);
        }
    }
    for allowed in shell.programs.values_mut() {
        allowed.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }
    shell.write_files = fields.boolean("write_files", loader).unwrap_or_default();
    Box::new(shell)
}

/// Whether the words of an entry mean themselves to every shell.
fn plain(text: &str) -> bool {
    text.chars().all(|letter| letter == ' ' || letter.is_alphanumeric() || "_-.+:/=@%,[]".contains(letter))
}

impl Constraint for Shell {
    fn expects(&self) -> String {
        format!("a command of {}", alternatives(self.listed.iter().cloned()))
    }

    fn judge(&self, value: Value<'_>) -> Result<(), String> {
        let Value::String(text) = value else { return Err(unmet(self, value)) };
        let mut refused = None;
        self.walk(text, &mut |line, fine| {
            if !fine {
                refused = Some(line());
            }
            fine
        });
        match refused {
            None => Ok(()),
            Some(reason) => Err(format!("must be a text of allowed commands only: {reason}")),
        }
    }

    fn explain(&self, value: Value<'_>) -> Vec<String> {
        let Value::String(text) = value else { return Vec::new() };
        let mut lines = Vec::new();
        self.walk(text, &mut |line, _| {
            lines.push(line());
            true
        });
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(allow: &[&str]) -> Shell {
        let mut programs: BTreeMap<String, Allowed> = BTreeMap::new();
        for name in allow {
            programs.entry((*name).to_owned()).or_default().forms.push(Vec::new());
        }
        let listed = allow.iter().map(|name| (*name).to_owned()).collect();
        Shell { programs, listed, write_files: false }
    }

    #[test]
    fn an_author_is_told_of_each_command_and_what_decides_it() {
        let lines = shell(&["ls", "sh"]).explain(Value::String("ls $(rm x)\nsh -c 'ls; id' >f"));
        for (line, wanted) in lines.iter().zip([
            "\"rm\" (line 1, column 6) in $(…) is refused, since it isn't allowed",
            "\"ls\" (line 1, column 1): allowed by `ls`",
            "\"sh\" (line 2, column 1) is refused, since it writes to \"f\"",
        ]) {
            assert!(line.starts_with(wanted), "{line}");
        }
        let lines = shell(&["ls", "sh"]).explain(Value::String("sh -c 'ls; id'"));
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[2].contains("\"id\" (line 1, column 5) in a text that is run is refused"), "{lines:?}");
    }
}
