//! Ratios of times that were taken in one run, turn by turn: on a machine that others use too, a ratio is a result where
//! a single time is none.

#![allow(dead_code, clippy::print_stdout, reason = "each bench takes what it needs, and prints")]

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Something whose time is taken.
pub(crate) struct Contestant<'a> {
    name: String,
    run: Box<dyn FnMut() + 'a>,
}

/// A contestant; what its run returns is not optimised away.
pub(crate) fn contestant<'a, T>(name: impl Into<String>, mut run: impl FnMut() -> T + 'a) -> Contestant<'a> {
    Contestant {
        name: name.into(),
        run: Box::new(move || {
            black_box(run());
        }),
    }
}

/// How long the turns of all contestants take together.
const TIME: Duration = Duration::from_millis(600);
/// The least time of one turn: far above what the clock resolves.
const TURN: Duration = Duration::from_micros(100);
/// The least number of turns, however long one takes.
const TURNS: usize = 15;

/// Times all contestants turn by turn; prints the least time of each, and by how much it takes longer than the first.
/// `bytes` is what one run reads, where a rate says something; 0 where it doesn't. Returns these times in nanoseconds.
pub(crate) fn compare(question: &str, bytes: usize, contestants: Vec<Contestant<'_>>) -> Vec<f64> {
    let mut lanes: Vec<(Contestant<'_>, u32, Vec<f64>)> = contestants
        .into_iter()
        .map(|mut contestant| {
            (contestant.run)();
            let begin = Instant::now();
            (contestant.run)();
            let once = begin.elapsed().max(Duration::from_nanos(20));
            let runs = u32::try_from(TURN.as_nanos() / once.as_nanos()).unwrap_or(1).max(1);
            (contestant, runs, Vec::new())
        })
        .collect();
    let begin = Instant::now();
    while begin.elapsed() < TIME || lanes.first().is_some_and(|lane| lane.2.len() < TURNS) {
        for (contestant, runs, times) in &mut lanes {
            let begin = Instant::now();
            for _ in 0..*runs {
                (contestant.run)();
            }
            times.push(begin.elapsed().as_secs_f64() * 1e9 / f64::from(*runs));
        }
    }
    println!("{question}");
    let best: Vec<f64> = lanes.iter().map(|(_, _, times)| least(times)).collect();
    for ((contestant, ..), time) in lanes.iter().zip(&best) {
        let rate = if bytes == 0 { String::new() } else { format!("{:>9.2} GB/s", bytes as f64 / time) };
        let ratio = time / best.first().copied().unwrap_or(f64::NAN);
        println!("  {:<46} {:>12} {rate} {ratio:>8.2} x", contestant.name, shown(*time));
    }
    best
}

/// The least time of one contestant, in nanoseconds.
pub(crate) fn time(mut contestant: Contestant<'_>) -> f64 {
    let mut times = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < TIME / 6 || times.len() < TURNS {
        let begin = Instant::now();
        (contestant.run)();
        times.push(begin.elapsed().as_secs_f64() * 1e9);
    }
    least(&times)
}

/// What else runs on the machine only ever adds.
fn least(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn shown(nanoseconds: f64) -> String {
    match nanoseconds {
        time if time < 1e3 => format!("{time:.0} ns"),
        time if time < 1e6 => format!("{:.2} us", time / 1e3),
        time => format!("{:.2} ms", time / 1e6),
    }
}
