//! `type = "array"`: an array, by the number of its elements (`max_items`) and what each must be (`items`).

use super::{Constraint, Type, Value, unmet};
use crate::policy::keys::{Key, Takes};
use crate::policy::load::{Fields, Loader};

#[derive(Debug)]
struct Array {
    items: Option<Box<dyn Constraint>>,
    max_items: Option<usize>,
}

pub(super) const TYPE: Type = Type {
    name: "array",
    about: "An array.",
    keys: &[
        Key { name: "items", takes: Takes::Constraint, about: "What each element must be." },
        Key { name: "max_items", takes: Takes::Count, about: "How many elements there may be." },
    ],
    load,
};

fn load(fields: &mut Fields<'_>, loader: &mut Loader) -> Box<dyn Constraint> {
    let items = fields.take("items").and_then(|node| {
        let place = fields.place_of("items");
        let mut inner = loader.table(node, &place)?;
        let constraint = super::load(&mut inner, loader);
        inner.finish(loader);
        constraint
    });
    let max_items = fields.count("max_items", loader);
    Box::new(Array { items, max_items })
}

impl Constraint for Array {
    fn expects(&self) -> String {
        let size = self.max_items.map(|most| format!(" of at most {most} elements")).unwrap_or_default();
        let items =
            self.items.as_ref().map(|items| format!(", each {}", items.expects())).unwrap_or_default();
        format!("an array{size}{items}")
    }

    fn judge(&self, value: Value<'_>) -> Result<(), String> {
        match value {
            Value::Array => Ok(()),
            other => Err(unmet(self, other)),
        }
    }

    fn items(&self) -> Option<&dyn Constraint> {
        self.items.as_deref()
    }

    fn max_items(&self) -> Option<usize> {
        self.max_items
    }
}
