//! Options, operands and texts by which an allowed program would run another one, load code or write a file.
//!
//! Every word that looks like an option is judged as one, wherever it stands: which options take the next
//! word is known of few programs, and a word that is taken for a value here might be an option to the
//! program.

use super::programs::{PLAIN, Program, Reads, bare, refused};
use super::scripts;
use super::word::{UNKNOWN, Word};

/// What isn't known of a word before the command runs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Doubt {
    /// The command text decides it in a way that isn't followed: it may be an option.
    pub(super) chosen: bool,
    /// The command text has a part in it: it may be any plain word.
    pub(super) steered: bool,
    /// The command text has a part in it, and it may be the path of a local file.
    pub(super) rooted: bool,
}

/// What a program was given, behind the words that the policy's entry names.
#[derive(Debug)]
pub(super) struct Given<'a> {
    pub(super) program: &'static Program,
    /// The leading words of the entry that allows it.
    pub(super) lead: &'a [String],
    /// Each word, and what isn't known of it.
    pub(super) words: &'a [(&'a Word, Doubt)],
    /// The words without their unknown parts, where they have such.
    pub(super) bare: &'a [Option<String>],
    /// What the policy opens of this program.
    pub(super) opened: &'a [String],
    /// Whether it may write files where an option says so.
    pub(super) write_files: bool,
}

/// Shells as words: a program that is given one will run it.
pub(super) const SHELLS: [&str; 7] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "fish"];

/// Pieces of an option's name that say that it runs or loads something.
const TELLING: [&str; 29] = [
    "exec",
    "execute",
    "cmd",
    "command",
    "commands",
    "shell",
    "program",
    "pager",
    "editor",
    "eval",
    "preload",
    "plugin",
    "plugins",
    "rsh",
    "hook",
    "hooks",
    "preprocessor",
    "askpass",
    "engine",
    "interpreter",
    "wrapper",
    "script",
    "invoke",
    "loader",
    "terminal",
    "filter-cmd",
    "checkpoint-action",
    "startup",
    "browser",
];

/// Texts that run something in many a program's language.
const ESCAPES: [&str; 15] = [
    "os.execute",
    "io.popen",
    "system(",
    "exec(",
    "popen(",
    "subprocess",
    "\\!",
    "/bin/sh",
    "/bin/bash",
    "/bin/dash",
    "/bin/zsh",
    "reset; exec",
    "execvp",
    "os.spawn",
    "`",
];

/// How many words may be taken for the first operand: each option before it may have taken one.
const LEADING: usize = 64;

