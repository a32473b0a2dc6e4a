//! Reading a policy's tables strictly: each key is known, of its type, and used, or there is a diagnostic.

use std::collections::BTreeSet;
use std::ops::Range;

use super::error::Diagnostic;
use super::node::{Entry, Node, Value};
use crate::decimal::Decimal;

/// Collects what is wrong, so that an author sees every mistake at once.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    diagnostics: Vec<Diagnostic>,
}

/// A table that is being read: what is left in it at the end is unknown.
#[derive(Debug)]
pub(crate) struct Fields<'n> {
    place: String,
    span: Option<Range<usize>>,
    left: Vec<&'n Entry>,
    known: BTreeSet<&'static str>,
}

impl Loader {
    /// What has been found, in the order in which it stands in the policy.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.span.as_ref().map(|span| span.start));
        self.diagnostics
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// Records a mistake.
    pub(crate) fn report(
        &mut self,
        place: &str,
        span: Option<Range<usize>>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.diagnostics.push(Diagnostic { message: message.into(), place: place.to_owned(), span, help });
    }

    /// Records a word that isn't known, with the nearest one that is.
    pub(crate) fn report_unknown<'k>(
        &mut self,
        place: &str,
        span: Option<Range<usize>>,
        message: &str,
        word: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        let help = match nearest(word, &known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        self.report(place, span, message, Some(help));
    }

    fn wrong_type(&mut self, place: &str, node: &Node, wanted: &str, help: Option<String>) {
        self.report(place, node.span.clone(), format!("expected {wanted}, found {}", node.kind()), help);
    }

    /// A table, to be read key by key.
    pub(crate) fn table<'n>(&mut self, node: &'n Node, place: &str) -> Option<Fields<'n>> {
        let Value::Table(entries) = &node.value else {
            let help = matches!(node.value, Value::String(_)).then(|| "write { type = \"…\" }".to_owned());
            self.wrong_type(place, node, "a table", help);
            return None;
        };
        Some(Fields {
            place: place.to_owned(),
            span: node.span.clone(),
            left: entries.iter().collect(),
            known: BTreeSet::new(),
        })
    }

    /// A string.
    pub(crate) fn string<'n>(&mut self, node: &'n Node, place: &str) -> Option<&'n str> {
        if let Value::String(text) = &node.value {
            return Some(text);
        }
        self.wrong_type(place, node, "a string", None);
        None
    }

    /// An array.
    pub(crate) fn array<'n>(&mut self, node: &'n Node, place: &str) -> Option<&'n [Node]> {
        if let Value::Array(items) = &node.value {
            return Some(items);
        }
        let help = matches!(node.value, Value::String(_)).then(|| "put it in brackets: [\"…\"]".to_owned());
        self.wrong_type(place, node, "an array", help);
        None
    }

    /// One of several words.
    pub(crate) fn choice<T: Copy>(&mut self, node: &Node, place: &str, choices: &[(&str, T)]) -> Option<T> {
        let word = self.string(node, place)?;
        if let Some((_, choice)) = choices.iter().find(|(known, _)| *known == word) {
            return Some(*choice);
        }
        let known = choices.iter().map(|(known, _)| *known);
        self.report_unknown(place, node.span.clone(), &format!("unknown value `{word}`"), word, known);
        None
    }

    fn boolean(&mut self, node: &Node, place: &str) -> Option<bool> {
        if let Value::Boolean(value) = node.value {
            return Some(value);
        }
        self.wrong_type(place, node, "true or false", None);
        None
    }

    fn number(&mut self, node: &Node, place: &str) -> Option<(String, Decimal)> {
        if let Value::Integer(text) | Value::Float(text) = &node.value
            && let Some(value) = Decimal::parse(text)
        {
            return Some((text.clone(), value));
        }
        self.wrong_type(place, node, "a number", None);
        None
    }
}

impl<'n> Fields<'n> {
    /// The table's place, dotted from the top.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The table's bytes.
    pub(crate) fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// The place of a key in this table.
    pub(crate) fn place_of(&self, key: &str) -> String {
        if self.place.is_empty() { dotted(key) } else { format!("{}.{}", self.place, dotted(key)) }
    }

