//! Whether a pattern that stands somewhere is about that place.

use crate::policy::reach::ArgumentPath;
use crate::policy::rules::DenyRule;
use crate::scan::{Hit, Leaf, LeafKind};

use super::places::Places;

/// The reaches of the deny rules, over the places of one call.
pub(super) struct Reaches<'p, 'c> {
    rules: &'p [DenyRule],
    /// Of each rule: whether it holds for the method.
    hold: &'c [bool],
    places: &'c Places,
    /// Of each rule: the leaf that was asked about last, and the answer. A leaf can have as many hits as bytes, and they
    /// come leaf by leaf. Empty before the first hit, which most calls don't have.
    last: Vec<Option<(Leaf, bool)>>,
}

impl<'p, 'c> Reaches<'p, 'c> {
    pub(super) fn new(rules: &'p [DenyRule], hold: &'c [bool], places: &'c Places) -> Self {
        Self { rules, hold, places, last: Vec::new() }
    }

    /// Whether a rule that holds for the method is about this leaf.
    pub(super) fn any_for(&self, leaf: Leaf) -> bool {
        let holding = self.rules.iter().zip(self.hold).filter(|(_, hold)| **hold);
        holding.into_iter().any(|(rule, _)| in_reach(&rule.reach, self.places, leaf))
    }

    /// The rule of a hit, where the rule holds for the method and the place.
    pub(super) fn rule_for(&mut self, hit: &Hit<'_, '_>) -> Option<&'p DenyRule> {
        let rule = self.rules.get(hit.rule).filter(|_| self.hold.get(hit.rule) == Some(&true))?;
        if self.last.is_empty() {
            self.last = vec![None; self.rules.len()];
        }
        let last = self.last.get_mut(hit.rule)?;
        let reached = match *last {
            Some((leaf, reached)) if leaf == hit.leaf => reached,
            _ => in_reach(&rule.reach, self.places, hit.leaf),
        };
        *last = Some((hit.leaf, reached));
        reached.then_some(rule)
    }
}

/// Whether a leaf lies in one of these places. A key belongs to the object that holds it: `args = ["query"]` is about what
/// the argument holds, not about its name. But a key that the last `*` of a path stands for is the agent's choice.
fn in_reach(reach: &[ArgumentPath], places: &Places, leaf: Leaf) -> bool {
    if reach.is_empty() {
        return true;
    }
    let way = places.way_in(leaf.place);
    reach.iter().any(|path| {
        let steps = path.steps();
        let named = leaf.kind == LeafKind::Key && way.len() == steps.len() && !path.ends_open();
        way.len() >= steps.len()
            && steps.iter().zip(&way).all(|(step, place)| step.could_mean(&places.segment(*place)))
            && !named
    })
}
