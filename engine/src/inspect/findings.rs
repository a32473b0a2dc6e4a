//! The first findings of a call, in a fixed order, however many there are.

use crate::decision::{Finding, MAX_FINDINGS};

use super::places::PlaceId;

/// Keeps the first [`MAX_FINDINGS`] in the order of rule, place and offset, whatever order they come in.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<(Key, Finding)>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    rule: String,
    place: PlaceId,
    offset: usize,
}

impl Findings {
    /// Takes a finding if it is among the first; it is only made then.
    pub(super) fn offer(
        &mut self,
        rule: &str,
        place: PlaceId,
        offset: usize,
        make: impl FnOnce() -> Finding,
    ) {
        let before = |kept: &Key| (kept.rule.as_str(), kept.place, kept.offset) <= (rule, place, offset);
        let at = self.kept.partition_point(|(key, _)| before(key));
        if at >= MAX_FINDINGS {
            return;
        }
        self.kept.truncate(MAX_FINDINGS - 1);
        self.kept.insert(at, (Key { rule: rule.to_owned(), place, offset }, make()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn finish(self) -> Vec<Finding> {
        self.kept.into_iter().map(|(_, finding)| finding).collect()
    }
}
