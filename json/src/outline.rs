//! An index of the upper levels of a text, so that raw slices can be taken from it.

use std::borrow::Cow;

use crate::{Error, ErrorKind, Events, Options, Span, Stopped, Text, read};

/// The values of the upper levels of a text, in the order in which they stand. It holds places, not the text: who holds
/// both takes slices with [`Node::raw`].
#[derive(Debug, Clone)]
pub struct Outline {
    nodes: Vec<Node>,
}

/// One value of an outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The level: 0 is the text's own value.
    pub depth: usize,
    /// The key that leads here, decoded; `None` for an element of an array and for the text's own value.
    pub key: Option<String>,
    /// Where the value stands in the text.
    pub span: Span,
}

impl Outline {
    /// Reads a text and keeps its values down to `depth`: 1 keeps the members of the outermost object, or the elements of the
    /// outermost array.
    ///
    /// # Errors
    /// Where [`read`] refuses the text, all of which is read, also what lies deeper; and where there are too many values
    /// to keep (200,000).
    pub fn read(text: &[u8], options: &Options, depth: usize) -> Result<Self, Error> {
        Self::record(text, options, depth, true)
    }

    /// As [`Self::read`], but keeps only what keys lead to: no element of an array, nor anything inside of one.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn of_members(text: &[u8], options: &Options, depth: usize) -> Result<Self, Error> {
        Self::record(text, options, depth, false)
    }

    fn record(text: &[u8], options: &Options, kept: usize, elements: bool) -> Result<Self, Error> {
        let mut recorder =
            Recorder { kept, elements, depth: 0, key: None, nodes: Vec::new(), open: Vec::new() };
        match read(text, options, &mut recorder) {
            Ok(()) => Ok(Self { nodes: recorder.nodes }),
            Err(Stopped::Refused(error)) => Err(error),
            Err(Stopped::Listener(Full)) => {
                let offset = recorder.nodes.last().map_or(0, |node| node.span.start);
                Err(Error::new(ErrorKind::TooManyNodes(MAX_KEPT), offset))
            }
        }
    }

    /// The text's own value.
    #[must_use]
    pub fn root(&self) -> Option<&Node> {
        self.nodes.first()
    }

    /// The values directly inside the one at `parent`, in order: the members of an object, the elements of an array.
    pub fn children(&self, parent: &Node) -> impl Iterator<Item = &Node> + use<'_> {
        let (depth, span) = (parent.depth + 1, parent.span.clone());
        let from = self.nodes.partition_point(|node| node.span.start <= span.start);
        self.nodes
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(move |node| node.span.end <= span.end)
            .filter(move |node| node.depth == depth)
    }

    /// The member of an object with this key; where the text has it twice (a tolerant reading), the last.
    #[must_use]
    pub fn member(&self, object: &Node, key: &str) -> Option<&Node> {
        self.children(object).filter(|node| node.key.as_deref() == Some(key)).last()
    }

    /// The value at the end of these keys.
    #[must_use]
    pub fn at(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self.root()?, |node, key| self.member(node, key))
    }
}

impl Node {
    /// The raw text of the value, in the text that the outline was read from.
    #[must_use]
    pub fn raw<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.span.clone()).unwrap_or_default()
    }

    /// The decoded text of the value, where it is a string.
    #[must_use]
    pub fn string<'a>(&self, text: &'a str) -> Option<Cow<'a, str>> {
        let inside = self.raw(text).strip_prefix('"')?.strip_suffix('"')?;
        Some(Text::new(inside, inside.contains('\\')).decode())
    }
}

/// More values than this are not kept: a text of many small ones would take a hundred times its size.
const MAX_KEPT: usize = 200_000;

/// There are too many values to keep.
struct Full;

struct Recorder {
    kept: usize,
    elements: bool,
    depth: usize,
    key: Option<String>,
    nodes: Vec<Node>,
    /// The containers that are open, down to the level that is kept.
    open: Vec<Kept>,
}

/// A container in which values may be kept.
struct Kept {
    /// Its own node, where it is kept itself.
    node: Option<usize>,
    /// Whether what is directly inside of it is kept.
    inside: bool,
}

impl Recorder {
    /// Whether a value that begins here is kept.
    fn keeps(&self) -> bool {
        self.depth <= self.kept && self.open.last().is_none_or(|container| container.inside)
    }

    fn record(&mut self, span: Span) -> Result<Option<usize>, Full> {
        if !self.keeps() {
            return Ok(None);
        }
        if self.nodes.len() >= MAX_KEPT {
            return Err(Full);
        }
        self.nodes.push(Node { depth: self.depth, key: self.key.take(), span });
        Ok(Some(self.nodes.len() - 1))
    }

    fn enter(&mut self, at: usize, array: bool) -> Result<(), Full> {
        if self.depth <= self.kept {
            let node = self.record(at..at)?;
            self.open.push(Kept { node, inside: node.is_some() && (self.elements || !array) });
        }
        self.depth += 1;
        Ok(())
    }

    fn leave(&mut self, end: usize) {
        self.depth -= 1;
        if self.depth <= self.kept
            && let Some(index) = self.open.pop().and_then(|container| container.node)
            && let Some(node) = self.nodes.get_mut(index)
        {
            node.span.end = end;
        }
    }
}

impl Events for Recorder {
    type Stop = Full;

    fn null(&mut self, span: Span) -> Result<(), Full> {
        self.record(span).map(drop)
    }

    fn boolean(&mut self, _: bool, span: Span) -> Result<(), Full> {
        self.record(span).map(drop)
    }

    fn number(&mut self, _: &str, span: Span) -> Result<(), Full> {
        self.record(span).map(drop)
    }

    fn string(&mut self, _: Text<'_>, span: Span) -> Result<(), Full> {
        self.record(span).map(drop)
    }

    fn key(&mut self, text: Text<'_>, _: Span) -> Result<(), Full> {
        if self.keeps() {
            self.key = Some(text.decode().into_owned());
        }
        Ok(())
    }

    fn enter_object(&mut self, at: usize) -> Result<(), Full> {
        self.enter(at, false)
    }

    fn leave_object(&mut self, end: usize) -> Result<(), Full> {
        self.leave(end);
        Ok(())
    }

    fn enter_array(&mut self, at: usize) -> Result<(), Full> {
        self.enter(at, true)
    }

    fn leave_array(&mut self, end: usize) -> Result<(), Full> {
        self.leave(end);
        Ok(())
    }
}
