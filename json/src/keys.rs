//! The keys of the objects that are open, so that a duplicate is seen at any level.

use std::borrow::Cow;
use std::collections::HashSet;

/// From this many keys on an object is looked up by hash; below it a walk is faster.
const HASHED_FROM: usize = 16;

/// The keys of each open object, innermost last.
#[derive(Debug, Default)]
pub(crate) struct OpenKeys<'a> {
    keys: Vec<Cow<'a, str>>,
    objects: Vec<OpenObject<'a>>,
}

#[derive(Debug)]
struct OpenObject<'a> {
    first: usize,
    // SipHash under a random key: an agent that chooses the keys can't make them collide.
    hashed: Option<HashSet<Cow<'a, str>>>,
}

impl<'a> OpenKeys<'a> {
    pub(crate) fn open(&mut self) {
        self.objects.push(OpenObject { first: self.keys.len(), hashed: None });
    }

    pub(crate) fn close(&mut self) {
        if let Some(object) = self.objects.pop() {
            self.keys.truncate(object.first);
        }
    }

    /// Adds a key to the innermost object; false where it has it already.
    pub(crate) fn insert(&mut self, key: Cow<'a, str>) -> bool {
        let Some(object) = self.objects.last_mut() else { return true };
        if let Some(hashed) = &mut object.hashed {
            return hashed.insert(key);
        }
        let siblings = self.keys.get(object.first..).unwrap_or_default();
        if siblings.contains(&key) {
            return false;
        }
        if siblings.len() + 1 >= HASHED_FROM {
            let mut hashed: HashSet<_> = self.keys.drain(object.first..).collect();
            hashed.insert(key);
            object.hashed = Some(hashed);
        } else {
            self.keys.push(key);
        }
        true
    }
}
