//! Views: the readings of a string that are scanned.
//!
//! A string is read as it stands, letters folded to one case. That reading keeps every byte in its place, so a match
//! in it has an exact span. What a downstream may decode a string to becomes a further view here, and brings its name
//! into the decision.

/// The readings that led from the string as it stands to the text that was scanned, first to last. Empty for the string
/// as it stands, in any case of its ASCII letters.
pub type View = Vec<&'static str>;
