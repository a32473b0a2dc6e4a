//! `type = "object"`: an object. What its members must be is said by constraints with JSON Pointers.

use super::{Constraint, Type, Value, unmet};
use crate::policy::load::{Fields, Loader};

#[derive(Debug)]
struct Object;

pub(super) const TYPE: Type = Type {
    name: "object",
    about: "An object; what is in it can be named by JSON Pointers.",
    keys: &[],
    load,
};

fn load(_: &mut Fields<'_>, _: &mut Loader) -> Box<dyn Constraint> {
    Box::new(Object)
}

impl Constraint for Object {
    fn expects(&self) -> String {
        "an object".to_owned()
    }

    fn judge(&self, value: Value<'_>) -> Result<(), String> {
        match value {
            Value::Object => Ok(()),
            other => Err(unmet(self, other)),
        }
    }
}
