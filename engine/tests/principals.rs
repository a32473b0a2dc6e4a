//! `principals`: who may call a tool.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use argala_engine::{Facts, Policy};

const POLICY: &str = "
    allowed_methods = ['free', 'pay']
    [tools.deploy]
    principals = ['user:ada', 'group:ops']
    [tools.'dep*']
    [tools.pay]
    principals = ['group:finance']
    args.amount = { type = 'number', max = 100 }
    [tools.'pa*']
    principals = ['user:ada', 'user:bob']
";

fn judge(method: &str, principal: Option<&str>, groups: &[&str]) -> (&'static str, String) {
    let policy = Policy::from_toml(POLICY, "p.toml").unwrap();
    let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
    let facts = Facts { principal, groups: &groups, counted: true };
    let decision = policy.judge_for(method, b"{\"amount\": 1}", &facts);
    assert_eq!(policy.could_allow(method, &facts), decision.is_allowed(), "{method} {facts:?}");
    (decision.verdict.as_str(), decision.rule)
}

#[test]
fn a_tool_with_principals_is_for_them_alone() {
    for (method, principal, groups, verdict, rule) in [
        ("free", None, &[][..], "allow", "allowed_methods"),
        ("deploy", Some("user:ada"), &[], "allow", "tools.\"dep*\""),
        ("deploy", Some("user:eve"), &["group:dev", "group:ops"], "allow", "tools.\"dep*\""),
        ("deploy", Some("user:eve"), &["group:dev"], "deny", "tools.deploy.principals"),
        ("deploy", Some("user:Ada"), &[], "deny", "tools.deploy.principals"),
        ("deploy", Some("user:ada2"), &[], "deny", "tools.deploy.principals"),
        ("deploy", None, &[], "deny", "tools.deploy.principals"),
    ] {
        assert_eq!(
            judge(method, principal, groups),
            (verdict, rule.to_owned()),
            "{method} {principal:?} {groups:?}"
        );
    }
}

#[test]
fn nobody_is_in_a_group_without_being_somebody() {
    assert_eq!(judge("deploy", None, &["group:ops"]).0, "deny");
}

#[test]
fn every_tool_that_matches_must_take_who_calls() {
    for (principal, groups, rule) in [
        ("user:ada", &["group:finance"][..], "allowed_methods"),
        ("user:ada", &[], "tools.pay.principals"),
        ("user:eve", &["group:finance"], "tools.\"pa*\".principals"),
        ("user:eve", &[], "tools.\"pa*\".principals"),
    ] {
        assert_eq!(judge("pay", Some(principal), groups).1, rule, "{principal} {groups:?}");
    }
}

#[test]
fn a_denial_repeats_no_control_character_of_a_name() {
    let policy = Policy::from_toml("[tools.m]\nprincipals = ['user:ada']", "p.toml").unwrap();
    let facts = Facts { principal: Some("user:\u{1b}[2Jeve\n"), ..Facts::default() };
    let message = policy.judge_for("m", b"{}", &facts).message;
    assert!(!message.chars().any(char::is_control), "{message}");
}
