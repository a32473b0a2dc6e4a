//! All accounts, and the calls that are charged to several of them at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use argala_engine::budget::{Amount, Budget, By, Charge, Counted, Per};

use super::account::{Account, Spent};
use super::state::{Entry, State};

/// Accounts at a time. Past that no new one is opened before an old one is free of charges.
const MAX_ACCOUNTS: usize = 50_000;

/// Who pays for a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payer<'a> {
    /// The session; None for a host that has none.
    pub(crate) session: Option<&'a Arc<str>>,
    /// None for a principal whom nobody has recognised.
    pub(crate) principal: Option<&'a str>,
}

/// Whose an account is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Whose {
    Session(Arc<str>),
    Principal(Option<String>),
    Gateway,
}

/// What was charged to one account.
#[derive(Debug)]
pub(super) struct Paid {
    whose: Whose,
    budget: Arc<Budget>,
    at: u64,
    amount: Amount,
}

impl Paid {
    /// As the file of the state tells it; None where it doesn't last.
    fn line(&self, back: bool) -> Option<String> {
        let Per::Time(length) = self.budget.per else { return None };
        let Self { whose, budget, at, amount } = self;
        Entry { at: *at, budget: &budget.id, per: length.as_secs(), amount: *amount, back }.line(whose)
    }
}

/// A call that a budget hasn't enough for.
#[derive(Debug)]
pub(super) struct Refusal {
    budget: String,
    /// A sentence without its full stop.
    pub(super) reason: String,
}

impl Refusal {
    pub(super) fn rule(&self) -> String {
        format!("budgets.{}", self.budget)
    }
}

/// All accounts.
#[derive(Debug, Default)]
pub(super) struct Books {
    accounts: HashMap<Whose, BTreeMap<String, Account>>,
    count: usize,
    /// Where there is no room for another account: before then there won't be.
    full_until: u64,
    state: Option<State>,
}

impl Books {
    /// Writes down all that lasts from here on.
    pub(super) fn keep_in(&mut self, state: State) {
        self.state = Some(state);
    }

    /// Charges a call to all of its budgets.
    ///
    /// # Errors
    /// One of them hasn't enough: then none is charged.
    pub(super) fn charge(
        &mut self,
        now: u64,
        payer: &Payer<'_>,
        charges: &[Charge],
    ) -> Result<Vec<Paid>, Refusal> {
        let mut paid = Vec::with_capacity(charges.len());
        for Charge { budget, amount } in charges {
            let refuse = |reason| Refusal { budget: budget.id.clone(), reason };
            let whose = payer.account_of(budget).map_err(refuse)?;
            let account = self.account(now, &whose, budget).map_err(refuse)?;
            account.count_for(budget.per);
            account.pass(now);
            if account.spent().plus(*amount) > budget.max {
                return Err(refuse(spent(account, now, budget, *amount)));
            }
            paid.push(Paid { whose, budget: Arc::clone(budget), at: now, amount: *amount });
        }
        if let Some(state) = &mut self.state {
            // What isn't written down isn't charged, and so not called.
            let lasting: Vec<String> = paid.iter().filter_map(|paid| paid.line(false)).collect();
            if let (Err(error), Some(first)) = (state.append(&lasting), charges.first()) {
                let reason = format!(
                    "what is charged to its budget can't be written down ({error}). This is no fault of the call: ask \
                     whoever runs the gateway"
                );
                return Err(Refusal { budget: first.budget.id.clone(), reason });
            }
        }
        for paid in &paid {
            if let Some(account) = self.find(&paid.whose, &paid.budget.id) {
                account.charge(now, paid.amount);
            }
        }
        self.rewrite(now);
        Ok(paid)
    }

    /// Gives back what a call has paid that didn't leave.
    pub(super) fn pay_back(&mut self, paid: Vec<Paid>) {
        if let Some(state) = &mut self.state {
            let lasting: Vec<String> = paid.iter().filter_map(|paid| paid.line(true)).collect();
            // Where that fails, it counts after a restart: never too little.
            if let Err(error) = state.append(&lasting) {
                tracing::error!("what a call got back from its budgets is not written down: {error}");
            }
        }
        for Paid { whose, budget, at, amount } in paid {
            if let Some(account) = self.find(&whose, &budget.id) {
                account.pay_back(at, amount);
            }
        }
    }

    /// Closes all accounts of a session.
    pub(super) fn forget(&mut self, whose: &Whose) {
        if let Some(accounts) = self.accounts.remove(whose) {
            self.count = self.count.saturating_sub(accounts.len());
            self.full_until = 0;
        }
    }

    /// The latest charge.
    pub(super) fn latest(&self) -> u64 {
        let accounts = self.accounts.values().flat_map(BTreeMap::values);
        accounts.flat_map(Account::entries).map(|spent| spent.last).max().unwrap_or_default()
    }

