//! Whether any of many texts stands in a long one, asked of several parts of it at once.
//!
//! A step of an automaton waits for the row of its table that the last step chose. Steps in different parts of the text
//! don't wait for one another, so a few walks side by side take little longer than one.

use aho_corasick::Anchored;
use aho_corasick::automaton::Automaton;
use aho_corasick::dfa::DFA;

/// Shorter text is walked in less time than it is divided.
const MIN_LENGTH: usize = 1 << 10;

/// Whether the text holds no match. False where it may hold one, or is too short for the question to pay.
pub(super) fn holds_none(automaton: &DFA, text: &[u8]) -> bool {
    // A match may lie over the end of a part: each reads on into the next by what the longest match could miss.
    let overlap = automaton.max_pattern_len();
    let part = text.len() / 4;
    if text.len() < MIN_LENGTH || overlap > part {
        return false;
    }
    let lane = |number: usize| text.get(number * part..(number + 1) * part).unwrap_or_default();
    let Ok(start) = automaton.start_state(Anchored::No) else { return false };
    let step = |state, byte| automaton.next_state(Anchored::No, state, byte);
    let (mut first, mut second, mut third, mut fourth) = (start, start, start, start);
    for (((one, two), three), four) in lane(0).iter().zip(lane(1)).zip(lane(2)).zip(lane(3)) {
        first = step(first, *one);
        second = step(second, *two);
        third = step(third, *three);
        fourth = step(fourth, *four);
        if [first, second, third, fourth].iter().any(|state| automaton.is_match(*state)) {
            return false;
        }
    }
    let ends = [(first, 1, overlap), (second, 2, overlap), (third, 3, overlap), (fourth, 4, text.len())];
    ends.iter().all(|(state, next, length)| {
        let from = next * part;
        let rest = text.get(from..(from + length).min(text.len())).unwrap_or_default();
        let mut state = *state;
        rest.iter().all(|byte| {
            state = step(state, *byte);
            !automaton.is_match(state)
        })
    })
}

#[cfg(test)]
mod tests {
    use aho_corasick::dfa::DFA;

    use super::{MIN_LENGTH, holds_none};

    #[test]
    fn a_match_is_seen_wherever_it_stands() {
        let automaton = DFA::new(["needle", "ab"]).unwrap();
        for length in [MIN_LENGTH, MIN_LENGTH + 1, MIN_LENGTH + 7] {
            assert!(holds_none(&automaton, &vec![b'a'; length]));
            for at in 0..=length - 6 {
                let mut text = vec![b'x'; length];
                text[at..at + 6].copy_from_slice(b"needle");
                assert!(!holds_none(&automaton, &text), "{at} of {length}");
            }
        }
    }

    #[test]
    fn of_a_short_text_nothing_is_said() {
        assert!(!holds_none(&DFA::new(["needle"]).unwrap(), b"hay"));
    }
}
