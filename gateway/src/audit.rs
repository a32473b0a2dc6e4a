//! The audit log: what was decided, by whose leave and how it ended, in lines that vouch for one another.
//!
//! Each line is a JSON object (RFC 8259) that ends with the SHA-256 of itself and of the line before. So no line can be changed,
//! taken out, put in or moved without all that follow it telling. What the end of a log was is kept beside it, in a file that
//! ends in `.head`, so that lines missing at its end are found; signed checkpoints tell it to who holds the public key alone.
//!
//! A line is written, in whole, before the call that it tells of leaves. Where that fails the call is denied, unless it was said
//! that calls are worth more than the log.

mod chain;
mod event;
mod file;
mod redaction;
mod settings;
mod signing;
#[cfg(test)]
mod tests;
pub(crate) mod verify;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

pub(crate) use event::{Arguments, Changed, Event, Judged, Outcome, Reviewed, ServerState};
use file::LogFile;
pub(crate) use settings::{OnFailure, Settings};
pub(crate) use signing::{PublicKey, generate_key};

use crate::caller::Caller;

/// The log of the whole process. Copies share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audit(Option<Arc<Log>>);

#[derive(Debug)]
struct Log {
    file: Mutex<LogFile>,
    on_failure: OnFailure,
}

/// Why nothing could be written, for a person.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) String);

impl Audit {
    /// Opens the log that the settings tell of, or goes on with it.
    ///
    /// # Errors
    /// What is wrong with the file, and what to do.
    pub(crate) fn open(settings: &Settings) -> Result<Self, Failed> {
        let file = LogFile::open(settings)?;
        Ok(Self(Some(Arc::new(Log { file: Mutex::new(file), on_failure: settings.on_failure }))))
    }

    /// Whether anything is written at all.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Writes a record; its number.
    ///
    /// # Errors
    /// It couldn't be written, and what it tells of must not happen.
    pub(crate) fn record(&self, event: &Event<'_>) -> Result<u64, Failed> {
        let Some(log) = &self.0 else { return Ok(0) };
        let written = log.file.lock().unwrap_or_else(PoisonError::into_inner).append(event);
        match written {
            Err(Failed(reason)) if log.on_failure == OnFailure::Allow => {
                tracing::error!("a record of the audit log is lost: {reason}");
                Ok(0)
            }
            written => written,
        }
    }

    /// Writes a record of what has happened already: nothing is left to refuse.
    pub(crate) fn note(&self, event: &Event<'_>) {
        if let Err(Failed(reason)) = self.record(event) {
            tracing::error!("a record of the audit log is lost: {reason}");
        }
    }

    /// Tells how a call ends whose record has this number.
    pub(crate) fn watch(&self, caller: &Caller, record: u64) -> Option<Watched> {
        self.is_on().then(|| Watched {
            audit: self.clone(),
            session: Arc::clone(&caller.session),
            record,
            since: Instant::now(),
            ended: false,
        })
    }

    /// Ends the log: what comes after is another run's.
    pub(crate) fn end(&self) {
        self.note(&Event::Stopped {});
        if let Some(log) = &self.0 {
            log.file.lock().unwrap_or_else(PoisonError::into_inner).sync();
        }
    }
}

/// A call that was let pass. How it ended is recorded once, also where nobody says how: every way out drops it.
#[derive(Debug)]
pub(crate) struct Watched {
    audit: Audit,
    session: Arc<str>,
    record: u64,
    since: Instant,
    ended: bool,
}

impl Watched {
    /// Records how the call ended, with how many bytes, and what has become of them.
    pub(crate) fn end(mut self, outcome: Outcome, bytes: usize, reviewed: Reviewed) {
        self.write(outcome, bytes, reviewed);
    }

    fn write(&mut self, outcome: Outcome, bytes: usize, reviewed: Reviewed) {
        self.ended = true;
        let micros = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (session, of) = (&*self.session, self.record);
        self.audit.note(&Event::Ended { session, of, outcome, micros, bytes, reviewed });
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.ended {
            self.write(Outcome::Unanswered, 0, Reviewed::default());
        }
    }
}
