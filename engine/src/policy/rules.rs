//! The rules of a policy: what its tables say, before any call.

mod audit;
mod budget;
mod deny;
mod limits;
mod result;
mod tool;

use std::collections::BTreeMap;

pub use audit::KeptArguments;
pub(crate) use budget::BudgetRule;
pub(super) use budget::KEYS as BUDGET_KEYS;
pub(super) use deny::KEYS as DENY_KEYS;
pub(crate) use deny::{DenyRule, MatchMode};
pub(super) use limits::KEYS as LIMITS_KEYS;
pub(super) use result::KEYS as RESULT_KEYS;
pub(crate) use result::{OnMatch, ResultTable};
pub(super) use tool::KEYS as TOOL_KEYS;
pub(crate) use tool::{ArgumentRule, ToolRule};

use super::keys::{Key, Takes};
use super::load::{Fields, Loader};
use super::method::MethodGlob;
use super::node::{Node, Value};
use crate::decision::{Finding, Verdict};
use crate::facts::Facts;
use crate::limits::Limits;

/// The top level of a policy.
pub(super) const POLICY_KEYS: &[Key] = &[
    Key { name: "version", takes: Takes::Version, about: "The version of the policy format. Default: 1." },
    Key {
        name: "allowed_methods",
        takes: Takes::Texts,
        about: "Methods that may be called: exact names, or globs where `*` stands for any run of characters.",
    },
    Key {
        name: "denied_patterns",
        takes: Takes::Texts,
        about: "Texts that no argument of any call may hold, at any depth, keys too. ASCII letters of either case match.",
    },
    Key { name: "deny", takes: Takes::Table, about: "Denied patterns with a reach of their own." },
    Key {
        name: "tools",
        takes: Takes::Table,
        about: "Tools that are allowed by being named (exact names or globs), and what their arguments must be.",
    },
    Key {
        name: "budget",
        takes: Takes::Table,
        about: "How much may pass in a time: calls, or sums of an argument.",
    },
    Key { name: "limits", takes: Takes::Table, about: "Bounds on the arguments of one call." },
    audit::OF_POLICY,
    result::OF_POLICY,
];

/// All rules of a policy, each kind sorted by name, so that the order in the file can't matter.
#[derive(Debug)]
pub(crate) struct Rules {
    allowed: Vec<AllowRule>,
    pub(crate) denies: Vec<DenyRule>,
    tools: Vec<ToolRule>,
    budgets: Vec<BudgetRule>,
    pub(crate) limits: Limits,
    audit_arguments: KeptArguments,
    results: ResultTable,
}

/// A method that is allowed by name.
#[derive(Debug)]
struct AllowRule {
    /// The key that says so.
    rule: String,
    method: MethodGlob,
}

/// The rules that hold for one method.
#[derive(Debug)]
pub(crate) struct MethodRules<'p> {
    /// The verdict where nothing speaks against a call.
    pub(crate) verdict: Verdict,
    /// The rule that says so.
    pub(crate) rule: &'p str,
    /// Constraints on arguments: of every tool rule that matches, and then those of budgets.
    pub(crate) arguments: Vec<&'p ArgumentRule>,
    /// How many of them are of tool rules: only these list an argument.
    pub(crate) listing: usize,
    /// Budgets that a call is charged to, and of those that add up an argument the index in `arguments`.
    pub(crate) budgets: Vec<(&'p BudgetRule, Option<usize>)>,
    /// The first of the tool rules that take only the arguments they list, if there is one.
    pub(crate) closed: Option<&'p ToolRule>,
    /// Of each rule in [`Rules::denies`]: whether it holds.
    pub(crate) denies: Vec<bool>,
}

