//! Decimal numbers, compared exactly: never through a float.

use std::cmp::Ordering;
use std::fmt;

/// A decimal number of any size: `±0.DIGITS × 10^exponent`, without leading or trailing zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    /// The significant digits, most significant first; empty for zero.
    digits: Vec<u8>,
    /// The power of ten in front of the first digit.
    exponent: i64,
}

/// Exponents are read up to this many digits. A number past that is none that a program could hold; it isn't compared and
/// so not allowed.
const EXPONENT_DIGITS: usize = 4;

impl Decimal {
    /// Reads a number in JSON's grammar (RFC 8259, section 6); `None` where it is none or its exponent is absurd.
    pub(crate) fn parse(lexeme: &str) -> Option<Self> {
        let (negative, magnitude) = match lexeme.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, lexeme),
        };
        let (mantissa, exponent) = match magnitude.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (magnitude, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let written = || whole.bytes().chain(fraction.bytes());
        let leading = written().take_while(|digit| *digit == b'0').count();
        let mut digits: Vec<u8> = written().skip(leading).collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        let exponent = exponent + i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        Some(Self { negative, digits, exponent })
    }

    /// Whether it has no fraction: `1.0` and `1e2` have none.
    pub(crate) fn is_integer(&self) -> bool {
        i64::try_from(self.digits.len()).is_ok_and(|digits| digits <= self.exponent.max(0))
    }

    /// The number of units of `10^-decimals` in it, where that is a whole number, none below zero, and it has at most so many
    /// digits before the point. Both together are at most 38.
    pub(crate) fn in_units(&self, decimals: u32, whole: u32) -> Option<u128> {
        if self.negative || self.exponent > i64::from(whole) {
            return None;
        }
        // One digit of the units for each; what is missing behind the last one are zeros.
        let zeros = self.exponent + i64::from(decimals) - i64::try_from(self.digits.len()).ok()?;
        if self.digits.is_empty() {
            return Some(0);
        }
        let digits = self.digits.iter().try_fold(0_u128, |number, digit| {
            number.checked_mul(10)?.checked_add(u128::from(digit.checked_sub(b'0')?))
        })?;
        digits.checked_mul(10_u128.checked_pow(u32::try_from(zeros).ok()?)?)
    }

    fn compare_magnitude(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits)),
        }
    }
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    if digits.trim_start_matches('0').len() > EXPONENT_DIGITS {
        return None;
    }
    text.strip_prefix('+').unwrap_or(text).parse().ok()
}

impl fmt::Display for Decimal {
    /// One spelling for each number: `0.DIGITSeEXPONENT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let digits: String = self.digits.iter().copied().map(char::from).collect();
        write!(f, "{sign}0.{digits}e{}", self.exponent)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.compare_magnitude(other),
            (true, true) => other.compare_magnitude(self),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;
    use std::cmp::Ordering;

    #[test]
    fn numbers_compare_by_value_whatever_their_spelling() {
        use Ordering::{Equal, Greater, Less};
        for (left, order, right) in [
            ("0", Equal, "-0.0"),
            ("1", Equal, "1.000"),
            ("1e2", Equal, "100"),
            ("0.01e4", Equal, "100"),
            ("100", Less, "100.0000000000000000000000000001"),
            ("9007199254740993", Greater, "9007199254740992"),
            ("-1", Less, "0"),
            ("-2", Less, "-1"),
            ("-0.5", Greater, "-0.51"),
            ("99", Less, "123"),
            ("0.9", Less, "1"),
            ("1e400", Greater, "1e399"),
            ("1e-400", Greater, "0"),
            ("123456789012345678901234567891", Greater, "123456789012345678901234567890"),
            ("1e+2", Equal, "1E2"),
        ] {
            let parse = |text| Decimal::parse(text).unwrap();
            assert_eq!(parse(left).cmp(&parse(right)), order, "{left} {right}");
            assert_eq!(parse(right).cmp(&parse(left)), order.reverse(), "{right} {left}");
        }
    }

    #[test]
    fn an_integer_is_a_number_without_a_fraction() {
        for (text, integer) in [
            ("0", true),
            ("-0.0", true),
            ("10", true),
            ("1.0", true),
            ("12e-1", false),
            ("120e-1", true),
            ("0.5", false),
            ("1e300", true),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().is_integer(), integer, "{text}");
        }
    }

    #[test]
    fn what_is_no_comparable_number_is_none() {
        for text in ["", "-", "NaN", "1e", "1e99999", "1_000", "0x10", ".5"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }
}
