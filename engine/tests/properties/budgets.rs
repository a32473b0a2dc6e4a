//! Budgets of the policy: they never let more through, and their order doesn't matter.

use argala_engine::{Decision, Facts};
use proptest::prelude::*;

use crate::arguments::any_arguments;
use crate::policies::{METHODS, Toml, any_policy, any_reach, table, text, texts};

const COUNTED: Facts<'static> = Facts { principal: None, groups: &[], counted: true };

fn any_budget() -> impl Strategy<Value = Toml> {
    let methods = prop::option::of(prop::sample::select(METHODS.to_vec()));
    let exact = any_reach().prop_filter("it needs one place", |reach| !reach.contains('*'));
    (methods, prop::option::of(exact)).prop_map(|(method, sum)| {
        let mut budget = table([("per", text("minute"))]);
        method.into_iter().for_each(|method| budget.set("methods", texts(&[method])));
        match sum {
            Some(sum) => {
                budget.set("sum", text(sum));
                budget.set("max", Toml::Bare("100".to_owned()));
            }
            None => budget.set("calls", Toml::Bare("3".to_owned())),
        }
        budget
    })
}

proptest! {
    #[test]
    fn a_budget_never_allows_more_and_its_order_does_not_matter(
        policy in any_policy(),
        budgets in prop::collection::vec(any_budget(), 1..4),
        method in prop::sample::select(METHODS.to_vec()),
        arguments in any_arguments(),
        mut seed in any::<u64>(),
    ) {
        let mut bounded = policy.clone();
        let named = budgets.into_iter().enumerate().map(|(index, mut budget)| {
            budget.set("id", text(&format!("b{index}")));
            budget
        });
        bounded.set("budget", Toml::List(named.collect()));
        let mut shuffled = bounded.clone();
        shuffled.shuffle(&mut seed);
        let arguments = arguments.to_string();
        let judge = |policy: &Toml| policy.load().judge_for(method, arguments.as_bytes(), &COUNTED);
        let (free, bounded, shuffled) = (judge(&policy), judge(&bounded), judge(&shuffled));
        // All but the identity is the same.
        prop_assert_eq!(&bounded, &shuffled);
        prop_assert!(free.is_allowed() || !bounded.is_allowed(), "{} {}", arguments, bounded.message);
        if bounded.is_allowed() {
            prop_assert_eq!(&Decision { charges: Vec::new(), policy: free.policy.clone(), ..bounded }, &free);
        }
    }
}
