//! A policy as data: what TOML and a Python dict have in common.

use std::ops::Range;

use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use super::error::{Diagnostic, PolicyError};

/// A value of a policy, and where it stands in the policy's text, if it has one.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Its bytes in the text; `None` where the policy was built in a program.
    pub span: Option<Range<usize>>,
}

/// What a policy can hold.
#[derive(Debug, Clone)]
pub enum Value {
    /// Text.
    String(String),
    /// A whole number in decimal digits: never through a float.
    Integer(String),
    /// A number with a fraction or an exponent, in JSON's grammar.
    Float(String),
    /// True or false.
    Boolean(bool),
    /// Values in order.
    Array(Vec<Node>),
    /// Named values in order.
    Table(Vec<Entry>),
    /// Something that no policy key takes, by its name: a date, say.
    Other(&'static str),
}

/// One named value of a table.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The name.
    pub key: String,
    /// Where the name stands in the policy's text.
    pub key_span: Option<Range<usize>>,
    /// The value.
    pub node: Node,
}

impl Node {
    /// A value without a place in a text.
    #[must_use]
    pub fn new(value: Value) -> Self {
        Self { value, span: None }
    }

    /// The word for what it is, with its article.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::String(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Boolean(_) => "a boolean",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
            Value::Other(kind) => kind,
        }
    }
}

/// Reads TOML text. `origin` is the file's name, for the error.
pub(crate) fn from_toml(text: &str, origin: &str) -> Result<Node, PolicyError> {
    match DeTable::parse(text) {
        Ok(table) => {
            let span = table.span();
            Ok(Node { value: convert_table(table.get_ref()), span: Some(span) })
        }
        Err(error) => {
            let diagnostic = Diagnostic {
                message: format!("the policy is not TOML: {}", error.message()),
                place: String::new(),
                span: error.span(),
                help: error
                    .message()
                    .contains("unquoted key")
                    .then(|| "a name with `*` or `/` stands in quotes: [tools.\"fs__read_*\"]".to_owned()),
            };
            Err(PolicyError::new(vec![diagnostic], origin, Some(text)))
        }
    }
}

fn convert_table(table: &DeTable<'_>) -> Value {
    // The parser sorts by name; a reader of an error message goes by place.
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: Some(key.span()),
            node: Node { value: convert(value.get_ref()), span: Some(value.span()) },
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span.as_ref().map(|span| span.start));
    Value::Table(entries)
}

fn convert(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(integer) => convert_integer(integer),
        DeValue::Float(float) => convert_float(float),
        DeValue::Boolean(boolean) => Value::Boolean(*boolean),
        DeValue::Datetime(_) => Value::Other("a date or time"),
        DeValue::Array(array) => Value::Array(
            array
                .iter()
                .map(|value| Node { value: convert(value.get_ref()), span: Some(value.span()) })
                .collect(),
        ),
        DeValue::Table(table) => convert_table(table),
    }
}

fn convert_integer(integer: &DeInteger<'_>) -> Value {
    match i128::from_str_radix(integer.as_str(), integer.radix()) {
        Ok(value) => Value::Integer(value.to_string()),
        Err(_) => Value::Other("an integer of more than 128 bits"),
    }
}

fn convert_float(float: &DeFloat<'_>) -> Value {
    let lexeme = float.as_str().trim_start_matches('+');
    if lexeme.contains("inf") || lexeme.contains("nan") {
        return Value::Other("a number that is not finite");
    }
    Value::Float(lexeme.to_owned())
}
