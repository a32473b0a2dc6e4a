//! Lists of tools, prompts, resources and tasks: what the host is shown of them.
//!
//! Entries stay the bytes that came; only the name is changed, and only where there are several servers.

use argala_json::{Limits, Node, Options, Outline, look_alike, quote};
use argala_wire::frame::edited;
use argala_wire::legacy;

/// A kind of list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListKind {
    /// The request.
    pub(super) method: &'static str,
    /// The member of the result that holds the entries.
    pub(super) member: &'static str,
    /// The capability of a server that has such a list.
    pub(super) capability: &'static str,
    /// The member of an entry that names it.
    pub(super) name: &'static str,
    /// Whether the name says whose the entry is.
    pub(super) prefixed: bool,
}

/// Every list of the legacy era.
pub(super) const LISTS: [ListKind; 5] = [TOOLS, PROMPTS, RESOURCES, TEMPLATES, TASKS];
/// `tools/list`.
pub(super) const TOOLS: ListKind = ListKind {
    method: legacy::TOOLS_LIST,
    member: "tools",
    capability: "tools",
    name: "name",
    prefixed: true,
};
/// `prompts/list`.
pub(super) const PROMPTS: ListKind = ListKind {
    method: legacy::PROMPTS_LIST,
    member: "prompts",
    capability: "prompts",
    name: "name",
    prefixed: true,
};
/// `resources/list`.
pub(super) const RESOURCES: ListKind = ListKind {
    method: legacy::RESOURCES_LIST,
    member: "resources",
    capability: "resources",
    name: "uri",
    prefixed: false,
};
/// `resources/templates/list`.
pub(super) const TEMPLATES: ListKind = ListKind {
    method: legacy::RESOURCES_TEMPLATES_LIST,
    member: "resourceTemplates",
    capability: "resources",
    name: "uriTemplate",
    prefixed: false,
};
/// `tasks/list`.
pub(super) const TASKS: ListKind = ListKind {
    method: legacy::TASKS_LIST,
    member: "tasks",
    capability: "tasks",
    name: "taskId",
    prefixed: false,
};

/// The levels down to a member of an entry: the result, the list, the entry, the member.
const DEPTH: usize = 3;

/// A list as a server sent it: a `result` object.
pub(super) struct List<'a> {
    text: &'a str,
    outline: Outline,
    kind: ListKind,
}

/// One entry of a list.
pub(super) struct Entry<'a> {
    raw: &'a str,
    name: &'a Node,
    offset: usize,
    /// The entry's name, URI or id.
    pub(super) key: String,
}

impl<'a> List<'a> {
    /// Reads a `result`.
    pub(super) fn read(result: &'a str, kind: ListKind) -> Option<Self> {
        let outline = Outline::read(result.as_bytes(), &Options::tolerant(Limits::UNBOUNDED), DEPTH).ok()?;
        // Of two members of that name, also in other letters, some readers take the one, some the other.
        let is_it = |node: &&Node| {
            node.key.as_deref().is_some_and(|key| key == kind.member || look_alike(key, kind.member))
        };
        if outline.children(outline.root()?).filter(is_it).count() > 1 {
            return None;
        }
        outline.at(&[kind.member])?.raw(result).starts_with('[').then_some(Self {
            text: result,
            outline,
            kind,
        })
    }

    /// The entries. One that has no name is left out: nothing could be done with it.
    pub(super) fn entries(&self) -> Vec<Entry<'_>> {
        let Some(list) = self.outline.at(&[self.kind.member]) else { return Vec::new() };
        let entry = |node| {
            let name = self.outline.member(node, self.kind.name)?;
            let key = name.string(self.text)?.into_owned();
            Some(Entry { raw: node.raw(self.text), name, offset: node.span.start, key })
        };
        self.outline.children(list).filter_map(entry).collect()
    }

    /// The cursor of the next page, as JSON.
    pub(super) fn next_cursor(&self) -> Option<&'a str> {
        let cursor = self.outline.at(&["nextCursor"])?.raw(self.text);
        (cursor != "null").then_some(cursor)
    }

    /// The `result` with only the entries whose key is kept. Where all are, it is the text that came.
    pub(super) fn filtered(&self, keep: impl Fn(&str) -> bool) -> String {
        let entries = self.entries();
        let total =
            self.outline.at(&[self.kind.member]).map_or(0, |list| self.outline.children(list).count());
        let kept: Vec<&str> =
            entries.iter().filter(|entry| keep(&entry.key)).map(|entry| entry.raw).collect();
        match self.outline.at(&[self.kind.member]) {
            Some(list) if kept.len() < total => {
                edited(self.text, &[(list.span.clone(), format!("[{}]", kept.join(",")))])
            }
            _ => self.text.to_owned(),
        }
    }
}

impl Entry<'_> {
    /// The entry under another name.
    pub(super) fn renamed(&self, name: &str) -> String {
        let mut quoted = String::new();
        quote(name, &mut quoted);
        let span = self.name.span.start - self.offset..self.name.span.end - self.offset;
        edited(self.raw, &[(span, quoted)])
    }

    /// The entry as it came.
    pub(super) fn raw(&self) -> &str {
        self.raw
    }
}

#[cfg(test)]
mod tests {
    use super::{List, TOOLS};

    const RESULT: &str = r#"{"x":1.0,"tools":[{"name":"a","n":12345678901234567890123},{"name":"b" , "v":[]},{"noname":1}],"nextCursor":"c"}"#;

    #[test]
    fn an_entry_that_is_kept_stays_the_bytes_that_came() {
        let list = List::read(RESULT, TOOLS).unwrap();
        assert_eq!(
            list.filtered(|name| name == "b"),
            r#"{"x":1.0,"tools":[{"name":"b" , "v":[]}],"nextCursor":"c"}"#
        );
        assert_eq!(list.filtered(|_| false), r#"{"x":1.0,"tools":[],"nextCursor":"c"}"#);
        assert_eq!(list.next_cursor(), Some("\"c\""));
    }

    #[test]
    fn an_entry_is_renamed_in_its_place() {
        let list = List::read(RESULT, TOOLS).unwrap();
        let renamed: Vec<String> =
            list.entries().iter().map(|entry| entry.renamed(&format!("s__{}", entry.key))).collect();
        assert_eq!(
            renamed,
            [r#"{"name":"s__a","n":12345678901234567890123}"#, r#"{"name":"s__b" , "v":[]}"#]
        );
    }

    #[test]
    fn what_is_no_list_is_none() {
        assert!(List::read("{}", TOOLS).is_none());
        assert!(List::read(r#"{"tools":{}}"#, TOOLS).is_none());
        assert!(List::read("[]", TOOLS).is_none());
        assert!(List::read(r#"{"tools":[],"tools":[]}"#, TOOLS).is_none());
        assert!(List::read(r#"{"tools":[],"Tools":[]}"#, TOOLS).is_none());
    }
}
