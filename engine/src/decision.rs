//! What comes out: allow, deny or ask, and what that rests on.

use serde::Serialize;

use crate::budget::Charge;
use crate::policy::method::is_method_name;
use crate::view::View;

/// The three ways in which a call can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The call may be made as it was judged.
    Allow,
    /// The call must not be made.
    Deny,
    /// A person must say yes first. Where nobody can be asked, this is a denial.
    Ask,
}

impl Verdict {
    /// `allow`, `deny` or `ask`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Ask => "ask",
        }
    }
}

/// The verdict on one call. The same call under the same policy gives the same decision, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Allow, deny or ask.
    #[serde(rename = "decision")]
    pub verdict: Verdict,
    /// The rule that decided: an `id` of the policy, a table such as `tools.pay.args.amount`, `allowed_methods`,
    /// `denied_patterns`, `not-allowed`, or `input.…` and `limits.…` where the arguments couldn't be judged.
    pub rule: String,
    /// The method as the host called it.
    pub method: String,
    /// Where in the arguments: a JSON Pointer (RFC 6901); the empty one is the arguments as a whole. None where the method
    /// decided, whatever its arguments.
    pub at: Option<String>,
    /// The pattern that matched, as the policy writes it.
    pub matched: Option<String>,
    /// The readings that led to the text that matched; empty for the text as it stands.
    pub view: View,
    /// The bytes that matched, `[start, end)`, in the UTF-8 text of the string (or key, or number) at `at`.
    pub span: Option<[usize; 2]>,
    /// What an agent, or a person, should know: what was refused, where, by which rule, what would be allowed.
    pub message: String,
    /// The identity of the policy: `sha256:` and the hash of its canonical form.
    pub policy: String,
    /// Everything that spoke against the call, in the order of rule, place and offset, up to
    /// [`MAX_FINDINGS`]; the first one is the one above. Empty where nothing did.
    pub findings: Vec<Finding>,
    /// What the call costs: each is to be charged before the call is made, or it must not be made. Only an allowed call costs
    /// anything, and only where [`Facts::counted`](crate::Facts::counted) says that someone counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<Charge>,
}

/// How many findings a decision lists.
pub const MAX_FINDINGS: usize = 16;

/// How many findings a message tells of, so that an agent can mend them all at once.
pub const MAX_IN_MESSAGE: usize = 3;

/// How many characters of a name that is no method's a message repeats.
const SHOWN_METHOD: usize = 64;

/// A method's name as a message repeats it.
fn shown(method: &str) -> String {
    if is_method_name(method) {
        format!("`{method}`")
    } else {
        // It may hold an end of line, an escape sequence or a megabyte of anything.
        format!("{:?}", method.chars().take(SHOWN_METHOD).collect::<String>())
    }
}

/// One thing that spoke against a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// As in [`Decision`].
    pub rule: String,
    /// As in [`Decision`].
    pub at: Option<String>,
    /// As in [`Decision`].
    pub matched: Option<String>,
    /// As in [`Decision`].
    pub view: View,
    /// As in [`Decision`].
    pub span: Option<[usize; 2]>,
    /// What is wrong and what to do about it, as a sentence without its full stop.
    pub reason: String,
}

impl Finding {
    /// A finding about a place, or about the call as a whole.
    pub(crate) fn new(rule: impl Into<String>, at: Option<String>, reason: impl Into<String>) -> Self {
        Self { rule: rule.into(), at, matched: None, view: View::new(), span: None, reason: reason.into() }
    }
}

impl Decision {
    /// Whether the call may be made as it was judged.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allow
    }

    /// The denial of the same call for a reason that the policy doesn't know: a budget that is spent, say. `reason` is a
    /// sentence without its full stop.
    #[must_use]
    pub fn refused(&self, rule: &str, reason: &str) -> Self {
        Self::deny(self.method.clone(), &self.policy, vec![Finding::new(rule, None, reason)])
    }

    /// A denial for these findings, the first of which decides.
    pub(crate) fn deny(method: String, policy: &str, mut findings: Vec<Finding>) -> Self {
        findings.truncate(MAX_FINDINGS);
        let first = findings
            .first()
            .cloned()
            .unwrap_or_else(|| Finding::new("internal", None, "it was denied without a finding"));
        let shown = shown(&method);
        let mut message =
            format!("ARGALA BLOCK: {shown} was refused (rule {}): {}", first.rule, first.reason);
        for finding in findings.iter().take(MAX_IN_MESSAGE).skip(1) {
            message.push_str(&format!(". Also (rule {}): {}", finding.rule, finding.reason));
        }
        Self { message, findings, ..Self::from_first(Verdict::Deny, method, policy, first) }
    }

    /// A denial of what a call has been answered with.
    pub(crate) fn withhold(method: String, policy: &str, finding: Finding) -> Self {
        let message = format!(
            "ARGALA BLOCK: {} has been called, and what it answered is withheld (rule {}): {}",
            shown(&method),
            finding.rule,
            finding.reason
        );
        let findings = vec![finding.clone()];
        Self { message, findings, ..Self::from_first(Verdict::Deny, method, policy, finding) }
    }

    /// A decision that nothing spoke against.
    pub(crate) fn grant(verdict: Verdict, rule: &str, method: String, policy: &str) -> Self {
        let message = match verdict {
            Verdict::Ask => ["`", &method, "` needs a person's approval (rule ", rule, ")"].concat(),
            _ => ["`", &method, "` is allowed (rule ", rule, ")"].concat(),
        };
        Self { message, ..Self::from_first(verdict, method, policy, Finding::new(rule, None, "")) }
    }

    fn from_first(verdict: Verdict, method: String, policy: &str, first: Finding) -> Self {
        Self {
            verdict,
            rule: first.rule,
            method,
            at: first.at,
            matched: first.matched,
            view: first.view,
            span: first.span,
            message: String::new(),
            policy: policy.to_owned(),
            findings: Vec::new(),
            charges: Vec::new(),
        }
    }
}
