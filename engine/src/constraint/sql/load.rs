//! Reading an argument of the type `sql` from a policy.

use super::dialect::{DIALECTS, Dialect};
use super::kind::{KINDS, Kind, Kinds};
use super::table::Glob;
use super::{Sql, function};
use crate::constraint::{Constraint, Value, unmet};
use crate::policy::load::{Fields, Loader};

pub(super) fn load(fields: &mut Fields<'_>, loader: &mut Loader) -> Box<dyn Constraint> {
    let generic = DIALECTS.first();
    let dialect = fields.take("dialect").and_then(|node| {
        let choices: Vec<(&str, &'static Dialect)> = DIALECTS.iter().map(|one| (one.name, one)).collect();
        loader.choice(node, &fields.place_of("dialect"), &choices)
    });
    let listed = fields.strings("allow", loader);
    fields.refuse_empty("allow", listed.as_ref().map(Vec::len), loader);
    let mut allow = Kinds::of(Kind::Select);
    if let Some(listed) = listed {
        allow = Kinds::NONE;
        for (name, node) in listed {
            if let Some(row) = KINDS.iter().find(|row| row.name == name) {
                allow = allow.and(row.kind);
            } else {
                let known = KINDS.iter().map(|row| row.name);
                let message = format!("unknown kind of statement `{name}`");
                loader.report_unknown(&fields.place_of("allow"), node.span.clone(), &message, &name, known);
            }
        }
    }
    let place = fields.place_of("tables");
    let listed = fields.strings("tables", loader);
    fields.refuse_empty("tables", listed.as_ref().map(Vec::len), loader);
    if listed.is_some()
        && let Some(row) = allow.rows().find(|row| !Kinds::OF_TABLES.has(row.kind))
    {
        let message = format!("`tables` can't be held where `{}` is allowed", row.name);
        let help = format!("the tables of {} can be told", Kinds::OF_TABLES.names());
        loader.report(&place, fields.span(), message, Some(help));
    }
    let tables = listed.map(|listed| {
        let globs = listed.into_iter().map(|(text, node)| (Glob::parse(&text), node));
        let mut taken = Vec::new();
        for (glob, node) in globs {
            match glob {
                Ok(glob) => taken.push(glob),
                Err(reason) => loader.report(&place, node.span.clone(), reason, None),
            }
        }
        taken
    });
    let place = fields.place_of("functions");
    let listed = fields.strings("functions", loader).unwrap_or_default();
    for (name, node) in &listed {
        if !function::is_known(name) {
            let message = format!("`{name}` isn't known to act: every such function may be called");
            loader.report_unknown(&place, node.span.clone(), &message, name, function::names());
        }
    }
    let functions = listed.into_iter().map(|(name, _)| name).collect();
    match dialect.or(generic) {
        Some(dialect) => Box::new(Sql { dialect, allow, tables, functions }),
        None => Box::new(Nothing),
    }
}

/// Takes nothing: what a policy that doesn't load would hold.
#[derive(Debug)]
struct Nothing;

impl Constraint for Nothing {
    fn expects(&self) -> String {
        "nothing".to_owned()
    }

    fn judge(&self, value: Value<'_>) -> Result<(), String> {
        Err(unmet(self, value))
    }
}
