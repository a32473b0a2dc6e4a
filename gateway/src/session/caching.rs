//! How long a result may be kept, and by whom: `ttlMs` and `cacheScope` of the modern era.

use argala_json::{Limits, Options, Outline};
use argala_wire::{legacy, modern};

/// How long a result may be kept, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caching {
    /// Milliseconds.
    ttl: u64,
    /// Whether it is the same for everyone who asks.
    public: bool,
}

impl Caching {
    /// What nobody may keep: servers of the legacy era don't say how long anything holds.
    pub(super) const NONE: Self = Self { ttl: 0, public: false };
    /// What everybody may keep for ever: what is merged of nothing.
    pub(super) const ANY: Self = Self { ttl: u64::MAX, public: true };

    /// What each may keep for himself for ever.
    pub(super) const OWN: Self = Self { public: false, ..Self::ANY };

    /// What a result says of itself.
    pub(super) fn read(result: &str) -> Self {
        let read = || {
            let outline =
                Outline::of_members(result.as_bytes(), &Options::tolerant(Limits::UNBOUNDED), 1).ok()?;
            let ttl = outline.at(&["ttlMs"])?.raw(result).parse().ok()?;
            let public = outline.at(&["cacheScope"])?.string(result).as_deref() == Some("public");
            Some(Self { ttl, public })
        };
        read().unwrap_or(Self::NONE)
    }

    /// What holds for a result that is merged of two: as long as both hold, for those who may see both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { ttl: self.ttl.min(other.ttl), public: self.public && other.public }
    }

    /// The members of a result that say so.
    pub(super) fn members(self) -> [(&'static str, String); 2] {
        // A number that every reader can hold exactly.
        let ttl = self.ttl.min(86_400_000);
        let scope = if self.public { "public" } else { "private" };
        [("ttlMs", ttl.to_string()), ("cacheScope", format!("\"{scope}\""))]
    }
}

/// Whether results of a request say how long they may be kept.
pub(super) fn is_cacheable(method: &str) -> bool {
    matches!(
        method,
        modern::DISCOVER
            | legacy::TOOLS_LIST
            | legacy::PROMPTS_LIST
            | legacy::RESOURCES_LIST
            | legacy::RESOURCES_TEMPLATES_LIST
            | legacy::RESOURCES_READ
    )
}

#[cfg(test)]
mod tests {
    use super::Caching;

    #[test]
    fn a_merged_result_holds_no_longer_and_for_nobody_more_than_each_part() {
        let (long, short) = (
            Caching::read(r#"{"ttlMs":5000,"cacheScope":"public"}"#),
            Caching::read(r#"{"ttlMs":300,"cacheScope":"private"}"#),
        );
        assert_eq!(Caching::ANY.and(long), long);
        assert_eq!(long.and(short), short);
        assert_eq!(long.and(Caching::read("{}")), Caching::NONE);
        assert_eq!(Caching::OWN.and(long), Caching { public: false, ..long });
        for broken in [r#"{"ttlMs":-1,"cacheScope":"public"}"#, r#"{"ttlMs":"5","cacheScope":"public"}"#, "7"]
        {
            assert_eq!(Caching::read(broken), Caching::NONE, "{broken}");
        }
    }
}
