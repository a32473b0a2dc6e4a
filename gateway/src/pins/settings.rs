//! `[pins]` and `[descriptions]` of `argala.toml`.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Deserialize;

/// The file that is used where none is named.
pub(crate) const USUAL_FILE: &str = "argala.lock";

/// Where servers' tools are pinned, and which of them are held back.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) file: PathBuf,
    pub(crate) mode: Mode,
}

impl Default for Settings {
    fn default() -> Self {
        Self { file: USUAL_FILE.into(), mode: Mode::FirstUse }
    }
}

/// Which tools are held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// None: nothing is pinned.
    Off,
    /// A server that the file doesn't know is written into it; of one that it knows, what it doesn't know as it is.
    FirstUse,
    /// All that the file doesn't know as it is.
    Strict,
}

/// What is looked for in what servers say of their tools.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Descriptions {
    /// Text that a model reads and a person doesn't see.
    pub(crate) hidden_text: Handling,
    /// A name that looks like that of another server's tool.
    pub(crate) imitation: Handling,
}

/// What becomes of a tool in which something was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Handling {
    /// It is held back.
    #[default]
    Withhold,
    /// It is told of in the log.
    Warn,
    /// It isn't looked for.
    Off,
}
