//! JSON-RPC batches: several messages in one frame. Only the protocol revision 2025-03-26 has them.

use argala_json::Outline;

use crate::frame::{Sender, options};

/// A batch may hold this many messages.
pub const MAX_MESSAGES: usize = 1000;

/// Whether a frame's text is a batch, or tries to be one.
#[must_use]
pub fn is_batch(bytes: &[u8]) -> bool {
    bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

/// The messages of a batch, each as the text that came.
///
/// # Errors
/// A sentence, where it is no batch that can be taken.
pub fn split(bytes: &[u8], sender: Sender) -> Result<Vec<&[u8]>, String> {
    let outline = Outline::read(bytes, &options(sender), 1)
        .map_err(|error| format!("the batch can't be read: {error}"))?;
    let Some(root) = outline.root() else { return Err("the batch can't be read".to_owned()) };
    let messages: Vec<&[u8]> =
        outline.children(root).map(|node| bytes.get(node.span.clone()).unwrap_or_default()).collect();
    match messages.len() {
        0 => Err("a batch can't be empty".to_owned()),
        count if count > MAX_MESSAGES => {
            Err(format!("a batch may hold {MAX_MESSAGES} messages, not {count}"))
        }
        _ => Ok(messages),
    }
}
