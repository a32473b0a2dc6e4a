//! The host's side of a session, whatever transport carries it: what the host says, and what it is told.

use argala_wire::line::Line;
use argala_wire::outbox::Weigh;

/// Names a POST of the host's: its response carries whatever belongs to the requests in it.
pub(crate) type PostId = u64;

/// What a session hears of its host.
#[derive(Debug)]
pub(crate) enum Said {
    /// A message, or a batch of them.
    Line {
        line: Line,
        /// The POST that brought it; None on a transport with one stream.
        post: Option<PostId>,
        /// The `Mcp-Param-…` headers that came with it: names without that prefix, and decoded values.
        mirrored: Vec<(String, String)>,
    },
    /// The host waits no more for the answer to a POST. In the modern era that cancels the requests in it.
    Left(PostId),
}

/// A frame for the host.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) text: String,
    /// The POST that it belongs to; None where it belongs to none, or nobody can say to which.
    pub(crate) post: Option<PostId>,
    /// Whether it is an answer, or a whole batch of them, rather than a request or a notification.
    pub(crate) answer: bool,
}

impl Weigh for Told {
    fn weight(&self) -> usize {
        self.text.len()
    }
}

impl From<Told> for String {
    fn from(told: Told) -> Self {
        told.text
    }
}
