//! Merged lists come in pages: how far a page goes, and how its place is found again.
//!
//! A cursor names the last entry that was given: its server, its place in that server's list and its key. So a page needs
//! no memory of the one before, and a list that has changed since goes on behind that entry, wherever it stands now. Where
//! it is gone, the list goes on at its place.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::catalogue::ListKind;
use super::listing::Shown;
use crate::connection::ServerId;

/// Entries in a page, and their bytes. A page has one entry, however long that is.
const MAX_ENTRIES: usize = 1000;
const MAX_BYTES: usize = 4 << 20;

/// A place in a merged list: behind this entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) server: ServerId,
    index: usize,
    /// Stands for the entry's key, which may be long.
    key: u64,
}

impl Place {
    /// The place behind an entry of a server's list.
    pub(super) fn behind(server: ServerId, index: usize, (key, _): &Shown) -> Self {
        Self { server, index, key: hash(key) }
    }

    /// Reads a cursor of such a list. None where it is not one of ours.
    pub(super) fn read(
        cursor: &str,
        kind: ListKind,
        named: impl Fn(&str) -> Option<ServerId>,
    ) -> Option<Self> {
        let mut parts = cursor.strip_prefix("argala:")?.splitn(4, ':');
        parts.next().filter(|member| *member == kind.member)?;
        let index = usize::from_str_radix(parts.next()?, 16).ok()?;
        let key = u64::from_str_radix(parts.next()?, 16).ok()?;
        Some(Self { server: named(parts.next()?)?, index, key })
    }

    /// The cursor that names it.
    pub(super) fn cursor(&self, kind: ListKind, server: &str) -> String {
        format!("argala:{}:{:x}:{:x}:{server}", kind.member, self.index, self.key)
    }

    /// The index of the next entry in what is now that server's list.
    pub(super) fn next(&self, entries: &[Shown]) -> usize {
        let is_it = |entry: &Shown| hash(&entry.0) == self.key;
        if entries.get(self.index).is_some_and(is_it) {
            return self.index + 1;
        }
        entries.iter().position(is_it).map_or(self.index.min(entries.len()), |found| found + 1)
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// A page as it is filled.
#[derive(Debug, Default)]
pub(super) struct Page {
    entries: usize,
    /// The entries, as members of an array.
    pub(super) text: String,
}

impl Page {
    /// Adds an entry; false where it belongs on the next page.
    pub(super) fn add(&mut self, entry: &str) -> bool {
        if self.entries > 0 && (self.entries == MAX_ENTRIES || self.text.len() + entry.len() > MAX_BYTES) {
            return false;
        }
        if self.entries > 0 {
            self.text.push(',');
        }
        self.text.push_str(entry);
        self.entries += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{PROMPTS, TOOLS};
    use super::{MAX_BYTES, MAX_ENTRIES, Page, Place};

    fn list(keys: &str) -> Vec<(String, String)> {
        keys.chars().map(|key| (key.to_string(), String::new())).collect()
    }

    fn named(name: &str) -> Option<usize> {
        (name == "a:b.c").then_some(7)
    }

    #[test]
    fn a_cursor_is_read_as_it_was_given_out_and_no_other_is() {
        let place = Place::behind(7, 41, &("key".to_owned(), String::new()));
        let cursor = place.cursor(TOOLS, "a:b.c");
        assert_eq!(Place::read(&cursor, TOOLS, named), Some(place.clone()));
        assert_eq!(Place::read(&cursor, PROMPTS, named), None, "it is that of another list");
        assert_eq!(Place::read(&place.cursor(TOOLS, "gone"), TOOLS, named), None);
        for foreign in
            ["", "2", "argala:", "argala:tools:1:2", "argala:tools:x:2:a:b.c", "argala:tools:-1:2:a:b.c"]
        {
            assert_eq!(Place::read(foreign, TOOLS, named), None, "{foreign}");
        }
    }

    #[test]
    fn a_list_that_has_changed_goes_on_behind_the_same_entry() {
        let place = Place::behind(0, 2, &("c".to_owned(), String::new()));
        for (now, next) in [
            ("abcde", "de"),
            ("xyabcde", "de"),
            ("bcde", "de"),
            ("acbde", "bde"),
            ("abde", "de"),
            ("abxde", "xde"),
            ("a", ""),
            ("", ""),
        ] {
            let entries = list(now);
            let rest: String =
                entries.iter().skip(place.next(&entries)).map(|(key, _)| key.as_str()).collect();
            assert_eq!(rest, next, "{now}");
        }
    }

    #[test]
    fn a_page_ends_where_its_bounds_are() {
        let mut page = Page::default();
        assert!((0..MAX_ENTRIES).all(|_| page.add("{}")));
        assert!(!page.add("{}"));
        let mut page = Page::default();
        let long = "x".repeat(MAX_BYTES + 1);
        assert!(page.add(&long) && !page.add("{}"));
        let mut page = Page::default();
        assert!(page.add("{}") && !page.add(&long) && page.add("{}"));
        assert_eq!(page.text, "{},{}");
    }
}
