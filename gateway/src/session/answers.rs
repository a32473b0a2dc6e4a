//! Answers to the host: one by one, or, where the requests came as a batch, together.

use std::collections::HashMap;

use argala_wire::Id;

use crate::host::PostId;

/// Where an answer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReplyTo {
    /// The host's own id; None where it couldn't be made out.
    pub(super) id: Option<Id>,
    pub(super) batch: Option<BatchId>,
    /// The POST that brought the request.
    pub(super) post: Option<PostId>,
    /// Whether ids of one POST are nobody else's: so it is in the modern era, where POSTs of many hosts may meet.
    pub(super) scoped: bool,
    /// How often the request has been repeated with what its server had asked for.
    pub(super) rounds: u8,
}

/// What tells a request of the host's from all others in flight.
pub(super) type HostKey = (Option<PostId>, Id);

impl ReplyTo {
    /// What is owed to nobody in particular.
    pub(super) fn nobody(batch: Option<BatchId>, post: Option<PostId>) -> Self {
        Self { id: None, batch, post, scoped: false, rounds: 0 }
    }

    pub(super) fn key(&self) -> Option<HostKey> {
        Some((self.post.filter(|_| self.scoped), self.id.clone()?))
    }
}

/// Names a batch that is being answered.
pub(super) type BatchId = u64;

/// The batches that are being answered.
#[derive(Debug, Default)]
pub(super) struct Answers {
    batches: HashMap<BatchId, Batch>,
    last: BatchId,
}

#[derive(Debug, Default)]
struct Batch {
    /// How many answers are still owed, and one more while the batch is being read.
    owed: usize,
    answers: Vec<String>,
}

impl Answers {
    /// Begins a batch. It must be closed once its messages have been taken.
    pub(super) fn open_batch(&mut self) -> BatchId {
        self.last += 1;
        self.batches.insert(self.last, Batch { owed: 1, answers: Vec::new() });
        self.last
    }

    /// Ends the reading of a batch; the frame, where all its answers are there already.
    pub(super) fn close_batch(&mut self, batch: BatchId) -> Option<String> {
        self.settle(batch, None)
    }

    /// Notes that a message of a batch will be answered.
    pub(super) fn owe(&mut self, batch: Option<BatchId>) {
        if let Some(batch) = batch.and_then(|batch| self.batches.get_mut(&batch)) {
            batch.owed += 1;
        }
    }

    /// The frame to send for an answer, if it is time to send one.
    pub(super) fn give(&mut self, to: &ReplyTo, answer: String) -> Option<String> {
        match to.batch {
            None => Some(answer),
            Some(batch) => self.settle(batch, Some(answer)),
        }
    }

    /// Notes that a message of a batch will not be answered after all; the frame, where it was the last one.
    pub(super) fn withdraw(&mut self, to: &ReplyTo) -> Option<String> {
        self.settle(to.batch?, None)
    }

    fn settle(&mut self, id: BatchId, answer: Option<String>) -> Option<String> {
        let batch = self.batches.get_mut(&id)?;
        batch.answers.extend(answer);
        batch.owed = batch.owed.saturating_sub(1);
        if batch.owed > 0 {
            return None;
        }
        let answers = self.batches.remove(&id)?.answers;
        // A batch of notifications gets no answer at all (JSON-RPC 2.0, section 6).
        (!answers.is_empty()).then(|| format!("[{}]", answers.join(",")))
    }
}

#[cfg(test)]
mod tests {
    use super::{Answers, ReplyTo};

    #[test]
    fn a_batch_is_answered_once_when_its_last_answer_is_there() {
        let mut answers = Answers::default();
        let batch = answers.open_batch();
        let to = ReplyTo::nobody(Some(batch), None);
        answers.owe(Some(batch));
        answers.owe(Some(batch));
        answers.owe(Some(batch));
        assert_eq!(answers.give(&to, "1".into()), None);
        assert_eq!(answers.close_batch(batch), None);
        assert_eq!(answers.withdraw(&to), None);
        assert_eq!(answers.give(&to, "2".into()), Some("[1,2]".into()));
        assert_eq!(answers.give(&ReplyTo::nobody(None, None), "3".into()), Some("3".into()));
    }

    #[test]
    fn a_batch_of_notifications_is_not_answered() {
        let mut answers = Answers::default();
        let batch = answers.open_batch();
        assert_eq!(answers.close_batch(batch), None);
    }
}
