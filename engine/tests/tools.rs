//! `[tools.X]` where the case files don't reach: what a tool takes when it lists nothing, and rules about keys.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use argala_engine::Policy;

fn judge(policy: &str, arguments: &str) -> (&'static str, String) {
    let policy = Policy::from_toml(policy, "p.toml").unwrap_or_else(|error| unreachable!("{error}"));
    let decision = policy.judge("m", arguments.as_bytes());
    (decision.verdict.as_str(), decision.rule)
}

#[test]
fn a_tool_that_denies_extra_arguments_and_lists_none_takes_none() {
    for (policy, arguments, verdict) in [
        ("[tools.m]", r#"{"a": 1}"#, "allow"),
        ("[tools.m]\nextra_args = 'allow'", r#"{"a": 1}"#, "allow"),
        ("[tools.m]\nextra_args = 'deny'", r#"{"a": 1}"#, "deny"),
        ("[tools.m]\nextra_args = 'deny'", "{}", "allow"),
        ("[tools.m]\nextra_args = 'deny'\n[tools.'*']\nargs.a.type = 'any'", r#"{"a": 1}"#, "allow"),
        ("[tools.m]\nextra_args = 'deny'\n[tools.'*']\nextra_args = 'allow'", r#"{"a": 1}"#, "deny"),
    ] {
        assert_eq!(judge(policy, arguments).0, verdict, "{policy}");
    }
}

#[test]
fn a_rule_about_an_argument_is_about_a_key_only_where_the_agent_chose_it() {
    let policy = |args: &str| {
        format!("allowed_methods = ['m']\n[[deny]]\nid = 'r'\npatterns = ['sql']\nargs = ['{args}']")
    };
    for (args, arguments, verdict) in [
        ("sql", r#"{"sql": 1}"#, "allow"),
        ("sql", r#"{"sql": "sql"}"#, "deny"),
        ("sql", r#"{"sql": {"sql": 1}}"#, "deny"),
        ("*", r#"{"sql": 1}"#, "deny"),
        ("/steps/*/sql", r#"{"steps": [{"sql": 1}]}"#, "allow"),
        ("/steps/*/sql", r#"{"steps": [{"sql": "x sql"}]}"#, "deny"),
        ("/steps/*", r#"{"steps": {"sql": 1}}"#, "deny"),
        ("/steps/*", r#"{"sql": {"steps": 1}}"#, "allow"),
    ] {
        assert_eq!(judge(&policy(args), arguments).0, verdict, "{args} {arguments}");
    }
}

#[test]
fn a_required_place_inside_of_an_argument_must_be_reached() {
    let policy = "[tools.m]\nargs.'/filter/depth' = { type = 'integer', required = true }";
    for (arguments, verdict) in [
        (r#"{"filter": {"depth": 1}}"#, "allow"),
        (r#"{"filter": {}}"#, "deny"),
        (r#"{"filter": "depth"}"#, "deny"),
        (r#"{"filter": [{"depth": 1}]}"#, "deny"),
        (r#"{"filter": {"filter": {"depth": 1}}}"#, "deny"),
        (r#"{"depth": 1}"#, "deny"),
        (r#"{"/filter/depth": 1}"#, "deny"),
        (r#"{"filter": {"depth": null}}"#, "deny"),
        ("{}", "deny"),
    ] {
        assert_eq!(judge(policy, arguments).0, verdict, "{arguments}");
    }
}

#[test]
fn a_bound_decides_before_a_constraint_reads_the_text() {
    let policy = "[limits]\nmax_bytes = 8\n[tools.m]\nargs.a = { type = 'string', pattern = 'x*' }";
    assert_eq!(judge(policy, r#"{"a": "yyyyyyyyy"}"#), ("deny", "limits.max_bytes".to_owned()));
    assert_eq!(judge(policy, r#"{"a": "yyyyyyy"}"#), ("deny", "tools.m.args.a".to_owned()));
}
