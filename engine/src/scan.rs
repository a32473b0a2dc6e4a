//! Scanning: every denied pattern at once, over every key, string and number of a call.
//!
//! First over the texts as they stand, in one pass. Only where that finds nothing are they read as what a downstream may
//! decode them to: a call that is denied for what it says needs no decoding.

mod arena;
mod lanes;
mod literals;
pub(crate) mod regex;
mod word;

use std::collections::BTreeMap;
use std::ops::Range;

pub(crate) use arena::{Arena, Leaf, LeafKind};

use crate::decision::MAX_FINDINGS;
use crate::policy::rules::{DenyRule, MatchMode};
use crate::view::{Exceeded, Joints, Outlook, Reading, View, compared, has_wide_space, pattern_forms};
use literals::Literals;
use regex::Regex;

/// All patterns of a policy, compiled.
#[derive(Debug)]
pub(crate) struct Scanner {
    /// For texts as they stand.
    plain: Matcher,
    /// For readings, where some pattern is looked for in other forms there.
    decoded: Option<Matcher>,
    /// What lies beside what in the patterns.
    joints: Joints,
    /// Whether some pattern has white space in it, which any other white space stands for.
    spaces: bool,
}

/// Patterns, compiled for one kind of text.
#[derive(Debug)]
struct Matcher {
    literals: Literals,
    /// Of each literal: what it means that it stands somewhere.
    meanings: Vec<Vec<Meaning>>,
    patterns: Vec<Pattern>,
    /// Regular expressions without a literal to go by: indices of `patterns`.
    restless: Vec<usize>,
}

/// What it means that a literal stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// This pattern does.
    Pattern(usize),
    /// This pattern may.
    Hint(usize),
}

#[derive(Debug)]
struct Pattern {
    rule: usize,
    mode: MatchMode,
    /// As the policy writes it.
    text: String,
    regex: Option<Regex>,
}

/// A pattern that stands in a leaf.
#[derive(Debug)]
pub(crate) struct Hit<'a, 'v> {
    /// The index of the rule.
    pub(crate) rule: usize,
    /// As the policy writes it.
    pub(crate) pattern: &'a str,
    pub(crate) leaf: Leaf,
    /// The readings that led to the text; empty for the leaf as it stands.
    pub(crate) view: &'v View,
    /// The bytes of the leaf's text; none where the text is a reading of it.
    pub(crate) span: Option<[usize; 2]>,
}

/// Who wants to know what stands in a call.
pub(crate) trait Listener<'a> {
    /// Whether a pattern that stood in this leaf could matter.
    fn cares(&mut self, leaf: Leaf) -> bool;

    /// Hears of a pattern that stands in a leaf; says whether that matters.
    fn hear(&mut self, hit: Hit<'a, '_>) -> bool;
}

impl Scanner {
    /// Compiles the patterns of all rules.
    ///
    /// # Errors
    /// A sentence, where they take too much memory.
    pub(crate) fn new(rules: &[DenyRule]) -> Result<Self, String> {
        let plain = Matcher::new(rules, |pattern| vec![pattern.to_ascii_lowercase()])?;
        let forms = |pattern: &str| {
            let mut forms = vec![pattern.to_ascii_lowercase()];
            forms.extend(pattern_forms(pattern).iter().map(|form| form.to_ascii_lowercase()));
            forms.sort();
            forms.dedup();
            forms
        };
        let same = rules.iter().flat_map(DenyRule::texts).all(|pattern| forms(pattern).len() == 1);
        let decoded = if same { None } else { Some(Matcher::new(rules, forms)?) };
        let spaces = rules.iter().flat_map(DenyRule::texts).any(|text| text.contains(char::is_whitespace));
        let joints = Joints::of(
            rules
                .iter()
                .flat_map(|rule| &rule.patterns)
                .map(|(text, regex)| regex.is_none().then_some(text.as_str())),
        );
        Ok(Self { plain, decoded, joints, spaces })
    }

    /// Whether there is anything to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.plain.patterns.is_empty()
    }

    /// Adds the text of a leaf to those that are scanned.
    pub(crate) fn push(&self, arena: &mut Arena, text: &str, leaf: Leaf) {
        // What a number can be decoded to is a number.
        if leaf.kind == LeafKind::Number {
            return arena.push(text, leaf);
        }
        let outlook = arena.push_with(leaf, |folded| Outlook::folding(text.as_bytes(), self.spaces, folded));
        if outlook.may_differ && self.joints.may_matter(text)
            || self.spaces && has_wide_space(text.as_bytes(), outlook)
        {
            arena.keep(text, leaf);
        }
    }

    /// Every reading of a text in which patterns are looked for, beside the text as it stands.
    ///
    /// # Errors
    /// A bound that the readings pass.
    pub(crate) fn readings(&self, text: &str) -> Result<Vec<Reading>, Exceeded> {
        compared(text, self.spaces)
    }

    /// Tells the listener what stands in an arena: in its texts, or else in their readings.
    ///
    /// # Errors
    /// The leaf that has more readings than are looked at.
    pub(crate) fn scan<'a>(
        &'a self,
        arena: &Arena,
        listener: &mut impl Listener<'a>,
    ) -> Result<(), (Leaf, Exceeded)> {
        if self.plain.scan(arena, &[], listener) {
            return Ok(());
        }
        let matcher = self.decoded.as_ref().unwrap_or(&self.plain);
        let mut decoded = Arena::default();
        for (leaf, text) in arena.readable() {
            if !listener.cares(leaf) {
                continue;
            }
            let readings = self.readings(text).map_err(|exceeded| (leaf, exceeded))?;
            decoded.clear();
            for reading in &readings {
                decoded.push(&reading.text, leaf);
            }
            let views: Vec<View> = readings.into_iter().map(|reading| reading.view).collect();
            matcher.scan(&decoded, &views, listener);
        }
        Ok(())
    }
}

