//! Why a call is decided as it is: for the author of a policy who wants to know what was tried.

use serde::Serialize;

use crate::budget::Charge;
use crate::decision::Decision;
use crate::facts::Facts;
use crate::policy::Policy;

/// A decision and what led to it. The decision is the very one that [`Policy::judge`] gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// The deny rules that hold for the method, by name.
    pub denies: Vec<String>,
    /// Every constraint that was tried, in the order of the arguments.
    pub constraints: Vec<TriedConstraint>,
    /// Every key and string, in the order of the arguments. Empty where no deny rule holds for the method: then nothing
    /// is scanned.
    pub texts: Vec<ReadText>,
    /// What the call costs, or would if it were allowed, budget by budget, as far as its arguments can be charged.
    pub charges: Vec<Charge>,
}

/// A constraint that a value was held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TriedConstraint {
    /// The constraint's place in the policy: `tools.X.args.NAME`.
    pub rule: String,
    /// The value's place in the arguments: a JSON Pointer (RFC 6901).
    pub at: String,
    /// What the constraint wants.
    pub expects: String,
    /// What is wrong with the value; None where the constraint is met.
    pub broken: Option<String>,
    /// What the value was read as, a line each: the statements of a SQL text, say.
    pub read: Vec<String>,
}

/// A text in which denied patterns are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadText {
    /// Its place in the arguments: a JSON Pointer (RFC 6901).
    pub at: String,
    /// Whether it is the key of that place, not its value.
    pub key: bool,
    /// Whether some deny rule is about this place.
    pub scanned: bool,
    /// What a downstream may take it for, beside the text as it stands.
    pub readings: Vec<ReadAs>,
    /// The bound that its readings pass, if they do: then the call is denied.
    pub exceeded: Option<String>,
}

/// One reading of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadAs {
    /// How it came about: the decodings, first to last.
    pub view: Vec<&'static str>,
    /// The text that was scanned.
    pub text: String,
}

impl Policy {
    /// Judges a call as [`judge`](Self::judge) does, and tells what was tried. Takes longer, and as much memory as all
    /// readings together.
    #[must_use]
    pub fn explain(&self, method: &str, arguments: &[u8]) -> Explanation {
        self.explain_for(method, arguments, &Facts::default())
    }

    /// As [`explain`](Self::explain), where more is known of the call than what it says.
    #[must_use]
    pub fn explain_for(&self, method: &str, arguments: &[u8], facts: &Facts<'_>) -> Explanation {
        match self.inspect_for(method, facts) {
            Ok(inspector) => {
                let mut inspector = inspector.traced();
                inspector.read(arguments);
                inspector.finish_explained()
            }
            Err(denial) => {
                let (denies, constraints, texts, charges) = Default::default();
                Explanation { decision: *denial, denies, constraints, texts, charges }
            }
        }
    }
}
