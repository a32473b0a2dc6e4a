//! What the scanner finds in a call, as findings of the deny rules that are about it.

use super::findings::{Findings, Key};
use super::reach::Reaches;
use super::refusal::shown;
use crate::decision::Finding;
use crate::scan::{Hit, Leaf, LeafKind, Listener};

/// What stands in a call becomes findings, where a deny rule is about it.
pub(super) struct Denials<'p, 'c, 'f> {
    pub(super) reaches: Reaches<'p, 'c>,
    pub(super) findings: &'f mut Findings<'p>,
}

impl<'p> Listener<'p> for Denials<'p, '_, '_> {
    fn cares(&mut self, leaf: Leaf) -> bool {
        self.reaches.any_for(leaf)
    }

    fn hear(&mut self, hit: Hit<'p, '_>) -> bool {
        let Some(deny) = self.reaches.rule_for(&hit) else { return false };
        let Hit { pattern, leaf, span, .. } = hit;
        let (rule, view) = (deny.id.as_str(), hit.view.clone());
        let key = Key {
            rule,
            place: leaf.place,
            span: span.unwrap_or_default(),
            part: Some(leaf.kind),
            matched: pattern,
        };
        self.findings.offer(key, move |at| {
            let read =
                if view.is_empty() { String::new() } else { format!(" when read as {}", view.join(", ")) };
            let advice = "don't respell it: do without it, or tell the user";
            let reason = format!("{} `{}` contains `{pattern}`{read}; {advice}", named(leaf), shown(&at));
            let mut finding = Finding::new(rule, Some(at), reason);
            finding.matched = Some(pattern.to_owned());
            finding.view = view;
            finding.span = span;
            finding
        });
        true
    }
}

/// What a message calls a leaf.
pub(super) fn named(leaf: Leaf) -> &'static str {
    if leaf.kind == LeafKind::Key { "the key" } else { "its argument" }
}
