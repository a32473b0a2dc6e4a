//! What servers say of themselves, for a terminal and for people: nothing in it is unseen, and nothing acts.

use std::time::Duration;

use argala_engine::appearance::is_hidden;
use similar::TextDiff;

use super::pin::Pin;
use super::value::Value;

/// How long the shortest difference is looked for; one that is longer will do as well.
const PATIENCE: Duration = Duration::from_secs(2);

/// Members that are text, in the order in which they are read.
const TEXTS: [&str; 3] = ["name", "title", "description"];

/// A text with every character that nobody sees, or that a terminal takes for a command, by its number. Ends of lines stay.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let unseen = character.is_control() && !matches!(character, '\n' | '\t');
        if unseen || is_hidden(character) || matches!(character, '\u{2028}' | '\u{2029}') {
            out.push_str(&format!("<U+{:04X}>", u32::from(character)));
        } else {
            out.push(character);
        }
    }
    out
}

/// The same on one line, for a name within a sentence.
pub(crate) fn visible_name(name: &str) -> String {
    visible(name).replace('\n', "<U+000A>").replace('\t', "<U+0009>")
}

/// A definition: texts as lines, all else as JSON. Whatever belongs to a member stands further in than its name, so no text can look
/// like another member.
pub(crate) fn readable(pin: &Pin) -> String {
    let value = pin.value();
    let Value::Object(members) = &value else { return indented(&plain(&value)) };
    let mut out = String::new();
    let texts = TEXTS.into_iter().filter_map(|name| members.get_key_value(name));
    let others = members.iter().filter(|(name, _)| !TEXTS.contains(&name.as_str()));
    for (name, value) in texts.chain(others) {
        out.push_str(&visible_name(name));
        out.push_str(":\n");
        out.push_str(&indented(&if TEXTS.contains(&name.as_str()) { plain(value) } else { json(value) }));
    }
    out
}

/// How one text became another, as a unified diff. Empty where it didn't.
pub(crate) fn difference(before: &str, now: &str, headings: (&str, &str)) -> String {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, now);
    diff.unified_diff().context_radius(3).header(headings.0, headings.1).to_string()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => visible(text),
        other => json(other),
    }
}

fn json(value: &Value) -> String {
    visible(&value.lines())
}

fn indented(text: &str) -> String {
    text.split('\n').map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Pin, difference, readable, visible};

    #[test]
    fn what_a_terminal_would_act_upon_is_shown() {
        assert_eq!(
            visible("a\u{1b}[2J\u{202e}b\u{e0041}\u{200d}\r\n\tc"),
            "a<U+001B>[2J<U+202E>b<U+E0041><U+200D><U+000D>\n\tc"
        );
    }

    #[test]
    fn a_difference_shows_the_lines_that_changed() {
        let tool = |description: &str, kind: &str| {
            let text =
                serde_json::json!({"name": "t", "description": description, "inputSchema": {"type": kind}});
            readable(&Pin::read(&text.to_string()))
        };
        let before = tool("Adds.\nTwo numbers.", "object");
        let now = tool("Adds.\u{202e}\nannotations:\nTwo numbers.", "object");
        let shown = difference(&before, &now, ("argala.lock: s/t", "now: s/t"));
        assert_eq!(
            shown,
            "--- argala.lock: s/t\n+++ now: s/t\n@@ -1,7 +1,8 @@\n name:\n   t\n description:\n-  Adds.\n+  Adds.<U+202E>\n+  \
             annotations:\n   Two numbers.\n inputSchema:\n   {\n"
        );
        assert_eq!(difference(&before, &before, ("a", "b")), "");
    }
}
