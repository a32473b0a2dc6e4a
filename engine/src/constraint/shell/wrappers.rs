//! Programs whose operand is itself a command: what they run is judged as if it stood alone.
//!
//! An option that isn't in the table ends the reading: it might take the next word, and then another one
//! would be the command.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::names;
use super::word::{UNKNOWN, Unknown, Word};

/// How a wrapper is given its command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runs {
    /// As the words behind its options and operands.
    Words,
    /// As words that it joins to a text for a shell.
    Text,
    /// As the text behind the option `-c`, which must be there.
    OptionText,
    /// As words, to which it adds what it reads.
    WordsAndInput,
    /// As its first operand, a text for a shell.
    FirstText,
    /// Never plainly.
    Unread,
}

#[derive(Debug)]
struct Wrapper {
    names: &'static str,
    /// Options without a value, between blanks. Letters alone may stand in a cluster.
    flags: &'static str,
    /// Options with a value.
    valued: &'static str,
    /// How many operands stand before the command.
    operands: usize,
    runs: Runs,
}

const fn words(names: &'static str, flags: &'static str, valued: &'static str, operands: usize) -> Wrapper {
    Wrapper { names, flags, valued, operands, runs: Runs::Words }
}

const fn other(
    names: &'static str,
    flags: &'static str,
    valued: &'static str,
    operands: usize,
    runs: Runs,
) -> Wrapper {
    Wrapper { names, flags, valued, operands, runs }
}

const ALL: &[Wrapper] = &[
    words("env genv", "-i --ignore-environment -0 -", "-u --unset -C --chdir", 0),
    words(
        "sudo doas",
        "-n -S -H -E -k -b -P --non-interactive --stdin --set-home",
        "-u --user -g --group -p --prompt -D --chdir",
        0,
    ),
    words("pkexec", "", "--user -u", 0),
    words("nice", "", "-n --adjustment", 0),
    words("ionice", "-t --ignore", "-c --class -n --classdata", 0),
    words("chrt", "-b -f -i -o -r -R -v -a", "-T -P -D", 1),
    words("taskset", "-a -c", "", 1),
    words("numactl", "-l --localalloc", "-N -m -i -p", 0),
    words(
        "timeout gtimeout",
        "-v --foreground --preserve-status --verbose",
        "-k -s --kill-after --signal",
        1,
    ),
    words(
        "nohup setsid chronic ltrace-none catchsegv fakeroot torsocks torify proxychains unbuffer",
        "-c -f -w",
        "",
        0,
    ),
    words("stdbuf gstdbuf", "", "-i -o -e --input --output --error", 0),
    words("time gtime", "-p -v --portability --verbose", "-f --format", 0),
    words("strace ltrace", "-f -ff -c -C -q -r -t -tt -T -v -y -i", "-e -s -a -I -O -S -P", 0),
    words("chroot", "", "--userspec --groups", 1),
    words("unshare", "-m -u -i -n -p -U -C -r -f --mount --uts --ipc --net --pid --user --fork", "", 0),
    words("setarch linux32 linux64 i386 x86_64", "-R -3 -v", "", 0),
    words("setpriv prlimit choom", "--no-new-privs", "-n", 0),
    words("command", "-p", "", 0),
    words("builtin busybox toybox coproc noglob nocorrect", "", "", 0),
    words("exec", "-c -l", "-a", 0),
    words("hyperfine-none caffeinate", "-d -i -m -s -u", "-t", 0),
    words("cpulimit", "-f -z -i", "-l -e", 0),
    words("eatmydata", "", "", 0),
    words("gosu su-exec", "", "", 1),
    words("faketime", "-m", "", 1),
    words("xvfb-run", "-a -l --auto-servernum", "-n -s --server-num --server-args", 0),
    other(
        "xargs gxargs",
        "-0 -r -t -p -x -o --null --no-run-if-empty --verbose --exit",
        "-I -L -n -P -s -d -E -a --max-args --max-procs --delimiter --arg-file --replace --max-lines",
        0,
        Runs::WordsAndInput,
    ),
    other("eval", "", "", 0, Runs::Text),
    other("trap", "", "", 0, Runs::FirstText),
    other(
        "watch",
        "-b -c -d -e -g -p -t -w -x --beep --color --no-title --precise --exec",
        "-n -q --interval",
        0,
        Runs::Text,
    ),
    other("ssh dropbear", "-4 -6 -a -A -C -n -N -q -t -T -v -x", "-p -l -i", 1, Runs::Text),
    other("sh bash dash zsh ksh mksh ash rbash", "-e -u -x -l -f -n", "", 0, Runs::OptionText),
    other("su runuser sg", "- -l -m -p --login", "-s", 0, Runs::OptionText),
    other("script", "-q -e -a -f --quiet --return", "", 0, Runs::OptionText),
    other("flock", "-n -s -x -u -o -F --nonblock --shared --exclusive", "-w -E --timeout", 1, Runs::Words),
    other("parallel", "-k --keep-order -0 --null --will-cite", "-j --jobs -n", 0, Runs::Unread),
    other(
        "entr . source ld.so run-one systemd-run nsenter firejail bwrap proot docker-exec \
                capsh dbus-run-session expect unbuffer-p rlwrap script-none start gdbserver \
                valgrind perf hyperfine perlbug fish csh tcsh posh sash yash elvish lksh osh rc nu xonsh pwsh-none enable hash alias set shopt \
                mapfile readarray complete bind fc compgen history newgrp chsh at-now \
                ssh-agent-none setuidgid softlimit daemonize cgexec aa-exec ip-netns sshpass tsp \
                dumb-init tini supervise systemd-nspawn machinectl lxc-attach lxc-execute runcon \
                chpst watchexec nodemon nix-shell rr aws-vault vscode ansible-test rbenv direnv",
        "",
        "",
        0,
        Runs::Unread,
    ),
];

