//! `audit_arguments`: how much of a call's arguments an audit log may keep.

use crate::policy::keys::{Key, Takes};
use crate::policy::load::{Fields, Loader};

/// How much of a call's arguments an audit log may keep, beside their hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeptArguments {
    /// Nothing.
    #[default]
    Off,
    /// Their shape: keys, kinds and lengths, but no text and no number.
    Redacted,
    /// All of them, as they were judged.
    Full,
}

const CHOICES: [(&str, KeptArguments); 3] =
    [("off", KeptArguments::Off), ("redacted", KeptArguments::Redacted), ("full", KeptArguments::Full)];

/// The key at the top level.
pub(super) const OF_POLICY: Key = Key {
    name: "audit_arguments",
    takes: Takes::OneOf(&["off", "redacted", "full"]),
    about: "What the audit log keeps of arguments beside their hash: nothing, their shape without any value, or all. Default: off.",
};

/// The key of a tool.
pub(super) const OF_TOOL: Key = Key {
    about: "What the audit log keeps of this tool's arguments. Of several tables that hold for it, the one that keeps least counts. Default: what the policy's own `audit_arguments` says.",
    ..OF_POLICY
};

/// Takes the key from a table that may have it.
pub(super) fn load(fields: &mut Fields<'_>, loader: &mut Loader) -> Option<KeptArguments> {
    let place = fields.place_of(OF_POLICY.name);
    fields.take(OF_POLICY.name).and_then(|node| loader.choice(node, &place, &CHOICES))
}
