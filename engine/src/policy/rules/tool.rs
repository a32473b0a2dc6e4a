//! `[tools.X]`: a tool that is allowed by being named, and what its arguments must be.

use super::audit::{self, KeptArguments};
use super::result::{self, ResultTable};
use crate::constraint::{self, Constraint};
use crate::decision::{Finding, Verdict};
use crate::facts::Facts;
use crate::inspect::shown;
use crate::policy::keys::{Key, Takes};
use crate::policy::load::{Fields, Loader};
use crate::policy::method::MethodGlob;
use crate::policy::node::Entry;
use crate::policy::reach::ArgumentPath;

/// The keys of `[tools.X]`.
pub(in crate::policy) const KEYS: &[Key] = &[
    Key {
        name: "decision",
        takes: Takes::OneOf(&["allow", "ask", "deny"]),
        about: "What becomes of a call that meets every constraint. Default: allow.",
    },
    Key {
        name: "args",
        takes: Takes::Table,
        about: "What arguments must be, by name or JSON Pointer (a key that begins with `/`; `*` is one segment).",
    },
    Key {
        name: "extra_args",
        takes: Takes::OneOf(&["allow", "deny"]),
        about: "What becomes of an argument that `args` doesn't list. Default: deny where there is `args`, else allow.",
    },
    audit::OF_TOOL,
    result::OF_TOOL,
    Key {
        name: "principals",
        takes: Takes::Texts,
        about: "Who may call it: `user:NAME`, `token:NAME`, `cert:NAME` or `group:NAME`. Default: everyone.",
    },
    Key {
        name: "allowed_methods",
        takes: Takes::Texts,
        about: "In the older form, where X is a group: methods that may be called.",
    },
    Key {
        name: "denied_patterns",
        takes: Takes::Texts,
        about: "In the older form, where X is a group: texts that no argument of the group's methods may hold.",
    },
];

/// One `[tools.X]`.
#[derive(Debug)]
pub(crate) struct ToolRule {
    /// `tools.X`: the rule's name in a decision.
    pub(crate) rule: String,
    pub(crate) method: MethodGlob,
    pub(crate) verdict: Verdict,
    /// Who may call it; None means everyone.
    principals: Option<Vec<String>>,
    pub(crate) arguments: Vec<ArgumentRule>,
    /// Whether an argument that isn't listed is taken.
    pub(crate) extra_arguments: bool,
    /// How much of the arguments an audit log may keep, where it says so.
    pub(crate) audit_arguments: Option<KeptArguments>,
    /// What the host must not get of its results, where it says so.
    pub(crate) result: Option<ResultTable>,
}

impl ToolRule {
    /// Whether whoever calls may call it at all; the denial where he may not.
    pub(super) fn admit(&self, facts: &Facts<'_>) -> Result<(), Box<Finding>> {
        if self.principals.as_ref().is_none_or(|principals| facts.is_any_of(principals)) {
            return Ok(());
        }
        let who = match facts.principal {
            Some(name) => format!("{} may not call it", shown(name)),
            None => "not everyone may call it, and nobody knows who calls".to_owned(),
        };
        let reason = format!("{who}; don't try again: only whoever runs Argala can say who may");
        Err(Box::new(Finding::new(format!("{}.principals", self.rule), None, reason)))
    }
}

/// One `args.NAME` of a tool.
#[derive(Debug)]
pub(crate) struct ArgumentRule {
    /// `tools.X.args.NAME`: the rule's name in a decision.
    pub(crate) rule: String,
    pub(crate) path: ArgumentPath,
    pub(crate) constraint: Box<dyn Constraint>,
    pub(crate) required: bool,
}

