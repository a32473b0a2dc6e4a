//! An index of the upper levels of a text, so that raw slices can be taken from it.

use std::borrow::Cow;
use std::convert::Infallible;

use crate::{Error, Events, Options, Span, Stopped, Text, read};

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
    /// Reads a text and keeps its values down to `depth`: 1 keeps the members of the outermost object.
    ///
    /// # Errors
    /// Where [`read`] refuses the text. All of it is read, also what lies deeper.
    pub fn read(text: &[u8], options: &Options, depth: usize) -> Result<Self, Error> {
        let mut recorder = Recorder { kept: depth, depth: 0, key: None, nodes: Vec::new(), open: Vec::new() };
        match read(text, options, &mut recorder) {
            Ok(()) => Ok(Self { nodes: recorder.nodes }),
            Err(Stopped::Refused(error)) => Err(error),
            Err(Stopped::Listener(never)) => match never {},
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

struct Recorder {
    kept: usize,
    depth: usize,
    key: Option<String>,
    nodes: Vec<Node>,
    /// Of each open container that is kept: its node.
    open: Vec<usize>,
}

impl Recorder {
    fn record(&mut self, span: Span) {
        if self.depth <= self.kept {
            self.nodes.push(Node { depth: self.depth, key: self.key.take(), span });
        }
    }

    fn enter(&mut self, at: usize) {
        if self.depth <= self.kept {
            self.open.push(self.nodes.len());
            self.record(at..at);
        }
        self.depth += 1;
    }

    fn leave(&mut self, end: usize) {
        self.depth -= 1;
        if self.depth <= self.kept
            && let Some(node) = self.open.pop().and_then(|index| self.nodes.get_mut(index))
        {
            node.span.end = end;
        }
    }
}

impl Events for Recorder {
    type Stop = Infallible;

    fn null(&mut self, span: Span) -> Result<(), Infallible> {
        self.record(span);
        Ok(())
    }

    fn boolean(&mut self, _: bool, span: Span) -> Result<(), Infallible> {
        self.record(span);
        Ok(())
    }

    fn number(&mut self, _: &str, span: Span) -> Result<(), Infallible> {
        self.record(span);
        Ok(())
    }

    fn string(&mut self, _: Text<'_>, span: Span) -> Result<(), Infallible> {
        self.record(span);
        Ok(())
    }

    fn key(&mut self, text: Text<'_>, _: Span) -> Result<(), Infallible> {
        if self.depth <= self.kept {
            self.key = Some(text.decode().into_owned());
        }
        Ok(())
    }

    fn enter_object(&mut self, at: usize) -> Result<(), Infallible> {
        self.enter(at);
        Ok(())
    }

    fn leave_object(&mut self, end: usize) -> Result<(), Infallible> {
        self.leave(end);
        Ok(())
    }

    fn enter_array(&mut self, at: usize) -> Result<(), Infallible> {
        self.enter(at);
        Ok(())
    }

    fn leave_array(&mut self, end: usize) -> Result<(), Infallible> {
        self.leave(end);
        Ok(())
    }
}
