//! What a tool answers: bounded in size, freed of control characters, and without the secrets that a policy names.
//!
//! A result is JSON text. It is read strictly, so that what is reviewed is what every host reads, and each of its strings,
//! keys too, is looked at as it is meant, not as it is escaped. What must go is replaced in its place; every other byte stays.

mod control;
mod detector;
pub(crate) mod secrets;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use argala_json::pointer::{push_index, push_key};
use argala_json::{ErrorKind, Events, Limits, Options, Span, Stopped, Text, quote, read};

pub(crate) use detector::{Check, Detector};

use crate::decision::{Decision, Finding};
use crate::policy::Policy;
use crate::policy::rules::{OnMatch, ResultTable};

/// What holds for the results of one method.
#[derive(Debug, Clone)]
pub struct ResultRules {
    method: String,
    /// The policy's identity.
    policy: String,
    table: ResultTable,
}

/// What has become of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Review {
    /// Nothing had to go: the host may have it byte for byte.
    Unchanged,
    /// Parts of it had to go.
    Rewritten {
        /// What the host may have instead.
        text: String,
        /// The rules by which they went, in their order.
        rules: Vec<String>,
    },
    /// The host must not have it; why. The call itself has been made.
    Withheld(Box<Decision>),
}

impl Policy {
    /// What holds for the results of this method. None where they pass as they are.
    #[must_use]
    pub fn result_rules(&self, method: &str) -> Option<ResultRules> {
        if !self.has_result_rules() {
            return None;
        }
        self.as_rules(method, self.rules.result_table(method))
    }

    /// What holds for a result of which nobody knows any more which method's it is: the strictest that the policy has for
    /// any. `method` is what a decision calls it.
    #[must_use]
    pub fn strictest_result_rules(&self, method: &str) -> Option<ResultRules> {
        self.as_rules(method, self.rules.strictest_result_table())
    }

    /// Whether the policy says anything of results.
    #[must_use]
    pub fn has_result_rules(&self) -> bool {
        self.rules.has_result_tables()
    }

    fn as_rules(&self, method: &str, table: ResultTable) -> Option<ResultRules> {
        table.asks_for_something().then(|| ResultRules {
            method: method.to_owned(),
            policy: self.identity().to_owned(),
            table,
        })
    }
}

impl ResultRules {
    /// Looks through a result, which is JSON text of any kind.
    ///
    /// `opaque` names a member of the result itself that isn't looked at: what only the server reads.
    #[must_use]
    pub fn review(&self, result: &str, opaque: Option<&str>) -> Review {
        match self.reviewed(result, opaque) {
            Ok(review) => review,
            Err(finding) => {
                Review::Withheld(Box::new(Decision::withhold(self.method.clone(), &self.policy, *finding)))
            }
        }
    }

    fn reviewed(&self, result: &str, opaque: Option<&str>) -> Result<Review, Box<Finding>> {
        if let Some((most, rule)) = &self.table.max_bytes
            && result.len() > *most
        {
            let reason = format!("it has {} bytes, more than {most}; ask for less at a time", result.len());
            return Err(Box::new(Finding::new(rule.clone(), None, reason)));
        }
        if !self.table.looks_at_texts() {
            return Ok(Review::Unchanged);
        }
        let mut reviewer = Reviewer::new(&self.table, opaque);
        read_strictly(result, &mut reviewer)?;
        if reviewer.edits.is_empty() {
            return Ok(Review::Unchanged);
        }
        let text = edited(result, &reviewer.edits);
        if reviewer.renamed {
            // Two keys may have become one.
            read_strictly(&text, &mut Reviewer::new(&ResultTable::default(), None))?;
        }
        Ok(Review::Rewritten { text, rules: reviewer.rules.into_iter().map(str::to_owned).collect() })
    }
}

/// Reads what has been bounded already: by `max_bytes`, or by the frame that brought it.
fn read_strictly(text: &str, reviewer: &mut Reviewer<'_>) -> Result<(), Box<Finding>> {
    match read(text.as_bytes(), &Options::strict(Limits::UNBOUNDED), reviewer) {
        Ok(()) => Ok(()),
        Err(Stopped::Listener(finding)) => Err(finding),
        Err(Stopped::Refused(error)) => {
            // The key may be a secret.
            let what = match error.kind() {
                ErrorKind::DuplicateKey(_) => "a key stands twice in one object".to_owned(),
                kind => kind.to_string(),
            };
            let reason = format!("not every reader would read it in the same way: {what}");
            Err(Box::new(Finding::new("results.unreadable", None, reason)))
        }
    }
}

