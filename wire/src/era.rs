//! The two eras of the protocol: with sessions, and without.

/// An era of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// A session begins with `initialize`: the revisions in [`crate::legacy::VERSIONS`].
    Legacy,
    /// Each request stands for itself: the revisions in [`crate::modern::VERSIONS`].
    Modern,
}

impl Era {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Legacy => Self::Modern,
            Self::Modern => Self::Legacy,
        }
    }
}
