//! Scanning: every denied pattern at once, in one pass over every key, string and number of a call.

mod arena;
mod word;

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};

pub(crate) use arena::{Arena, Leaf, LeafKind};

use crate::policy::rules::{DenyRule, MatchMode};

/// All patterns of a policy, compiled.
#[derive(Debug)]
pub(crate) struct Scanner {
    /// None where the policy denies no pattern.
    automaton: Option<AhoCorasick>,
    /// Of each pattern of the automaton: the rules that have it.
    owners: Vec<Vec<Owner>>,
}

#[derive(Debug)]
struct Owner {
    rule: usize,
    mode: MatchMode,
    /// As the policy writes it.
    pattern: String,
}

/// A pattern that stands in a leaf.
#[derive(Debug)]
pub(crate) struct Hit<'a> {
    /// The index of the rule.
    pub(crate) rule: usize,
    /// As the policy writes it.
    pub(crate) pattern: &'a str,
    pub(crate) leaf: Leaf,
    /// The bytes of the leaf's text.
    pub(crate) span: [usize; 2],
}

impl Scanner {
    /// Compiles the patterns of all rules.
    ///
    /// # Errors
    /// A sentence, where they take too much memory.
    pub(crate) fn new(rules: &[DenyRule]) -> Result<Self, String> {
        let mut texts: BTreeMap<String, Vec<Owner>> = BTreeMap::new();
        for (rule, deny) in rules.iter().enumerate() {
            for pattern in &deny.patterns {
                let folded = pattern.to_ascii_lowercase();
                let owner = Owner { rule, mode: deny.mode, pattern: pattern.clone() };
                texts.entry(folded).or_default().push(owner);
            }
        }
        let (texts, owners): (Vec<String>, Vec<Vec<Owner>>) = texts.into_iter().unzip();
        if texts.is_empty() {
            return Ok(Self { automaton: None, owners });
        }
        // Overlapping search needs the standard kind: no match may hide another one.
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&texts)
            .map_err(|error| format!("the denied patterns can't be compiled: {error}"))?;
        Ok(Self { automaton: Some(automaton), owners })
    }

    /// Whether there is anything to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.automaton.is_none()
    }

    /// Tells `found` every pattern that stands in the arena, in the order in which matches end.
    pub(crate) fn scan<'a>(&'a self, arena: Arena, mut found: impl FnMut(Hit<'a>)) {
        let Some(automaton) = &self.automaton else { return };
        let folded = arena.fold();
        for hit in automaton.find_overlapping_iter(folded.bytes()) {
            let Some((leaf, span)) = folded.locate(hit.range()) else { continue };
            for owner in self.owners.get(hit.pattern().as_usize()).into_iter().flatten() {
                let stands = match owner.mode {
                    MatchMode::Substring => true,
                    MatchMode::Word => word::stands_alone(folded.bytes(), hit.range()),
                };
                if stands {
                    found(Hit { rule: owner.rule, pattern: &owner.pattern, leaf, span });
                }
            }
        }
    }
}
