//! A kind of secret, and where it stands in a text.

use std::ops::Range;

use memchr::memmem;
use regex_automata::meta::Regex;
use regex_automata::{Input, PatternID};

use crate::scan::regex::parsed;

/// How much memory one compiled expression may take, in bytes.
const MAX_COMPILED: usize = 1 << 20;

/// What searching one result may cost beyond a look at each byte, in bytes: an expression without an upper bound may look far
/// ahead from each match.
pub(super) const MAX_WORK: usize = 256 << 20;

/// The part of a match that is the secret, where that isn't all of it.
const GROUP: &str = "secret";

/// The end of a block, how far behind its beginning it may lie, and how long the end's own line may be.
const BLOCK_END: &[u8] = b"-----END ";
const LONGEST_BLOCK: usize = 64 << 10;
const LONGEST_END: usize = 80;

/// Looks for one kind of secret.
#[derive(Debug)]
pub(crate) struct Detector {
    /// The rule's name in a decision.
    pub(crate) rule: String,
    /// The name that stands in the place of what was found.
    pub(crate) name: String,
    /// The expression as it is written: two that are equal find the same.
    pub(crate) expression: String,
    regex: Regex,
    /// The number of the group that is the secret.
    group: Option<usize>,
    check: Check,
    /// Whether a match has a longest length, so that no search looks far behind one.
    bounded: bool,
}

/// What an expression can't say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Nothing more.
    Nothing,
    /// The digits of the match have the right check digit (ISO/IEC 7812, annex B).
    Luhn,
    /// The match is the beginning of a block (RFC 7468), which goes on to its end.
    Block,
}

impl Detector {
    /// Compiles an expression.
    ///
    /// # Errors
    /// A sentence that says why it can't be used.
    pub(crate) fn new(rule: String, name: &str, expression: &str, check: Check) -> Result<Self, String> {
        let hir = parsed(expression)?;
        match hir.properties().minimum_len() {
            None => return Err("the pattern can never match, so it would find nothing".to_owned()),
            Some(0) => {
                return Err(
                    "the pattern matches the empty text, so it would find nothing everywhere".to_owned()
                );
            }
            Some(_) => {}
        }
        let config = Regex::config()
            .nfa_size_limit(Some(MAX_COMPILED))
            .onepass_size_limit(Some(MAX_COMPILED))
            .hybrid_cache_capacity(MAX_COMPILED);
        let regex = Regex::builder()
            .configure(config)
            .build_from_hir(&hir)
            .map_err(|_| format!("the pattern takes more than {MAX_COMPILED} bytes when compiled"))?;
        let group = regex.group_info().to_index(PatternID::ZERO, GROUP);
        Ok(Self {
            rule,
            name: name.to_owned(),
            expression: expression.to_owned(),
            regex,
            group,
            check,
            bounded: hir.properties().maximum_len().is_some(),
        })
    }

    /// How much memory it takes, in bytes, without what a search needs.
    pub(crate) fn memory(&self) -> usize {
        self.regex.memory_usage()
    }

    /// Tells every place of a text that holds what is looked for, from the left.
    ///
    /// `work` is what searching may still cost. Where it is used up, all that lies behind a match counts as found.
    pub(super) fn find(&self, text: &str, work: &mut usize, mut tell: impl FnMut(Range<usize>)) {
        let mut from = 0;
        let mut ends = BlockEnds { text: text.as_bytes(), next: None };
        while let Some(hit) = self.regex.search(&Input::new(text).range(from..)) {
            let range = match self.check {
                Check::Luhn if !is_luhn(text.get(hit.range()).unwrap_or_default()) => {
                    // The next may begin inside; all of it is ASCII.
                    from = hit.start() + 1;
                    continue;
                }
                Check::Block => hit.start()..ends.after(hit.end()),
                _ => hit.range(),
            };
            if !self.bounded {
                let ahead = text.len() - from;
                if *work < ahead {
                    return tell(range.start..text.len());
                }
                *work -= ahead;
            }
            from = range.end;
            tell(self.secret_in(text, range));
        }
    }

    /// The part of a match that is the secret.
    fn secret_in(&self, text: &str, range: Range<usize>) -> Range<usize> {
        let Some(group) = self.group else { return range };
        let mut captures = self.regex.create_captures();
        let input = Input::new(text).range(range.clone()).anchored(regex_automata::Anchored::Yes);
        self.regex.search_captures(&input, &mut captures);
        captures.get_group(group).map_or(range, |span| span.range())
    }
}

/// The ends of the blocks of a text, each of which is looked for once.
struct BlockEnds<'t> {
    text: &'t [u8],
    /// The end that was found last; the text's length where there are no more.
    next: Option<usize>,
}

impl BlockEnds<'_> {
    /// Where a block ends whose first line ends here.
    fn after(&mut self, begun: usize) -> usize {
        let next = match self.next.filter(|next| *next >= begun) {
            Some(next) => next,
            None => {
                let rest = self.text.get(begun..).unwrap_or_default();
                memmem::find(rest, BLOCK_END).map_or(self.text.len(), |at| begun + at)
            }
        };
        self.next = Some(next);
        let line = self.text.get(next..(next + LONGEST_END).min(self.text.len())).unwrap_or_default();
        let name = line.strip_prefix(BLOCK_END).unwrap_or_default();
        if next - begun <= LONGEST_BLOCK
            && let Some(dashes) = memmem::find(name, b"-----")
        {
            return next + BLOCK_END.len() + dashes + 5;
        }
        // Its end is missing: what looks like more of it goes.
        let rest = self.text.get(begun..).unwrap_or_default();
        let is_body = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\\\r\n".contains(byte);
        let body = rest.iter().take_while(|byte| is_body(byte)).count();
        begun + rest.get(..body).unwrap_or_default().trim_ascii_end().len()
    }
}

/// Whether the digits have the right check digit; what stands between them doesn't count.
fn is_luhn(text: &str) -> bool {
    let digits = text.bytes().rev().filter(u8::is_ascii_digit).map(|digit| u32::from(digit - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled) => doubled / 10 + doubled % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}
