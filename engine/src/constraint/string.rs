//! `type = "string"`: text that is `one_of` several, at most `max_len` characters long, or whole by a `pattern`.

use regex_automata::meta::Regex;
use regex_syntax::hir::{Hir, Look};

use super::{Constraint, Type, Value, alternatives, unmet};
use crate::policy::keys::{Key, Takes};
use crate::policy::load::{Fields, Loader};
use crate::scan::regex::parsed;

#[derive(Debug)]
struct Text {
    one_of: Option<Vec<String>>,
    /// In Unicode characters, as JSON Schema counts.
    max_len: Option<usize>,
    pattern: Option<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    text: String,
    /// Runs in time linear in the argument.
    regex: Regex,
}

/// How much memory a compiled pattern may take: `a{1000}{1000}` must not take the gateway down.
const PATTERN_BYTES: usize = 1 << 20;

pub(super) const TYPE: Type = Type {
    name: "string",
    about: "Text.",
    keys: &[
        Key {
            name: "one_of",
            takes: Takes::Texts,
            about: "The only texts that are taken, letter by letter.",
        },
        Key { name: "max_len", takes: Takes::Count, about: "How many Unicode characters there may be." },
        Key {
            name: "pattern",
            takes: Takes::Text,
            about: "A regular expression that matches the whole text.",
        },
    ],
    load,
};

fn load(fields: &mut Fields<'_>, loader: &mut Loader) -> Box<dyn Constraint> {
    let one_of: Option<Vec<String>> =
        fields.strings("one_of", loader).map(|list| list.into_iter().map(|(text, _)| text).collect());
    fields.refuse_empty("one_of", one_of.as_ref().map(Vec::len), loader);
    let max_len = fields.count("max_len", loader);
    let pattern = fields.take("pattern").and_then(|node| {
        let place = fields.place_of("pattern");
        let text = loader.string(node, &place)?.to_owned();
        match compile(&text) {
            Ok(regex) => Some(Pattern { text, regex }),
            Err(reason) => {
                let help = "the pattern must match the whole text; the syntax is that of Rust's regex crate";
                loader.report(&place, node.span.clone(), reason, Some(help.to_owned()));
                None
            }
        }
    });
    Box::new(Text { one_of, max_len, pattern })
}

fn compile(text: &str) -> Result<Regex, String> {
    let hir = parsed(text)?;
    // The whole text, whatever the pattern says: half a match must not let the other half through. Anchored as a tree,
    // so that `a)|(b` can't close a group around it.
    let whole = Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)]);
    let config = Regex::config().nfa_size_limit(Some(PATTERN_BYTES)).onepass_size_limit(Some(PATTERN_BYTES));
    Regex::builder()
        .configure(config)
        .build_from_hir(&whole)
        .map_err(|_| format!("the pattern takes more than {PATTERN_BYTES} bytes when compiled"))
}

impl Constraint for Text {
    fn expects(&self) -> String {
        if let Some(list) = &self.one_of {
            return alternatives(list.iter().map(|text| format!("{text:?}")));
        }
        let length = self.max_len.map(|most| format!(" of at most {most} characters")).unwrap_or_default();
        let shape = self.pattern.as_ref().map(|pattern| format!(" that matches `{}`", pattern.text));
        format!("a string{length}{}", shape.unwrap_or_default())
    }

    fn judge(&self, value: Value<'_>) -> Result<(), String> {
        let Value::String(text) = value else { return Err(unmet(self, value)) };
        let met = self.one_of.as_ref().is_none_or(|list| list.iter().any(|one| one == text))
            && self.max_len.is_none_or(|most| text.chars().nth(most).is_none())
            && self.pattern.as_ref().is_none_or(|pattern| pattern.regex.is_match(text));
        if met { Ok(()) } else { Err(unmet(self, value)) }
    }
}
