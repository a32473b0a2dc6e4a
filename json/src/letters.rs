//! Keys that some parsers take for one another.

/// Whether two different keys are one to a parser that folds case: `Name` to one that looks for `name`.
///
/// Folded as Go's `encoding/json` does, which knows that U+017F folds to `s` and U+212A to `k`; and read to the first NUL
/// only, as parsers do that keep keys as C strings.
#[must_use]
pub fn look_alike(left: &str, right: &str) -> bool {
    let comparable = left.len() == right.len() || may_be_longer(left) || may_be_longer(right);
    left != right && comparable && folded(left).eq(folded(right))
}

fn folded(key: &str) -> impl Iterator<Item = char> {
    key.chars().take_while(|character| *character != '\0').map(fold)
}

/// Whether a key may look like one of another length in bytes.
fn may_be_longer(key: &str) -> bool {
    !key.is_ascii() || key.contains('\0')
}

fn fold(character: char) -> char {
    match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::look_alike;

    #[test]
    fn keys_that_differ_in_case_alone_look_alike() {
        for (left, right, alike) in [
            ("name", "Name", true),
            ("params", "param\u{17f}", true),
            ("task", "tas\u{212a}", true),
            ("name", "name\0", true),
            ("name\0a", "NAME\0b", true),
            ("name", "nam\0e", false),
            ("name", "name", false),
            ("name", "names", false),
            ("name", "n\u{e4}me", false),
        ] {
            assert_eq!(look_alike(left, right), alike, "{left} {right}");
            assert_eq!(look_alike(right, left), alike, "{right} {left}");
        }
    }
}
