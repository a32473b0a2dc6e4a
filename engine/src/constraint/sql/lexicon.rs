//! How databases differ in cutting a text into tokens.
//!
//! Where a string or a comment ends decides what is code. A [`Lexicon`] says how one database reads; a dialect that can be
//! read in several ways has several.

/// How a dialect cuts text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lexicon {
    /// In a string, a backslash keeps the next character from ending it.
    pub(super) backslash: bool,
    /// The same in names between quotes.
    pub(super) backslash_in_names: bool,
    /// `E'…'` is a string with backslashes.
    pub(super) escape_prefix: bool,
    /// `r'…'` is a string without backslashes.
    pub(super) raw_prefix: bool,
    /// `q'[…]'`.
    pub(super) q_quotes: bool,
    /// `'''…'''` and `"""…"""`.
    pub(super) triple_quotes: bool,
    /// `"…"` is a string, not a name.
    pub(super) double_quoted_text: bool,
    /// `` `…` `` is a name.
    pub(super) backticks: bool,
    /// `[…]` is a name.
    pub(super) brackets: bool,
    pub(super) dollars: Dollars,
    pub(super) hash: Hash,
    /// `//` begins a comment.
    pub(super) slashes: bool,
    /// `--` begins a comment only before white space.
    pub(super) dashes_need_space: bool,
    /// `/* /* */ */` is one comment.
    pub(super) nested: bool,
    /// `/*!50000 … */` is code.
    pub(super) versioned: bool,
}

/// What `$` can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dollars {
    Nothing,
    /// `$$…$$`.
    Plain,
    /// `$tag$…$tag$`, also without a tag.
    Tagged,
}

/// What `#` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Mark,
    Comment,
    /// Part of a name, as is `@`.
    Name,
}

/// The words of the standard, and nothing else.
pub(super) const PLAIN: Lexicon = Lexicon {
    backslash: false,
    backslash_in_names: false,
    escape_prefix: false,
    raw_prefix: false,
    q_quotes: false,
    triple_quotes: false,
    double_quoted_text: false,
    backticks: false,
    brackets: false,
    dollars: Dollars::Nothing,
    hash: Hash::Mark,
    slashes: false,
    dashes_need_space: false,
    nested: false,
    versioned: false,
};

impl Lexicon {
    /// The same without what makes no difference to a text: most texts are cut in one way by every dialect.
    pub(super) fn for_text(&self, text: &str) -> Self {
        let has = |what: &str| text.contains(what);
        let (text_has_backslash, text_has_hash) = (has("\\"), has("#"));
        Self {
            backslash: self.backslash && text_has_backslash,
            backslash_in_names: self.backslash_in_names && text_has_backslash,
            escape_prefix: self.escape_prefix && text_has_backslash,
            raw_prefix: self.raw_prefix && text_has_backslash,
            q_quotes: self.q_quotes && (has("q'") || has("Q'")),
            triple_quotes: self.triple_quotes && (has("\"\"\"") || has("'''")),
            double_quoted_text: self.double_quoted_text && has("\""),
            backticks: self.backticks && has("`"),
            brackets: self.brackets && has("["),
            dollars: if has("$") { self.dollars } else { Dollars::Nothing },
            hash: match self.hash {
                Hash::Comment if !text_has_hash => Hash::Mark,
                Hash::Name if !text_has_hash && !has("@") => Hash::Mark,
                hash => hash,
            },
            slashes: self.slashes && has("//"),
            dashes_need_space: self.dashes_need_space && has("--"),
            nested: self.nested && has("/*"),
            versioned: self.versioned && has("/*"),
        }
    }
}
