//! Why a tool is held back, and what whoever calls it all the same is told.

use argala_engine::{Decision, Finding, Verdict};

use super::readable::visible_name;

/// Why something a server offers is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Withheld {
    /// As decisions name it.
    pub(crate) rule: &'static str,
    /// What is wrong and what to do about it, as a sentence without its full stop.
    pub(crate) reason: String,
}

/// What a tool is withheld for, beside the server's name and its own.
pub(super) enum Because<'a> {
    /// It was accepted as something else.
    Changed,
    /// It was never accepted.
    Unknown,
    /// It says something that nobody sees.
    HiddenText(&'a str),
    /// It is listed twice, as different things.
    Twice,
    /// What it is can't be read.
    Unreadable(&'a str),
    /// It can't be written down.
    Unrecorded(&'a str),
}

impl Withheld {
    /// A tool of a server's.
    pub(super) fn tool(server: &str, tool: &str, because: &Because<'_>) -> Self {
        let what = format!("{server}/{}", visible_name(tool));
        let accept = format!("see `argala pin`; `argala pin --accept {what}` accepts it");
        let (rule, reason) = match because {
            Because::Changed => {
                ("pins.changed", format!("its definition has changed since it was accepted: {accept}"))
            }
            Because::Unknown => {
                ("pins.unknown", format!("it is not among the tools that were accepted: {accept}"))
            }
            Because::HiddenText(found) => {
                ("pins.hidden_text", format!("in its definition, {found}: {accept}"))
            }
            Because::Twice => (
                "pins.changed",
                "the server lists it twice, as different things; which is meant can't be said".to_owned(),
            ),
            Because::Unreadable(why) => {
                ("pins.unknown", format!("its definition {why}, and so it can't be accepted"))
            }
            Because::Unrecorded(why) => ("pins.unknown", format!("it can't be recorded: {why}")),
        };
        Self { rule, reason }
    }

    /// The instructions of a server.
    pub(super) fn instructions(server: &str, because: &Because<'_>) -> Self {
        let accept = format!("see `argala pin`; `argala pin --accept {server}` accepts them");
        let (rule, reason) = match because {
            Because::HiddenText(found) => ("pins.hidden_text", format!("they have {found}: {accept}")),
            Because::Unknown => ("pins.unknown", format!("they were never accepted: {accept}")),
            _ => ("pins.changed", format!("they are not those that were accepted: {accept}")),
        };
        Self { rule, reason }
    }

    /// A tool whose name looks like that of another server's.
    pub(crate) fn imitation(of: &str) -> Self {
        let reason = format!(
            "its name looks like `{}`, which is another server's tool; where both are meant, say so with `imitation` in \
             `[descriptions]`",
            visible_name(of)
        );
        Self { rule: "pins.imitation", reason }
    }

    /// A tool that its server doesn't list.
    pub(crate) fn unlisted(server: &str) -> Self {
        Self { rule: "pins.unknown", reason: format!("the server `{server}` lists no such tool") }
    }

    /// A tool of a server that doesn't say what its tools are.
    pub(crate) fn without_list(server: &str) -> Self {
        let reason = format!(
            "the server `{server}` didn't list its tools, and so nobody can say what it does; try again later"
        );
        Self { rule: "pins.unknown", reason }
    }

    /// The denial of a call.
    pub(crate) fn decision(&self, method: &str, policy: &str) -> Decision {
        let Self { rule, reason } = self;
        let shown: String = visible_name(method).chars().take(80).collect();
        let message = format!(
            "ARGALA BLOCK: `{shown}` was refused (rule {rule}): {reason}. This is no fault of the call: ask whoever runs the \
             gateway"
        );
        let finding = Finding {
            rule: (*rule).to_owned(),
            at: None,
            matched: None,
            view: Vec::new(),
            span: None,
            reason: reason.clone(),
        };
        Decision {
            verdict: Verdict::Deny,
            rule: finding.rule.clone(),
            method: method.to_owned(),
            at: None,
            matched: None,
            view: Vec::new(),
            span: None,
            message,
            policy: policy.to_owned(),
            findings: vec![finding],
            charges: Vec::new(),
        }
    }
}
