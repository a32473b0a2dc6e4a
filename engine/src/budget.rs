//! Budgets: how much of something may pass in a time. The engine says what a call costs; whoever asks keeps the accounts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::decimal::Decimal;

/// A budget of the policy: `[[budget]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Its name. A policy has none twice.
    pub id: String,
    /// What is counted.
    pub counts: Counted,
    /// The most that may pass in any stretch of time of this length.
    pub max: Amount,
    /// How long that is.
    pub per: Per,
    /// Whose calls are counted together.
    pub by: By,
}

/// What a budget counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// Calls.
    Calls,
    /// The argument at this place, a JSON Pointer (RFC 6901).
    Argument(String),
}

/// In which time a budget is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// In any stretch of time of this length: whole seconds.
    Time(Duration),
    /// In the whole of a session.
    Session,
}

/// Whose calls a budget counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// Those of one session.
    Session,
    /// Those of one principal. All whom nobody has recognised are one.
    Principal,
    /// Those of everyone.
    Gateway,
}

/// What an allowed call costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// What it is charged to; in JSON, its `id`.
    #[serde(serialize_with = "id_of")]
    pub budget: Arc<Budget>,
    /// How much; in JSON, as a text.
    pub amount: Amount,
}

/// A number from 0 up, below 10¹⁸ and with at most 18 decimals, held exactly. A sum of several may be larger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u128);

impl Amount {
    /// How many decimals there are at most, and digits before them.
    pub const DIGITS: u32 = 18;
    const UNITS: u128 = 10_u128.pow(Self::DIGITS);
    /// What one call costs.
    pub const CALL: Self = Self(Self::UNITS);
    /// More than any budget has.
    pub(crate) const BEYOND: Self = Self(u128::MAX);

    /// A whole number.
    #[must_use]
    pub const fn whole(number: u32) -> Self {
        Self(number as u128 * Self::UNITS)
    }

    /// Reads a number in JSON's grammar; None where it isn't one that an amount may be.
    #[must_use]
    pub fn parse(lexeme: &str) -> Option<Self> {
        Self::of(&Decimal::parse(lexeme)?)
    }

    /// Reads what an amount is shown as, which may be a sum of several.
    #[must_use]
    pub fn parse_sum(lexeme: &str) -> Option<Self> {
        const DIGITS_OF_SUMS: u32 = 20;
        Decimal::parse(lexeme)?.in_units(Self::DIGITS, DIGITS_OF_SUMS).map(Self)
    }

    pub(crate) fn of(number: &Decimal) -> Option<Self> {
        number.in_units(Self::DIGITS, Self::DIGITS).map(Self)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it without the other.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Amount {
    /// As a decimal number without an exponent: `12.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 / Self::UNITS)?;
        let decimals = format!("{:018}", self.0 % Self::UNITS);
        let decimals = decimals.trim_end_matches('0');
        if decimals.is_empty() { Ok(()) } else { write!(f, ".{decimals}") }
    }
}

impl Serialize for Amount {
    /// As a text: no reader's floats round it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn id_of<S: Serializer>(budget: &Budget, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&budget.id)
}

impl fmt::Display for Budget {
    /// What it takes, for a message: `at most 10 calls in 60 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.counts {
            Counted::Calls if self.max == Amount::CALL => write!(f, "at most 1 call")?,
            Counted::Calls => write!(f, "at most {} calls", self.max)?,
            Counted::Argument(at) => write!(f, "at most {} of `{at}`", self.max)?,
        }
        match self.per {
            Per::Time(length) => write!(f, " in {} s", length.as_secs()),
            Per::Session => f.write_str(" in a session"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn an_amount_is_exactly_what_is_written() {
        for (text, shown) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("10", "10"),
            ("12.50", "12.5"),
            ("1e2", "100"),
            ("125e-1", "12.5"),
            ("0.1", "0.1"),
            ("0.000000000000000001", "0.000000000000000001"),
            ("999999999999999999.999999999999999999", "999999999999999999.999999999999999999"),
            ("1.0000000000000000000000000000", "1"),
        ] {
            let read = Amount::parse(text).map(|amount| amount.to_string());
            assert_eq!(read.as_deref(), Some(shown), "{text}");
        }
    }

    #[test]
    fn what_is_negative_too_large_or_too_fine_is_no_amount() {
        for text in
            ["-1", "-0.01", "1e18", "1000000000000000000", "1e-19", "1.0000000000000000001", "1e9999", "x"]
        {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_do_not_drift() {
        let tenth = Amount::parse("0.1").unwrap();
        let sum = std::iter::repeat_n(tenth, 10).fold(Amount::default(), Amount::plus);
        assert_eq!(sum, Amount::whole(1));
    }
}
