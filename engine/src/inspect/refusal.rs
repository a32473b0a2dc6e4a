//! What a denial says about arguments that couldn't be judged, and how much it repeats of what an agent chose.

use crate::decision::Finding;

/// Why arguments couldn't be judged. Each is a denial.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The arguments are not the JSON that they should be.
    NotJson(String),
    /// An object has a key twice; parsers disagree on which one counts.
    DuplicateKey(String),
    /// A string holds half of a surrogate pair.
    LoneSurrogate,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// A value that has no JSON form, by the name of its type.
    Type(String),
    /// A value of a type that is judged, but not as this one is: the name of its type, and a clause that says why.
    Unfit {
        /// The name of its type.
        name: String,
        /// Why: `which is no text`.
        reason: &'static str,
    },
}

impl Refusal {
    /// The denial, about this place.
    pub(super) fn finding(&self, at: String) -> Finding {
        let (rule, what) = match self {
            Self::NotJson(reason) => ("input.not-json", format!("are not a JSON object: {reason}")),
            Self::DuplicateKey(_) => (
                "input.duplicate-key",
                "have this key twice, and parsers differ on which one counts".to_owned(),
            ),
            Self::LoneSurrogate => {
                ("input.lone-surrogate", "hold half of a surrogate pair, which is no text".to_owned())
            }
            Self::NotUtf8 => ("input.not-utf8", "are not UTF-8".to_owned()),
            Self::Type(name) => {
                ("input.type", format!("hold a value of type {name}, which has no JSON form"))
            }
            Self::Unfit { name, reason } => ("input.type", format!("hold a value of type {name} {reason}")),
        };
        let place = if at.is_empty() { String::new() } else { format!(" (at `{}`)", shown(&at)) };
        Finding::new(rule, Some(at), format!("its arguments {what}{place}"))
    }
}

/// How many characters of a key or pointer a message repeats: the agent chose them, and they may be a megabyte.
const SHOWN: usize = 256;

/// The beginning of a text that the agent chose, fit for one line of a terminal or a log.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(SHOWN) {
        if character.is_control() {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
