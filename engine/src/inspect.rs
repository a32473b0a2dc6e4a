//! The inspector: it hears the arguments of one call, part by part, and decides.
//!
//! Whoever holds the arguments tells it what is in them: the JSON reader for a text, the Python module for objects. So
//! every way in has one evaluator.

mod arguments;
mod costs;
mod denials;
mod findings;
mod places;
mod reach;
mod refusal;
mod trace;

use argala_json::pointer;

use crate::constraint::Value;
use crate::decision::{Decision, Finding, Verdict};
use crate::explain::{Explanation, ReadAs, ReadText, TriedConstraint};
use crate::facts::Facts;
use crate::policy::Policy;
use crate::policy::load::dotted;
use crate::policy::method::{MAX_METHOD_LENGTH, is_method_name};
use crate::policy::rules::{ArgumentRule, MethodRules};
use crate::scan::{Arena, Leaf, LeafKind};
use crate::view::{Exceeded, Reading};
use arguments::{Contents, RuleId};
use costs::Costs;
use denials::{Denials, named};
use findings::{Findings, Key};
use places::{PlaceId, Places};
use reach::Reaches;
pub use refusal::Refusal;
pub(crate) use refusal::shown;
use trace::{Attempt, Trace};

/// Judges the arguments of one call.
///
/// Tell it the arguments in order: [`enter_object`](Self::enter_object), for each member [`key`](Self::key) and then its
/// value, [`leave_object`](Self::leave_object). Then [`finish`](Self::finish) it. Once a method returns [`Stop`], what
/// follows can't change the decision.
#[derive(Debug)]
pub struct Inspector<'p> {
    policy: &'p Policy,
    method: &'p str,
    rules: MethodRules<'p>,
    /// Of each rule in `rules.arguments`: whether its argument is there.
    present: Vec<bool>,
    costs: Costs,
    places: Places,
    arena: Arena,
    scans: bool,
    open: Vec<Open<'p>>,
    /// The place of the member whose key came last, and whether its value is still to come.
    member: PlaceId,
    member_pending: bool,
    bytes: usize,
    nodes: usize,
    findings: Findings<'p>,
    refused: Option<Finding>,
    /// Whether the arguments object has been closed.
    complete: bool,
    /// Where the decision is to be explained.
    trace: Option<Box<Trace>>,
}

/// The decision stands; nothing that follows can change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop;

/// A container that is open.
#[derive(Debug)]
struct Open<'p> {
    place: PlaceId,
    /// Of an array: the index of the next element. None for an object.
    next_index: Option<usize>,
    contents: Contents<'p>,
}

impl Policy {
    /// Begins to judge a call of this method.
    ///
    /// # Errors
    /// The denial, where no call of the method can be allowed.
    pub fn inspect<'p>(&'p self, method: &'p str) -> Result<Inspector<'p>, Box<Decision>> {
        self.inspect_for(method, &Facts::default())
    }

    /// As [`inspect`](Self::inspect), where more is known of the call than what it says.
    ///
    /// # Errors
    /// The denial, where no call of the method can be allowed.
    pub fn inspect_for<'p>(
        &'p self,
        method: &'p str,
        facts: &Facts<'_>,
    ) -> Result<Inspector<'p>, Box<Decision>> {
        let gate = if is_method_name(method) {
            self.rules.for_method(method, facts)
        } else {
            let reason = format!(
                "a method's name is up to {MAX_METHOD_LENGTH} characters of printable ASCII; use the name as it is listed"
            );
            Err(Box::new(Finding::new("input.method", None, reason)))
        };
        match gate {
            Ok(rules) => Ok(Inspector {
                policy: self,
                method,
                present: vec![false; rules.arguments.len()],
                costs: Costs::new(facts.counted),
                scans: !self.scanner.is_empty() && rules.denies.contains(&true),
                rules,
                places: Places::default(),
                arena: Arena::default(),
                open: Vec::new(),
                member: Places::ROOT,
                member_pending: false,
                bytes: 0,
                nodes: 0,
                findings: Findings::default(),
                refused: None,
                complete: false,
                trace: None,
            }),
            Err(finding) => Err(Box::new(Decision::deny(method.to_owned(), self.identity(), vec![*finding]))),
        }
    }
}

impl Policy {
    /// The denial of a call whose arguments couldn't even be taken apart.
    #[must_use]
    pub fn refuse(&self, method: &str, refusal: &Refusal) -> Decision {
        Decision::deny(method.to_owned(), self.identity(), vec![refusal.finding(String::new())])
    }
}

