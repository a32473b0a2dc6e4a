//! The evaluator of Argala: a policy and a tool call in, a decision out.
//!
//! Pure and synchronous: no I/O, no clock, no randomness, no recursion over input. The same bytes give the same
//! [`Decision`] on every run and from every way in (gateway, command line, Python). The one exception is asked for by
//! name: a policy that says `symlinks = "resolve"` has the links on a path's way followed.
//!
//! ```
//! use argala_engine::{Policy, Verdict};
//!
//! let policy = Policy::from_toml(
//!     r#"
//!     allowed_methods = ["execute_sql_query"]
//!     denied_patterns = ["DROP"]
//!     "#,
//!     "argala_policy.toml",
//! )?;
//! let decision = policy.judge("execute_sql_query", br#"{"steps": [{"sql": "drop table users"}]}"#);
//! assert_eq!(decision.verdict, Verdict::Deny);
//! assert_eq!(decision.rule, "denied_patterns");
//! assert_eq!(decision.at.as_deref(), Some("/steps/0/sql"));
//! # Ok::<(), argala_engine::PolicyError>(())
//! ```
//!
//! In reading order: [`policy`] turns a file into rules; [`Inspector`] listens to the arguments of one call;
//! `constraint` holds the types that an argument can be given; [`view`] says how a string is read and `scan` looks for
//! denied patterns in it; [`decision`] is what comes out. [`result`] looks at what a tool answers. [`appearance`] is for
//! whoever shows or compares names.

pub mod appearance;
pub mod budget;
mod constraint;
mod decimal;
pub mod decision;
pub mod explain;
mod facts;
mod inspect;
mod json;
mod limits;
pub mod policy;
pub mod result;
mod scan;
pub mod view;

pub use budget::{Amount, Budget, Charge};
pub use decision::{Decision, Finding, Verdict};
pub use explain::Explanation;
pub use facts::Facts;
pub use inspect::{Inspector, Refusal, Stop};
pub use limits::Limits;
pub use policy::{Policy, PolicyError};
pub use result::{ResultRules, Review};
