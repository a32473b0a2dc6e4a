//! Views: the readings of a string that are scanned.
//!
//! A string is read as it stands, letters folded to one case. That reading keeps every byte in its place, so a match
//! in it has an exact span. What a downstream may decode a string to becomes a further view here, and brings its name
//! into the decision.

/// The readings that led from the string as it stands to the text that was scanned, first to last. Empty for the string
/// as it stands, in any case of its ASCII letters.
pub type View = Vec<&'static str>;

/// What a downstream may take a text for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// How it came about, first decoding first. Never empty.
    pub(crate) view: View,
    pub(crate) text: String,
}

/// A text has more readings than are looked at: which bound it passes, as the end of "it …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exceeded(pub(crate) &'static str);

/// Every reading of a text that differs from it.
///
/// # Errors
/// A bound that the readings pass. Whoever asked must deny: what wasn't read can't be judged.
pub(crate) fn readings(_text: &str) -> Result<Vec<Reading>, Exceeded> {
    Ok(Vec::new())
}

/// Whether a text may have a reading that differs from it.
pub(crate) fn may_differ(_text: &[u8]) -> bool {
    false
}

/// The forms in which a pattern stands in readings, beside its own.
pub(crate) fn pattern_forms(_pattern: &str) -> Vec<String> {
    Vec::new()
}
