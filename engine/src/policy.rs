//! A policy: what a file says, compiled.
//!
//! ```toml
//! allowed_methods = ["execute_sql_query", "fs__read_*"]
//! denied_patterns = ["DROP", "DELETE", "TRUNCATE"]
//! ```
//!
//! Loading is strict: an unknown key, a pattern that is empty, a type that isn't known are errors that name their place,
//! never a silently weaker policy.

mod error;
mod identity;
pub(crate) mod keys;
pub(crate) mod load;
pub(crate) mod method;
mod node;
pub(crate) mod reach;
pub(crate) mod rules;
mod schema;

pub use error::{Diagnostic, PolicyError};
pub use method::MethodGlob;
pub use node::{Entry, Node, Value};
pub use rules::KeptArguments;
pub use schema::schema;

use crate::facts::Facts;
use crate::limits::Limits;
use crate::scan::Scanner;
use load::Loader;
use method::is_method_name;
use rules::Rules;

/// A compiled policy. Cheap to share, never changed.
#[derive(Debug)]
pub struct Policy {
    pub(crate) rules: Rules,
    pub(crate) scanner: Scanner,
    identity: String,
}

impl Policy {
    /// Loads a policy from TOML text. `origin` is the file's name for errors.
    ///
    /// # Errors
    /// Every mistake that was found, each with its line.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self, PolicyError> {
        let node = node::from_toml(text, origin)?;
        Self::load(&node).map_err(|diagnostics| PolicyError::new(diagnostics, origin, Some(text)))
    }

    /// Loads a policy that a program has built. `origin` names it in errors: `policy`, say.
    ///
    /// # Errors
    /// Every mistake that was found, each with its key.
    pub fn from_node(node: &Node, origin: &str) -> Result<Self, PolicyError> {
        Self::load(node).map_err(|diagnostics| PolicyError::new(diagnostics, origin, None))
    }

    fn load(node: &Node) -> Result<Self, Vec<Diagnostic>> {
        let mut loader = Loader::default();
        let rules = rules::load(node, &mut loader);
        let diagnostics = loader.finish();
        match rules {
            Some(rules) if diagnostics.is_empty() => {
                let scanner = Scanner::new(&rules.denies).map_err(|reason| {
                    vec![Diagnostic { message: reason, place: String::new(), span: None, help: None }]
                })?;
                Ok(Self { rules, scanner, identity: identity::of(node) })
            }
            _ => Err(diagnostics),
        }
    }

    /// `sha256:` and the hash of the policy's canonical form: comments and order don't change it.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The bounds on arguments.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.rules.limits
    }

    /// How much of the arguments of this method's calls an audit log may keep, whatever is decided.
    #[must_use]
    pub fn kept_arguments(&self, method: &str) -> KeptArguments {
        self.rules.kept_arguments(method)
    }

    /// Whether some call of this method could be allowed, with or without asking: whether a host should see the tool.
    #[must_use]
    pub fn could_allow(&self, method: &str, facts: &Facts<'_>) -> bool {
        is_method_name(method) && self.rules.for_method(method, facts).is_ok()
    }
}
