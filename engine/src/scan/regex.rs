//! `match = "regex"`: a regular expression, found anywhere in a text, in time linear in the text.
//!
//! Letters of either case match, in ASCII, as for every pattern: the expression is folded as the text is. `^` and `$` are the
//! ends of one key, string or number. Literals that every match must hold are looked for first, with all other patterns:
//! an expression whose literals aren't there doesn't run.

use std::ops::Range;

use regex_automata::meta;
use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

/// A compiled expression.
#[derive(Debug, Clone)]
pub(crate) struct Regex {
    expression: meta::Regex,
    /// Texts of which every match holds one. None where there are no telling ones.
    literals: Option<Vec<String>>,
}

/// How much memory one compiled expression may take, in bytes: `a{1000}{1000}` must not take the gateway down.
const MAX_COMPILED: usize = 1 << 20;

/// How many literals one expression may bring into the common search.
const MAX_LITERALS: usize = 32;

/// A shorter literal stands in nearly every text.
const MIN_LITERAL: usize = 3;

impl Regex {
    /// Compiles an expression.
    ///
    /// # Errors
    /// A sentence that says why it can't be used.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let folded = fold(&parsed(text)?);
        match folded.properties().minimum_len() {
            None => return Err("the pattern can never match, so it would deny nothing".to_owned()),
            Some(0) => {
                return Err("the pattern matches the empty text, so it would deny every call".to_owned());
            }
            Some(_) => {}
        }
        let config = meta::Regex::config()
            .nfa_size_limit(Some(MAX_COMPILED))
            .onepass_size_limit(Some(MAX_COMPILED))
            .hybrid_cache_capacity(MAX_COMPILED);
        let expression = meta::Regex::builder()
            .configure(config)
            .build_from_hir(&folded)
            .map_err(|_| format!("the pattern takes more than {MAX_COMPILED} bytes when compiled"))?;
        Ok(Self { expression, literals: literals_of(&folded) })
    }

    /// Texts of which every match holds one, folded. None where it must run on every text.
    pub(super) fn literals(&self) -> Option<&[String]> {
        self.literals.as_deref()
    }

    /// How much memory it takes, in bytes, without what a search needs.
    pub(crate) fn memory(&self) -> usize {
        self.expression.memory_usage()
    }

    /// Where it stands in a folded text: matches that don't lie over one another, from the left.
    pub(super) fn find(&self, text: &[u8]) -> impl Iterator<Item = Range<usize>> {
        self.expression.find_iter(text).map(|hit| hit.range())
    }
}

/// Reads an expression.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(crate) fn parsed(text: &str) -> Result<Hir, String> {
    regex_syntax::parse(text).map_err(|error| {
        let reason = error.to_string();
        let last = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        format!("the pattern is not a regular expression: {last}")
    })
}

/// The expression for text that has no ASCII capitals: what it takes of a letter in either case, it takes of the small one.
fn fold(hir: &Hir) -> Hir {
    // The parser bounds how deep an expression nests, and so this recursion.
    match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0.to_ascii_lowercase()),
        HirKind::Class(class) => Hir::class(fold_class(class)),
        HirKind::Look(look) => Hir::look(*look),
        HirKind::Repetition(repetition) => Hir::repetition(repetition.with(fold(&repetition.sub))),
        // Groups only matter to who asks for them.
        HirKind::Capture(capture) => fold(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(fold).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(fold).collect()),
    }
}

fn fold_class(class: &Class) -> Class {
    match class {
        Class::Unicode(class) => {
            let capitals = ClassUnicode::new([ClassUnicodeRange::new('A', 'Z')]);
            let mut small = class.clone();
            small.intersect(&capitals);
            let small = small.iter().map(|range| {
                ClassUnicodeRange::new(range.start().to_ascii_lowercase(), range.end().to_ascii_lowercase())
            });
            let mut folded = class.clone();
            folded.union(&ClassUnicode::new(small));
            folded.difference(&capitals);
            Class::Unicode(folded)
        }
        Class::Bytes(class) => {
            let capitals = ClassBytes::new([ClassBytesRange::new(b'A', b'Z')]);
            let mut small = class.clone();
            small.intersect(&capitals);
            let small = small.iter().map(|range| {
                ClassBytesRange::new(range.start().to_ascii_lowercase(), range.end().to_ascii_lowercase())
            });
            let mut folded = class.clone();
            folded.union(&ClassBytes::new(small));
            folded.difference(&capitals);
            Class::Bytes(folded)
        }
    }
}

/// The best of the literals with which matches begin, or end; none where they are too many or too short to tell anything.
fn literals_of(hir: &Hir) -> Option<Vec<String>> {
    let telling = |kind: ExtractKind| -> Option<Vec<String>> {
        let mut extractor = Extractor::new();
        extractor.kind(kind.clone()).limit_total(MAX_LITERALS);
        let mut literals: Seq = extractor.extract(hir);
        match kind {
            ExtractKind::Suffix => literals.optimize_for_suffix_by_preference(),
            _ => literals.optimize_for_prefix_by_preference(),
        }
        let texts: Vec<String> = literals
            .literals()?
            .iter()
            .map(|literal| String::from_utf8(literal.as_bytes().to_vec()).ok())
            .collect::<Option<_>>()?;
        let long = !texts.is_empty() && texts.iter().all(|text| text.len() >= MIN_LITERAL);
        long.then_some(texts)
    };
    let shortest = |texts: &Vec<String>| texts.iter().map(String::len).min();
    [telling(ExtractKind::Prefix), telling(ExtractKind::Suffix)].into_iter().flatten().max_by_key(shortest)
}

#[cfg(test)]
mod tests {
    use super::Regex;

    #[test]
    fn an_expression_is_folded_as_the_text_is() {
        for (expression, text, stands) in [
            ("DROP", "drop", true),
            ("[A-Z]{4}", "drop", true),
            ("(?i)DrOp", "drop", true),
            ("DROP|DELETE", "delete", true),
            (r"\bDROP\b", "a drop b", true),
            (r"\bDROP\b", "dropdown", false),
            (r"^DROP", "a drop", false),
            ("D[^A-Z]P", "d1p", true),
            ("DÉ", "dÉ", true),
        ] {
            let found = Regex::new(expression).unwrap().find(text.as_bytes()).next().is_some();
            assert_eq!(found, stands, "{expression} in {text}");
        }
    }

    #[test]
    fn literals_that_every_match_holds_are_known() {
        for (expression, literals) in [
            (r"DROP\s+TABLE", Some(vec!["table"])),
            (r"(DROP|TRUNCATE)\s+\w+", Some(vec!["drop", "truncate"])),
            (r"\w+\s+INTO", Some(vec!["into"])),
            (r"\d{16}", None),
            (r"a.b", None),
        ] {
            let regex = Regex::new(expression).unwrap();
            let found: Option<Vec<&str>> =
                regex.literals().map(|texts| texts.iter().map(|text| text.trim()).collect());
            assert_eq!(found, literals, "{expression}");
        }
    }

    #[test]
    fn what_would_deny_nothing_or_everything_or_take_too_much_is_no_pattern() {
        for (expression, reason) in [
            ("a*", "matches the empty text"),
            (r"[a&&b]", "can never match"),
            ("a{1000}{1000}", "takes more than"),
            ("(", "not a regular expression"),
        ] {
            let error = Regex::new(expression).unwrap_err();
            assert!(error.contains(reason), "{expression}: {error}");
        }
    }
}
