//! `[audit]` of `argala.toml`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// Where the audit log is, and how it is kept.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The log. `{pid}` in its name stands for the number of the process.
    pub(crate) file: PathBuf,
    /// When records are put on the disk, and not just into the system's memory.
    #[serde(default)]
    pub(crate) sync: Sync,
    /// What becomes of a call whose record can't be written.
    #[serde(default)]
    pub(crate) on_failure: OnFailure,
    /// From this size on, in bytes, the log goes on in a new file.
    #[serde(default = "rotate_at")]
    pub(crate) rotate_at: u64,
    /// The private key (Ed25519, PKCS#8, PEM) that checkpoints are signed with.
    #[serde(default)]
    pub(crate) signing_key: Option<PathBuf>,
    /// A checkpoint is signed after so many records, and at the end of each file.
    #[serde(default = "checkpoint_every")]
    pub(crate) checkpoint_every: u64,
}

/// When records are put on the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sync {
    /// When the system sees fit: a crash of the machine, but not of the gateway, loses the last seconds.
    Never,
    /// With the first record after a second has passed.
    #[default]
    Interval,
    /// Each, before its call leaves.
    Always,
}

impl Sync {
    pub(super) const INTERVAL: Duration = Duration::from_secs(1);
}

/// What becomes of a call whose record can't be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnFailure {
    /// It is denied.
    #[default]
    Deny,
    /// It is made, and the record is lost.
    Allow,
}

impl Settings {
    /// A log in this file, kept as usual.
    pub(crate) fn of(file: PathBuf) -> Self {
        Self {
            file,
            sync: Sync::default(),
            on_failure: OnFailure::default(),
            rotate_at: rotate_at(),
            signing_key: None,
            checkpoint_every: checkpoint_every(),
        }
    }
}

fn rotate_at() -> u64 {
    256 << 20
}

fn checkpoint_every() -> u64 {
    1000
}
