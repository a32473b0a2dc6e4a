//! How fast are denied patterns looked for in 100 KB of text? Beside it, in the same run: the automaton that a guard would
//! take from the shelf (`aho-corasick`, case-insensitive, DFA), and reading the text from memory, which is the limit.
//!
//! Argala's time is that of a whole call with one argument, told by events: it holds the copy of the text, its folding, the
//! search and the question whether anything in it could be decoded.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench prints, and fails by panic"
)]

mod ratio;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use argala_engine::{Policy, Verdict};
use ratio::{compare, contestant};

const BYTES: usize = 100_000;

fn main() {
    let prose = text(
        "the quick brown fox, 42 years of age, jumps over a lazy dog and SELECTs a name from customers ",
    );
    for count in [3, 30, 1000] {
        race(&format!("plain ASCII, {count} patterns"), &patterns(count), &prose);
    }
    // Every word begins as a pattern does and ends otherwise.
    for count in [3, 30, 1000] {
        let near: Vec<String> =
            patterns(count).iter().map(|word| word[..word.len() - 1].to_owned()).collect();
        race(
            &format!("all near-misses, {count} patterns"),
            &patterns(count),
            &text(&format!("{} ", near.join(" "))),
        );
    }
}

/// The seed's three, and further words of the same kind.
fn patterns(count: usize) -> Vec<String> {
    const FIRST: [&str; 30] = [
        "DROP",
        "DELETE",
        "TRUNCATE",
        "ALTER",
        "GRANT",
        "REVOKE",
        "xp_cmdshell",
        "INTO OUTFILE",
        "LOAD_FILE",
        "pg_read_file",
        "rm -rf",
        "mkfs",
        "shutdown",
        "/etc/passwd",
        "/etc/shadow",
        "id_rsa",
        "authorized_keys",
        "curl | sh",
        "eval(",
        "system(",
        "os.popen",
        "subprocess",
        "__import__",
        "javascript:",
        "onerror=",
        "<script",
        "UNION ALL",
        "information_schema",
        "sleep(",
        "benchmark(",
    ];
    let more =
        (0..).map(|n| format!("{}{}{}", ["purge", "wipe", "erase", "reset"][n % 4], n * 7919 % 9973, n));
    FIRST.iter().map(ToString::to_string).chain(more).take(count).collect()
}

fn text(words: &str) -> String {
    words.chars().cycle().take(BYTES).collect()
}

fn race(question: &str, patterns: &[String], text: &str) {
    let listed: Vec<String> = patterns.iter().map(|pattern| format!("{pattern:?}")).collect();
    let policy = format!("allowed_methods = ['m']\ndenied_patterns = [{}]", listed.join(", "));
    let policy = Policy::from_toml(&policy, "bench").unwrap();
    let shelf = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(patterns)
        .unwrap();
    assert!(!shelf.is_match(text), "{question}");
    let judge = || {
        let mut inspector = policy.inspect("m").unwrap();
        inspector.enter_object().unwrap();
        inspector.key("text").unwrap();
        inspector.string(text).unwrap();
        inspector.leave_object();
        inspector.finish()
    };
    assert_eq!(judge().verdict, Verdict::Allow, "{question}");
    let words: Vec<u64> =
        text.as_bytes().chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().unwrap())).collect();
    let times = compare(
        question,
        text.len(),
        vec![
            contestant("argala", judge),
            contestant("aho-corasick, case-insensitive DFA", || shelf.is_match(text)),
            contestant("reading the memory", || words.iter().fold(0, |sum: u64, word| sum ^ word)),
        ],
    );
    println!(
        "  => {:.1} times as fast as the DFA, {:.0}% of memory\n",
        times[1] / times[0],
        times[2] / times[0] * 100.0
    );
}
