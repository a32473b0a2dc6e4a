//! `[results]`, and `result` of a tool: what the host must not get of what tools answer.

use std::sync::Arc;

use crate::policy::keys::{Key, Takes};
use crate::policy::load::{Fields, Loader};
use crate::policy::node::Node;
use crate::result::secrets::{ALL, NAMES, SECRETS};
use crate::result::{Check, Detector, Detectors};

/// The key at the top level.
pub(super) const OF_POLICY: Key = Key {
    name: "results",
    takes: Takes::Table,
    about: "What the host must not get of what tools answer. Default: nothing; results pass as they are.",
};

/// The key of a tool.
pub(super) const OF_TOOL: Key = Key {
    name: "result",
    takes: Takes::Table,
    about: "What the host must not get of what this tool answers; a key that it lacks is as in `results`. Of several tables that hold for a tool, the strictest counts, key by key.",
};

/// The keys of `[results]`, and of `result`.
pub(in crate::policy) const KEYS: &[Key] = &[
    Key {
        name: "max_bytes",
        takes: Takes::Count,
        about: "Bytes of a result as JSON text: a longer one is withheld. Default: no bound but that of a message.",
    },
    Key {
        name: "control",
        takes: Takes::OneOf(&["keep", "strip"]),
        about: "What becomes of escape sequences, control characters and hidden text. Default: keep.",
    },
    Key {
        name: "secrets",
        takes: Takes::SomeOf(NAMES),
        about: "Secrets that are looked for in every string. `all` means every kind but `card-number`. Default: none.",
    },
    Key {
        name: "patterns",
        takes: Takes::Table,
        about: "Regular expressions that are looked for as well, each under a name that the author chooses. Where one has a group `secret`, that alone goes.",
    },
    Key {
        name: "on_match",
        takes: Takes::OneOf(&["redact", "block"]),
        about: "What becomes of a result that holds one of them: it gets a mark in its place, or the result is withheld. Default: redact.",
    },
];

/// What becomes of a result that holds a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OnMatch {
    /// A mark stands in the place of the secret.
    Redact,
    /// The host doesn't get it.
    Block,
}

/// What a table says, each with the rule's name; None where it leaves a key to others.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResultTable {
    /// The longest result, in bytes.
    pub(crate) max_bytes: Option<(usize, String)>,
    /// Whether control characters are taken out.
    strips: Option<(bool, String)>,
    secrets: Option<Detectors>,
    patterns: Option<Detectors>,
    on_match: Option<OnMatch>,
}

impl ResultTable {
    /// The stricter of two, key by key.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            // The least of those that say something.
            max_bytes: [&self.max_bytes, &other.max_bytes].into_iter().flatten().min().cloned(),
            strips: [&self.strips, &other.strips]
                .into_iter()
                .flatten()
                .min_by_key(|(strips, rule)| (!strips, rule))
                .cloned(),
            secrets: both(self.secrets.as_ref(), other.secrets.as_ref()),
            patterns: both(self.patterns.as_ref(), other.patterns.as_ref()),
            on_match: self.on_match.max(other.on_match),
        }
    }

    /// The keys of another table where this one has none.
    pub(super) fn or(self, defaults: &Self) -> Self {
        Self {
            max_bytes: self.max_bytes.or_else(|| defaults.max_bytes.clone()),
            strips: self.strips.or_else(|| defaults.strips.clone()),
            secrets: self.secrets.or_else(|| defaults.secrets.clone()),
            patterns: self.patterns.or_else(|| defaults.patterns.clone()),
            on_match: self.on_match.or(defaults.on_match),
        }
    }

    /// Whether any result could come out otherwise than it went in.
    pub(crate) fn asks_for_something(&self) -> bool {
        self.max_bytes.is_some() || self.looks_at_texts()
    }

    /// Whether what a result says counts, and not only its size.
    pub(crate) fn looks_at_texts(&self) -> bool {
        self.strip_rule().is_some() || self.detectors().next().is_some()
    }

    /// The rule by which control characters are taken out, where they are.
    pub(crate) fn strip_rule(&self) -> Option<&str> {
        self.strips.as_ref().filter(|(strips, _)| *strips).map(|(_, rule)| rule.as_str())
    }

    /// What is looked for.
    pub(crate) fn detectors(&self) -> impl Iterator<Item = &Detector> {
        self.secrets.iter().chain(&self.patterns).flatten().map(Arc::as_ref)
    }

    /// What becomes of a result in which it is found.
    pub(crate) fn on_match(&self) -> OnMatch {
        self.on_match.unwrap_or(OnMatch::Redact)
    }
}

