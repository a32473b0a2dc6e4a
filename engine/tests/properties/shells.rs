//! The shell reader on any text: it answers, soon, and on a small stack.

use std::time::{Duration, Instant};

use argala_engine::Policy;
use proptest::prelude::*;

/// What shells have a meaning for, to be strung together.
const TOKENS: [&str; 72] = [
    "ls",
    "rm",
    " ",
    "\n",
    ";",
    "&",
    "&&",
    "|",
    "||",
    "(",
    ")",
    "{",
    "}",
    "$(",
    "`",
    "\\`",
    "\"",
    "'",
    "$'",
    "\\",
    "\\\n",
    "$",
    "$x",
    "${",
    "${x:-",
    "$((",
    "))",
    "((",
    "[[",
    "]]",
    "[",
    "]",
    "<<E",
    "\nE\n",
    "<",
    ">",
    ">>",
    "<(",
    ">&",
    "<<<",
    "#",
    "!",
    "if ",
    "then ",
    "fi",
    "for x in ",
    "do ",
    "done",
    "while ",
    "case ",
    " in ",
    "esac",
    ";;",
    "f()",
    "function ",
    "x=",
    "=",
    "*",
    "{a,",
    "..",
    "-exec ",
    "-c ",
    "sh ",
    "eval ",
    "find ",
    "sed ",
    "awk ",
    "xargs ",
    "é",
    "\u{2028}",
    "\t",
    "s/a/b/e",
];

fn policy() -> Policy {
    let text = "[tools.run.args.command]\ntype = 'shell'\nallow = ['ls', 'sh', 'eval', 'find', 'sed', 'awk', 'xargs', 'git', 'tmux']";
    Policy::from_toml(text, "p.toml").unwrap_or_else(|error| unreachable!("{error}"))
}

/// Judges a text on a stack as small as a thread may have.
fn judge(text: &str) -> Duration {
    let arguments = serde_json::json!({ "command": text }).to_string();
    let run = move || {
        let policy = policy();
        let start = Instant::now();
        let _ = policy.judge("run", arguments.as_bytes());
        start.elapsed()
    };
    let thread = std::thread::Builder::new().stack_size(512 * 1024).spawn(run);
    thread.map_or(Duration::MAX, |thread| thread.join().unwrap_or(Duration::MAX))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        prop_assert!(judge(&text) < Duration::from_secs(2), "{text:?}");
    }

    #[test]
    fn any_string_of_tokens_is_answered(tokens in prop::collection::vec(prop::sample::select(&TOKENS[..]), 0..60)) {
        let text = tokens.concat();
        prop_assert!(judge(&text) < Duration::from_secs(2), "{text:?}");
    }

    /// A piece again and again, as long as a text may be, and twice that: refused for its length, or soon
    /// answered.
    #[test]
    fn no_piece_takes_long_however_often_it_stands_there(tokens in prop::collection::vec(prop::sample::select(&TOKENS[..]), 1..4)) {
        let piece = tokens.concat();
        let text = piece.repeat(16 * 1024 / piece.len());
        prop_assert!(judge(&text) < Duration::from_secs(2), "{piece:?}");
        let text = format!("ls {text}");
        prop_assert!(judge(text.get(..16 * 1024).unwrap_or("ls")) < Duration::from_secs(2), "{piece:?}");
    }

    /// What is put in single quotes is data, whatever it is.
    #[test]
    fn quoted_text_is_data(text in "[ -&(-~\n]{0,40}") {
        let policy = policy();
        let command = format!("ls '{text}'");
        let arguments = serde_json::json!({ "command": command }).to_string();
        prop_assert_eq!(policy.judge("run", arguments.as_bytes()).verdict.as_str(), "allow", "{}", command);
    }

    /// No text in front makes a command behind it disappear from view.
    #[test]
    fn a_command_on_its_own_line_is_seen_or_all_is_refused(tokens in prop::collection::vec(prop::sample::select(&TOKENS[..]), 0..8)) {
        let text = tokens.concat();
        let policy = policy();
        let verdict = |command: String| {
            let arguments = serde_json::json!({ "command": command }).to_string();
            policy.judge("run", arguments.as_bytes()).verdict.as_str()
        };
        if verdict(text.clone()) == "allow" && !text.ends_with('\\') {
            prop_assert_eq!(verdict(format!("{text}\nrm x\n")), "deny", "{}", text);
        }
    }
}
