//! Views: the readings of a string that are scanned.
//!
//! A string is read as it stands, letters folded to one case. That reading keeps every byte in its place, so a match
//! in it has an exact span. What a downstream may decode a string to becomes a further view here, and brings its name
//! into the decision.
//!
//! A text is read breadth first: what one decoder makes of it is read by every decoder again, so that a text which was
//! encoded several times is found whatever the order. The same text is read once, however many ways lead to it.

mod assembly;
mod base64;
mod binary;
mod comments;
mod confusable;
mod decoder;
mod digits;
mod escape;
mod hex;
mod html;
mod literal;
mod percent;
mod point;
mod printable;
mod shell;
mod sweep;
#[cfg(test)]
mod tests;
mod unicode;

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use decoder::{DECODERS, Made, Triggers};

/// The readings that led from the string as it stands to the text that was scanned, first to last. Empty for the string
/// as it stands, in any case of its ASCII letters.
pub type View = Vec<&'static str>;

/// What a downstream may take a text for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// How it came about, first decoding first. Never empty.
    pub(crate) view: View,
    pub(crate) text: String,
}

/// A text has more readings than are looked at: which bound it passes, as the end of "it …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exceeded(pub(crate) &'static str);

/// Decodings one behind the other.
const ROUNDS: usize = 10;

/// All readings of a text together have at most so many bytes for each of its own, and so many besides.
const BYTES_EACH: usize = 64;
const BYTES_BESIDES: usize = 1 << 18;

/// Every reading of a text that differs from it.
///
/// # Errors
/// A bound that the readings pass. Whoever asked must deny: what wasn't read can't be judged.
pub(crate) fn readings(text: &str) -> Result<Vec<Reading>, Exceeded> {
    let mut search = Search::new(text);
    for made in decode(text) {
        search.keep(made, None)?;
    }
    let mut round = 0..search.found.len();
    for _ in 1..ROUNDS {
        for parent in round.clone() {
            search.read_on(parent)?;
        }
        round = round.end..search.found.len();
    }
    let bound = search.found.len();
    for parent in round {
        search.read_on(parent)?;
    }
    if search.found.len() > bound {
        return Err(Exceeded("is encoded more times over than is looked at"));
    }
    Ok(search.found)
}

/// What every decoder makes of a text.
fn decode(text: &str) -> Vec<Made> {
    let triggers = Triggers::of(text.as_bytes());
    DECODERS
        .iter()
        .filter(|decoder| decoder.triggers.meet(triggers))
        .flat_map(|decoder| (decoder.decode)(text))
        .collect()
}

/// The readings so far.
struct Search<'t> {
    text: &'t str,
    found: Vec<Reading>,
    /// Of each hash: the readings that have it. Whoever finds two texts of one hash hides neither.
    known: HashMap<u64, Vec<usize>, BuildHasherDefault<DefaultHasher>>,
    bytes_left: usize,
}

impl<'t> Search<'t> {
    fn new(text: &'t str) -> Self {
        let bytes_left = text.len().saturating_mul(BYTES_EACH).saturating_add(BYTES_BESIDES);
        Self { text, found: Vec::new(), known: HashMap::default(), bytes_left }
    }

    fn read_on(&mut self, parent: usize) -> Result<(), Exceeded> {
        let made = self.found.get(parent).map(|reading| decode(&reading.text)).unwrap_or_default();
        made.into_iter().try_for_each(|made| self.keep(made, Some(parent)))
    }

    fn keep(&mut self, made: Made, parent: Option<usize>) -> Result<(), Exceeded> {
        if made.text == self.text {
            return Ok(());
        }
        let same = self.known.entry(self.known.hasher().hash_one(&made.text)).or_default();
        if same.iter().any(|&known| self.found.get(known).is_some_and(|known| known.text == made.text)) {
            return Ok(());
        }
        let Some(left) = self.bytes_left.checked_sub(made.text.len() + 1) else {
            return Err(Exceeded("can be read in more ways than are looked at"));
        };
        self.bytes_left = left;
        same.push(self.found.len());
        let mut view = parent.and_then(|parent| self.found.get(parent)).map(|parent| parent.view.clone());
        view.get_or_insert_default().extend(made.names);
        self.found.push(Reading { view: view.unwrap_or_default(), text: made.text });
        Ok(())
    }
}

/// Whether a text may have a reading that differs from it.
pub(crate) fn may_differ(_text: &[u8]) -> bool {
    false
}

/// The forms in which a pattern stands in readings, beside its own.
pub(crate) fn pattern_forms(_pattern: &str) -> Vec<String> {
    Vec::new()
}
