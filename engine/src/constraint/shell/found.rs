//! What a reader found in a command text: simple commands, flat, each with all that it was given.

use std::collections::BTreeMap;

use super::word::{Unknown, Word};

/// All that one text holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Every simple command at every level, in the order in which they stand.
    pub(super) commands: Vec<Command>,
    /// The variables that the text sets, and what it sets them to.
    pub(super) set: BTreeMap<String, Set>,
    /// Whether arithmetic reads a variable: the shell evaluates what is in it, substitutions of an array
    /// index too.
    pub(super) evaluates: bool,
    /// Variables that sh would run by name, where other shells compare them.
    pub(super) run_by_sh: Vec<String>,
    /// How many here-documents there are.
    pub(super) heredocs: usize,
    /// How many bytes have been read, strings that are read as commands again included.
    pub(super) work: usize,
}

/// All that one variable is set to.
#[derive(Debug, Default)]
pub(super) struct Set {
    /// Whether it may be taken for an option, or for more than a number in arithmetic.
    pub(super) risky: bool,
    /// Whether it may be anything but a number.
    pub(super) worded: bool,
    /// Whether it may be nothing, or begin at the root or here.
    pub(super) rooted: bool,
    pub(super) unknown: Vec<Unknown>,
}

/// A simple command.
#[derive(Debug, Clone, Default)]
pub(super) struct Command {
    /// The byte of its text at which it begins.
    pub(super) at: usize,
    /// What it is inside of; empty for the text itself.
    pub(super) level: &'static str,
    pub(super) assignments: Vec<Assignment>,
    pub(super) words: Vec<Word>,
    pub(super) redirects: Vec<Redirect>,
    /// The commands whose output it may read through a pipe.
    pub(super) piped: Option<(usize, usize)>,
}

/// `name=value` before a command, or alone.
#[derive(Debug, Clone)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) values: Vec<Word>,
}

/// A redirect.
#[derive(Debug, Clone)]
pub(super) struct Redirect {
    pub(super) kind: Direction,
    /// A file, a descriptor or the text itself.
    pub(super) target: Word,
}

/// What a redirect does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// `<`
    In,
    /// `>`, `>>`, `>|`, `&>`, `<>` and a `>&` before a name.
    Out,
    /// `>&1`, `<&3`, `>&-`
    Duplicate,
    /// `<<` and `<<<`
    Text,
}
