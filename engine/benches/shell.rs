//! How long does the judging of a command text take? The reader is the engine's own, so that its share is the whole but
//! for the walk through the JSON: beside it, in the same run, is the same call where any value will do.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that panics is a bench that fails")]

mod ratio;

use argala_engine::{Policy, Verdict};
use ratio::{compare, contestant};

const COMMANDS: [&str; 6] = [
    "ls",
    "grep -rn --include='*.rs' pattern src",
    "ps aux | awk '{print $2, $11}' | sort -k2 | uniq -c | head -n 10",
    "find . -type f \\( -name '*.c' -o -name '*.h' \\) -exec grep -l main {} + 2>/dev/null",
    "diff <(sort \"$(dirname \"$0\")/a\" | uniq) <(sort `ls b`) && for f in *.txt; do wc -l \"$f\"; done",
    "if [ -f x ]; then cat x | sed -e 's/a/b/g' -e '/^$/d'; else echo \"none in ${PWD:-here}\"; fi",
];

fn main() {
    let allow = "'ls', 'cat', 'grep', 'ps', 'awk', 'sed', 'sort', 'uniq', 'head', 'find', 'diff', 'dirname', 'wc', 'test', \
                 'echo'";
    let policy = format!("[tools.run]\nargs.command = {{ type = 'shell', allow = [{allow}] }}");
    let policy = Policy::from_toml(&policy, "shell").unwrap();
    let any = Policy::from_toml("[tools.run]\nargs.command = { type = 'any' }", "any").unwrap();
    let question = |command: &str, title: &str| {
        let call = serde_json::json!({ "command": command }).to_string();
        let judged = policy.judge("run", call.as_bytes());
        assert_eq!(judged.verdict, Verdict::Allow, "{command}: {}", judged.message);
        let lanes = vec![
            contestant("a call with any value", || any.judge("run", call.as_bytes())),
            contestant("a call with a command text", || policy.judge("run", call.as_bytes())),
        ];
        compare(title, call.len(), lanes)
    };
    for command in COMMANDS {
        question(command, command);
    }
    // Growth: a quarter and a half of a text that is nearly as long as one may be, and that one.
    let line = "ls \"$(grep -n x f | head -n 1)\" && cat f;\n";
    let times = [4_000, 8_000, 16_000].map(|bytes| {
        let times = question(&line.repeat(bytes / line.len()), &format!("{bytes} bytes"));
        times.last().copied().unwrap_or(f64::NAN)
    });
    println!("16000 bytes take {:.1} times as long as 4000", times[2] / times[0]);
}
