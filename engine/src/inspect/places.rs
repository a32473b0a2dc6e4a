//! Where things stand in the arguments: a tree of steps that becomes a JSON Pointer only when one is shown.

use std::borrow::Cow;
use std::ops::Range;

use argala_json::pointer;

/// A place in the arguments. Later places have larger numbers.
pub(super) type PlaceId = usize;

/// All places that have been seen.
#[derive(Debug)]
pub(super) struct Places {
    /// The place with id `n + 1` is at index `n`; 0 is the arguments object itself.
    steps: Vec<(PlaceId, Segment)>,
    keys: String,
}

#[derive(Debug)]
enum Segment {
    /// A range of `keys`.
    Key(Range<usize>),
    Index(usize),
}

impl Default for Places {
    /// With room for what most calls hold: growing to it in steps takes longer than judging them.
    fn default() -> Self {
        Self { steps: Vec::with_capacity(32), keys: String::with_capacity(256) }
    }
}

impl Places {
    /// The arguments object.
    pub(super) const ROOT: PlaceId = 0;

    /// The member of an object.
    pub(super) fn member(&mut self, parent: PlaceId, key: &str) -> PlaceId {
        let start = self.keys.len();
        self.keys.push_str(key);
        self.steps.push((parent, Segment::Key(start..self.keys.len())));
        self.steps.len()
    }

    /// The element of an array.
    pub(super) fn element(&mut self, parent: PlaceId, index: usize) -> PlaceId {
        self.steps.push((parent, Segment::Index(index)));
        self.steps.len()
    }

    /// The last step to a place, as text.
    pub(super) fn segment(&self, place: PlaceId) -> Cow<'_, str> {
        match self.step(place) {
            Some((_, Segment::Key(range))) => Cow::Borrowed(self.keys.get(range.clone()).unwrap_or_default()),
            Some((_, Segment::Index(index))) => Cow::Owned(index.to_string()),
            None => Cow::Borrowed(""),
        }
    }

    /// The places on the way to a place, outermost first, without the root.
    pub(super) fn way_in(&self, place: PlaceId) -> Vec<PlaceId> {
        let mut way: Vec<PlaceId> = self.way_out(place).collect();
        way.reverse();
        way
    }

    /// The place as a JSON Pointer (RFC 6901).
    pub(super) fn pointer(&self, place: PlaceId) -> String {
        let mut rendered = String::new();
        for step in self.way_in(place) {
            pointer::push_key(&mut rendered, &self.segment(step));
        }
        rendered
    }

    /// A place and those around it, innermost first, without the root.
    fn way_out(&self, place: PlaceId) -> impl Iterator<Item = PlaceId> + '_ {
        let outer = |place: &PlaceId| self.step(*place).map(|(parent, _)| *parent);
        std::iter::successors(Some(place), outer).take_while(|place| *place != Self::ROOT)
    }

    fn step(&self, place: PlaceId) -> Option<&(PlaceId, Segment)> {
        self.steps.get(place.checked_sub(1)?)
    }
}