impl Rules {
    /// The rules for a method, or why no call of it can be allowed.
    pub(crate) fn for_method(
        &self,
        method: &str,
        facts: &Facts<'_>,
    ) -> Result<MethodRules<'_>, Box<Finding>> {
        let tools: Vec<&ToolRule> = self.tools.iter().filter(|tool| tool.method.matches(method)).collect();
        if let Some(tool) = tools.iter().find(|tool| tool.verdict == Verdict::Deny) {
            let reason = "the policy denies this tool, whatever its arguments; don't try again";
            return Err(Box::new(Finding::new(tool.rule.clone(), None, reason)));
        }
        tools.iter().try_for_each(|tool| tool.admit(facts))?;
        let allowed = self.allowed.iter().find(|allow| allow.method.matches(method));
        let ask = tools.iter().find(|tool| tool.verdict == Verdict::Ask);
        let rule = match (ask, allowed, tools.first()) {
            (Some(ask), _, _) => &ask.rule,
            (None, Some(allow), _) => &allow.rule,
            (None, None, Some(tool)) => &tool.rule,
            (None, None, None) => {
                let reason = "the policy doesn't allow this tool; use one that is listed, and don't try again: only whoever runs Argala can add it to allowed_methods";
                return Err(Box::new(Finding::new("not-allowed", None, reason)));
            }
        };
        let mut arguments: Vec<&ArgumentRule> = tools.iter().flat_map(|tool| &tool.arguments).collect();
        let listing = arguments.len();
        let mut budgets = Vec::new();
        for budget in self.budgets.iter().filter(|budget| budget.is_for(method)) {
            budgets.push((budget, budget.sum.as_ref().map(|_| arguments.len())));
            arguments.extend(&budget.sum);
        }
        Ok(MethodRules {
            verdict: if ask.is_some() { Verdict::Ask } else { Verdict::Allow },
            rule,
            arguments,
            listing,
            budgets,
            closed: tools.iter().copied().find(|tool| !tool.extra_arguments),
            denies: self.denies.iter().map(|deny| deny.holds_for(method)).collect(),
        })
    }
}

/// Reads the policy's top level; `None` where it is no table.
pub(crate) fn load(node: &Node, loader: &mut Loader) -> Option<Rules> {
    let mut fields = loader.table(node, "")?;
    load_version(&mut fields, loader);
    let allows_something = ["allowed_methods", "tools"].iter().any(|key| fields.has(key));
    let mut rules = Rules {
        allowed: Vec::new(),
        denies: Vec::new(),
        tools: Vec::new(),
        budgets: Vec::new(),
        limits: Limits::default(),
        audit_arguments: audit::load(&mut fields, loader).unwrap_or_default(),
        results: result::load(&mut fields, result::OF_POLICY.name, loader).unwrap_or_default(),
    };
    rules.allow(load_methods(&mut fields, "allowed_methods", loader), "allowed_methods");
    rules.denies.extend(deny::load_short(&mut fields, "denied_patterns".to_owned(), Vec::new(), loader));
    rules.denies.extend(deny::load_all(&mut fields, loader));
    if let Some(tools) = fields.take("tools") {
        rules.load_tools(tools, loader);
    }
    rules.budgets = budget::load_all(&mut fields, loader);
    rules.limits = limits::load(&mut fields, loader);
    fields.finish(loader);
    // After a mistake this would be an echo of it: of a misspelt `allowed_methods`, say.
    if !allows_something && loader.is_clean() {
        let help =
            "add allowed_methods = [\"…\"] or a table [tools.NAME]; to deny everything, allowed_methods = []";
        let beginning = node.span.as_ref().map(|span| span.start..span.start);
        loader.report("", beginning, "the policy allows nothing", Some(help.to_owned()));
    }
    rules.allowed.sort_by(|left, right| left.rule.cmp(&right.rule));
    rules.denies.sort_by(|left, right| left.id.cmp(&right.id));
    rules.tools.sort_by(|left, right| left.rule.cmp(&right.rule));
    rules.budgets.sort_by(|left, right| left.rule.cmp(&right.rule));
    report_duplicates(&rules.denies, loader);
    report_duplicate_budgets(&rules.budgets, loader);
    Some(rules)
}

impl Rules {
    fn allow(&mut self, methods: Vec<MethodGlob>, rule: &str) {
        self.allowed.extend(methods.into_iter().map(|method| AllowRule { rule: rule.to_owned(), method }));
    }

    /// How much of the arguments of this method's calls an audit log may keep.
    pub(crate) fn kept_arguments(&self, method: &str) -> KeptArguments {
        let tools = self.tools.iter().filter(|tool| tool.method.matches(method));
        tools.filter_map(|tool| tool.audit_arguments).min().unwrap_or(self.audit_arguments)
    }

    /// Whether any table asks for something of results.
    pub(crate) fn has_result_tables(&self) -> bool {
        let tools = self.tools.iter().filter_map(|tool| tool.result.as_ref());
        tools.chain([&self.results]).any(ResultTable::asks_for_something)
    }

