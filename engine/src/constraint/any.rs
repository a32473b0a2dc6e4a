//! `type = "any"`: lists an argument without saying what it must be. Denied patterns still look into it.

use super::{Constraint, Type, Value};
use crate::policy::load::{Fields, Loader};

#[derive(Debug)]
struct Any;

pub(super) const TYPE: Type = Type { name: "any", about: "Any value.", keys: &[], load };

fn load(_: &mut Fields<'_>, _: &mut Loader) -> Box<dyn Constraint> {
    Box::new(Any)
}

impl Constraint for Any {
    fn expects(&self) -> String {
        "anything".to_owned()
    }

    fn judge(&self, _: Value<'_>) -> Result<(), String> {
        Ok(())
    }
}
