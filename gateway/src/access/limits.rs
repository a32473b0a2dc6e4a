//! How much each principal may ask: requests in a minute, calls at a time, sessions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::settings;
use crate::caller::Principal;

/// Principals that are kept account of at once.
const MOST: usize = 10_000;

/// The accounts of all principals.
#[derive(Debug)]
pub(crate) struct Limits {
    bounds: settings::Limits,
    accounts: Mutex<HashMap<String, Arc<Usage>>>,
}

/// What one principal has asked for.
#[derive(Debug)]
pub(crate) struct Usage {
    bounds: settings::Limits,
    count: Mutex<Count>,
}

#[derive(Debug)]
struct Count {
    /// Requests that may be made at once; it grows with time, up to those of a minute.
    allowance: f64,
    at: Instant,
    calls: usize,
    sessions: usize,
}

/// A limit is reached; it is worth trying again after this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany(pub(crate) Duration);

/// When a call or a session may have ended nobody knows.
const SOON: TooMany = TooMany(Duration::from_secs(5));

impl Limits {
    pub(super) fn new(bounds: settings::Limits) -> Self {
        Self { bounds, accounts: Mutex::default() }
    }

    /// The account of a principal.
    pub(crate) fn of(&self, principal: &Principal) -> Result<Arc<Usage>, TooMany> {
        let mut accounts = lock(&self.accounts);
        if let Some(usage) = accounts.get(&principal.name) {
            return Ok(Arc::clone(usage));
        }
        if accounts.len() >= MOST {
            accounts.retain(|_, usage| Arc::strong_count(usage) > 1 || !usage.is_as_new());
        }
        if accounts.len() >= MOST {
            return Err(SOON);
        }
        let usage = Arc::new(Usage::new(self.bounds));
        accounts.insert(principal.name.clone(), Arc::clone(&usage));
        Ok(usage)
    }
}

impl Usage {
    fn new(bounds: settings::Limits) -> Self {
        let allowance = bounds.requests_per_minute.unwrap_or_default().into();
        Self { bounds, count: Mutex::new(Count { allowance, at: Instant::now(), calls: 0, sessions: 0 }) }
    }

    /// A request is made.
    pub(crate) fn request(&self) -> Result<(), TooMany> {
        let Some(most) = self.bounds.requests_per_minute else { return Ok(()) };
        let mut count = lock(&self.count);
        count.grow(most);
        if count.allowance < 1.0 {
            let missing = (1.0 - count.allowance) * 60.0 / f64::from(most);
            return Err(TooMany(Duration::from_secs_f64(missing)));
        }
        count.allowance -= 1.0;
        Ok(())
    }

    /// So many calls are under way, until the value is dropped.
    pub(crate) fn calls(self: &Arc<Self>, number: usize) -> Result<Calls, TooMany> {
        let mut count = lock(&self.count);
        if self.bounds.concurrent_calls.is_some_and(|most| count.calls.saturating_add(number) > most) {
            return Err(SOON);
        }
        count.calls = count.calls.saturating_add(number);
        Ok(Calls { of: Arc::clone(self), number })
    }

    /// Whether calls at a time are bounded.
    pub(crate) fn bounds_calls(&self) -> bool {
        self.bounds.concurrent_calls.is_some()
    }

    /// A session is open, until the value is dropped.
    pub(crate) fn session(self: &Arc<Self>) -> Result<Seat, TooMany> {
        let mut count = lock(&self.count);
        if self.bounds.sessions.is_some_and(|most| count.sessions >= most) {
            return Err(SOON);
        }
        count.sessions += 1;
        Ok(Seat(Arc::clone(self)))
    }

    /// Whether nothing would be forgotten with it.
    fn is_as_new(&self) -> bool {
        let Some(most) = self.bounds.requests_per_minute else { return true };
        let mut count = lock(&self.count);
        count.grow(most);
        count.allowance >= f64::from(most)
    }
}

impl Count {
    fn grow(&mut self, most: u32) {
        let most = f64::from(most);
        let now = Instant::now();
        self.allowance = (self.allowance + (now - self.at).as_secs_f64() * most / 60.0).min(most);
        self.at = now;
    }
}

/// Calls that are under way.
#[derive(Debug)]
pub(crate) struct Calls {
    of: Arc<Usage>,
    number: usize,
}

impl Drop for Calls {
    fn drop(&mut self) {
        let mut count = lock(&self.of.count);
        count.calls = count.calls.saturating_sub(self.number);
    }
}

/// A session that is open.
#[derive(Debug)]
pub(crate) struct Seat(Arc<Usage>);

impl Drop for Seat {
    fn drop(&mut self) {
        let mut count = lock(&self.0.count);
        count.sessions = count.sessions.saturating_sub(1);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::time::advance;

    use super::{Limits, MOST, TooMany, Usage, settings};
    use crate::caller::Principal;

    fn ada(limits: &Limits) -> Arc<Usage> {
        named(limits, "user:ada").unwrap()
    }

    fn named(limits: &Limits, name: &str) -> Result<Arc<Usage>, TooMany> {
        limits.of(&Principal { name: name.to_owned(), groups: Vec::new() })
    }

    #[tokio::test(start_paused = true)]
    async fn a_minutes_requests_may_come_at_once_and_then_one_by_one() {
        let limits = Limits::new(settings::Limits { requests_per_minute: Some(6), ..Default::default() });
        for _ in 0..6 {
            ada(&limits).request().unwrap();
        }
        assert_eq!(ada(&limits).request(), Err(TooMany(Duration::from_secs(10))));
        named(&limits, "user:eve").unwrap().request().unwrap();
        advance(Duration::from_millis(10_001)).await;
        ada(&limits).request().unwrap();
        assert!(ada(&limits).request().is_err());
        advance(Duration::from_secs(3600)).await;
        assert_eq!((0..10).filter(|_| ada(&limits).request().is_ok()).count(), 6);
    }

    #[tokio::test]
    async fn what_has_ended_makes_room() {
        let bounds = settings::Limits { concurrent_calls: Some(2), sessions: Some(1), ..Default::default() };
        let limits = Limits::new(bounds);
        assert!(ada(&limits).calls(3).is_err());
        let (one, _two) = (ada(&limits).calls(1).unwrap(), ada(&limits).calls(1).unwrap());
        assert!(ada(&limits).calls(1).is_err());
        drop(one);
        assert!(ada(&limits).calls(2).is_err());
        let _three = ada(&limits).calls(1).unwrap();
        let seat = ada(&limits).session().unwrap();
        assert!(ada(&limits).session().is_err());
        drop(seat);
        ada(&limits).session().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn accounts_are_bounded_and_none_is_forgotten_that_still_counts() {
        let limits = Limits::new(settings::Limits { requests_per_minute: Some(1), ..Default::default() });
        for n in 0..MOST {
            named(&limits, &n.to_string()).unwrap().request().unwrap();
        }
        assert!(named(&limits, "one more").is_err());
        assert!(named(&limits, "0").unwrap().request().is_err());
        advance(Duration::from_secs(61)).await;
        named(&limits, "one more").unwrap();
        assert!(limits.accounts.lock().unwrap().len() < 10);
    }
}
