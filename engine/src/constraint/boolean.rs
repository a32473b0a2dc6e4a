//! `type = "boolean"`: true or false, and no word or number that stands for one.

use super::{Constraint, Type, Value, unmet};
use crate::policy::load::{Fields, Loader};

#[derive(Debug)]
struct Boolean;

pub(super) const TYPE: Type = Type { name: "boolean", about: "True or false.", keys: &[], load };

fn load(_: &mut Fields<'_>, _: &mut Loader) -> Box<dyn Constraint> {
    Box::new(Boolean)
}

impl Constraint for Boolean {
    fn expects(&self) -> String {
        "true or false".to_owned()
    }

    fn judge(&self, value: Value<'_>) -> Result<(), String> {
        match value {
            Value::Boolean(_) => Ok(()),
            other => Err(unmet(self, other)),
        }
    }
}
