//! Operands that are a language of their own: where a program's first operand is a script, or its words start
//! something.

mod awk;
mod sed;
mod source;

use super::options::{Given, SHELLS, shorten};
use super::programs::Reads;
use super::word::UNKNOWN;
use source::Language;

/// Judges the operands of a program by what they are to it.
pub(super) fn operands(given: &Given<'_>, operands: &[&str]) -> Result<(), String> {
    match given.program.reads {
        Reads::Words | Reads::Files | Reads::Data | Reads::Code => Ok(()),
        Reads::Sed => SED.scripts(given),
        Reads::Awk => AWK.scripts(given),
        Reads::AtMost(most) => at_most(given, most),
        Reads::Packages => packages(operands),
        Reads::Dots => dots(operands),
        Reads::Terminal => terminal(given),
        Reads::Make => make(given, operands),
        Reads::Plus => plus(operands),
        Reads::Git => git(operands),
        Reads::Test => {
            match operands.iter().find(|text| ["`", "$(", "${", "[$"].iter().any(|sign| text.contains(sign)))
            {
                Some(text) => Err(format!("the shell may evaluate {:?}", shorten(text))),
                None => Ok(()),
            }
        }
    }
}

const SED: Language = Language {
    long: "--expression",
    valued: "",
    maybe_valued: "l",
    flags: "--quiet --silent --regexp-extended --separate --unbuffered --null-data --zero-terminated --posix --sandbox \
            --debug --follow-symlinks --binary --help --version",
    judge: sed::judge,
};

const AWK: Language = Language {
    long: "--source",
    valued: "Fv",
    maybe_valued: "",
    flags: "--posix --traditional --re-interval --lint --lint-old --sandbox --csv --bignum --non-decimal-data --optimize \
            --no-optimize --characters-as-bytes --use-lc-numeric --gen-pot --copyright --help --version",
    judge: awk::judge,
};

/// Operands, where the next one would be written or run.
fn at_most(given: &Given<'_>, most: usize) -> Result<(), String> {
    let mut count = 0;
    let mut words = given.words.iter();
    while let Some((word, _)) = words.next() {
        let text = word.text.as_str();
        if text.starts_with('-') && text.len() > 1 {
            // `-c 10` and `-cols 10`, but not `-c10`.
            let mut letters = text.chars().skip(1);
            let takes = letters.next().is_some_and(|letter| given.program.valued.contains(letter));
            let long = text.starts_with("--skip-") || text.starts_with("--check-");
            if long && !text.contains('=') || takes && letters.all(|letter| letter.is_ascii_lowercase()) {
                words.next();
            }
        } else if !text.is_empty() {
            count += 1;
            if count > most {
                return Err(format!("its operand {:?} would be written or run", shorten(text)));
            }
        }
    }
    Ok(())
}

fn packages(operands: &[&str]) -> Result<(), String> {
    const INSTALLS: [&str; 16] = [
        "install",
        "in",
        "add",
        "i",
        "upgrade",
        "update",
        "reinstall",
        "enable",
        "reenable",
        "start",
        "link",
        "ack",
        "localinstall",
        "downgrade",
        "build-dep",
        "satisfy",
    ];
    const FILES: [&str; 9] = [".deb", ".rpm", ".snap", ".apk", ".whl", ".gem", ".tgz", ".tar.gz", ".zip"];
    if !operands.iter().any(|operand| INSTALLS.contains(operand)) {
        return Ok(());
    }
    let local = |operand: &&&str| {
        operand.starts_with(['.', '/', '~'])
            || FILES.iter().any(|end| operand.ends_with(end))
            || operand.contains("file:")
    };
    match operands.iter().find(local) {
        Some(operand) => {
            Err(format!("{:?} is no package of a repository: its scripts would run", shorten(operand)))
        }
        None => Ok(()),
    }
}

fn dots(operands: &[&str]) -> Result<(), String> {
    const READING: [&str; 28] = [
        ".bail",
        ".changes",
        ".databases",
        ".dbinfo",
        ".dump",
        ".echo",
        ".eqp",
        ".exit",
        ".explain",
        ".fullschema",
        ".headers",
        ".header",
        ".help",
        ".indexes",
        ".indices",
        ".lint",
        ".mode",
        ".nullvalue",
        ".print",
        ".prompt",
        ".quit",
        ".schema",
        ".separator",
        ".show",
        ".stats",
        ".tables",
        ".timer",
        ".width",
    ];
    for line in operands.iter().skip(1).flat_map(|operand| operand.lines()).map(str::trim_start) {
        let name = line.split(' ').next().unwrap_or_default();
        if name.starts_with('.') && !READING.contains(&name) {
            return Err(format!("`{}` can run or write more than the program itself", shorten(name)));
        }
    }
    Ok(())
}