impl Given<'_> {
    /// What is refused, as the end of "…, since".
    pub(super) fn judge(&self) -> Result<(), String> {
        let program = self.program;
        if program.reads == Reads::Data {
            return Ok(());
        }
        // What an interpreter is told is its own; that it starts another program is seen where it is plain.
        if program.reads == Reads::Code {
            return self.words.iter().enumerate().try_for_each(|(at, (word, _))| {
                self.marks(self.bare.get(at).and_then(Option::as_deref).unwrap_or(&word.text))?;
                self.marks(&word.text)
            });
        }
        // What the policy names is open, but it is where the operands begin.
        let mut operands: Vec<&str> =
            self.lead.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
        let named = operands.len();
        // How many of the words so far may be the value of an option.
        let mut options = 0_usize;
        let mut first: Vec<usize> = if named > 0 { vec![0] } else { Vec::new() };
        for (at, (word, doubt)) in self.words.iter().enumerate() {
            let next = self.words.get(at + 1).map(|(word, _)| word.text.as_str());
            self.unsure(word, *doubt, at, &operands)?;
            // A variable that isn't set leaves nothing: `-d$unset'elete'` is an option as well.
            if let Some(bare) = self.bare.get(at).and_then(Option::as_deref) {
                self.word(at, bare, next, &operands)?;
            }
            self.word(at, &word.text, next, &operands)?;
            let text = self.bare.get(at).and_then(Option::as_deref).unwrap_or(&word.text);
            // It may become no word at all.
            options += usize::from(!word.unknown.is_empty());
            if text.len() > 1 && text.starts_with('-') {
                options += usize::from(!text.contains('='));
                continue;
            }
            if operands.len() <= options {
                first.push(operands.len());
            }
            if first.len() > LEADING {
                return Err("it has more options before its operands than are read".to_owned());
            }
            operands.push(text);
        }
        self.actions(&operands, &first, named)?;
        scripts::operands(self, &operands)
    }

    /// A word by itself.
    fn word(&self, at: usize, text: &str, next: Option<&str>, operands: &[&str]) -> Result<(), String> {
        self.marks(text)?;
        if text.len() > 1 && text.starts_with('-') {
            return self.option(text, next, operands);
        }
        // The first word of tar may be a cluster without its dash.
        if at == 0 && self.program.names.starts_with("tar ") {
            self.option(&format!("-{text}"), next, operands)?;
        }
        if text.starts_with('@')
            && let Some(reason) = self.refuses(|refused| refused.starts_with('@'), text)
        {
            return Err(reason);
        }
        // A message is prose: git runs nothing of it.
        if self.program.reads == Reads::Git
            && matches!(operands.first(), Some(&("commit" | "tag" | "notes" | "merge" | "stash")))
        {
            return Ok(());
        }
        self.general(text)
    }

    /// Whether the policy opens this option, action or text.
    pub(super) fn opens(&self, what: &str) -> bool {
        self.opened.iter().any(|opened| opened == what)
    }

    /// A word that may turn out to be an option, an action or code.
    fn unsure(&self, word: &Word, doubt: Doubt, at: usize, operands: &[&str]) -> Result<(), String> {
        if !doubt.steered {
            return Ok(());
        }
        let program = self.program;
        let plain = program.names == PLAIN.names;
        let options = program.refuses.is_empty() && (program.writes.is_empty() || self.write_files);
        let tame = options && program.actions.is_empty() && program.marks.is_empty() && !plain;
        let option = word.text.starts_with([UNKNOWN, '-']) || word.splits;
        if doubt.chosen && !tame && option {
            return Err(
                "an argument that only the run can tell may be an option that runs or writes".to_owned()
            );
        }
        let heads =
            program.actions.split(';').map(|action| action.trim().split(' ').next().unwrap_or_default());
        let action = match operands.last() {
            None => !program.actions.is_empty() || program.names.starts_with("tar ") && at == 0,
            Some(last) => !last.is_empty() && heads.into_iter().any(|head| head == *last),
        };
        // A variable alone holds no sign that would matter; put together with something else it may.
        let alone = word.text.chars().eq([UNKNOWN]) && !doubt.chosen;
        let code = (!program.marks.is_empty() || program.interactive) && !alone;
        let kind = match program.reads {
            Reads::Dots | Reads::Terminal | Reads::Make => true,
            Reads::Packages => doubt.rooted,
            _ => false,
        };
        if action || code || kind {
            return Err("an argument that only the run can tell may say what else it does".to_owned());
        }
        Ok(())
    }

    fn marks(&self, text: &str) -> Result<(), String> {
        if self.program.marks.is_empty() {
            return Ok(());
        }
        let lower = text.to_ascii_lowercase();
        match self.program.marks.iter().find(|mark| lower.contains(**mark) && !self.opens(mark)) {
            Some(mark) => {
                Err(format!("`{}` in an argument can run or write more than the program itself", mark.trim()))
            }
            None => Ok(()),
        }
    }

    fn option(&self, text: &str, next: Option<&str>, operands: &[&str]) -> Result<(), String> {
        let program = self.program;
        let name = text.split('=').next().unwrap_or(text);
        if program.harmless.split_ascii_whitespace().any(|harmless| harmless == name) {
            return Ok(());
        }
        let hit =
            |refused: &str| self.behind(refused, operands).and_then(|bare| self.is(text, name, next, bare));
        let value = text.split_once('=').map(|(_, value)| value).or(next).unwrap_or_default();
        if program.names == "rsync" && (name == "--rsh" || text == "-e") && plain_ssh(value) {
            return Ok(());
        }
        if let Some(reason) = self.refuses(|refused| hit(refused).is_some(), text) {
            return Err(reason);
        }
        self.writes(hit, text, next)?;
        self.general_option(text, name)
    }

    /// A row's option without what must stand before it; `None` where that isn't so.
    fn behind<'r>(&self, refused: &'r str, operands: &[&str]) -> Option<&'r str> {
        if let Some(early) = refused.strip_prefix('^') {
            return operands.is_empty().then_some(early);
        }
        match refused.split_once(':') {
            Some((action, behind)) if !refused.starts_with('-') => {
                operands.iter().take(LEADING).any(|operand| *operand == action).then_some(behind)
            }
            _ => Some(refused),
        }
    }

    /// An option that writes its value, which is no file where it is a stream.
    fn writes<'t>(
        &self,
        hit: impl Fn(&str) -> Option<&'t str>,
        text: &str,
        next: Option<&'t str>,
    ) -> Result<(), String> {
        if self.write_files || self.opens(text) {
            return Ok(());
        }
        for row in self.program.writes.split_ascii_whitespace() {
            let Some(joined) = hit(row.trim_end_matches('!')) else { continue };
            let value = if joined.is_empty() { next.unwrap_or_default() } else { joined };
            let stream = matches!(value, "-" | "/dev/null" | "/dev/stdout" | "/dev/stderr");
            if !(stream && !row.ends_with('!') || self.opens(bare(row))) {
                return Err(format!("its option `{}` writes a file", bare(row)));
            }
            // A letter may stand beside others in its word; a name is all of it.
            if bare(row).len() > 2 {
                break;
            }
        }
        Ok(())
    }

    fn refuses(&self, hit: impl Fn(&str) -> bool, text: &str) -> Option<String> {
        let mut rows = self.program.refuses.split_ascii_whitespace();
        let row = rows.find(|row| hit(row) && !self.opens(bare(row)) && !self.opens(text))?;
        Some(format!("its option `{}` can run or write more than the program itself", bare(row)))
    }

    /// The value that is joined to this refused option, if a word is one, in whatever way it is written.
    fn is<'t>(&self, text: &'t str, name: &str, next: Option<&str>, refused: &str) -> Option<&'t str> {
        if refused.starts_with("--") {
            // Long options may be shortened; one that ends with `=` is refused with a value only.
            let valued = refused.ends_with('=');
            let refused = refused.trim_end_matches('=');
            let shortened = name.len() > 3 && refused.starts_with(name) && name.starts_with("--");
            let value = text.split_once('=').map(|(_, value)| value);
            let meant = (shortened || name == refused) && (!valued || value.is_some());
            return meant.then_some(value.unwrap_or_default());
        }
        let wanted = refused.strip_prefix('-')?;
        let (wanted, needle) = match wanted.split_once('*') {
            Some((wanted, needle)) => (wanted, Some(needle)),
            None => (wanted, None),
        };
        let holds = |rest: &str| match needle {
            None => true,
            Some("") => true,
            Some(needle) => {
                rest.to_ascii_lowercase().contains(needle)
                    || (rest.is_empty()
                        && next.is_some_and(|next| next.to_ascii_lowercase().contains(needle)))
            }
        };
        if self.program.whole_words || wanted.len() > 1 {
            let rest = text.trim_start_matches('-').strip_prefix(wanted)?;
            return match needle {
                Some(_) => holds(rest).then_some(rest),
                None if rest.is_empty() => Some(rest),
                None => rest.strip_prefix('='),
            };
        }
        if text.starts_with("--") {
            return (text == "--" && wanted.is_empty()).then_some("");
        }
        // A cluster: letters up to the first one that takes the rest as its value.
        let mut letters = text.get(1..).unwrap_or_default().chars();
        while let Some(letter) = letters.next() {
            if wanted.starts_with(letter) {
                return holds(letters.as_str()).then_some(letters.as_str());
            }
            if self.program.valued.contains(letter) || !letter.is_ascii_alphanumeric() {
                return None;
            }
        }
        None
    }

    /// Operands that say what a program does; the policy itself has named some of them.
    fn actions(&self, operands: &[&str], first: &[usize], named: usize) -> Result<(), String> {
        let actions = self.program.actions.split(';').map(str::trim).filter(|action| !action.is_empty());
        for action in actions {
            let mut parts = action.split(' ');
            let (Some(head), tail) = (parts.next(), parts.next()) else { continue };
            let there = first.iter().any(|at| {
                let behind = |tail| operands.iter().skip(at + 1).position(|operand| *operand == tail);
                operands.get(*at) == Some(&head)
                    && match tail {
                        None => *at >= named,
                        Some(tail) => behind(tail).is_some_and(|further| at + 1 + further >= named),
                    }
            });
            if there && !self.opens(action) {
                return Err(format!("`{action}` can run or write more than the program itself"));
            }
        }
        Ok(())
    }

    /// What holds for the options of any program.
    fn general_option(&self, text: &str, name: &str) -> Result<(), String> {
        let (_, value) = text.split_once('=').unwrap_or_default();
        if !value.is_empty() {
            self.general(value)?;
        }
        let bare = name.trim_start_matches('-').to_ascii_lowercase();
        let negated = bare.starts_with("no-") || bare.starts_with("without-") || bare.starts_with("disable-");
        let long = name.starts_with("--") || (self.program.whole_words && bare.len() > 3);
        let telling = bare.split(['-', '_']).any(|piece| TELLING.contains(&piece));
        let asks = bare.starts_with("help") || bare.starts_with("list") || bare.starts_with("show");
        if long && telling && !negated && !asks && !self.opens(name) {
            return Err(format!("its option `{}` looks as if it ran something", shorten(name)));
        }
        Ok(())
    }

    /// What holds for the words of any program.
    fn general(&self, text: &str) -> Result<(), String> {
        let read = matches!(
            self.program.reads,
            Reads::Files | Reads::Packages | Reads::Sed | Reads::Awk | Reads::AtMost(_) | Reads::Test
        );
        if read || self.opens(text) {
            return Ok(());
        }
        let base = text.strip_prefix("/usr").unwrap_or(text);
        let base = base.strip_prefix("/bin/").or(base.strip_prefix("/local/bin/")).unwrap_or(text);
        let word = base.split([' ', ';']).next().unwrap_or(base);
        let shell =
            SHELLS.contains(&word) && (base != text || base != word || self.program.names == PLAIN.names);
        let escape = ESCAPES.iter().any(|escape| text.contains(escape));
        let bang = text.starts_with('!') && text.len() > 1 && !text.starts_with("!=");
        let sub = text.contains("$(");
        let pipe = text.starts_with('|') && text.len() > 1;
        let bin = text.starts_with("/bin/") || text.starts_with("/usr/bin/") || text.starts_with("/sbin/");
        if shell || escape || bang || sub || pipe || (bin && self.program.names == PLAIN.names) {
            return Err(format!("the argument {:?} is a way out to a shell", shorten(text)));
        }
        Ok(())
    }
}

/// Whether a policy can open this of a program: it is refused otherwise.
pub(super) fn openable(program: &Program, what: &str) -> bool {
    refused(program).any(|known| known == what) || (what == "<" && program.interactive) || {
        let bare = what.trim_start_matches('-');
        what.starts_with('-') && bare.split(['-', '_']).any(|piece| TELLING.contains(&piece))
    }
}

/// Whether a command is ssh with options that say where to, and nothing else.
fn plain_ssh(text: &str) -> bool {
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    if words.next() != Some("ssh") {
        return false;
    }
    while let Some(word) = words.next() {
        let fine = match word {
            "-p" | "-i" | "-l" | "-c" => words.next().is_some_and(|value| !value.starts_with('-')),
            "-4" | "-6" | "-q" | "-v" | "-C" | "-T" | "-x" => true,
            _ => false,
        };
        if !fine {
            return false;
        }
    }
    true
}

/// The beginning of a text, for a message.
pub(super) fn shorten(text: &str) -> String {
    let shown: String =
        text.chars().take(40).map(|letter| if letter == UNKNOWN { '…' } else { letter }).collect();
    if text.chars().nth(40).is_some() { format!("{shown}…") } else { shown }
}
