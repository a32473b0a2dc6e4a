//! Facts: what is known of a call besides what it says. The engine keeps none of them: whoever asks brings them along.

/// Who calls, and whether his calls are counted. By default nobody knows who calls, and nobody counts: a rule that needs to
/// know is then a denial.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// Who calls, as the policy would name him: `user:ada`. None where nobody knows.
    pub principal: Option<&'a str>,
    /// The groups that he belongs to, as the policy would name them: `group:ops`.
    pub groups: &'a [String],
    /// Whether whoever asks keeps budgets: charges what [`Decision::charges`](crate::Decision::charges) says before the
    /// call is made, or doesn't make it. Where nobody does, a call that a budget is for is denied.
    pub counted: bool,
}

impl Facts<'_> {
    /// Whether who calls is one of these, by his name or by a group.
    pub(crate) fn is_any_of(&self, principals: &[String]) -> bool {
        let is_named = |name: &str| principals.iter().any(|listed| listed == name);
        // Nobody is in a group without being somebody.
        self.principal.is_some_and(|name| is_named(name) || self.groups.iter().any(|group| is_named(group)))
    }
}
