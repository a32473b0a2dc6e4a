//! Denied patterns: `denied_patterns` and `[[deny]]`.

use std::collections::BTreeMap;
use std::ops::Range;

use super::load_methods;
use crate::policy::keys::{Key, Takes};
use crate::policy::load::{Fields, Loader};
use crate::policy::method::MethodGlob;
use crate::policy::node::{Node, Value};
use crate::policy::reach::ArgumentPath;
use crate::scan::regex::Regex;

/// Patterns that deny a call in whose arguments they occur.
#[derive(Debug)]
pub(crate) struct DenyRule {
    /// The rule's name in a decision.
    pub(crate) id: String,
    /// Whether the author gave it, so that it must be unique; and where.
    pub(super) named: bool,
    pub(super) span: Option<Range<usize>>,
    /// As the policy writes them; with the expression, where they are regular expressions.
    pub(crate) patterns: Vec<(String, Option<Regex>)>,
    pub(crate) mode: MatchMode,
    /// The methods that it holds for; none means every method.
    methods: Vec<MethodGlob>,
    /// The arguments that it holds for; none means every argument.
    pub(crate) reach: Vec<ArgumentPath>,
}

/// How a pattern must stand in a text. Letters of either case match, in ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MatchMode {
    /// Anywhere.
    Substring,
    /// With no letter, digit or underscore beside it: `DROP` doesn't occur in `dropdown_items`.
    Word,
    /// As a regular expression says.
    Regex,
}

/// The keys of `[[deny]]`.
pub(in crate::policy) const KEYS: &[Key] = &[
    Key {
        name: "id",
        takes: Takes::Text,
        about: "The rule's name in a decision: letters, digits, `_` and `-`. Default: made of its first pattern.",
    },
    Key {
        name: "patterns",
        takes: Takes::Texts,
        about: "What must not occur. ASCII letters of either case match.",
    },
    Key {
        name: "match",
        takes: Takes::OneOf(&["substring", "word", "regex"]),
        about: "How a pattern must stand: anywhere, with no letter, digit or underscore beside it, or as a regular expression. Default: substring.",
    },
    Key {
        name: "methods",
        takes: Takes::Texts,
        about: "The methods that the rule holds for: names or globs. Default: every method.",
    },
    Key {
        name: "args",
        takes: Takes::Texts,
        about: "The arguments that the rule holds for: names, or JSON Pointers where `*` is one segment. Default: every argument.",
    },
];

/// What `match` may say.
const MODES: &[(&str, MatchMode)] =
    &[("substring", MatchMode::Substring), ("word", MatchMode::Word), ("regex", MatchMode::Regex)];

/// How much memory the regular expressions of one rule may take, in bytes.
const MAX_REGEX_BYTES: usize = 32 << 20;

impl DenyRule {
    /// Whether it holds for a method.
    pub(crate) fn holds_for(&self, method: &str) -> bool {
        self.methods.is_empty() || self.methods.iter().any(|glob| glob.matches(method))
    }

    /// The patterns that are looked for as they are written.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().filter(|(_, regex)| regex.is_none()).map(|(text, _)| text.as_str())
    }
}

/// Takes `denied_patterns`, the short form: substrings, in any argument of these methods.
pub(super) fn load_short(
    fields: &mut Fields<'_>,
    id: String,
    methods: Vec<MethodGlob>,
    loader: &mut Loader,
) -> Option<DenyRule> {
    let place = fields.place_of("denied_patterns");
    let listed = fields.strings("denied_patterns", loader)?;
    let patterns = check_patterns(listed, MatchMode::Substring, &place, loader);
    let span = fields.span();
    Some(DenyRule {
        id,
        named: false,
        span,
        patterns,
        mode: MatchMode::Substring,
        methods,
        reach: Vec::new(),
    })
}

/// Takes every `[[deny]]`.
pub(super) fn load_all(fields: &mut Fields<'_>, loader: &mut Loader) -> Vec<DenyRule> {
    let Some(node) = fields.take("deny") else { return Vec::new() };
    if let Value::Table(_) = node.value {
        let help = "a rule stands in an array of tables: write [[deny]]".to_owned();
        loader.report("deny", node.span.clone(), "expected an array, found a table", Some(help));
        return Vec::new();
    }
    let Some(items) = loader.array(node, "deny") else { return Vec::new() };
    items.iter().filter_map(|item| load_one(item, loader)).collect()
}

