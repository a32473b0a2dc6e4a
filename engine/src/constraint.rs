//! The types that a policy can give to an argument.
//!
//! Each type is a module of its own: what its keys are, what it takes, and how it says what it wants. A new type is a
//! new module and one line in [`TYPES`].

mod any;
mod array;
mod boolean;
mod email;
mod host;
mod number;
mod object;
mod path;
mod shell;
mod sql;
mod string;
mod url;

use std::fmt::Debug;

use crate::policy::keys::Key;
use crate::policy::load::{Fields, Loader};

/// One value of the arguments, as far as a constraint sees it: a container's contents come later.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Null,
    Boolean(bool),
    /// As it is written.
    Number(&'a str),
    String(&'a str),
    Array,
    Object,
}

impl Value<'_> {
    /// Whether nothing can be inside of it. Null isn't meant: it stands for a value that isn't there.
    pub(crate) fn has_no_inside(self) -> bool {
        matches!(self, Self::Boolean(_) | Self::Number(_) | Self::String(_))
    }

    /// How many bytes of text it has of its own.
    pub(crate) fn text_bytes(self) -> usize {
        match self {
            Self::Number(text) | Self::String(text) => text.len(),
            Self::Null | Self::Boolean(_) | Self::Array | Self::Object => 0,
        }
    }
}

/// What a value must be.
pub(crate) trait Constraint: Debug + Send + Sync {
    /// What is wanted, as the end of "must be …".
    fn expects(&self) -> String;

    /// Judges a value.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence that begins with "must be".
    fn judge(&self, value: Value<'_>) -> Result<(), String>;

    /// What the value was read as, a line each, for an author who asks why: the statements of a SQL text, say. Empty for
    /// a type whose values need no reading.
    fn explain(&self, _value: Value<'_>) -> Vec<String> {
        Vec::new()
    }

    /// What each element of an array must be.
    fn items(&self) -> Option<&dyn Constraint> {
        None
    }

    /// How many elements an array may have.
    fn max_items(&self) -> Option<usize> {
        None
    }
}

/// A type that a policy can give to an argument.
#[derive(Debug)]
pub(crate) struct Type {
    /// What `type = "…"` calls it.
    pub(crate) name: &'static str,
    /// What it takes, in a sentence.
    pub(crate) about: &'static str,
    /// Its own keys, beside `type` and `required`.
    pub(crate) keys: &'static [Key],
    /// Reads a constraint from its table, whose `type` has been taken.
    load: fn(&mut Fields<'_>, &mut Loader) -> Box<dyn Constraint>,
}

/// Every type.
pub(crate) const TYPES: &[Type] = &[
    any::TYPE,
    array::TYPE,
    boolean::TYPE,
    email::TYPE,
    number::INTEGER,
    number::NUMBER,
    object::TYPE,
    path::TYPE,
    shell::TYPE,
    sql::TYPE,
    string::TYPE,
    url::TYPE,
];

/// Reads a constraint from its table; `None` where a diagnostic has been recorded instead.
pub(crate) fn load(fields: &mut Fields<'_>, loader: &mut Loader) -> Option<Box<dyn Constraint>> {
    let Some(node) = fields.take("type") else {
        let names: Vec<_> = TYPES.iter().map(|known| known.name).collect();
        let mut help = format!("add type = \"…\": one of {}", names.join(", "));
        if fields.holds_tables() {
            help = "for a value inside of an argument, write its JSON Pointer: args.\"/filter/limit\" = { type = … }"
                .to_owned();
        }
        if let Some(key) = fields.misspelt("type") {
            help = format!("did you mean `type` where it says `{key}`?");
        }
        loader.report(fields.place(), fields.span(), "an argument needs a type", Some(help));
        fields.ignore_rest();
        return None;
    };
    let place = fields.place_of("type");
    let name = loader.string(node, &place)?;
    if let Some(known) = TYPES.iter().find(|known| known.name == name) {
        return Some((known.load)(fields, loader));
    }
    fields.ignore_rest();
    let known = TYPES.iter().map(|known| known.name);
    loader.report_unknown(&place, node.span.clone(), &format!("unknown type `{name}`"), name, known);
    None
}

/// The sentence for a value that isn't what is wanted.
pub(crate) fn unmet(constraint: &dyn Constraint, value: Value<'_>) -> String {
    format!("must be {}, not {}", constraint.expects(), describe(value))
}

/// How much of a value a message repeats.
const SHOWN: usize = 40;

/// A text that the agent chose, quoted, escaped and cut.
fn shown(text: &str) -> String {
    format!("{:?}", shorten(text))
}

fn shorten(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() { format!("{shown}…") } else { shown }
}

fn describe(value: Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Number(lexeme) => shorten(lexeme),
        Value::String(text) => shown(text),
        Value::Array => "an array".to_owned(),
        Value::Object => "an object".to_owned(),
    }
}

/// A list for a message: `"a", "b" or "c"`.
fn alternatives(words: impl ExactSizeIterator<Item = String>) -> String {
    const LISTED: usize = 12;
    let more = words.len().saturating_sub(LISTED);
    let mut words: Vec<String> = words.take(LISTED).collect();
    if more > 0 {
        return format!("{} or one of {more} more", words.join(", "));
    }
    match words.pop() {
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} or {last}", words.join(", ")),
        None => "nothing".to_owned(),
    }
}
