//! The tables that a policy lists, as globs.

use super::relation::Relation;

/// What a policy lists: a name, or parts of one between dots, in each of which `*` stands for any run of characters.
#[derive(Debug)]
pub(super) struct Glob {
    pub(super) text: String,
}

impl Glob {
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let odd = |part: &str| part.is_empty() || part.matches('*').count() > 1;
        if text.split('.').any(odd) {
            return Err(format!(
                "{text:?} is no table: write `name`, `schema.name` or `schema.*`, one `*` for each part"
            ));
        }
        Ok(Self { text: text.to_owned() })
    }

    /// Whether a relation is meant. A glob without a dot means the last part of a name; one with dots means all of them.
    pub(super) fn matches(&self, relation: &Relation<'_>) -> bool {
        let globs: Vec<&str> = self.text.split('.').collect();
        let parts = if globs.len() == 1 {
            relation.parts.last().map(std::slice::from_ref).unwrap_or_default()
        } else {
            &relation.parts
        };
        globs.len() == parts.len() && globs.iter().zip(parts).all(|(glob, part)| fits(glob, part))
    }
}

fn fits(glob: &str, part: &str) -> bool {
    let (glob, part) = (glob.to_lowercase(), part.to_lowercase());
    match glob.split_once('*') {
        None => glob == part,
        Some((head, tail)) => {
            part.len() >= head.len() + tail.len() && part.starts_with(head) && part.ends_with(tail)
        }
    }
}