/// What either list holds, each but once.
fn both(one: Option<&Detectors>, other: Option<&Detectors>) -> Option<Detectors> {
    let mut all: Detectors = match (one, other) {
        (None, None) => return None,
        _ => one.into_iter().chain(other).flatten().cloned().collect(),
    };
    all.sort_by(|left, right| key(left).cmp(&key(right)));
    all.dedup_by(|right, left| left.name == right.name && left.expression == right.expression);
    Some(all)
}

/// By which detectors are sorted.
fn key(detector: &Detector) -> (&str, &str, &str) {
    (&detector.name, &detector.expression, &detector.rule)
}

/// How much memory the expressions of one table may take, in bytes.
const MAX_REGEX_BYTES: usize = 32 << 20;

/// Takes the key from a table that may have it.
pub(super) fn load(fields: &mut Fields<'_>, key: &'static str, loader: &mut Loader) -> Option<ResultTable> {
    let node = fields.take(key)?;
    let mut table = loader.table(node, &fields.place_of(key))?;
    let span = table.peek("max_bytes").and_then(|node| node.span.clone());
    let max_bytes = table.count("max_bytes", loader).map(|most| (most, table.place_of("max_bytes")));
    if matches!(max_bytes, Some((0..=1, _))) {
        let message = "every result has more bytes, so all would be withheld".to_owned();
        let help = "to deny the tool, give it decision = \"deny\"".to_owned();
        loader.report(&table.place_of("max_bytes"), span, message, Some(help));
    }
    let place = table.place_of("control");
    let strips = table
        .take("control")
        .and_then(|node| loader.choice(node, &place, &[("keep", false), ("strip", true)]))
        .map(|strips| (strips, place));
    let place = table.place_of("on_match");
    let choices = [("redact", OnMatch::Redact), ("block", OnMatch::Block)];
    let on_match = table.take("on_match").and_then(|node| loader.choice(node, &place, &choices));
    let secrets = load_secrets(&mut table, loader);
    let patterns = load_patterns(&mut table, loader);
    table.finish(loader);
    Some(ResultTable { max_bytes, strips, secrets, patterns, on_match })
}

fn load_secrets(table: &mut Fields<'_>, loader: &mut Loader) -> Option<Detectors> {
    let place = table.place_of("secrets");
    let listed = table.strings("secrets", loader)?;
    for (name, node) in &listed {
        if !NAMES.contains(&name.as_str()) {
            let message = format!("unknown secret `{name}`");
            loader.report_unknown(&place, node.span.clone(), &message, name, NAMES.iter().copied());
        }
    }
    let lists = |name: &str| listed.iter().any(|(listed, _)| listed == name);
    let wanted = SECRETS.iter().filter(|secret| lists(secret.name) || (secret.of_all && lists(ALL)));
    let mut detectors = Detectors::new();
    for secret in wanted {
        match Detector::new(format!("{place}.{}", secret.name), secret.name, secret.expression, secret.check)
        {
            Ok(detector) => detectors.push(Arc::new(detector)),
            Err(reason) => loader.report(&place, table.span(), reason, None),
        }
    }
    Some(detectors)
}

fn load_patterns(table: &mut Fields<'_>, loader: &mut Loader) -> Option<Detectors> {
    let node = table.take("patterns")?;
    let mut patterns = loader.table(node, &table.place_of("patterns"))?;
    let mut detectors = Detectors::new();
    let mut memory = 0;
    for entry in patterns.take_rest() {
        let place = patterns.place_of(&entry.key);
        if !is_name(&entry.key) {
            let message = format!("{:?} can't be the name of a pattern", entry.key);
            let help = "use letters, digits, `_` and `-`".to_owned();
            loader.report(&place, entry.key_span.clone(), message, Some(help));
            continue;
        }
        let Some(detector) = load_pattern(&entry.key, &entry.node, &place, loader) else { continue };
        memory += detector.memory();
        detectors.push(Arc::new(detector));
        if memory > MAX_REGEX_BYTES {
            let message = format!("the patterns take more than {MAX_REGEX_BYTES} bytes when compiled");
            loader.report(&place, entry.node.span.clone(), message, None);
            break;
        }
    }
    detectors.sort_by(|left, right| key(left).cmp(&key(right)));
    Some(detectors)
}

fn load_pattern(name: &str, node: &Node, place: &str, loader: &mut Loader) -> Option<Detector> {
    let expression = loader.string(node, place)?;
    match Detector::new(place.to_owned(), name, expression, Check::Nothing) {
        Ok(detector) => Some(detector),
        Err(reason) => {
            let help = "the syntax is that of Rust's regex crate; `(?i)` makes letters of either case match";
            loader.report(place, node.span.clone(), reason, Some(help.to_owned()));
            None
        }
    }
}

/// Whether a name can stand in a rule, and in a text.
fn is_name(name: &str) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    !name.is_empty() && name.chars().all(allowed)
}