    /// What the host must not get of this method's results, where a table says so.
    pub(crate) fn result_table(&self, method: &str) -> ResultTable {
        let tools = self.tools.iter().filter(|tool| tool.method.matches(method));
        self.strictest_of(tools).or(&self.results)
    }

    /// What the host must not get of results that may be any method's.
    pub(crate) fn strictest_result_table(&self) -> ResultTable {
        self.strictest_of(self.tools.iter()).and(&self.results)
    }

    fn strictest_of<'r>(&self, tools: impl Iterator<Item = &'r ToolRule>) -> ResultTable {
        tools.filter_map(|tool| tool.result.as_ref()).fold(ResultTable::default(), |all, one| all.and(one))
    }

    fn load_tools(&mut self, node: &Node, loader: &mut Loader) {
        let Some(mut fields) = loader.table(node, "tools") else { return };
        for entry in fields.take_rest() {
            let place = fields.place_of(&entry.key);
            let Some(mut table) = loader.table(&entry.node, &place) else { continue };
            // The older form groups methods under a name of its own.
            if table.has("allowed_methods") || table.has("denied_patterns") {
                self.load_group(&mut table, loader);
                table.finish(loader);
            } else {
                self.tools.extend(tool::load(entry, table, loader));
            }
        }
    }

    fn load_group(&mut self, fields: &mut Fields<'_>, loader: &mut Loader) {
        for key in ["args", "audit_arguments", "decision", "extra_args", "principals", "result"] {
            if let Some(node) = fields.take(key) {
                let message = format!("`{key}` can't stand in a group of methods");
                let help = "give the method a table of its own: [tools.METHOD]".to_owned();
                loader.report(&fields.place_of(key), node.span.clone(), message, Some(help));
            }
        }
        if let Some(span) = fields.lists_nothing("allowed_methods") {
            let help = "add the methods that its patterns hold for: allowed_methods = [\"…\"]".to_owned();
            loader.report(fields.place(), span, "a group without methods holds for nothing", Some(help));
        }
        let methods = load_methods(fields, "allowed_methods", loader);
        let rule = fields.place_of("denied_patterns");
        self.denies.extend(deny::load_short(fields, rule, methods.clone(), loader));
        let rule = fields.place_of("allowed_methods");
        self.allow(methods, &rule);
    }
}

/// Takes an array of method globs.
fn load_methods(fields: &mut Fields<'_>, key: &'static str, loader: &mut Loader) -> Vec<MethodGlob> {
    let place = fields.place_of(key);
    let names = fields.strings(key, loader).unwrap_or_default();
    let compile = |(name, node): (String, &Node)| match MethodGlob::parse(&name) {
        Ok(glob) => Some(glob),
        Err(reason) => {
            loader.report(&place, node.span.clone(), reason, None);
            None
        }
    };
    names.into_iter().filter_map(compile).collect()
}

fn load_version(fields: &mut Fields<'_>, loader: &mut Loader) {
    let Some(node) = fields.take("version") else { return };
    if !matches!(&node.value, Value::Integer(text) if text == "1") {
        let help = "this Argala reads version = 1".to_owned();
        loader.report("version", node.span.clone(), "unknown version of the policy format", Some(help));
    }
}

fn report_duplicates(denies: &[DenyRule], loader: &mut Loader) {
    let mut seen: BTreeMap<&str, &DenyRule> = BTreeMap::new();
    for deny in denies.iter().filter(|deny| deny.named) {
        if seen.insert(&deny.id, deny).is_some() {
            let message = format!("two rules have the id `{}`", deny.id);
            let help = "a decision names its rule: give each an id of its own".to_owned();
            loader.report("deny.id", deny.span.clone(), message, Some(help));
        }
    }
}

fn report_duplicate_budgets(budgets: &[BudgetRule], loader: &mut Loader) {
    for pair in budgets.windows(2) {
        if let [before, budget] = pair
            && before.rule == budget.rule
        {
            let message = format!("two budgets have the id `{}`", budget.budget.id);
            let help = "an account is kept by it: give each an id of its own".to_owned();
            loader.report("budget.id", budget.span.clone(), message, Some(help));
        }
    }
}
