//! Who calls: a session, and whom the gateway has recognised behind it.

use std::sync::Arc;

use argala_engine::Facts;

/// Whose calls a session makes. A session has one caller from its beginning to its end.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Names the session in logs. It is no secret: nothing can be reached by it.
    pub(crate) session: Arc<str>,
    /// None where nobody asks who it is.
    pub(crate) principal: Option<Arc<Principal>>,
}

/// Whom the gateway has recognised by what he has shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Principal {
    /// The name, as `user:ada`.
    pub(crate) name: String,
    /// The groups, as `group:ops`, in order.
    pub(crate) groups: Vec<String>,
}

impl Caller {
    /// What the policy may ask of who calls. The gateway counts what budgets are for.
    pub(crate) fn facts(&self) -> Facts<'_> {
        let principal = self.principal.as_deref();
        Facts {
            principal: principal.map(|principal| principal.name.as_str()),
            groups: principal.map_or(&[], |principal| principal.groups.as_slice()),
            counted: true,
        }
    }

    /// A caller whom nobody has asked who he is.
    pub(crate) fn unknown() -> Self {
        Self::of(None)
    }

    /// The caller of a new session.
    pub(crate) fn of(principal: Option<Arc<Principal>>) -> Self {
        let mut name = [0; 6];
        // Without randomness sessions can't be told from each other in logs, which is no reason to end.
        let _ = getrandom::fill(&mut name);
        let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { session: name.into(), principal }
    }
}
