//! What a call costs: the arguments that budgets add up are noted as they are heard.

use std::sync::Arc;

use super::arguments::RuleId;
use crate::budget::{Amount, Charge};
use crate::constraint::Value;
use crate::decision::Finding;
use crate::policy::rules::MethodRules;

#[derive(Debug)]
pub(super) struct Costs {
    /// What budgets add up, by their rules in [`MethodRules::arguments`].
    amounts: Vec<(RuleId, Amount)>,
    /// Whether budgets are charged by whoever asks.
    counted: bool,
}

impl Costs {
    pub(super) fn new(counted: bool) -> Self {
        Self { amounts: Vec::new(), counted }
    }

    /// Notes a value that a rule about arguments is about.
    pub(super) fn hear(&mut self, rules: &MethodRules<'_>, rule: RuleId, value: Value<'_>) {
        if rule >= rules.listing
            && let Value::Number(lexeme) = value
            && let Some(amount) = Amount::parse(lexeme)
        {
            self.amounts.push((rule, amount));
        }
    }

    /// What speaks against a call that costs something, where nobody counts.
    pub(super) fn uncounted(&self, rules: &MethodRules<'_>) -> Option<Finding> {
        let (rule, _) = rules.budgets.first().filter(|_| !self.counted)?;
        let reason = format!(
            "it is charged to a budget ({}), and nobody counts here; the gateway does (argala serve)",
            rule.budget
        );
        Some(Finding::new(&rule.rule, None, reason))
    }

    /// What the call costs, budget by budget.
    pub(super) fn charges(&self, rules: &MethodRules<'_>) -> Vec<Charge> {
        let amount_of = |rule: Option<RuleId>| match rule {
            None => Amount::CALL,
            Some(rule) => {
                let told = self.amounts.iter().find(|(of, _)| *of == rule);
                // It must be there to be allowed.
                told.map_or(Amount::BEYOND, |(_, amount)| *amount)
            }
        };
        let budgets = rules.budgets.iter();
        budgets
            .map(|(rule, sum)| Charge { budget: Arc::clone(&rule.budget), amount: amount_of(*sum) })
            .collect()
    }
}