impl<'p> Inspector<'p> {
    /// `null`.
    ///
    /// # Errors
    /// [`Stop`], as for every method here.
    pub fn null(&mut self) -> Result<(), Stop> {
        self.scalar(Value::Null)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// [`Stop`], as for every method here.
    pub fn boolean(&mut self, value: bool) -> Result<(), Stop> {
        self.scalar(Value::Boolean(value))
    }

    /// A number in JSON's grammar, as it is written.
    ///
    /// # Errors
    /// [`Stop`], as for every method here.
    pub fn number(&mut self, lexeme: &str) -> Result<(), Stop> {
        self.scalar(Value::Number(lexeme))
    }

    /// A string.
    ///
    /// # Errors
    /// [`Stop`], as for every method here.
    pub fn string(&mut self, text: &str) -> Result<(), Stop> {
        self.scalar(Value::String(text))
    }

    /// The key of the member whose value comes next.
    ///
    /// # Errors
    /// [`Stop`], as for every method here.
    pub fn key(&mut self, key: &str) -> Result<(), Stop> {
        let Some(parent) = self.open.last().filter(|open| open.next_index.is_none() && !self.member_pending)
        else {
            return self.out_of_order();
        };
        let parent = parent.place;
        let longest = self.policy.limits().max_key_bytes;
        if key.len() > longest {
            return self.exceed(
                "limits.max_key_bytes",
                parent,
                format!("its arguments have a key of more than {longest} bytes; shorten it"),
            );
        }
        self.member = self.places.member(parent, key);
        self.member_pending = true;
        self.count(self.member, key.len())?;
        self.text(key, Leaf { kind: LeafKind::Key, place: self.member });
        if self.open.len() == 1
            && let Some(closed) = self.rules.closed
            && !self
                .rules
                .arguments
                .iter()
                .take(self.rules.listing)
                .any(|rule| rule.path.steps().first().is_some_and(|step| step.matches(key)))
        {
            let key = shown(key);
            self.findings.offer(Key::at(&closed.rule, self.member), move |at| {
                let reason = format!(
                    "it takes no argument {key:?}: leave it out. (To let it in, the policy needs args.{1} = {{ type = \"…\" }} in [{0}])",
                    closed.rule,
                    dotted(&key)
                );
                Finding::new(&closed.rule, Some(at), reason)
            });
        }
        Ok(())
    }

    /// The beginning of an object.
    ///
    /// # Errors
    /// [`Stop`], as for every method here.
    pub fn enter_object(&mut self) -> Result<(), Stop> {
        self.enter(Value::Object)
    }

    /// The end of the innermost object.
    pub fn leave_object(&mut self) {
        self.leave(false);
    }

    /// The beginning of an array.
    ///
    /// # Errors
    /// [`Stop`], as for every method here.
    pub fn enter_array(&mut self) -> Result<(), Stop> {
        self.enter(Value::Array)
    }

    /// The end of the innermost array.
    pub fn leave_array(&mut self) {
        self.leave(true);
    }

    /// The decision where the arguments turn out to be unfit to be judged, about the place that has been reached.
    #[must_use]
    pub fn refuse(mut self, refusal: &Refusal) -> Decision {
        self.refuse_here(refusal);
        self.finish()
    }

    /// Notes that the arguments are unfit to be judged, about the place that has been reached.
    pub(crate) fn refuse_here(&mut self, refusal: &Refusal) {
        if self.refused.is_none() {
            let mut at = self.places.pointer(self.here());
            if let Refusal::DuplicateKey(key) = refusal {
                pointer::push_key(&mut at, key);
            } else if let Some(index) = self.open.last().and_then(|open| open.next_index) {
                pointer::push_index(&mut at, index);
            }
            self.refused = Some(refusal.finding(at));
        }
    }

    /// How many bytes of keys, strings and numbers it has heard so far.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// From here on notes what is tried.
    pub(crate) fn traced(mut self) -> Self {
        self.trace = Some(Box::default());
        self
    }

    /// The decision, and what was tried.
    pub(crate) fn finish_explained(mut self) -> Explanation {
        let decision = self.decide();
        let trace = self.trace.take().unwrap_or_default();
        let constraints = trace.tried.into_iter().filter_map(|attempt| {
            let rule = self.rules.arguments.get(attempt.rule)?.rule.clone();
            let at = self.places.pointer(attempt.place);
            let Attempt { expects, broken, read, .. } = attempt;
            Some(TriedConstraint { rule, at, expects, broken, read })
        });
        let constraints = constraints.collect();
        let denies = &self.policy.rules.denies;
        let reaches = Reaches::new(denies, &self.rules.denies, &self.places);
        let texts = trace.texts.into_iter().map(|(leaf, text)| {
            let (readings, exceeded) = match self.policy.scanner.readings(&text) {
                Ok(readings) => (readings, None),
                Err(Exceeded(bound)) => (Vec::new(), Some(bound.to_owned())),
            };
            ReadText {
                at: self.places.pointer(leaf.place),
                key: leaf.kind == LeafKind::Key,
                scanned: reaches.any_for(leaf),
                readings: readings.into_iter().map(|Reading { view, text }| ReadAs { view, text }).collect(),
                exceeded,
            }
        });
        let texts = texts.collect();
        let charges = self.costs.charges(&self.rules).into_iter();
        let charges = charges.filter(|charge| charge.amount <= charge.budget.max).collect();
        let holding = denies.iter().zip(&self.rules.denies).filter(|(_, hold)| **hold);
        Explanation {
            decision,
            denies: holding.map(|(rule, _)| rule.id.clone()).collect(),
            constraints,
            texts,
            charges,
        }
    }

    /// The decision.
    #[must_use]
    pub fn finish(mut self) -> Decision {
        self.decide()
    }

    /// Whether the call is allowed and costs nothing; the decision where it isn't. For who needs no other, it costs less.
    ///
    /// # Errors
    /// The decision, where it is anything but to allow the call for nothing.
    pub fn allows(&mut self) -> Result<(), Box<Decision>> {
        let findings = self.speaks_against();
        if findings.is_empty() && self.rules.verdict == Verdict::Allow && self.rules.budgets.is_empty() {
            return Ok(());
        }
        Err(Box::new(self.decide_by(findings)))
    }

    fn decide(&mut self) -> Decision {
        let findings = self.speaks_against();
        self.decide_by(findings)
    }

    fn decide_by(&mut self, findings: Vec<Finding>) -> Decision {
        let method = self.method.to_owned();
        let identity = self.policy.identity();
        if findings.is_empty() {
            let is_allowed = self.rules.verdict == Verdict::Allow;
            let charges = if is_allowed { self.costs.charges(&self.rules) } else { Vec::new() };
            Decision { charges, ..Decision::grant(self.rules.verdict, self.rules.rule, method, identity) }
        } else {
            Decision::deny(method, identity, findings)
        }
    }

    /// What speaks against the call.
    fn speaks_against(&mut self) -> Vec<Finding> {
        let policy = self.policy;
        if let Some(refused) = self.refused.take() {
            return vec![refused];
        }
        if !self.complete {
            return vec![Refusal::NotJson("they end too early".to_owned()).finding(String::new())];
        }
        for (&rule, _) in self
            .rules
            .arguments
            .iter()
            .zip(&self.present)
            .filter(|(rule, present)| rule.required && !**present)
        {
            self.findings.offer(Key::at(&rule.rule, Places::ROOT), |_| {
                let at = rule.path.pointer();
                let reason =
                    format!("its argument `{at}` is missing; it must be {}", rule.constraint.expects());
                Finding::new(&rule.rule, Some(at), reason)
            });
        }
        // Typed constraints are cheap and decisive: what they refuse needs no scan.
        if self.findings.is_empty() && self.scans {
            let reaches = Reaches::new(&policy.rules.denies, &self.rules.denies, &self.places);
            let mut listener = Denials { reaches, findings: &mut self.findings };
            if let Err((leaf, Exceeded(bound))) = policy.scanner.scan(&self.arena, &mut listener) {
                self.findings.offer(Key::at("limits.views", leaf.place), move |at| {
                    let reason = format!(
                        "{} `{}` can be decoded in more ways than are looked at: it {bound}; send it as it is meant",
                        named(leaf), shown(&at)
                    );
                    Finding::new("limits.views", Some(at), reason)
                });
            }
        }
        if self.findings.is_empty() {
            return self.costs.uncounted(&self.rules).into_iter().collect();
        }
        std::mem::take(&mut self.findings).finish(&self.places)
    }

    /// The place that was reached last: the member whose value is to come, or the innermost container.
    fn here(&self) -> PlaceId {
        if self.member_pending {
            self.member
        } else {
            self.open.last().map_or(Places::ROOT, |open| open.place)
        }
    }

    fn scalar(&mut self, value: Value<'_>) -> Result<(), Stop> {
        let (place, _) = self.begin(value)?;
        let (kind, text) = match value {
            Value::String(text) => (LeafKind::String, text),
            Value::Number(text) => (LeafKind::Number, text),
            _ => return Ok(()),
        };
        self.text(text, Leaf { kind, place });
        Ok(())
    }

    fn text(&mut self, text: &str, leaf: Leaf) {
        if self.scans {
            self.policy.scanner.push(&mut self.arena, text, leaf);
            if let Some(trace) = &mut self.trace {
                trace.text(text, leaf);
            }
        }
    }

    fn enter(&mut self, value: Value<'_>) -> Result<(), Stop> {
        let (place, open) = self.begin(value)?;
        let limits = self.policy.limits();
        if self.open.len() >= limits.max_depth {
            return self.exceed(
                "limits.max_depth",
                place,
                format!("its arguments nest deeper than {} levels; flatten them", limits.max_depth),
            );
        }
        self.open.push(open);
        Ok(())
    }

    fn leave(&mut self, array: bool) {
        let Some(open) = self.open.pop() else { return self.refuse_order() };
        if open.next_index.is_some() != array || self.member_pending {
            self.refuse_order();
        }
        if let Some(length) = open.next_index {
            for (rule, reason) in open.contents.judge_length(length) {
                self.violated(rule, open.place, reason);
            }
        }
        self.complete = self.open.is_empty();
    }

    /// Finds the place of a value, counts it, judges it by what its rules say, and prepares for what may lie inside of it.
    fn begin(&mut self, value: Value<'_>) -> Result<(PlaceId, Open<'p>), Stop> {
        let next_index = matches!(value, Value::Array).then_some(0);
        let depth = self.open.len();
        let Some(parent) = self.open.last_mut() else {
            if !matches!(value, Value::Object) || self.complete {
                let reason = "they must be one object".to_owned();
                self.refused.get_or_insert(Refusal::NotJson(reason).finding(String::new()));
                return Err(Stop);
            }
            self.count(Places::ROOT, 0)?;
            let contents = Contents::of_arguments(&self.rules.arguments);
            return Ok((Places::ROOT, Open { place: Places::ROOT, next_index, contents }));
        };
        let place = match &mut parent.next_index {
            Some(index) => {
                let place = self.places.element(parent.place, *index);
                *index += 1;
                place
            }
            None if self.member_pending => {
                self.member_pending = false;
                self.member
            }
            None => {
                self.refuse_order();
                return Err(Stop);
            }
        };
        // Before any constraint reads it: what is past a bound must not cost more than that.
        self.count(place, value.text_bytes())?;
        let Some(parent) = self.open.last().filter(|parent| parent.contents.is_ruled()) else {
            return Ok((place, Open { place, next_index, contents: Contents::default() }));
        };
        let name = self.places.segment(place);
        let judgement = parent.contents.judge(&self.rules.arguments, &name, depth, value);
        if let Some(trace) = &mut self.trace {
            trace.judged(place, value, &judgement);
        }
        for rule in judgement.present {
            if let Some(present) = self.present.get_mut(rule) {
                *present = true;
            }
            self.costs.hear(&self.rules, rule, value);
        }
        for (rule, reason) in judgement.broken {
            self.violated(rule, place, reason);
        }
        Ok((place, Open { place, next_index, contents: judgement.contents }))
    }

    fn violated(&mut self, rule: RuleId, place: PlaceId, reason: String) {
        let Some(argument): Option<&'p ArgumentRule> = self.rules.arguments.get(rule).copied() else {
            return;
        };
        self.findings.offer(Key::at(&argument.rule, place), move |at| {
            let reason = format!("its argument `{}` {reason}", shown(&at));
            Finding::new(&argument.rule, Some(at), reason)
        });
    }

