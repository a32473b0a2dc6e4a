//! What is known of programs: which of their options and words run something else, load code or write files.
//!
//! The tables are data, by field. A program's nature isn't refused: `cp` writes and `make` runs a Makefile,
//! and an author who lists them means that. What is refused is what an author who lists a program would not
//! expect of it.

mod databases;
mod editors;
mod files;
mod network;
mod packages;
mod sources;
mod system;
mod text;

use std::collections::HashMap;
use std::sync::LazyLock;

/// What is known of a program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Program {
    /// Its names.
    pub(super) names: &'static str,
    /// Options that aren't taken, between blanks: `-x` also in a cluster, `--long` also shortened, `-long` as
    /// it is, `-x*` with anything behind it; `^-x` before the first operand only; `sub:-x` behind the operand
    /// `sub`.
    pub(super) refuses: &'static str,
    /// Options whose value is a file that is written, as `refuses` has them. A stream is no file. `!` stands
    /// behind an option without a value: the file has another name.
    pub(super) writes: &'static str,
    /// Short options that take a value: what follows them in a cluster is no option.
    pub(super) valued: &'static str,
    /// Long options that look like a refused one, or run something, and don't.
    pub(super) harmless: &'static str,
    /// First operands that aren't taken, between semicolons: `exec`, or `config edit` for two.
    pub(super) actions: &'static str,
    /// Texts that aren't taken in any argument, in lower case.
    pub(super) marks: &'static [&'static str],
    /// How its operands are read.
    pub(super) reads: Reads,
    /// Whether its options are whole words behind one dash: `find -delete`.
    pub(super) whole_words: bool,
    /// Whether it takes commands from its input.
    pub(super) interactive: bool,
}

/// How the operands of a program are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// As words.
    Words,
    /// As files that it reads: `file /bin/sh` starts no shell.
    Files,
    /// As data: no general rule holds for it either, since `grep --exec x` is a search.
    Data,
    /// As what it is told to run: an interpreter, whose author meant it. Marks alone are looked for.
    Code,
    /// The first is a sed script.
    Sed,
    /// The first is an awk program.
    Awk,
    /// At most this many: the next one would be written.
    AtMost(usize),
    /// Local packages, whose scripts would run, aren't taken.
    Packages,
    /// Dot commands of SQLite.
    Dots,
    /// Words of screen and tmux, which start a shell.
    Terminal,
    /// Variables of a Makefile.
    Make,
    /// Editors: `+command`.
    Plus,
    /// The key of `git config`, the program of `git merge-index`.
    Git,
    /// The test builtin: an index is evaluated.
    Test,
}

/// The plain program: no option is known to be more than it seems.
pub(super) const PLAIN: Program = Program {
    names: "",
    refuses: "",
    writes: "",
    valued: "",
    harmless: "",
    actions: "",
    marks: &[],
    reads: Reads::Words,
    whole_words: false,
    interactive: false,
};

static ALL: LazyLock<HashMap<&'static str, &'static Program>> = LazyLock::new(|| {
    let tables = [
        databases::TABLE,
        editors::TABLE,
        files::TABLE,
        network::TABLE,
        packages::TABLE,
        sources::TABLE,
        system::TABLE,
        text::TABLE,
    ];
    let programs = tables.into_iter().flatten();
    programs.flat_map(|program| program.names.split(' ').map(move |name| (name, program))).collect()
});

/// What is known of a program by this name or path; a version behind the name doesn't count.
pub(super) fn program(name: &str) -> &'static Program {
    let base = name.rsplit('/').next().unwrap_or(name);
    let bare =
        base.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.' || letter == '-');
    ALL.get(base).or_else(|| ALL.get(bare)).copied().unwrap_or(&PLAIN)
}

/// The option that a row is about, as a policy writes it.
pub(super) fn bare(row: &str) -> &str {
    let option = row.trim_start_matches('^').rsplit(':').next().unwrap_or(row);
    option.split('*').next().unwrap_or(option).trim_end_matches(['=', '!'])
}

/// All that is refused of a program, as a policy writes it.
pub(super) fn refused(program: &Program) -> impl Iterator<Item = &'static str> {
    let rows = [program.refuses, program.writes].into_iter().flat_map(str::split_ascii_whitespace);
    let actions = program.actions.split(';').map(str::trim).filter(|action| !action.is_empty());
    rows.map(bare).chain(actions).chain(program.marks.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_one_row() {
        let tables = [
            databases::TABLE,
            editors::TABLE,
            files::TABLE,
            network::TABLE,
            packages::TABLE,
            sources::TABLE,
            system::TABLE,
            text::TABLE,
        ];
        let names: Vec<&str> = tables.into_iter().flatten().flat_map(|row| row.names.split(' ')).collect();
        let twice: Vec<_> =
            names.iter().filter(|name| names.iter().filter(|other| other == name).count() > 1).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn a_row_is_found_by_path_and_version() {
        for (name, wanted) in [("/usr/bin/find", "find"), ("python3.11", "python"), ("vim", "vim")] {
            assert!(program(name).names.split(' ').any(|known| known.starts_with(wanted)), "{name}");
        }
    }
}