impl Matcher {
    /// Compiles the patterns of all rules; `forms` says what a literal one is looked for as.
    fn new(rules: &[DenyRule], forms: impl Fn(&str) -> Vec<String>) -> Result<Self, String> {
        let mut texts: BTreeMap<String, Vec<Meaning>> = BTreeMap::new();
        let mut patterns = Vec::new();
        let mut restless = Vec::new();
        for (rule, deny) in rules.iter().enumerate() {
            for (text, regex) in &deny.patterns {
                let index = patterns.len();
                match regex.as_ref().map(Regex::literals) {
                    None => {
                        for form in forms(text) {
                            texts.entry(form).or_default().push(Meaning::Pattern(index));
                        }
                    }
                    Some(Some(literals)) => {
                        for literal in literals {
                            texts.entry(literal.clone()).or_default().push(Meaning::Hint(index));
                        }
                    }
                    Some(None) => restless.push(index),
                }
                patterns.push(Pattern { rule, mode: deny.mode, text: text.clone(), regex: regex.clone() });
            }
        }
        let (texts, meanings): (Vec<String>, Vec<Vec<Meaning>>) = texts.into_iter().unzip();
        Ok(Self { literals: Literals::new(&texts)?, meanings, patterns, restless })
    }

    /// Tells the listener what stands in an arena, whose texts have these views, or all the empty one. Says whether
    /// any of it mattered.
    fn scan<'a>(&'a self, arena: &Arena, views: &[View], listener: &mut impl Listener<'a>) -> bool {
        let mut search = Search::new(self, arena, views, listener);
        for index in 0..if self.restless.is_empty() { 0 } else { arena.len() } {
            for pattern in &self.restless {
                search.run(*pattern, index);
            }
        }
        self.literals.find(arena, |literal, index, range| {
            for meaning in self.meanings.get(literal).into_iter().flatten() {
                match *meaning {
                    Meaning::Pattern(pattern) => search.stands(pattern, index, range.clone()),
                    Meaning::Hint(pattern) => search.run(pattern, index),
                }
            }
            search.wants_more()
        });
        search.mattered
    }
}

/// One scan of one arena.
struct Search<'a, 's, L> {
    matcher: &'a Matcher,
    arena: &'s Arena,
    views: &'s [View],
    listener: &'s mut L,
    /// Of each pattern: how often it may yet be told. A decision lists only so many findings, and those of one pattern
    /// come in the order in which they are listed.
    left: Vec<usize>,
    /// How many patterns may yet be told.
    open: usize,
    /// Of each regular expression: the leaf after the one that it ran on last.
    ran: Vec<usize>,
    mattered: bool,
}

impl<'a, 's, L: Listener<'a>> Search<'a, 's, L> {
    fn new(matcher: &'a Matcher, arena: &'s Arena, views: &'s [View], listener: &'s mut L) -> Self {
        Self {
            matcher,
            arena,
            views,
            listener,
            left: Vec::new(),
            open: matcher.patterns.len(),
            ran: Vec::new(),
            mattered: false,
        }
    }

    fn wants_more(&self) -> bool {
        self.open > 0
    }

    /// A literal pattern stands in a leaf.
    fn stands(&mut self, pattern: usize, index: usize, range: Range<usize>) {
        let mode = self.matcher.patterns.get(pattern).map(|pattern| pattern.mode);
        if mode != Some(MatchMode::Word) || word::stands_alone(self.arena.folded(), range.clone()) {
            self.tell(pattern, index, range);
        }
    }

    /// A regular expression may stand in a leaf: looks whether it does, once.
    fn run(&mut self, pattern: usize, index: usize) {
        if self.ran.is_empty() {
            self.ran = vec![0; self.matcher.patterns.len()];
        }
        match self.ran.get_mut(pattern) {
            Some(ran) if *ran <= index => *ran = index + 1,
            _ => return,
        }
        let Some(regex) = self.matcher.patterns.get(pattern).and_then(|pattern| pattern.regex.as_ref())
        else {
            return;
        };
        let Some((leaf, range)) = self.arena.leaf(index) else { return };
        // A search costs more than the question whether its answer could matter.
        if !self.listener.cares(leaf) {
            return;
        }
        let text = self.arena.folded().get(range.clone()).unwrap_or_default();
        for hit in regex.find(text).take(MAX_FINDINGS) {
            self.tell(pattern, index, range.start + hit.start..range.start + hit.end);
        }
    }

    fn tell(&mut self, index: usize, leaf: usize, range: Range<usize>) {
        let Some(pattern) = self.matcher.patterns.get(index) else { return };
        if self.left.is_empty() {
            self.left = vec![MAX_FINDINGS; self.matcher.patterns.len()];
        }
        let Some(left) = self.left.get_mut(index).filter(|left| **left > 0) else { return };
        let view = self.views.get(leaf).unwrap_or(const { &View::new() });
        let Some((leaf, text)) = self.arena.leaf(leaf) else { return };
        let span = view.is_empty().then(|| [range.start - text.start, range.end - text.start]);
        let hit = Hit { rule: pattern.rule, pattern: &pattern.text, leaf, view, span };
        if self.listener.hear(hit) {
            self.mattered = true;
            *left -= 1;
            self.open -= usize::from(*left == 0);
        }
    }
}
