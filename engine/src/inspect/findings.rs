//! The first findings of a call, in a fixed order, however many there are.

use std::fmt;

use crate::decision::{Finding, MAX_FINDINGS};
use crate::scan::LeafKind;

use super::places::{PlaceId, Places};

/// Keeps the first [`MAX_FINDINGS`] in the order of their keys, whatever order they come in.
#[derive(Default)]
pub(super) struct Findings<'p> {
    kept: Vec<(Key<'p>, Make<'p>)>,
}

/// Makes a finding from the pointer of its place. Only those that are shown are made: a pointer can be as long as the
/// arguments, and how many findings come and go is the agent's choice.
type Make<'p> = Box<dyn FnOnce(String) -> Finding + Send + 'p>;

/// What tells two findings apart, in the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key<'p> {
    pub(super) rule: &'p str,
    pub(super) place: PlaceId,
    /// Of a pattern: the bytes that matched.
    pub(super) span: [usize; 2],
    /// Of a pattern: the text that holds it; a key and its value have one place.
    pub(super) part: Option<LeafKind>,
    /// Of a pattern: as the policy writes it.
    pub(super) matched: &'p str,
}

impl<'p> Key<'p> {
    /// A finding about a place as a whole.
    pub(super) fn at(rule: &'p str, place: PlaceId) -> Self {
        Self { rule, place, span: [0, 0], part: None, matched: "" }
    }
}

impl<'p> Findings<'p> {
    /// Takes a finding if it is among the first. Two with the same key are one.
    pub(super) fn offer(&mut self, key: Key<'p>, make: impl FnOnce(String) -> Finding + Send + 'p) {
        let Err(at) = self.kept.binary_search_by(|(kept, _)| kept.cmp(&key)) else { return };
        if at >= MAX_FINDINGS {
            return;
        }
        self.kept.truncate(MAX_FINDINGS - 1);
        self.kept.insert(at, (key, Box::new(make)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn finish(self, places: &Places) -> Vec<Finding> {
        self.kept.into_iter().map(|(key, make)| make(places.pointer(key.place))).collect()
    }
}

impl fmt::Debug for Findings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.kept.iter().map(|(key, _)| key)).finish()
    }
}
