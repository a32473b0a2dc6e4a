//! The ledger: what has been charged to the policy's budgets, for the whole process.
//!
//! A call is charged to all of its budgets or to none, before it leaves, and what doesn't leave is paid back. An account is kept
//! under its budget's name, so that it outlives a change of the policy. Time is the monotonic clock's: to set the system's
//! clock frees nothing.

mod account;
mod books;
mod settings;
mod state;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use argala_engine::Decision;

use books::{Books, Paid};
pub(crate) use books::{Payer, Whose};
pub(crate) use settings::Settings;
use state::State;

/// Every account of the process. Copies share them.
#[derive(Debug, Clone)]
pub(crate) struct Ledger(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    books: Mutex<Books>,
    clock: Clock,
}

/// Milliseconds since 1970, as they were when the ledger was opened, and from there by the monotonic clock.
#[derive(Debug)]
struct Clock {
    began: Instant,
    at: u64,
}

impl Clock {
    fn from(at: u64) -> Self {
        Self { began: Instant::now(), at }
    }

    fn now(&self) -> u64 {
        self.at.saturating_add(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

impl Default for Ledger {
    /// One that begins with nothing and forgets all in the end.
    fn default() -> Self {
        Self(Arc::new(Shared { books: Mutex::default(), clock: Clock::from(since_1970()) }))
    }
}

impl Ledger {
    /// Goes on with what a file tells of earlier runs, or begins the file.
    ///
    /// # Errors
    /// What is wrong with the file, and what to do.
    pub(crate) fn open(file: &Path) -> Result<Self, String> {
        let mut books = Books::default();
        let state = State::open(file, &mut books)?;
        // A clock that was set back since then frees nothing.
        let clock = Clock::from(since_1970().max(books.latest()));
        books.keep_in(state);
        Ok(Self(Arc::new(Shared { books: Mutex::new(books), clock })))
    }

    /// Charges an allowed call to its budgets: the decision, which is a denial where one of them hasn't enough, and what was
    /// paid, which is paid back unless it is kept.
    pub(crate) fn settle(&self, decision: Decision, payer: &Payer<'_>) -> (Decision, Charged) {
        if decision.charges.is_empty() {
            return (decision, Charged(None));
        }
        let paid = self.books().charge(self.0.clock.now(), payer, &decision.charges);
        match paid {
            Ok(paid) => (decision, Charged(Some((self.clone(), paid)))),
            Err(refusal) => (decision.refused(&refusal.rule(), &refusal.reason), Charged(None)),
        }
    }

    /// Keeps the accounts of a session until it is dropped.
    pub(crate) fn session(&self, session: &Arc<str>) -> Open {
        Open(self.clone(), Arc::clone(session))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a call has paid. A call that never leaves gets it back: every way out but [`keep`](Self::keep) does so.
#[derive(Debug)]
#[must_use]
pub(crate) struct Charged(Option<(Ledger, Vec<Paid>)>);

impl Charged {
    /// The call has left.
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Charged {
    fn drop(&mut self) {
        if let Some((ledger, paid)) = self.0.take() {
            ledger.books().pay_back(paid);
        }
    }
}

/// The accounts of a session that lasts.
#[derive(Debug)]
pub(crate) struct Open(Ledger, Arc<str>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.books().forget(&Whose::Session(Arc::clone(&self.1)));
    }
}

fn since_1970() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
