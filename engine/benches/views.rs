//! What do the readings of a text cost, by kind of text and by its length? Each doubling of the length must cost about twice as
//! much; beside them, as the yardstick, a decision under a policy that looks for nothing.
#![allow(clippy::unwrap_used, reason = "a bench that panics is a bench that fails")]

use argala_engine::Policy;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const SIZES: [usize; 6] = [1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20];

const PLAIN: &str =
    "Please book a table for two at eight near the window, and a taxi home; thanks! See you then.\n";
const BEYOND_ASCII: &str =
    "Пожалуйста, закажите столик на двоих у окна. Ένα ταξί για το σπίτι. 予約をお願いします。\n";
const PERCENT: &str = "https://example.com/next?to=https%3A%2F%2Fexample.org%2Fa%2520b&q=two+words%21\n";
const BASE64: &str = "VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZywgYW5kIHNvIG9u\n";
const SOURCE: &str =
    "/* joins */ const row = \"a\" + 'b'; if (x % 2 && y) { print(`${row}\\n`, \"it's\"); } # 100%, -- so\n";

fn text(piece: &str, bytes: usize) -> String {
    piece
        .chars()
        .cycle()
        .scan(0, |length, character| {
            *length += character.len_utf8();
            (*length < bytes).then_some(character)
        })
        .collect()
}

fn decide(bencher: Bencher<'_, '_>, policy: &str, text: &str) {
    let policy = Policy::from_toml(policy, "bench").unwrap();
    let call = serde_json::json!({ "text": text }).to_string();
    bencher
        .counter(BytesCount::of_str(&call))
        .bench(|| policy.judge(black_box("write"), black_box(call.as_bytes())));
}

const POLICY: &str = "allowed_methods = ['write']\ndenied_patterns = ['DROP', 'DELETE', 'TRUNCATE']\nlimits.max_bytes = 4194304";
const NOTHING_DENIED: &str = "allowed_methods = ['write']\nlimits.max_bytes = 4194304";

#[divan::bench(args = SIZES, max_time = 0.5)]
fn plain(bencher: Bencher<'_, '_>, bytes: usize) {
    decide(bencher, POLICY, &text(PLAIN, bytes));
}

#[divan::bench(args = SIZES, max_time = 0.5)]
fn beyond_ascii(bencher: Bencher<'_, '_>, bytes: usize) {
    decide(bencher, POLICY, &text(BEYOND_ASCII, bytes));
}

#[divan::bench(args = SIZES, max_time = 0.5)]
fn percent(bencher: Bencher<'_, '_>, bytes: usize) {
    decide(bencher, POLICY, &text(PERCENT, bytes));
}

#[divan::bench(args = SIZES, max_time = 0.5)]
fn base64(bencher: Bencher<'_, '_>, bytes: usize) {
    decide(bencher, POLICY, &text(BASE64, bytes));
}

#[divan::bench(args = SIZES, max_time = 0.5)]
fn source(bencher: Bencher<'_, '_>, bytes: usize) {
    decide(bencher, POLICY, &text(SOURCE, bytes));
}

#[divan::bench(args = SIZES, max_time = 0.5)]
fn yardstick_nothing_denied(bencher: Bencher<'_, '_>, bytes: usize) {
    decide(bencher, NOTHING_DENIED, &text(PLAIN, bytes));
}