    /// The value of a key that hasn't been taken.
    pub(crate) fn peek(&self, key: &str) -> Option<&'n Node> {
        self.left.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// Whether a key that hasn't been taken is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.peek(key).is_some()
    }

    /// Where it is said that an array has no elements, which is the table itself where the array isn't there. None where
    /// the array has some, or is no array: that is another mistake.
    pub(crate) fn lists_nothing(&self, key: &str) -> Option<Option<Range<usize>>> {
        match self.peek(key) {
            None => Some(self.span()),
            Some(Node { value: Value::Array(items), span }) if items.is_empty() => Some(span.clone()),
            Some(_) => None,
        }
    }

    /// A key that hasn't been taken and looks as if `key` were meant.
    pub(crate) fn misspelt(&self, key: &str) -> Option<&'n str> {
        self.left.iter().map(|entry| entry.key.as_str()).find(|left| nearest(left, &[key]).is_some())
    }

    /// Whether what is left are tables: a dotted key that went too deep looks so.
    pub(crate) fn holds_tables(&self) -> bool {
        !self.left.is_empty() && self.left.iter().all(|entry| matches!(entry.node.value, Value::Table(_)))
    }

    /// Takes the value of a key. From here on the key is a known one.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.insert(key);
        let at = self.left.iter().position(|entry| entry.key == key)?;
        Some(&self.left.remove(at).node)
    }

    /// Takes all that is left: a table whose keys are names that the author chooses.
    pub(crate) fn take_rest(&mut self) -> Vec<&'n Entry> {
        std::mem::take(&mut self.left)
    }

    /// Drops what is left, where another diagnostic makes more of them noise.
    pub(crate) fn ignore_rest(&mut self) {
        self.left.clear();
    }

    /// Takes an array of strings, each with its node; `None` where one of them is none.
    pub(crate) fn strings(
        &mut self,
        key: &'static str,
        loader: &mut Loader,
    ) -> Option<Vec<(String, &'n Node)>> {
        let node = self.take(key)?;
        let place = self.place_of(key);
        let items = loader.array(node, &place)?;
        let strings: Vec<_> =
            items.iter().filter_map(|item| Some((loader.string(item, &place)?.to_owned(), item))).collect();
        (strings.len() == items.len()).then_some(strings)
    }

    /// Takes true or false.
    pub(crate) fn boolean(&mut self, key: &'static str, loader: &mut Loader) -> Option<bool> {
        let node = self.take(key)?;
        loader.boolean(node, &self.place_of(key))
    }

    /// Takes a number, as it is written and as it compares.
    pub(crate) fn decimal(&mut self, key: &'static str, loader: &mut Loader) -> Option<(String, Decimal)> {
        let node = self.take(key)?;
        loader.number(node, &self.place_of(key))
    }

    /// Takes an array of numbers.
    pub(crate) fn decimals(
        &mut self,
        key: &'static str,
        loader: &mut Loader,
    ) -> Option<Vec<(String, Decimal)>> {
        let node = self.take(key)?;
        let place = self.place_of(key);
        let items = loader.array(node, &place)?;
        Some(items.iter().filter_map(|item| loader.number(item, &place)).collect())
    }

    /// Takes a whole number that counts something.
    pub(crate) fn count(&mut self, key: &'static str, loader: &mut Loader) -> Option<usize> {
        let node = self.take(key)?;
        if let Value::Integer(text) = &node.value
            && let Ok(count) = text.parse()
        {
            return Some(count);
        }
        loader.wrong_type(&self.place_of(key), node, "a whole number from 0 up", None);
        None
    }

    /// Notes that a list which says what is allowed is empty.
    pub(crate) fn refuse_empty(&self, key: &str, length: Option<usize>, loader: &mut Loader) {
        if length == Some(0) {
            loader.report(&self.place_of(key), self.span(), format!("an empty `{key}` allows nothing"), None);
        }
    }

    /// Ends the reading of this table: a key that nobody took is unknown.
    pub(crate) fn finish(self, loader: &mut Loader) {
        for entry in &self.left {
            let place = self.place_of(&entry.key);
            let table = if self.place.is_empty() { String::new() } else { format!(" in [{}]", self.place) };
            let message = format!("unknown key `{}`{table}", entry.key);
            let span = entry.key_span.clone();
            loader.report_unknown(&place, span, &message, &entry.key, self.known.iter().copied());
        }
    }
}

/// A key as TOML writes it: quoted where it isn't bare.
pub(crate) fn dotted(key: &str) -> String {
    let bare = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { format!("{key:?}") }
}

/// The known word that an author most likely meant.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    const SIMILAR: f64 = 0.7;
    let word = word.to_ascii_lowercase().replace('-', "_");
    known
        .iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&word, candidate), *candidate))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}
