//! `[[budget]]`: how much may pass in a time.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::load_methods;
use super::tool::ArgumentRule;
use crate::budget::{Amount, Budget, By, Counted, Per};
use crate::constraint::{Constraint, Value, unmet};
use crate::policy::keys::{Key, Takes};
use crate::policy::load::{Fields, Loader};
use crate::policy::method::MethodGlob;
use crate::policy::node::{Node, Value as Written};
use crate::policy::reach::ArgumentPath;

/// The keys of `[[budget]]`.
pub(in crate::policy) const KEYS: &[Key] = &[
    Key { name: "id", takes: Takes::Text, about: "The budget's name: letters, digits, `_` and `-`." },
    Key {
        name: "methods",
        takes: Takes::Texts,
        about: "The methods whose calls are counted: exact names or globs. Default: every method.",
    },
    Key { name: "calls", takes: Takes::Count, about: "How many calls may pass." },
    Key {
        name: "sum",
        takes: Takes::Text,
        about: "The argument that is added up, by name or JSON Pointer. A call without it, or with one that is no number from 0 up, is denied.",
    },
    Key {
        name: "max",
        takes: Takes::Number,
        about: "The largest sum that may pass, with at most 18 decimals.",
    },
    Key {
        name: "per",
        takes: Takes::Text,
        about: "In which time: `minute`, `hour`, `day`, seconds such as `90s`, or `session`: in the whole of a session.",
    },
    Key {
        name: "by",
        takes: Takes::OneOf(&["session", "principal", "gateway"]),
        about: "Whose calls are counted together. Default: gateway, which is everyone's; for `per = \"session\"`, session.",
    },
];

/// One `[[budget]]`.
#[derive(Debug)]
pub(crate) struct BudgetRule {
    /// `budgets.ID`: the rule's name in a decision.
    pub(crate) rule: String,
    pub(crate) budget: Arc<Budget>,
    /// The methods that it is for; none means every method.
    methods: Vec<MethodGlob>,
    /// Where an argument is added up: that it must be there, and what it must be.
    pub(crate) sum: Option<ArgumentRule>,
    pub(super) span: Option<Range<usize>>,
}

impl BudgetRule {
    pub(super) fn is_for(&self, method: &str) -> bool {
        self.methods.is_empty() || self.methods.iter().any(|glob| glob.matches(method))
    }
}

/// What an argument must be to be added up: an amount that the budget has at all.
#[derive(Debug)]
struct Addend {
    max: Amount,
}

impl Constraint for Addend {
    fn expects(&self) -> String {
        format!("a number from 0 to {} with at most {} decimals", self.max, Amount::DIGITS)
    }

    fn judge(&self, value: Value<'_>) -> Result<(), String> {
        let met = matches!(value, Value::Number(lexeme)
            if Amount::parse(lexeme).is_some_and(|amount| amount <= self.max));
        if met { Ok(()) } else { Err(unmet(self, value)) }
    }
}

/// Takes every `[[budget]]`.
pub(super) fn load_all(fields: &mut Fields<'_>, loader: &mut Loader) -> Vec<BudgetRule> {
    let Some(node) = fields.take("budget") else { return Vec::new() };
    if let Written::Table(_) = node.value {
        let help = "a budget stands in an array of tables: write [[budget]]".to_owned();
        loader.report("budget", node.span.clone(), "expected an array, found a table", Some(help));
        return Vec::new();
    }
    let Some(items) = loader.array(node, "budget") else { return Vec::new() };
    items.iter().filter_map(|item| load_one(item, loader)).collect()
}

fn load_one(node: &Node, loader: &mut Loader) -> Option<BudgetRule> {
    let mut fields = loader.table(node, "budget")?;
    let id = match fields.take("id") {
        Some(node) => load_id(node, loader),
        None => missing(
            &fields,
            "id",
            "a budget needs a name, by which its account is kept",
            "id = \"…\"",
            loader,
        ),
    };
    if fields.has("methods")
        && let Some(span) = fields.lists_nothing("methods")
    {
        let help = "leave `methods` out to mean every method".to_owned();
        loader.report("budget.methods", span, "a budget for no method counts nothing", Some(help));
    }
    let methods = load_methods(&mut fields, "methods", loader);
    let counted = load_counted(&mut fields, loader);
    let per = match fields.take("per") {
        Some(node) => load_per(node, loader),
        None => missing(&fields, "per", "a budget needs a time", "per = \"minute\"", loader),
    };
    let by = load_by(&mut fields, per, loader);
    fields.finish(loader);
    let (id, (counts, max, path), per) = (id?, counted?, per?);
    let rule = format!("budgets.{id}");
    let sum = path.map(|path| ArgumentRule {
        rule: rule.clone(),
        path,
        constraint: Box::new(Addend { max }),
        required: true,
    });
    let budget = Arc::new(Budget { id, counts, max, per, by: by? });
    Some(BudgetRule { rule, budget, methods, sum, span: node.span.clone() })
}

fn missing<T>(
    fields: &Fields<'_>,
    key: &str,
    message: &str,
    example: &str,
    loader: &mut Loader,
) -> Option<T> {
    // A misspelt key is reported as the unknown one that it is.
    if fields.misspelt(key).is_none() {
        loader.report(&fields.place_of(key), fields.span(), message, Some(format!("add {example}")));
    }
    None
}

