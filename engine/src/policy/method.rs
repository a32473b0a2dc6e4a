//! Method names and the globs that stand for several of them.

/// A method's exact name, or a glob in which `*` stands for any run of characters, also an empty one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MethodGlob {
    /// What stands between the stars; a single part is an exact name.
    parts: Vec<String>,
}

impl MethodGlob {
    /// Compiles a glob.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence, where it could never match a method, or wouldn't do what it seems to.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a method name can't be empty".to_owned());
        }
        if !is_method_name(text) {
            return Err(format!(
                "{text:?} can match no method: a method's name is up to {MAX_METHOD_LENGTH} characters of printable ASCII"
            ));
        }
        if text.contains("**") {
            return Err("`**` means no more than `*`".to_owned());
        }
        if let Some(special) = text.chars().find(|character| "?[]{}".contains(*character)) {
            return Err(format!("`{special}` has no meaning in a method glob: only `*` has"));
        }
        Ok(Self { parts: text.split('*').map(str::to_owned).collect() })
    }

    /// Whether a method is meant, by its exact bytes.
    #[must_use]
    pub fn matches(&self, method: &str) -> bool {
        let (Some(first), Some(last)) = (self.parts.first(), self.parts.last()) else { return false };
        if self.parts.len() == 1 {
            return method == first;
        }
        let Some(rest) = method.strip_prefix(first.as_str()) else { return false };
        let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
        // The leftmost place for each middle part leaves the most for those that follow.
        let middle = self.parts.get(1..self.parts.len() - 1).unwrap_or_default();
        middle.iter().all(|part| match rest.split_once(part.as_str()) {
            Some((_, tail)) => {
                rest = tail;
                true
            }
            None => false,
        })
    }
}

/// Longer names are refused unread. MCP's own recommendation is 128 characters at most.
pub(crate) const MAX_METHOD_LENGTH: usize = 512;

/// Whether a method's name can be judged at all: printable ASCII, so that no two names look alike.
pub(crate) fn is_method_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_METHOD_LENGTH
        && name.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::MethodGlob;

    #[test]
    fn a_star_stands_for_any_run_of_characters_and_everything_else_for_itself() {
        for (glob, method, matches) in [
            ("read", "read", true),
            ("read", "Read", false),
            ("read", "reads", false),
            ("*", "anything", true),
            ("fs__*", "fs__", true),
            ("fs__*", "fs__read", true),
            ("fs__*", "xfs__read", false),
            ("*_read", "fs_read", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("*aa*aa*", "aaa", false),
            ("*aa*aa*", "aaaa", true),
        ] {
            assert_eq!(MethodGlob::parse(glob).unwrap().matches(method), matches, "{glob} {method}");
        }
    }

    #[test]
    fn a_glob_that_would_not_do_what_it_seems_to_is_refused() {
        for glob in ["", "a**", "read?", "[ab]", "{a,b}", "é", "a\nb"] {
            assert!(MethodGlob::parse(glob).is_err(), "{glob}");
        }
    }
}
