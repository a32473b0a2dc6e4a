//! Numbers are compared as what they are, whatever their spelling.

use argala_engine::{Policy, Verdict};
use proptest::prelude::*;

/// Numbers are multiplied by ten to this power to compare them as integers.
const SCALE: u32 = 17;

/// A number in JSON's grammar, small enough for [`scaled`].
fn any_number() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "-?(0|[1-9][0-9]{0,2})",
        2 => "-?(0|[1-9][0-9]{0,3})\\.[0-9]{1,5}",
        1 => "-?0\\.0{2,4}[1-9]",
        2 => "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,5})?[eE][+-]?(0?[0-9]|1[0-2])",
    ]
}

/// The number times ten to the power of [`SCALE`], exactly.
fn scaled(lexeme: &str) -> i128 {
    let (mantissa, exponent) = lexeme.split_once(['e', 'E']).unwrap_or((lexeme, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
    let power = i32::try_from(SCALE).unwrap() + exponent.trim_start_matches('+').parse::<i32>().unwrap()
        - i32::try_from(fraction.len()).unwrap();
    digits * 10_i128.pow(u32::try_from(power).unwrap())
}

fn allows(constraint: &str, number: &str) -> bool {
    let text = format!("[tools.m]\nargs.n = {{ {constraint} }}");
    let policy = Policy::from_toml(&text, "p.toml").unwrap_or_else(|error| panic!("{error}"));
    policy.judge("m", format!("{{\"n\": {number}}}").as_bytes()).verdict == Verdict::Allow
}

proptest! {
    #[test]
    fn a_bound_compares_as_exact_decimals_do(number in any_number(), bound in any_number()) {
        let (value, limit) = (scaled(&number), scaled(&bound));
        prop_assert_eq!(allows(&format!("type = 'number', max = {bound}"), &number), value <= limit);
        prop_assert_eq!(allows(&format!("type = 'number', min = {bound}"), &number), value >= limit);
        prop_assert_eq!(allows(&format!("type = 'number', one_of = [{bound}]"), &number), value == limit);
    }

    #[test]
    fn a_number_in_another_spelling_is_the_same_number(number in any_number(), zeros in 0..5_usize) {
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((&number, "0"));
        let exponent: i64 = exponent.trim_start_matches('+').parse().unwrap();
        let point = if mantissa.contains('.') { "" } else { "." };
        let longer = format!("{mantissa}{point}0{}E{exponent:+03}", "0".repeat(zeros));
        prop_assert!(allows(&format!("type = 'number', one_of = [{number}]"), &longer), "{}", longer);
        prop_assert!(allows(&format!("type = 'number', one_of = [{longer}]"), &number), "{}", longer);
    }

    #[test]
    fn an_integer_is_what_has_no_fraction(number in any_number()) {
        let whole = scaled(&number) % 10_i128.pow(SCALE) == 0;
        prop_assert_eq!(allows("type = 'integer'", &number), whole);
    }
}