    /// Whoever holds the arguments told them in an order that no object has: what was judged is not what is sent.
    fn refuse_order(&mut self) {
        let reason = "they were told out of order".to_owned();
        self.refused.get_or_insert(Refusal::NotJson(reason).finding(String::new()));
    }

    fn out_of_order(&mut self) -> Result<(), Stop> {
        self.refuse_order();
        Err(Stop)
    }

    /// Counts one value or key of this many bytes against the bounds.
    fn count(&mut self, place: PlaceId, bytes: usize) -> Result<(), Stop> {
        let limits = self.policy.limits();
        self.nodes += 1;
        if self.nodes > limits.max_nodes {
            return self.exceed(
                "limits.max_nodes",
                place,
                format!(
                    "its arguments hold more than {} values and keys; send less, in several calls",
                    limits.max_nodes
                ),
            );
        }
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > limits.max_bytes {
            return self.exceed(
                "limits.max_bytes",
                place,
                format!(
                    "its arguments hold more than {} bytes of text; send less, in several calls",
                    limits.max_bytes
                ),
            );
        }
        Ok(())
    }

    fn exceed(&mut self, rule: &str, place: PlaceId, reason: String) -> Result<(), Stop> {
        self.refused.get_or_insert(Finding::new(rule, Some(self.places.pointer(place)), reason));
        Err(Stop)
    }
}