/// Reads one table; `None` where a diagnostic has been recorded instead.
pub(super) fn load(entry: &Entry, mut fields: Fields<'_>, loader: &mut Loader) -> Option<ToolRule> {
    let method = match MethodGlob::parse(&entry.key) {
        Ok(glob) => Some(glob),
        Err(reason) => {
            loader.report(fields.place(), entry.key_span.clone(), reason, None);
            None
        }
    };
    let verdicts = [("allow", Verdict::Allow), ("ask", Verdict::Ask), ("deny", Verdict::Deny)];
    let place = fields.place_of("decision");
    let verdict =
        fields.take("decision").map_or(Some(Verdict::Allow), |node| loader.choice(node, &place, &verdicts));
    let principals = load_principals(&mut fields, loader);
    let place = fields.place_of("extra_args");
    let extras = [("allow", true), ("deny", false)];
    let extra =
        fields.take("extra_args").map_or(Some(None), |node| loader.choice(node, &place, &extras).map(Some));
    let place = fields.place_of("args");
    let listed = fields.take("args");
    let arguments = listed.and_then(|node| loader.table(node, &place));
    let mut arguments = arguments.map(|table| load_arguments(table, loader)).unwrap_or_default();
    arguments.sort_by(|left, right| left.rule.cmp(&right.rule));
    let audit_arguments = audit::load(&mut fields, loader);
    let result = result::load(&mut fields, result::OF_TOOL.name, loader);
    // Known here so that a misspelt group is told apart from a misspelt tool.
    for key in ["allowed_methods", "denied_patterns"] {
        fields.take(key);
    }
    let rule = fields.place().to_owned();
    fields.finish(loader);
    // A tool that has no list of arguments takes any; one with an empty list takes none.
    let extra_arguments = extra?.unwrap_or(listed.is_none());
    Some(ToolRule {
        rule,
        method: method?,
        verdict: verdict?,
        principals,
        arguments,
        extra_arguments,
        audit_arguments,
        result,
    })
}

/// What principals are called by, and groups of them.
const KINDS: [&str; 4] = ["user", "token", "cert", "group"];

/// Who may call a tool, sorted: a set.
fn load_principals(fields: &mut Fields<'_>, loader: &mut Loader) -> Option<Vec<String>> {
    let place = fields.place_of("principals");
    if fields.has("principals")
        && let Some(span) = fields.lists_nothing("principals")
    {
        let help =
            "leave `principals` out to mean everyone; to deny the tool, decision = \"deny\"".to_owned();
        loader.report(&place, span, "an empty `principals` lets nobody call", Some(help));
    }
    let listed = fields.strings("principals", loader)?;
    for (name, node) in &listed {
        let known =
            name.split_once(':').is_some_and(|(kind, rest)| KINDS.contains(&kind) && !rest.is_empty());
        if !known {
            let help = "write user:NAME, token:NAME, cert:NAME or group:NAME".to_owned();
            loader.report(&place, node.span.clone(), format!("{name:?} can be nobody"), Some(help));
        }
    }
    let mut names: Vec<String> = listed.into_iter().map(|(name, _)| name).collect();
    names.sort();
    Some(names)
}

fn load_arguments(mut table: Fields<'_>, loader: &mut Loader) -> Vec<ArgumentRule> {
    let mut arguments = Vec::new();
    for entry in table.take_rest() {
        let rule = table.place_of(&entry.key);
        let path = match ArgumentPath::parse(&entry.key) {
            Ok(path) => Some(path),
            Err(reason) => {
                loader.report(&rule, entry.key_span.clone(), reason, None);
                None
            }
        };
        let Some(mut fields) = loader.table(&entry.node, &rule) else { continue };
        let required = fields.boolean("required", loader).unwrap_or(false);
        let constraint = constraint::load(&mut fields, loader);
        fields.finish(loader);
        if required && path.as_ref().is_some_and(|path| !path.is_exact()) {
            let message = "`required` needs one place; `*` stands for several".to_owned();
            loader.report(&rule, entry.key_span.clone(), message, None);
        }
        if let (Some(path), Some(constraint)) = (path, constraint) {
            arguments.push(ArgumentRule { rule, path, constraint, required });
        }
    }
    arguments
}
