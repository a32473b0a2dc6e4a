//! `[budgets]` of `argala.toml`.

use std::path::PathBuf;

use serde::Deserialize;

/// How the accounts of budgets are kept.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The file that keeps them from one run to the next.
    pub(crate) state: PathBuf,
}