fn load_id(node: &Node, loader: &mut Loader) -> Option<String> {
    let id = loader.string(node, "budget.id")?;
    let allowed = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    if id.is_empty() || !id.chars().all(allowed) {
        let help = "use letters, digits, `_` and `-`".to_owned();
        loader.report(
            "budget.id",
            node.span.clone(),
            format!("{id:?} can't be the id of a budget"),
            Some(help),
        );
        return None;
    }
    Some(id.to_owned())
}

/// What is counted, and how much of it may pass; for a sum, the place of the argument.
fn load_counted(
    fields: &mut Fields<'_>,
    loader: &mut Loader,
) -> Option<(Counted, Amount, Option<ArgumentPath>)> {
    let spans = ["calls", "max"].map(|key| fields.peek(key).and_then(|node| node.span.clone()));
    let [of_calls, of_max] = spans;
    let (has_calls, has_sum, has_max) = (fields.has("calls"), fields.has("sum"), fields.has("max"));
    let calls = fields.count("calls", loader);
    let sum = fields.take("sum");
    let max = fields.decimal("max", loader);
    let is_misspelt = ["calls", "sum", "max"].iter().any(|key| fields.misspelt(key).is_some());
    if has_calls == has_sum || has_max != has_sum {
        if !is_misspelt {
            let help = "write calls = 10, or sum = \"/amount\" with max = 1000".to_owned();
            let message = "a budget counts either calls or a sum";
            loader.report(fields.place(), fields.span(), message, Some(help));
        }
        return None;
    }
    let nothing = |place: &str, span: Option<Range<usize>>, loader: &mut Loader| {
        let help = "deny the tool instead: decision = \"deny\"".to_owned();
        loader.report(place, span, "a budget of nothing lets nothing pass", Some(help));
        None
    };
    if has_calls {
        let Ok(calls) = u32::try_from(calls?) else {
            let message = format!("a budget has at most {} calls", u32::MAX);
            loader.report("budget.calls", of_calls, message, None);
            return None;
        };
        if calls == 0 {
            return nothing("budget.calls", of_calls, loader);
        }
        return Some((Counted::Calls, Amount::whole(calls), None));
    }
    let path = load_sum(sum?, loader);
    let Some(max) = Amount::of(&max?.1) else {
        let message = "the sum must be a number above 0 and below 10¹⁸, with at most 18 decimals";
        loader.report("budget.max", of_max, message, None);
        return None;
    };
    if max == Amount::default() {
        return nothing("budget.max", of_max, loader);
    }
    let path = path?;
    Some((Counted::Argument(path.pointer()), max, Some(path)))
}

fn load_sum(node: &Node, loader: &mut Loader) -> Option<ArgumentPath> {
    let text = loader.string(node, "budget.sum")?;
    match ArgumentPath::parse(text) {
        Ok(path) if path.is_exact() => Some(path),
        Ok(_) => {
            let message = "a sum needs one place; `*` stands for several";
            loader.report("budget.sum", node.span.clone(), message, None);
            None
        }
        Err(reason) => {
            loader.report("budget.sum", node.span.clone(), reason, None);
            None
        }
    }
}

/// The longest time, in seconds: a year.
const MAX_SECONDS: u64 = 366 * 86_400;
const TIMES: [(&str, u64); 3] = [("minute", 60), ("hour", 3600), ("day", 86_400)];

fn load_per(node: &Node, loader: &mut Loader) -> Option<Per> {
    let word = loader.string(node, "budget.per")?;
    if word == "session" {
        return Some(Per::Session);
    }
    let named = TIMES.iter().find(|(name, _)| *name == word).map(|(_, seconds)| *seconds);
    let Some(number) =
        word.strip_suffix('s').filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    else {
        if named.is_none() {
            let known = TIMES.iter().map(|(name, _)| *name).chain(["session", "90s"]);
            loader.report_unknown(
                "budget.per",
                node.span.clone(),
                &format!("unknown time `{word}`"),
                word,
                known,
            );
        }
        return named.map(|seconds| Per::Time(Duration::from_secs(seconds)));
    };
    match number.parse() {
        Ok(seconds @ 1..=MAX_SECONDS) => Some(Per::Time(Duration::from_secs(seconds))),
        _ => {
            let message = format!("a time is from 1s to {MAX_SECONDS}s");
            loader.report("budget.per", node.span.clone(), message, None);
            None
        }
    }
}

fn load_by(fields: &mut Fields<'_>, per: Option<Per>, loader: &mut Loader) -> Option<By> {
    let usual = if per == Some(Per::Session) { By::Session } else { By::Gateway };
    let Some(node) = fields.take("by") else { return Some(usual) };
    let choices = [("session", By::Session), ("principal", By::Principal), ("gateway", By::Gateway)];
    let by = loader.choice(node, "budget.by", &choices)?;
    if per == Some(Per::Session) && by != By::Session {
        let message = "what is counted in the whole of a session is counted by session";
        let help = "leave `by` out, or give a time: per = \"day\"".to_owned();
        loader.report("budget.by", node.span.clone(), message, Some(help));
    }
    Some(by)
}