    /// Charges what an earlier run has written down.
    pub(super) fn restore(&mut self, whose: Whose, entry: &Entry<'_>) {
        let accounts = self.accounts.entry(whose).or_default();
        if !accounts.contains_key(entry.budget) {
            self.count += 1;
        }
        let account = accounts.entry(entry.budget.to_owned()).or_default();
        account.count_for(Per::Time(Duration::from_secs(entry.per)));
        if entry.back {
            account.pay_back(entry.at, entry.amount);
        } else {
            // In the time that the file tells, so that what is over takes no room.
            account.pass(entry.at);
            account.charge(entry.at, entry.amount);
        }
    }

    fn find(&mut self, whose: &Whose, budget: &str) -> Option<&mut Account> {
        self.accounts.get_mut(whose)?.get_mut(budget)
    }

    /// The account of a budget; a new one, where there is room.
    fn account(&mut self, now: u64, whose: &Whose, budget: &Budget) -> Result<&mut Account, String> {
        let is_known = self.accounts.get(whose).is_some_and(|accounts| accounts.contains_key(&budget.id));
        if !is_known {
            if self.count >= MAX_ACCOUNTS {
                self.make_room(now);
            }
            if self.count >= MAX_ACCOUNTS {
                return Err(format!(
                    "its budget is {budget}, and there is no room for one more account beside {MAX_ACCOUNTS}; try again \
                     later, or ask whoever runs the gateway"
                ));
            }
            self.count += 1;
        }
        Ok(self.accounts.entry(whose.clone()).or_default().entry(budget.id.clone()).or_default())
    }

    /// Closes accounts to which nothing is charged any more.
    fn make_room(&mut self, now: u64) {
        if now < self.full_until {
            return;
        }
        let mut next = u64::MAX;
        self.count = 0;
        for accounts in self.accounts.values_mut() {
            accounts.retain(|_, account| {
                account.pass(now);
                next = next.min(account.all_freed().unwrap_or(u64::MAX));
                !account.is_empty()
            });
            self.count += accounts.len();
        }
        self.accounts.retain(|_, accounts| !accounts.is_empty());
        self.full_until = next;
    }

    /// Writes the file of the state anew, where most of it is over.
    fn rewrite(&mut self, now: u64) {
        if !self.state.as_ref().is_some_and(State::is_long) {
            return;
        }
        let lines = self.lines(now);
        if let Some(state) = &mut self.state
            && let Err(error) = state.replace(&lines)
        {
            tracing::error!("the file of the budgets grows, as it can't be written anew: {error}");
        }
    }

    /// All that lasts and still counts, as the file of the state tells it.
    pub(super) fn lines(&mut self, now: u64) -> Vec<String> {
        let mut lines = Vec::new();
        for (whose, accounts) in &mut self.accounts {
            for (budget, account) in accounts {
                account.pass(now);
                let Some(window) = account.window() else { continue };
                let told = |spent: &Spent| {
                    Entry { at: spent.last, budget, per: window / 1000, amount: spent.amount, back: false }
                        .line(whose)
                };
                lines.extend(account.entries().filter_map(told));
            }
        }
        lines
    }
}

impl Payer<'_> {
    /// Whose account a budget is charged to.
    fn account_of(&self, budget: &Budget) -> Result<Whose, String> {
        Ok(match budget.by {
            By::Gateway => Whose::Gateway,
            By::Principal => Whose::Principal(self.principal.map(str::to_owned)),
            By::Session => match self.session {
                Some(session) => Whose::Session(Arc::clone(session)),
                None => {
                    return Err(format!(
                        "its budget is {budget} for each session, and a host of this protocol revision has none over HTTP; \
                         only whoever runs the gateway can change the budget"
                    ));
                }
            },
        })
    }
}

/// What is wrong where an account hasn't enough.
fn spent(account: &Account, now: u64, budget: &Budget, amount: Amount) -> String {
    let left = budget.max.minus(account.spent());
    let asked = match budget.counts {
        Counted::Calls => "all are made".to_owned(),
        Counted::Argument(_) => format!("{left} is left, and it asks for {amount}"),
    };
    let again = match account.down_to(budget.max.minus(amount)) {
        Some(freed) => format!("retry after {} s", seconds(freed.saturating_sub(now))),
        None => "there is no more in this session: tell the user".to_owned(),
    };
    let whose = match budget.by {
        By::Gateway => "",
        By::Principal => " for each principal",
        By::Session if budget.per == Per::Session => "",
        By::Session => " for each session",
    };
    format!("its budget is {budget}{whose}: {asked}; {again}")
}

/// Milliseconds in whole seconds, none too few.
fn seconds(milliseconds: u64) -> u64 {
    milliseconds.div_ceil(1000)
}
