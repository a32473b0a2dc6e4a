//! The id of a frame that can't be taken, so that its sender need not wait for ever.

use argala_json::{Limits, Options, Outline};

use crate::Id;

/// The id of a frame whose text is broken somewhere: the one `id` that stands directly in its outermost object, as far as
/// quotes and brackets tell. None where there is none, or more than one.
pub(crate) fn id_of(frame: &[u8]) -> Option<Id> {
    let text = String::from_utf8_lossy(frame);
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut key_may_follow = false;
    let mut found: Option<&str> = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = end_of_string(bytes, at);
                let key = text.get(at..end)?;
                let value = text.get(end..)?.trim_start();
                if depth == 1 && key_may_follow && value.starts_with(':') && is_id(key) {
                    if found.is_some() {
                        return None;
                    }
                    found = Some(scalar(value.get(1..)?.trim_start()));
                }
                key_may_follow = false;
                at = end;
                continue;
            }
            b'[' if depth == 0 => return None,
            b'{' | b'[' => {
                depth += 1;
                key_may_follow = *byte == b'{';
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => key_may_follow = true,
            _ => {}
        }
        at += 1;
    }
    read_id(found?)
}

/// The id at the end of a frame of which only that end is known: `…,"id":7}`. The last member of a text that is whole is
/// one of its outermost object.
pub(crate) fn id_at_end(tail: &[u8]) -> Option<Id> {
    let text = String::from_utf8_lossy(tail);
    let from = text.rfind("\"id\"")?;
    id_of(format!("{{{}", text.get(from..)?).as_bytes())
}

/// The offset behind a string that begins at `start`, or the end of the text.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    bytes.len()
}

/// The string or number that a text begins with.
fn scalar(text: &str) -> &str {
    let end = if text.starts_with('"') {
        end_of_string(text.as_bytes(), 0)
    } else {
        text.find(|character: char| !(character.is_ascii_digit() || character == '-')).unwrap_or(text.len())
    };
    text.get(..end).unwrap_or_default()
}

fn outline(text: &str) -> Option<Outline> {
    Outline::read(text.as_bytes(), &Options::strict(Limits::default()), 0).ok()
}

fn is_id(key: &str) -> bool {
    outline(key)
        .is_some_and(|outline| outline.root().and_then(|node| node.string(key)).as_deref() == Some("id"))
}

fn read_id(value: &str) -> Option<Id> {
    Id::read(outline(value)?.root()?, value)
}

#[cfg(test)]
mod tests {
    use super::{id_at_end, id_of};

    #[test]
    fn the_one_id_of_the_outermost_object_is_found_whatever_else_is_broken() {
        for (text, id) in [
            (r#"{"id":7}"#, Some("7")),
            (r#"{"jsonrpc":"2.0","id" : -7 ,"method":"x","params":{"id":1,"a":NaN}}"#, Some("-7")),
            (r#"{"method":"x","params":{"a":[1,,{"id":2}]},"jsonrpc":"2.0","id":"a\"b"}"#, Some(r#""a\"b""#)),
            (r#"{"id":7,"params":{"a":"x"}"#, Some("7")),
            (r#"{"params":{"a":"\q\"id\":5"},"id":7"#, Some("7")),
            (r#"{"\u0069d":7}"#, Some("7")),
            ("\u{feff}{\"id\":7}", Some("7")),
            ("{\"a\":\"\t\",\u{c}\"id\":7}", Some("7")),
            (r#"{"id":7,"id":7}"#, None),
            (r#"{"params":{"id":7}"#, None),
            (r#"{"a":"id"}"#, None),
            (r#"{"id":null}"#, None),
            (r#"{"id":{"id":7}}"#, None),
            (r#"[{"id":7}]"#, None),
            ("", None),
        ] {
            assert_eq!(id_of(text.as_bytes()).map(|id| id.to_json()).as_deref(), id, "{text}");
        }
    }

    #[test]
    fn the_last_member_is_found_at_the_end() {
        assert_eq!(
            id_at_end(br#"xxx","id":1}},"jsonrpc":"2.0","id":7}"#).map(|id| id.to_json()).as_deref(),
            Some("7")
        );
        assert_eq!(id_at_end(br#"xxx"}}"#), None);
    }
}
