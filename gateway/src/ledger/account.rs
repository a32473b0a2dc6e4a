//! One account: what was charged to a budget, and when it is free again.
//!
//! No more than the budget passes in any stretch of time of its length, wherever that begins. To remember every call would take
//! memory without bound; what is charged within a sixtieth of the time is remembered together, and free when the last of it
//! is. So nothing is free too early, and nothing later than by that sixtieth.

use std::collections::VecDeque;

use argala_engine::Amount;
use argala_engine::budget::Per;

/// Into how many parts a stretch of time is divided.
const PARTS: u64 = 60;

/// What was charged to a budget, and when, in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// How long a charge counts. None for as long as the account is kept.
    window: Option<u64>,
    /// In the order of time; no more than a few beyond [`PARTS`].
    spent: VecDeque<Spent>,
}

/// What was charged within a part of the time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spent {
    first: u64,
    pub(super) last: u64,
    pub(super) amount: Amount,
}

impl Account {
    /// From here on a charge counts for so long.
    pub(super) fn count_for(&mut self, per: Per) {
        self.window = match per {
            Per::Time(length) => Some(u64::try_from(length.as_millis()).unwrap_or(u64::MAX)),
            Per::Session => None,
        };
    }

    /// How long a charge counts, in milliseconds.
    pub(super) fn window(&self) -> Option<u64> {
        self.window
    }

    /// Forgets what is free again.
    pub(super) fn pass(&mut self, now: u64) {
        while self.spent.front().and_then(|spent| self.freed(spent)).is_some_and(|freed| freed <= now) {
            self.spent.pop_front();
        }
    }

    /// What counts.
    pub(super) fn spent(&self) -> Amount {
        self.spent.iter().fold(Amount::default(), |sum, spent| sum.plus(spent.amount))
    }

    /// What counts, in the order of time.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Spent> {
        self.spent.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.spent.is_empty()
    }

    /// When no more than this counts of what counts now; None where that won't be.
    pub(super) fn down_to(&self, most: Amount) -> Option<u64> {
        let mut left = self.spent();
        self.spent.iter().find_map(|spent| {
            left = left.minus(spent.amount);
            (left <= most).then(|| self.freed(spent)).flatten()
        })
    }

    /// When all is free again; None where that won't be.
    pub(super) fn all_freed(&self) -> Option<u64> {
        self.spent.back().and_then(|spent| self.freed(spent))
    }

    /// Charges an amount.
    pub(super) fn charge(&mut self, now: u64, amount: Amount) {
        let part = self.window.map(|window| window / PARTS);
        match self.spent.back_mut() {
            Some(spent) if part.is_none_or(|part| now.saturating_sub(spent.first) < part) => {
                spent.last = spent.last.max(now);
                spent.amount = spent.amount.plus(amount);
            }
            _ => self.spent.push_back(Spent { first: now, last: now, amount }),
        }
    }

    /// Pays back what was charged then.
    pub(super) fn pay_back(&mut self, then: u64, amount: Amount) {
        if let Some(spent) =
            self.spent.iter_mut().rev().find(|spent| spent.first <= then && then <= spent.last)
        {
            spent.amount = spent.amount.minus(amount);
        }
    }

    /// The first moment at which it counts no more: a full window lies between the two, however milliseconds are rounded.
    fn freed(&self, spent: &Spent) -> Option<u64> {
        Some(spent.last.saturating_add(self.window?).saturating_add(1))
    }
}
