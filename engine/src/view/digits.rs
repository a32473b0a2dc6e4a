//! Digits: what a run of them stands for.

/// The value of hexadecimal digits; none where another character stands among them, or none at all does.
pub(super) fn hex(digits: &[u8]) -> Option<u32> {
    value(digits, 16)
}

/// The value of octal digits.
pub(super) fn octal(digits: &[u8]) -> Option<u32> {
    value(digits, 8)
}

/// The value of digits to a base. A value past every character is the same as any other such value.
pub(super) fn value(digits: &[u8], base: u32) -> Option<u32> {
    let mut value: u32 = 0;
    for &digit in digits {
        value = value.saturating_mul(base).saturating_add(char::from(digit).to_digit(base)?);
    }
    (!digits.is_empty()).then_some(value)
}

/// The digits that a text begins with, at most this many.
pub(super) fn leading(text: &[u8], base: u32, most: usize) -> &[u8] {
    let length = text.iter().take(most).take_while(|byte| char::from(**byte).is_digit(base)).count();
    text.get(..length).unwrap_or_default()
}