/// The text with other strings in some places, which stand in order.
fn edited(text: &str, edits: &[(Span, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (span, new) in edits {
        out.push_str(text.get(from..span.start).unwrap_or_default());
        quote(new, &mut out);
        from = span.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// A longer place in a result isn't told.
const LONGEST_PLACE: usize = 1 << 10;

/// A secret in a text.
struct Found<'r> {
    range: Range<usize>,
    detector: &'r Detector,
}

/// Listens to a result.
struct Reviewer<'r> {
    table: &'r ResultTable,
    opaque: Option<&'r str>,
    edits: Vec<(Span, String)>,
    rules: BTreeSet<&'r str>,
    /// Whether a key has become another one.
    renamed: bool,
    /// Where the reading is.
    places: Vec<Place>,
    /// What searching may still cost, in bytes.
    work: usize,
}

enum Place {
    Member(String),
    Element(usize),
}

impl<'r> Reviewer<'r> {
    fn new(table: &'r ResultTable, opaque: Option<&'r str>) -> Self {
        Self {
            table,
            opaque,
            edits: Vec::new(),
            rules: BTreeSet::new(),
            renamed: false,
            places: Vec::new(),
            work: detector::MAX_WORK,
        }
    }

    /// A value begins.
    fn count(&mut self) {
        if let Some(Place::Element(index)) = self.places.last_mut() {
            *index = index.wrapping_add(1);
        }
    }

    /// Whether this lies in what isn't looked at.
    fn is_opaque(&self) -> bool {
        self.opaque
            .is_some_and(|opaque| matches!(self.places.first(), Some(Place::Member(key)) if key == opaque))
    }

    /// Looks at a text; what it must become, where that is another one.
    fn look(&mut self, text: &str, is_key: bool) -> Result<Option<String>, Box<Finding>> {
        let mut stripped = None;
        if let Some(rule) = self.table.strip_rule() {
            stripped = control::stripped(text);
            if stripped.is_some() {
                self.rules.insert(rule);
            }
        }
        let plain = stripped.as_deref().unwrap_or(text);
        let mut found = Vec::new();
        for detector in self.table.detectors() {
            detector.find(plain, &mut self.work, |range| found.push(Found { range, detector }));
        }
        if found.is_empty() {
            return Ok(stripped);
        }
        found.sort_by(|left, right| {
            (left.range.start, &left.detector.rule).cmp(&(right.range.start, &right.detector.rule))
        });
        if self.table.on_match() == OnMatch::Block {
            // A decision must not say what it keeps back: a key is told of by the object that has it.
            let depth = self.places.len() - usize::from(is_key && !self.places.is_empty());
            return Err(self.finding(&found, depth));
        }
        self.rules.extend(found.iter().map(|one| one.detector.rule.as_str()));
        Ok(Some(redacted(plain, &found)))
    }

    fn finding(&self, found: &[Found<'_>], depth: usize) -> Box<Finding> {
        let detector = found.first().map(|one| one.detector);
        let (rule, name) =
            detector.map_or(("", ""), |detector| (detector.rule.as_str(), detector.name.as_str()));
        let mut at = String::new();
        for place in self.places.iter().take(depth) {
            match place {
                Place::Member(key) => push_key(&mut at, control::stripped(key).as_ref().unwrap_or(key)),
                Place::Element(index) => push_index(&mut at, *index),
            }
        }
        let at = (at.len() <= LONGEST_PLACE).then_some(at);
        let reason = format!("it holds what `{name}` stands for; ask for what you need without that");
        Box::new(Finding { matched: Some(name.to_owned()), ..Finding::new(rule, at, reason) })
    }
}

/// The text with marks in the place of secrets. Where several lie over one another, the first gives its name.
fn redacted(text: &str, found: &[Found<'_>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    let mut rest = found.iter().peekable();
    while let Some(one) = rest.next() {
        let mut end = one.range.end;
        while let Some(over) = rest.next_if(|next| next.range.start < end) {
            end = end.max(over.range.end);
        }
        out.push_str(text.get(from..one.range.start).unwrap_or_default());
        out.extend(["[redacted: ", one.detector.name.as_str(), "]"]);
        from = end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

impl Events for Reviewer<'_> {
    type Stop = Box<Finding>;

    fn null(&mut self, _: Span) -> Result<(), Self::Stop> {
        self.count();
        Ok(())
    }

    fn boolean(&mut self, _: bool, _: Span) -> Result<(), Self::Stop> {
        self.count();
        Ok(())
    }

    fn number(&mut self, _: &str, _: Span) -> Result<(), Self::Stop> {
        self.count();
        Ok(())
    }

    fn string(&mut self, text: Text<'_>, span: Span) -> Result<(), Self::Stop> {
        self.count();
        if !self.is_opaque()
            && let Some(new) = self.look(&text.decode(), false)?
        {
            self.edits.push((span, new));
        }
        Ok(())
    }

    fn key(&mut self, text: Text<'_>, span: Span) -> Result<(), Self::Stop> {
        let key: Cow<'_, str> = text.decode();
        if let Some(Place::Member(place)) = self.places.last_mut() {
            place.clear();
            place.push_str(&key);
        }
        if !self.is_opaque()
            && let Some(new) = self.look(&key, true)?
        {
            self.renamed = true;
            self.edits.push((span, new));
        }
        Ok(())
    }

    fn enter_object(&mut self, _: usize) -> Result<(), Self::Stop> {
        self.count();
        self.places.push(Place::Member(String::new()));
        Ok(())
    }

    fn leave_object(&mut self, _: usize) -> Result<(), Self::Stop> {
        self.places.pop();
        Ok(())
    }

    fn enter_array(&mut self, _: usize) -> Result<(), Self::Stop> {
        self.count();
        // Before the first element.
        self.places.push(Place::Element(usize::MAX));
        Ok(())
    }

    fn leave_array(&mut self, _: usize) -> Result<(), Self::Stop> {
        self.places.pop();
        Ok(())
    }
}

/// Detectors are shared by all results that they are for.
pub(crate) type Detectors = Vec<Arc<Detector>>;
