//! JSON text as a way in.

use argala_json::{ErrorKind, Events, Options, Span, Stopped, Text, read};

use crate::decision::Decision;
use crate::facts::Facts;
use crate::inspect::{Inspector, Refusal, Stop};
use crate::limits::Limits;
use crate::policy::Policy;

/// Text is read up to this many bytes, white space and escapes included; the policy's own bounds count what it means.
const MAX_TEXT: usize = 64 << 20;

impl Policy {
    /// Judges a call whose arguments are JSON text: one object. Nobody knows who makes it, and nobody counts.
    #[must_use]
    pub fn judge(&self, method: &str, arguments: &[u8]) -> Decision {
        self.judge_for(method, arguments, &Facts::default())
    }

    /// As [`judge`](Self::judge), where more is known of the call than what it says.
    #[must_use]
    pub fn judge_for(&self, method: &str, arguments: &[u8], facts: &Facts<'_>) -> Decision {
        match self.inspect_for(method, facts) {
            Ok(mut inspector) => {
                inspector.read(arguments);
                inspector.finish()
            }
            Err(denial) => *denial,
        }
    }
}

impl Inspector<'_> {
    /// Hears the arguments as JSON text.
    pub(crate) fn read(&mut self, arguments: &[u8]) {
        // Depth and nodes are the inspector's to bound, so that a text and an object get the same decision.
        let options = Options::strict(argala_json::Limits {
            max_bytes: MAX_TEXT,
            max_depth: Limits::MAXIMA.max_depth + 1,
            max_nodes: Limits::MAXIMA.max_nodes + 1,
        });
        if let Err(Stopped::Refused(error)) = read(arguments, &options, self) {
            self.refuse_here(&match error.kind() {
                ErrorKind::DuplicateKey(key) => Refusal::DuplicateKey(key.clone()),
                ErrorKind::LoneSurrogate => Refusal::LoneSurrogate,
                ErrorKind::NotUtf8 => Refusal::NotUtf8,
                _ => Refusal::NotJson(error.to_string()),
            });
        }
    }
}

impl Events for Inspector<'_> {
    type Stop = Stop;

    fn null(&mut self, _: Span) -> Result<(), Stop> {
        self.null()
    }

    fn boolean(&mut self, value: bool, _: Span) -> Result<(), Stop> {
        self.boolean(value)
    }

    fn number(&mut self, lexeme: &str, _: Span) -> Result<(), Stop> {
        self.number(lexeme)
    }

    fn string(&mut self, text: Text<'_>, _: Span) -> Result<(), Stop> {
        self.string(&text.decode())
    }

    fn key(&mut self, text: Text<'_>, _: Span) -> Result<(), Stop> {
        self.key(&text.decode())
    }

    fn enter_object(&mut self, _: usize) -> Result<(), Stop> {
        self.enter_object()
    }

    fn leave_object(&mut self, _: usize) -> Result<(), Stop> {
        self.leave_object();
        Ok(())
    }

    fn enter_array(&mut self, _: usize) -> Result<(), Stop> {
        self.enter_array()
    }

    fn leave_array(&mut self, _: usize) -> Result<(), Stop> {
        self.leave_array();
        Ok(())
    }
}