static BY_NAME: LazyLock<HashMap<&'static str, &'static Wrapper>> = LazyLock::new(|| {
    let names =
        |wrapper: &'static Wrapper| wrapper.names.split_ascii_whitespace().map(move |name| (name, wrapper));
    ALL.iter().flat_map(names).collect()
});

/// What a wrapper runs.
#[derive(Debug)]
pub(super) enum Inside {
    /// Words.
    Words(Vec<Word>),
    /// Words, with others added that it reads.
    WordsAndInput(Vec<Word>),
    /// A text for a shell.
    Text(String),
    /// Nothing: it shows where a command is, or changes the shell itself.
    Nothing,
}

/// What this program would run; `None` where it is no wrapper.
///
/// # Errors
/// That it can't be told, as a part of a sentence.
pub(super) fn inside(name: &str, given: &[Word]) -> Option<Result<Inside, &'static str>> {
    let base = name.rsplit('/').next().unwrap_or(name);
    let wrapper = BY_NAME.get(base)?;
    Some(wrapper.inside(base, given))
}

const UNTOLD: &str = "what it runs can't be told";

impl Wrapper {
    fn inside(&self, name: &str, given: &[Word]) -> Result<Inside, &'static str> {
        if self.runs == Runs::Unread {
            return Err(UNTOLD);
        }
        if name == "command" && matches!(given.first().map(|word| word.text.as_str()), Some("-v" | "-V")) {
            return Ok(Inside::Nothing);
        }
        let mut words = given.iter().peekable();
        let mut operands = self.operands;
        let mut text = None;
        let mut replace = None;
        while let Some(word) = words.peek() {
            let option = word.known().ok_or(UNTOLD)?;
            let assigns = matches!(name, "env" | "genv" | "sudo" | "doas")
                && option.contains('=')
                && !option.starts_with('-');
            if assigns {
                if !option.split('=').next().is_some_and(names::harmless) {
                    return Err("it sets a variable for what it runs");
                }
                words.next();
                continue;
            }
            if option == "--" {
                words.next();
                break;
            }
            if !option.starts_with('-') || (option == "-" && !self.takes(self.flags, "-")) {
                if operands == 0 || self.runs == Runs::OptionText {
                    break;
                }
                operands -= 1;
                words.next();
                continue;
            }
            words.next();
            if self.runs == Runs::OptionText && text.is_none() && shell_text(option, self.flags) {
                text = Some(words.next().ok_or(UNTOLD)?);
                if matches!(name, "sh" | "bash" | "dash" | "zsh" | "ksh" | "mksh" | "ash" | "rbash") {
                    break;
                }
                continue;
            }
            if self.flag(option) {
                continue;
            }
            if self.takes(self.valued, option) {
                let value = words.next().ok_or(UNTOLD)?;
                if option == "-I" || option == "--replace" {
                    replace = Some(value.known().ok_or(UNTOLD)?);
                }
            } else if !self.attached(option) {
                return Err("it has an option that isn't known here");
            } else if let Some(word) = option.strip_prefix("-I") {
                replace = Some(word);
            }
        }
        let rest: Vec<Word> = words.cloned().collect();
        match self.runs {
            Runs::OptionText => {
                let text = text.and_then(Word::known).ok_or(UNTOLD)?;
                Ok(Inside::Text(text.to_owned()))
            }
            Runs::Text => {
                if rest.is_empty() && name != "eval" {
                    return Err("it starts a shell");
                }
                let texts: Option<Vec<&str>> = rest.iter().map(Word::known).collect();
                Ok(Inside::Text(texts.ok_or(UNTOLD)?.join(" ")))
            }
            Runs::FirstText => match rest.first() {
                None => Ok(Inside::Nothing),
                Some(first) => Ok(Inside::Text(first.known().ok_or(UNTOLD)?.to_owned())),
            },
            Runs::WordsAndInput if replace.is_some() => {
                Ok(Inside::Words(replaced(&rest, replace.unwrap_or("{}"), Unknown::Chosen)))
            }
            Runs::WordsAndInput => Ok(Inside::WordsAndInput(rest)),
            _ if rest.is_empty() && !matches!(name, "env" | "exec" | "nice" | "time") => {
                Err("it starts a shell or nothing")
            }
            _ if rest.is_empty() => Ok(Inside::Nothing),
            _ => Ok(Inside::Words(rest)),
        }
    }

    fn takes(&self, list: &str, option: &str) -> bool {
        list.split_ascii_whitespace().any(|known| known == option)
    }

    /// Whether an option without a value, or a cluster of such.
    fn flag(&self, option: &str) -> bool {
        self.takes(self.flags, option)
            || (!option.starts_with("--")
                && option.len() > 2
                && option.chars().skip(1).all(|letter| self.takes(self.flags, &format!("-{letter}"))))
            || (self.names.starts_with("nice") && option.bytes().skip(1).all(|byte| byte.is_ascii_digit()))
    }

    /// Whether an option with its value in the same word.
    fn attached(&self, option: &str) -> bool {
        if let Some((name, _)) = option.split_once('=')
            && option.starts_with("--")
        {
            return self.takes(self.valued, name);
        }
        !option.starts_with("--") && option.get(..2).is_some_and(|letter| self.takes(self.valued, letter))
    }
}

