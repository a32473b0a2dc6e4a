//! What the argument rules of a policy say of a value, on the way from the arguments object inwards.

use argala_json::look_alike;

use crate::constraint::{Constraint, Value};
use crate::policy::reach::Step;
use crate::policy::rules::ArgumentRule;

/// The index of an argument rule among those that hold for the method.
pub(super) type RuleId = usize;

/// What the rules say of the contents of one container.
#[derive(Debug, Default)]
pub(super) struct Contents<'p> {
    /// Rules whose path leads to the container and further in.
    deeper: Vec<RuleId>,
    /// What each element must be.
    items: Vec<(RuleId, &'p dyn Constraint)>,
    /// How many elements there may be.
    bounds: Vec<(RuleId, &'p dyn Constraint)>,
}

/// What the rules say of one value.
#[derive(Debug, Default)]
pub(super) struct Judgement<'p> {
    /// Of what is inside of it.
    pub(super) contents: Contents<'p>,
    /// Rules about this very place.
    pub(super) present: Vec<RuleId>,
    /// What it must be.
    pub(super) applied: Vec<(RuleId, &'p dyn Constraint)>,
    /// Rules that it breaks, and how.
    pub(super) broken: Vec<(RuleId, String)>,
}

impl<'p> Contents<'p> {
    /// What the rules say of the arguments object.
    pub(super) fn of_arguments(rules: &[&'p ArgumentRule]) -> Self {
        Self { deeper: (0..rules.len()).collect(), ..Self::default() }
    }

    /// Whether the rules say anything of a value in this container.
    pub(super) fn is_ruled(&self) -> bool {
        !self.deeper.is_empty() || !self.items.is_empty()
    }

    /// Judges a value in this container: the member or element `name`, `depth` steps from the arguments object.
    pub(super) fn judge(
        &self,
        rules: &[&'p ArgumentRule],
        name: &str,
        depth: usize,
        value: Value<'_>,
    ) -> Judgement<'p> {
        let mut judgement = Judgement::default();
        let mut applied = self.items.clone();
        let mut names = Names::default();
        for (id, rule) in self.deeper.iter().filter_map(|id| Some((*id, *rules.get(*id)?))) {
            let steps = rule.path.steps();
            let Some(step) = steps.get(depth - 1) else { continue };
            names.compare(id, step, name);
            if !step.matches(name) {
                continue;
            }
            if steps.len() == depth {
                judgement.present.push(id);
                applied.push((id, rule.constraint.as_ref()));
                continue;
            }
            judgement.contents.deeper.push(id);
            // A text in the place of the object that holds what the rule is about would go round the rule.
            if value.has_no_inside() && steps.iter().take(depth).any(|step| *step != Step::Every) {
                let reason = "must be an object or an array: the rule is about what is inside of it";
                judgement.broken.push((id, reason.to_owned()));
            }
        }
        if let Some((id, known)) = names.taken_for() {
            let reason = format!("is the name `{known}` in other letters, which some programs take for it");
            judgement.broken.push((id, reason));
        }
        for (id, constraint) in &applied {
            let (id, constraint) = (*id, *constraint);
            match constraint.judge(value) {
                Ok(()) => {
                    judgement.contents.items.extend(constraint.items().map(|items| (id, items)));
                    judgement.contents.bounds.extend(constraint.max_items().map(|_| (id, constraint)));
                }
                Err(reason) => judgement.broken.push((id, reason)),
            }
        }
        judgement.applied = applied;
        judgement
    }

    /// Judges how many elements there are: the rules that this breaks, and how.
    pub(super) fn judge_length(&self, length: usize) -> Vec<(RuleId, String)> {
        let too_many = |constraint: &dyn Constraint| constraint.max_items().is_some_and(|most| length > most);
        self.bounds
            .iter()
            .filter(|(_, constraint)| too_many(*constraint))
            .map(|(id, constraint)| (*id, format!("must be {}, not one of {length}", constraint.expects())))
            .collect()
    }
}

/// How a member's name stands to those that the policy lists beside it.
#[derive(Default)]
struct Names<'p> {
    /// Whether it is one of them.
    listed: bool,
    /// The rule and the name that a program which folds case takes it for.
    alike: Option<(RuleId, &'p str)>,
}

impl<'p> Names<'p> {
    fn compare(&mut self, id: RuleId, step: &'p Step, name: &str) {
        let Step::Named(known) = step else { return };
        self.listed |= known == name;
        if self.alike.is_none() && look_alike(known, name) {
            self.alike = Some((id, known));
        }
    }

    fn taken_for(&self) -> Option<(RuleId, &'p str)> {
        self.alike.filter(|_| !self.listed)
    }
}
