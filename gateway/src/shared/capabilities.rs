//! What can't be shared is not offered: tasks belong to a connection, and with it to all sessions.

use argala_json::{Limits, Options, Outline, quote};
use argala_wire::Frame;
use argala_wire::frame::edited;

/// The member of capabilities that tells of tasks in the legacy era, and in the modern one.
const TASKS: [&[&str]; 2] = [&["tasks"], &["extensions", "io.modelcontextprotocol/tasks"]];

/// A frame whose capabilities, at the end of these keys, don't have tasks.
pub(super) fn without_tasks(frame: &Frame, keys: &[&str]) -> String {
    let edits = frame.at(keys).map(|node| {
        let mut kept = node.raw(frame.text()).to_owned();
        for tasks in TASKS {
            kept = without(&kept, tasks).unwrap_or(kept);
        }
        (node.span.clone(), kept)
    });
    frame.edited(&edits.into_iter().collect::<Vec<_>>())
}

/// An object without the member at the end of these keys; None where it has none.
fn without(object: &str, keys: &[&str]) -> Option<String> {
    let options = Options::tolerant(Limits::UNBOUNDED);
    let outline = Outline::of_members(object.as_bytes(), &options, keys.len()).ok()?;
    outline.at(keys)?;
    let (name, parents) = keys.split_last()?;
    let parent = if parents.is_empty() { outline.root()? } else { outline.at(parents)? };
    let members = outline.children(parent).filter_map(|node| {
        let key = node.key.as_deref().filter(|key| key != name)?;
        let mut member = String::new();
        quote(key, &mut member);
        member.push(':');
        member.push_str(node.raw(object));
        Some(member)
    });
    let kept = members.collect::<Vec<_>>().join(",");
    Some(edited(object, &[(parent.span.clone(), format!("{{{kept}}}"))]))
}

#[cfg(test)]
mod tests {
    use super::without_tasks;
    use argala_wire::{Frame, Sender};

    #[test]
    fn tasks_of_either_era_are_left_out_and_nothing_else_changes() {
        for (capabilities, expected) in [
            ("{}", "{}"),
            (r#"{"tools": {"x":1.0}}"#, r#"{"tools": {"x":1.0}}"#),
            (r#"{"tools": {"x":1.0},"tasks":{"list":{}}}"#, r#"{"tools":{"x":1.0}}"#),
            (
                r#"{"extensions":{"io.modelcontextprotocol/tasks":{},"v/x": 1},"a":[ ]}"#,
                r#"{"extensions":{"v/x":1},"a":[ ]}"#,
            ),
            ("7", "7"),
        ] {
            let text = |capabilities| {
                format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"capabilities":{capabilities},"y":1.0}}}}"#)
            };
            let frame = Frame::read(text(capabilities).as_bytes(), Sender::Downstream).unwrap();
            assert_eq!(without_tasks(&frame, &["result", "capabilities"]), text(expected));
        }
    }
}
