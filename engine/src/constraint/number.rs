//! `type = "integer"` and `type = "number"`: exact decimals within `min` and `max`, or `one_of` several.
//!
//! Numbers are compared as they are written, never through a float: 9007199254740993 is not 9007199254740992. As in
//! JSON Schema, `1.0` and `1e2` are integers.

use super::{Constraint, Type, Value, alternatives, unmet};
use crate::decimal::Decimal;
use crate::policy::keys::{Key, Takes};
use crate::policy::load::{Fields, Loader};

#[derive(Debug)]
struct Number {
    integer: bool,
    min: Option<Bound>,
    max: Option<Bound>,
    one_of: Option<Vec<Bound>>,
}

/// A number of the policy, as it is written there and as it is compared.
#[derive(Debug)]
struct Bound {
    text: String,
    value: Decimal,
}

pub(super) const NUMBER: Type =
    Type { name: "number", about: "A number, compared exactly as it is written.", keys: KEYS, load };

pub(super) const INTEGER: Type = Type {
    name: "integer",
    about: "A whole number, compared exactly as it is written; `1.0` and `1e2` are whole.",
    keys: KEYS,
    load: load_integer,
};

const KEYS: &[Key] = &[
    Key { name: "min", takes: Takes::Number, about: "The least number that is taken." },
    Key { name: "max", takes: Takes::Number, about: "The greatest number that is taken." },
    Key { name: "one_of", takes: Takes::Numbers, about: "The only numbers that are taken." },
];

fn load(fields: &mut Fields<'_>, loader: &mut Loader) -> Box<dyn Constraint> {
    load_as(false, fields, loader)
}

fn load_integer(fields: &mut Fields<'_>, loader: &mut Loader) -> Box<dyn Constraint> {
    load_as(true, fields, loader)
}

fn load_as(integer: bool, fields: &mut Fields<'_>, loader: &mut Loader) -> Box<dyn Constraint> {
    let bound = |fields: &mut Fields<'_>, name, loader: &mut Loader| {
        fields.decimal(name, loader).map(|(text, value)| Bound { text, value })
    };
    let min = bound(fields, "min", loader);
    let max = bound(fields, "max", loader);
    if let (Some(min), Some(max)) = (&min, &max)
        && min.value > max.value
    {
        let message = format!("no number lies between min {} and max {}", min.text, max.text);
        loader.report(fields.place(), fields.span(), message, None);
    }
    let one_of: Option<Vec<Bound>> = fields
        .decimals("one_of", loader)
        .map(|list| list.into_iter().map(|(text, value)| Bound { text, value }).collect());
    fields.refuse_empty("one_of", one_of.as_ref().map(Vec::len), loader);
    Box::new(Number { integer, min, max, one_of })
}

impl Constraint for Number {
    fn expects(&self) -> String {
        let noun = if self.integer { "an integer" } else { "a number" };
        let range = match (&self.min, &self.max) {
            (Some(min), Some(max)) => format!(" from {} to {}", min.text, max.text),
            (Some(min), None) => format!(" of at least {}", min.text),
            (None, Some(max)) => format!(" of at most {}", max.text),
            (None, None) => String::new(),
        };
        match &self.one_of {
            Some(list) => {
                let words = alternatives(list.iter().map(|bound| bound.text.clone()));
                format!("{noun}{range}: {words}")
            }
            None => format!("{noun}{range}"),
        }
    }

    fn judge(&self, value: Value<'_>) -> Result<(), String> {
        let Value::Number(lexeme) = value else { return Err(unmet(self, value)) };
        let met = Decimal::parse(lexeme).is_some_and(|number| {
            (!self.integer || number.is_integer())
                && self.min.as_ref().is_none_or(|min| number >= min.value)
                && self.max.as_ref().is_none_or(|max| number <= max.value)
                && self.one_of.as_ref().is_none_or(|list| list.iter().any(|bound| bound.value == number))
        });
        if met { Ok(()) } else { Err(unmet(self, value)) }
    }
}
