//! `[[budget]]`: what a call costs, and what is denied because it can't be counted.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use argala_engine::{Decision, Facts, Policy};

const POLICY: &str = "
    allowed_methods = ['pay.*', 'search']
    [tools.'pay.late']
    decision = 'ask'
    [tools.'pay.strict']
    args.to = { type = 'string' }
    [[budget]]
    id = 'refunds'
    methods = ['pay.*']
    sum = '/order/amount'
    max = 1000.50
    per = 'day'
    by = 'principal'
    [[budget]]
    id = 'calls'
    calls = 10
    per = 'session'
";

const COUNTED: Facts<'static> = Facts { principal: None, groups: &[], counted: true };

fn judge(method: &str, arguments: &str) -> Decision {
    Policy::from_toml(POLICY, "p.toml").unwrap().judge_for(method, arguments.as_bytes(), &COUNTED)
}

/// What a call costs: `id amount`, budget by budget.
fn cost(method: &str, arguments: &str) -> Vec<String> {
    let decision = judge(method, arguments);
    assert!(decision.is_allowed(), "{}", decision.message);
    decision.charges.iter().map(|charge| format!("{} {}", charge.budget.id, charge.amount)).collect()
}

#[test]
fn an_allowed_call_says_what_it_costs() {
    assert_eq!(cost("search", "{}"), ["calls 1"]);
    for (amount, charged) in [
        ("0", "0"),
        ("12.50", "12.5"),
        ("1e2", "100"),
        ("1000.5", "1000.5"),
        ("0.000000000000000001", "0.000000000000000001"),
    ] {
        let arguments = format!(r#"{{"order": {{"amount": {amount}}}}}"#);
        assert_eq!(
            cost("pay.refund", &arguments),
            ["calls 1".to_owned(), format!("refunds {charged}")],
            "{amount}"
        );
    }
}

#[test]
fn what_can_not_be_added_up_is_denied() {
    for arguments in [
        "{}",
        r#"{"order": {}}"#,
        r#"{"order": []}"#,
        r#"{"order": "{\"amount\": 1}"}"#,
        r#"{"amount": 1}"#,
        r#"{"order": {"amount": null}}"#,
        r#"{"order": {"amount": "1"}}"#,
        r#"{"order": {"amount": [1]}}"#,
        r#"{"order": {"amount": {"amount": 1}}}"#,
        r#"{"order": {"amount": true}}"#,
        r#"{"order": {"amount": -1}}"#,
        r#"{"order": {"amount": 1000.51}}"#,
        r#"{"order": {"amount": 1e999}}"#,
        r#"{"order": {"amount": 1e-19}}"#,
        r#"{"order": {"amount": 1, "Amount": 999999}}"#,
        r#"{"order": {"amount": 1}, "Order": {"amount": 999999}}"#,
    ] {
        let decision = judge("pay.refund", arguments);
        assert_eq!(
            (decision.verdict.as_str(), decision.rule.as_str()),
            ("deny", "budgets.refunds"),
            "{arguments}"
        );
        assert!(decision.charges.is_empty());
    }
}

#[test]
fn only_an_allowed_call_costs_anything() {
    let asked = judge("pay.late", r#"{"order": {"amount": 1}}"#);
    assert_eq!((asked.verdict.as_str(), asked.charges.len()), ("ask", 0));
    assert_eq!(judge("other", "{}").charges, []);
    assert_eq!(judge("search", "{\"a\": NaN}").charges, []);
}

#[test]
fn a_budget_lets_no_argument_in_that_a_tool_does_not_list() {
    let decision = judge("pay.strict", r#"{"order": {"amount": 1}}"#);
    assert_eq!((decision.verdict.as_str(), decision.rule.as_str()), ("deny", "tools.\"pay.strict\""));
}

#[test]
fn where_nobody_counts_a_call_with_a_budget_is_denied() {
    let policy = Policy::from_toml(POLICY, "p.toml").unwrap();
    let decision = policy.judge("search", b"{}");
    assert_eq!((decision.verdict.as_str(), decision.rule.as_str()), ("deny", "budgets.calls"));
    assert!(decision.message.contains("nobody counts here"), "{}", decision.message);
    // What else speaks against it is more of a help.
    assert_eq!(policy.judge("pay.strict", b"{}").rule, "budgets.refunds");
    assert_eq!(
        policy.judge("pay.strict", br#"{"x": 1, "order": {"amount": 1}}"#).rule,
        "tools.\"pay.strict\""
    );
    let asked = policy.judge("pay.late", br#"{"order": {"amount": 1}}"#);
    assert_eq!(asked.verdict.as_str(), "deny");
}

#[test]
fn who_takes_no_charges_is_not_told_that_a_call_is_allowed() {
    let policy = Policy::from_toml(POLICY, "p.toml").unwrap();
    let mut inspector = policy.inspect_for("search", &COUNTED).unwrap();
    inspector.enter_object().unwrap();
    inspector.leave_object();
    assert_eq!(inspector.allows().unwrap_err().charges.len(), 1);
}

#[test]
fn an_explanation_tells_the_cost_whatever_the_verdict() {
    let policy = Policy::from_toml(POLICY, "p.toml").unwrap();
    for (arguments, charged) in [(r#"{"order": {"amount": 2}}"#, 2), ("{}", 1)] {
        let explanation = policy.explain("pay.refund", arguments.as_bytes());
        assert_eq!(explanation.decision, policy.judge("pay.refund", arguments.as_bytes()));
        assert_eq!(explanation.charges.len(), charged, "{arguments}");
    }
}
