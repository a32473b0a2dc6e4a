//! How long does the judging of a command text take? The reader is the engine's own, so that its share is the
//! whole but for the walk through the JSON: the same call with an argument of any type is beside it.
#![allow(clippy::unwrap_used, reason = "a bench that panics is a bench that fails")]

use argala_engine::{Policy, Verdict};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const COMMANDS: [(&str, &str); 6] = [
    ("word", "ls"),
    ("simple", "grep -rn --include='*.rs' pattern src"),
    ("pipe", "ps aux | awk '{print $2, $11}' | sort -k2 | uniq -c | head -n 10"),
    ("find", "find . -type f \\( -name '*.c' -o -name '*.h' \\) -exec grep -l main {} + 2>/dev/null"),
    (
        "nested",
        "diff <(sort \"$(dirname \"$0\")/a\" | uniq) <(sort `ls b`) && for f in *.txt; do wc -l \"$f\"; done",
    ),
    (
        "script",
        "if [ -f x ]; then cat x | sed -e 's/a/b/g' -e '/^$/d'; else echo \"none in ${PWD:-here}\"; fi",
    ),
];

fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|(name, _)| *name)
}

fn call(name: &str) -> String {
    let (_, command) = COMMANDS.iter().find(|(known, _)| *known == name).unwrap();
    serde_json::json!({ "command": command }).to_string()
}

fn decide(bencher: Bencher<'_, '_>, constraint: &str, arguments: &str) {
    let policy = Policy::from_toml(&format!("[tools.run]\nargs.command = {constraint}"), "bench").unwrap();
    assert_eq!(policy.judge("run", arguments.as_bytes()).verdict, Verdict::Allow, "{arguments}");
    bencher.bench(|| policy.judge(black_box("run"), black_box(arguments.as_bytes())));
}

const SHELL: &str = "{ type = 'shell', allow = ['ls', 'cat', 'grep', 'ps', 'awk', 'sed', 'sort', 'uniq', 'head', 'find', 'diff', \
                     'dirname', 'wc', 'test', 'echo'] }";

#[divan::bench(args = names(), max_time = 0.5)]
fn shell_decides(bencher: Bencher<'_, '_>, name: &str) {
    decide(bencher, SHELL, &call(name));
}

#[divan::bench(args = names(), max_time = 0.5)]
fn any_decides(bencher: Bencher<'_, '_>, name: &str) {
    decide(bencher, "{ type = 'any' }", &call(name));
}

/// Growth: as long as a text may be, and a half and a quarter of it.
#[divan::bench(args = [4_000, 8_000, 16_000], max_time = 0.5)]
fn long_text(bencher: Bencher<'_, '_>, bytes: usize) {
    let line = "ls \"$(grep -n x f | head -n 1)\" && cat f;\n";
    let text = serde_json::json!({ "command": line.repeat(bytes / line.len()) }).to_string();
    decide(bencher, SHELL, &text);
}
