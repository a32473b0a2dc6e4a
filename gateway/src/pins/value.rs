//! A JSON value as it is pinned: read in one way only, and written in one way only.
//!
//! As in RFC 8785 there is no white space, members are in order (here, of code points), and only what must be escaped is. Numbers
//! stay as they are written, as a reader may take `1.0` for something else than `1`.

use std::collections::BTreeMap;

use argala_engine::appearance::is_hidden;
use argala_json::{Events, Limits, Options, Span, Stopped, Text, quote, read};

/// Levels, values and bytes of a text. Its writers go down as deep, and each value takes some hundred bytes.
const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 50_000;
const MAX_BYTES: usize = 1 << 20;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A number, `true`, `false` or `null`, as it is written.
    Plain(String),
    Text(String),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

impl Value {
    /// Reads a text that means one thing to every reader.
    ///
    /// # Errors
    /// Why it doesn't, as the end of "it …".
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        Self::read_up_to(text, MAX_BYTES)
    }

    /// Reads what was written of a value, which may be longer than what it was read from.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn read_again(text: &str) -> Result<Self, String> {
        Self::read_up_to(text, usize::MAX)
    }

    fn read_up_to(text: &str, max_bytes: usize) -> Result<Self, String> {
        let limits = Limits { max_bytes, max_depth: MAX_DEPTH, max_nodes: MAX_NODES };
        let mut builder = Builder::default();
        match read(text.as_bytes(), &Options::strict(limits), &mut builder) {
            Ok(()) => builder.whole.ok_or_else(|| "is empty".to_owned()),
            Err(Stopped::Refused(error)) => Err(format!("can't be read in one way only: {}", error.kind())),
            Err(Stopped::Listener(never)) => match never {},
        }
    }

    /// The one way in which it is written to be hashed.
    pub(crate) fn canonical(&self) -> String {
        let mut out = String::new();
        self.write(None, &mut out);
        out
    }

    /// Over several lines. What nobody would see is escaped.
    pub(crate) fn pretty(&self) -> String {
        escape_hidden(&self.lines())
    }

    /// Over several lines, as it is.
    pub(crate) fn lines(&self) -> String {
        let mut out = String::new();
        self.write(Some(0), &mut out);
        out
    }

    fn write(&self, indent: Option<usize>, out: &mut String) {
        let inner = indent.map(|indent| indent + 1);
        match self {
            Self::Plain(text) => out.push_str(text),
            Self::Text(text) => quote(text, out),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    begin_item(index, inner, out);
                    item.write(inner, out);
                }
                end_items(items.is_empty(), indent, out);
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    begin_item(index, inner, out);
                    quote(key, out);
                    out.push_str(if indent.is_some() { ": " } else { ":" });
                    value.write(inner, out);
                }
                end_items(members.is_empty(), indent, out);
                out.push('}');
            }
        }
    }
}

fn begin_item(index: usize, indent: Option<usize>, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
    new_line(indent, out);
}

fn end_items(none: bool, indent: Option<usize>, out: &mut String) {
    if !none {
        new_line(indent, out);
    }
}

fn new_line(indent: Option<usize>, out: &mut String) {
    if let Some(indent) = indent {
        out.push('\n');
        (0..indent).for_each(|_| out.push_str("  "));
    }
}

/// Hidden characters stand in strings only, so they can be escaped wherever they are.
fn escape_hidden(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
    }
    out
}

/// Puts a value together from what a reader tells.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    whole: Option<Value>,
}

enum Open {
    List(Vec<Value>),
    Object(BTreeMap<String, Value>, String),
}

impl Builder {
    fn put(&mut self, value: Value) {
        match self.open.last_mut() {
            None => self.whole = Some(value),
            Some(Open::List(items)) => items.push(value),
            Some(Open::Object(members, key)) => {
                members.insert(std::mem::take(key), value);
            }
        }
    }
}

impl Events for Builder {
    type Stop = std::convert::Infallible;

    fn null(&mut self, _: Span) -> Result<(), Self::Stop> {
        self.put(Value::Plain("null".to_owned()));
        Ok(())
    }

    fn boolean(&mut self, value: bool, _: Span) -> Result<(), Self::Stop> {
        self.put(Value::Plain(value.to_string()));
        Ok(())
    }

    fn number(&mut self, lexeme: &str, _: Span) -> Result<(), Self::Stop> {
        self.put(Value::Plain(lexeme.to_owned()));
        Ok(())
    }

    fn string(&mut self, text: Text<'_>, _: Span) -> Result<(), Self::Stop> {
        self.put(Value::Text(text.decode().into_owned()));
        Ok(())
    }

    fn key(&mut self, text: Text<'_>, _: Span) -> Result<(), Self::Stop> {
        if let Some(Open::Object(_, key)) = self.open.last_mut() {
            *key = text.decode().into_owned();
        }
        Ok(())
    }

    fn enter_object(&mut self, _: usize) -> Result<(), Self::Stop> {
        self.open.push(Open::Object(BTreeMap::new(), String::new()));
        Ok(())
    }

    fn leave_object(&mut self, _: usize) -> Result<(), Self::Stop> {
        if let Some(Open::Object(members, _)) = self.open.pop() {
            self.put(Value::Object(members));
        }
        Ok(())
    }

    fn enter_array(&mut self, _: usize) -> Result<(), Self::Stop> {
        self.open.push(Open::List(Vec::new()));
        Ok(())
    }

    fn leave_array(&mut self, _: usize) -> Result<(), Self::Stop> {
        if let Some(Open::List(items)) = self.open.pop() {
            self.put(Value::List(items));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_DEPTH, Value};

    fn canonical(text: &str) -> String {
        Value::read(text).unwrap().canonical()
    }

    #[test]
    fn order_white_space_and_escapes_make_no_other_value() {
        let one = r#"{"a":[1,{"x":null,"y":"é\n"}],"b":true}"#;
        let other = "{ \"b\" : true,\n \"a\":[1, {\"y\":\"\\u00e9\\u000a\", \"x\":null}] }";
        assert_eq!(canonical(one), r#"{"a":[1,{"x":null,"y":"é\n"}],"b":true}"#);
        assert_eq!(canonical(one), canonical(other));
    }

    #[test]
    fn what_a_reader_could_take_for_something_else_is_another_value() {
        for (one, other) in [
            ("[1,2]", "[2,1]"),
            ("1", "1.0"),
            ("1", "\"1\""),
            (r#"{"a":{"b":1}}"#, r#"{"a":{},"b":1}"#),
            (r#""a""#, r#""a ""#),
            (r#"["a,b"]"#, r#"["a","b"]"#),
        ] {
            assert_ne!(canonical(one), canonical(other), "{one} {other}");
        }
    }

    #[test]
    fn what_two_readers_take_for_different_values_is_none() {
        let deep = format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1));
        for text in [r#"{"a":1,"a":2}"#, r#""\ud800""#, deep.as_str(), "", "1 2"] {
            assert!(Value::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_for_people_is_the_same_value_and_hides_nothing() {
        let text = "{\"b\":[],\"a\":{\"x\":[1,\"\u{202e}\u{e0041}\"]}}";
        let value = Value::read(text).unwrap();
        let pretty = "{\n  \"a\": {\n    \"x\": [\n      1,\n      \"\\u202e\\udb40\\udc41\"\n    ]\n  },\n  \"b\": []\n}";
        assert_eq!(value.pretty(), pretty);
        assert_eq!(Value::read(pretty).unwrap(), value);
    }
}
