//! How fast is a text read strictly? Beside it, as yardsticks in the same run: `serde_json` skipping the same text,
//! borrowing it raw, and making a tree of it. None of the three looks for duplicate keys.
#![allow(clippy::unwrap_used, reason = "a bench that panics is a bench that fails")]

use std::convert::Infallible;

use argala_json::{Events, Limits, Options, Outline, Span, Text, compact, read};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

fn main() {
    divan::main();
}

const SHAPES: [&str; 2] = ["records", "one text"];

/// A document of about 1 MB.
fn document(shape: &str) -> String {
    let records: Vec<String> = (0..8_500)
        .map(|n| {
            format!(
                r#"{{"id":{n},"name":"Customer {n}","city":"Trondheim","open":true,"paid":12.50,"tags":["new","north \"B\""]}}"#
            )
        })
        .collect();
    match shape {
        "records" => format!("[{}]", records.join(",")),
        _ => serde_json::to_string(
            &"A line of text as a file has it, with a tab\tand an end.\n".repeat(17_000),
        )
        .unwrap(),
    }
}

fn limits() -> Limits {
    Limits { max_bytes: 4 << 20, max_depth: 32, max_nodes: 1_000_000 }
}

/// Hears everything and keeps nothing.
struct Ignore;

impl Events for Ignore {
    type Stop = Infallible;

    fn null(&mut self, _: Span) -> Result<(), Infallible> {
        Ok(())
    }

    fn boolean(&mut self, value: bool, _: Span) -> Result<(), Infallible> {
        black_box(value);
        Ok(())
    }

    fn number(&mut self, lexeme: &str, _: Span) -> Result<(), Infallible> {
        black_box(lexeme);
        Ok(())
    }

    fn string(&mut self, text: Text<'_>, _: Span) -> Result<(), Infallible> {
        black_box(text);
        Ok(())
    }

    fn key(&mut self, text: Text<'_>, _: Span) -> Result<(), Infallible> {
        black_box(text);
        Ok(())
    }

    fn enter_object(&mut self, _: usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn leave_object(&mut self, _: usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn enter_array(&mut self, _: usize) -> Result<(), Infallible> {
        Ok(())
    }

    fn leave_array(&mut self, _: usize) -> Result<(), Infallible> {
        Ok(())
    }
}

#[divan::bench(args = SHAPES, max_time = 0.8)]
fn strict(bencher: Bencher<'_, '_>, shape: &str) {
    let text = document(shape);
    let options = Options::strict(limits());
    measure(bencher, &text, |text| read(text.as_bytes(), &options, &mut Ignore).unwrap());
}

#[divan::bench(args = SHAPES, max_time = 0.8)]
fn tolerant(bencher: Bencher<'_, '_>, shape: &str) {
    let text = document(shape);
    let options = Options::tolerant(limits());
    measure(bencher, &text, |text| read(text.as_bytes(), &options, &mut Ignore).unwrap());
}

#[divan::bench(args = SHAPES, max_time = 0.8)]
fn strict_outline(bencher: Bencher<'_, '_>, shape: &str) {
    let text = document(shape);
    let options = Options::strict(limits());
    measure(bencher, &text, |text| Outline::read(text.as_bytes(), &options, 1).unwrap());
}

#[divan::bench(args = SHAPES, max_time = 0.8)]
fn strict_compact(bencher: Bencher<'_, '_>, shape: &str) {
    let text = document(shape);
    let options = Options::strict(limits());
    measure(bencher, &text, |text| compact(text, &options).unwrap());
}

#[divan::bench(args = SHAPES, max_time = 0.8)]
fn yardstick_ignored_any(bencher: Bencher<'_, '_>, shape: &str) {
    measure(bencher, &document(shape), |text| serde_json::from_slice::<IgnoredAny>(text.as_bytes()).unwrap());
}

#[divan::bench(args = SHAPES, max_time = 0.8)]
fn yardstick_raw_value(bencher: Bencher<'_, '_>, shape: &str) {
    measure(bencher, &document(shape), |text| {
        serde_json::from_slice::<&RawValue>(text.as_bytes()).unwrap().get().len()
    });
}

#[divan::bench(args = SHAPES, max_time = 0.8)]
fn yardstick_value(bencher: Bencher<'_, '_>, shape: &str) {
    measure(bencher, &document(shape), |text| serde_json::from_slice::<Value>(text.as_bytes()).unwrap());
}

fn measure<'t, O>(bencher: Bencher<'_, '_>, text: &'t str, reads: impl Fn(&'t str) -> O + Sync) {
    bencher.counter(BytesCount::of_str(text)).bench(|| reads(black_box(text)));
}