/// Whether an option says that the next word is the text for a shell: `-c`, `-ec`.
fn shell_text(option: &str, flags: &str) -> bool {
    option == "--command"
        || option.strip_prefix('-').is_some_and(|letters| {
            letters.ends_with('c')
                && letters
                    .trim_end_matches('c')
                    .chars()
                    .all(|letter| flags.contains(letter) && letter.is_ascii_alphabetic())
                && letters.matches('c').count() == 1
        })
}

/// Words in which a mark is replaced by what only the run can tell.
fn replaced(words: &[Word], mark: &str, source: Unknown) -> Vec<Word> {
    let replace = |word: &Word| {
        let mut word = word.clone();
        if !mark.is_empty() && word.text.contains(mark) {
            word.text = word.text.replace(mark, &UNKNOWN.to_string());
            word.unknown.push(source.clone());
        }
        word
    };
    words.iter().map(replace).collect()
}

/// The commands behind `-exec` and its kind in the words of `find`, each with its option, and the words that
/// are left.
pub(super) fn find(words: &[Word]) -> (Vec<(&str, Vec<Word>)>, Vec<&Word>) {
    let mut commands = Vec::new();
    let mut rest = Vec::new();
    let mut left = words.iter();
    while let Some(word) = left.next() {
        if !matches!(word.text.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir") {
            rest.push(word);
            continue;
        }
        let mut command: Vec<Word> = Vec::new();
        for word in left.by_ref() {
            let ends = word.text == ";"
                || (word.text == "+" && command.last().is_some_and(|last| last.text == "{}"));
            if ends {
                break;
            }
            command.push(word.clone());
        }
        commands.push((word.text.as_str(), replaced(&command, "{}", Unknown::Outside)));
    }
    (commands, rest)
}