fn load_one(node: &Node, loader: &mut Loader) -> Option<DenyRule> {
    let mut fields = loader.table(node, "deny")?;
    let id = fields.take("id").and_then(|node| load_id(node, loader));
    let mode = fields.take("match");
    let mode = mode.map_or(Some(MatchMode::Substring), |node| loader.choice(node, "deny.match", MODES));
    // A misspelt `patterns` is reported as the unknown key that it is.
    if fields.misspelt("patterns").is_none_or(|key| key == "patterns")
        && let Some(span) = fields.lists_nothing("patterns")
    {
        let help = "add patterns = [\"…\"]".to_owned();
        loader.report("deny.patterns", span, "a rule without patterns denies nothing", Some(help));
    }
    let patterns = fields.strings("patterns", loader).unwrap_or_default();
    let patterns = check_patterns(patterns, mode.unwrap_or(MatchMode::Substring), "deny.patterns", loader);
    if fields.has("methods")
        && let Some(span) = fields.lists_nothing("methods")
    {
        let help = "leave `methods` out to mean every method".to_owned();
        loader.report("deny.methods", span, "a rule for no method denies nothing", Some(help));
    }
    let methods = load_methods(&mut fields, "methods", loader);
    let reach = load_reach(&mut fields, loader);
    fields.finish(loader);
    let (id, named) = match id {
        Some(id) => (id, true),
        // Named after what it denies, not after its place: order must not show in a decision.
        None => (format!("deny[{}]", patterns.first()?.0), false),
    };
    Some(DenyRule { id, named, span: node.span.clone(), patterns, mode: mode?, methods, reach })
}

fn load_id(node: &Node, loader: &mut Loader) -> Option<String> {
    let id = loader.string(node, "deny.id")?;
    let allowed = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    let reserved = ["allowed_methods", "denied_patterns", "not-allowed", "internal"];
    if id.is_empty() || !id.chars().all(allowed) || reserved.contains(&id) {
        let message = format!("{id:?} can't be the id of a rule");
        let help = format!("use letters, digits, `_` and `-`, and none of {}", reserved.join(", "));
        loader.report("deny.id", node.span.clone(), message, Some(help));
        return None;
    }
    Some(id.to_owned())
}

fn check_patterns(
    listed: Vec<(String, &Node)>,
    mode: MatchMode,
    place: &str,
    loader: &mut Loader,
) -> Vec<(String, Option<Regex>)> {
    let mut patterns = BTreeMap::new();
    let mut memory = 0;
    for (pattern, node) in listed {
        if pattern.is_empty() {
            loader.report(place, node.span.clone(), "an empty pattern would deny every call", None);
        } else if mode == MatchMode::Regex {
            match Regex::new(&pattern) {
                Ok(regex) => {
                    memory += regex.memory();
                    patterns.insert(pattern, Some(regex));
                }
                Err(reason) => {
                    let help = "the syntax is that of Rust's regex crate; letters of either case match";
                    loader.report(place, node.span.clone(), reason, Some(help.to_owned()));
                }
            }
            if memory > MAX_REGEX_BYTES {
                let message = format!("the patterns take more than {MAX_REGEX_BYTES} bytes when compiled");
                loader.report(place, node.span.clone(), message, None);
                break;
            }
        } else {
            patterns.insert(pattern, None);
        }
    }
    patterns.into_iter().collect()
}

fn load_reach(fields: &mut Fields<'_>, loader: &mut Loader) -> Vec<ArgumentPath> {
    let place = fields.place_of("args");
    if fields.has("args")
        && let Some(span) = fields.lists_nothing("args")
    {
        let help = "leave `args` out to mean every argument".to_owned();
        loader.report(&place, span, "a rule for no argument denies nothing", Some(help));
    }
    let names = fields.strings("args", loader).unwrap_or_default();
    let parse = |(name, node): (String, &Node)| match ArgumentPath::parse(&name) {
        Ok(path) => Some(path),
        Err(reason) => {
            loader.report(&place, node.span.clone(), reason, None);
            None
        }
    };
    names.into_iter().filter_map(parse).collect()
}
