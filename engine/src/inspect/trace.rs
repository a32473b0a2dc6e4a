//! What an inspector notes down where its decision is to be explained: nothing of it changes the decision.

use super::arguments::{Judgement, RuleId};
use super::places::PlaceId;
use crate::constraint::Value;
use crate::scan::{Leaf, LeafKind};

/// The notes on one call.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) tried: Vec<Attempt>,
    pub(super) texts: Vec<(Leaf, String)>,
}

/// A constraint that a value was held against.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) rule: RuleId,
    pub(super) place: PlaceId,
    pub(super) expects: String,
    /// What was wrong with the value.
    pub(super) broken: Option<String>,
    /// What the value was read as.
    pub(super) read: Vec<String>,
}

impl Trace {
    /// Notes what was made of a value.
    pub(super) fn judged(&mut self, place: PlaceId, value: Value<'_>, judgement: &Judgement<'_>) {
        for (rule, constraint) in &judgement.applied {
            self.tried.push(Attempt {
                rule: *rule,
                place,
                expects: constraint.expects(),
                broken: constraint.judge(value).err(),
                read: constraint.explain(value),
            });
        }
    }

    /// Notes a key or a string.
    pub(super) fn text(&mut self, text: &str, leaf: Leaf) {
        if leaf.kind != LeafKind::Number {
            self.texts.push((leaf, text.to_owned()));
        }
    }
}
