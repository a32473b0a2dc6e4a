//! The keys of a policy's tables as data, for whoever must know them without loading a policy: the JSON Schema.

/// One key of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// As the policy writes it.
    pub(crate) name: &'static str,
    /// What its value is.
    pub(crate) takes: Takes,
    /// What it means, for an author whose editor shows it; with the default.
    pub(crate) about: &'static str,
}

/// What the value of a key is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {
    /// The version of the policy format.
    Version,
    /// True or false.
    Boolean,
    /// A whole number from 0 up.
    Count,
    /// A number.
    Number,
    /// An array of numbers.
    Numbers,
    /// A string.
    Text,
    /// An array of strings.
    Texts,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// An array of these words.
    SomeOf(&'static [&'static str]),
    /// A table with a `type`: another constraint.
    Constraint,
    /// A table, or an array of them, with keys of its own.
    Table,
}