/// screen and tmux: a command of theirs is taken, one of the shell isn't.
fn terminal(given: &Given<'_>) -> Result<(), String> {
    if given.words.is_empty() {
        return Err("alone it starts a shell".to_owned());
    }
    let screen = given.program.names == "screen";
    let valued = if screen { "SrdDRxtpXQheTL" } else { "stnFexyTLl" };
    let mut words = given
        .words
        .iter()
        .zip(given.bare)
        .map(|((word, _), bare)| bare.as_deref().unwrap_or(&word.text))
        .peekable();
    let mut operands = Vec::new();
    while let Some(text) = words.next() {
        if text.ends_with(';') {
            return Err("a second command".to_owned());
        }
        if text == "-X" && screen {
            continue;
        }
        match text.strip_prefix('-').and_then(|rest| rest.chars().last()) {
            Some(last) if valued.contains(last) => {
                // Some of the values may be left out.
                words.next_if(|next| !next.starts_with('-'));
            }
            Some(_) => {}
            None => operands.push(text),
        }
    }
    const HARMLESS: [&str; 5] = ["quit", "detach", "title", "number", "windows"];
    const STARTS: [&str; 8] =
        ["new-session", "new", "new-window", "neww", "split-window", "splitw", "kill-session", "attach"];
    let fine = match operands.as_slice() {
        [] => true,
        [one] if screen => HARMLESS.contains(one),
        _ if screen => false,
        [first, ..] => {
            operands.len() == 1 || !STARTS.iter().any(|start| start.starts_with(first) || first == start)
        }
    };
    if fine { Ok(()) } else { Err("what it would run isn't judged".to_owned()) }
}

fn make(given: &Given<'_>, operands: &[&str]) -> Result<(), String> {
    // A Makefile that the text itself writes is no file that an author has seen.
    let piped = |text: &str| {
        text == "-"
            || (text.starts_with("--") && text.ends_with("=-"))
            || (text.starts_with('-') && !text.starts_with("--") && text.ends_with("f-"))
            || ["/dev/", "/proc/"].iter().any(|place| text.contains(place))
    };
    if let Some((word, _)) = given.words.iter().find(|(word, _)| piped(&word.text)) {
        return Err(format!("{:?} is a Makefile that isn't there before it runs", shorten(&word.text)));
    }
    let odd = |operand: &&&str| {
        operand.split_once('=').is_some_and(|(name, value)| {
            let name = name.trim_end_matches([':', '+', '?', '!']);
            let program = value.trim_start().split(' ').next().unwrap_or_default();
            let program = program.rsplit('/').next().unwrap_or(program);
            SHELLS.contains(&program)
                || value.contains("$(")
                || value.contains('`')
                || name.contains("SHELL")
                || name.contains("MAKE")
                || value.contains("${")
        })
    };
    match operands.iter().find(odd) {
        Some(operand) => Err(format!("{:?} changes what the Makefile runs", shorten(operand))),
        None => Ok(()),
    }
}

fn plus(operands: &[&str]) -> Result<(), String> {
    let runs = |operand: &&&str| {
        operand.strip_prefix('+').is_some_and(|rest| {
            !rest.is_empty()
                && !rest.starts_with('/')
                && !rest.bytes().all(|byte| byte.is_ascii_digit())
                && !matches!(rest, "G" | "F")
        })
    };
    match operands.iter().find(runs) {
        Some(operand) => Err(format!("{:?} is a command of the program", shorten(operand))),
        None => Ok(()),
    }
}

fn git(operands: &[&str]) -> Result<(), String> {
    const KEYS: [&str; 26] = [
        "alias.",
        "core.editor",
        "core.pager",
        "core.sshcommand",
        "core.hookspath",
        "core.fsmonitor",
        "core.gitproxy",
        "core.askpass",
        "credential.",
        "diff.",
        "filter.",
        "merge.",
        "pager.",
        "sequence.editor",
        "gpg.",
        "include",
        "browser.",
        "man.",
        "difftool.",
        "mergetool.",
        "sendemail.",
        "uploadpack.",
        "protocol.",
        "web.",
        "interactive.",
        "trailer.",
    ];
    let Some(at) = operands.iter().position(|operand| *operand == "config") else { return Ok(()) };
    let key = operands.iter().skip(at + 1).find(|operand| {
        let lower = operand.to_ascii_lowercase();
        KEYS.iter().any(|key| lower.starts_with(key))
    });
    let value = operands.last().is_some_and(|value| value.contains(['!', '/', '|', '`']));
    match key {
        Some(key) if value || operands.len() > at + 2 && !key.to_ascii_lowercase().starts_with("alias.") => {
            Err(format!("the setting {:?} names something that git runs", shorten(key)))
        }
        _ => Ok(()),
    }
}
