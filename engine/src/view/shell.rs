//! Words as a shell leaves them: quotes, backslashes and empty expansions gone.
//!
//! Whether a quote opens or closes isn't asked, as the text may be put into another one; so what is inside of single quotes
//! is read as what is outside. The escapes of `$'…'` are read by `escape`. Carets and backquotes go as well, which is how
//! `cmd` and PowerShell quote. What it does not see: values of variables (`IFS` apart), globs, braces, output of commands.

/// The text without what quotes it.
pub(super) fn unquote(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(next) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| MARKS.contains(byte)))
    {
        at += next;
        let Some((put, taken)) = bytes.get(at..).and_then(mark) else {
            at += 1;
            continue;
        };
        out.push_str(text.get(copied..at)?);
        out.push_str(put);
        at += taken;
        copied = at;
        // What a backslash stands before is no mark itself.
        if bytes.get(at.wrapping_sub(taken)) == Some(&b'\\') && taken == 1 {
            at += 1;
        }
    }
    (copied > 0).then(|| out + text.get(copied..).unwrap_or_default())
}

const MARKS: &[u8] = b"'\"`\\$^";

/// What a mark leaves, and how many bytes it takes.
fn mark(text: &[u8]) -> Option<(&'static str, usize)> {
    let (first, after) = text.split_first()?;
    match first {
        b'\\' if after.first() == Some(&b'\n') => Some(("", 2)),
        b'\\' if after.starts_with(b"\r\n") => Some(("", 3)),
        b'^' => after.first().is_some_and(u8::is_ascii_graphic).then_some(("", 1)),
        b'$' => expansion(after).map(|(put, taken)| (put, taken + 1)),
        _ => Some(("", 1)),
    }
}

/// What stands behind a `$`: expansions that are empty where nothing is set.
fn expansion(after: &[u8]) -> Option<(&'static str, usize)> {
    match after.first()? {
        b'\'' | b'"' => Some(("", 0)),
        b'@' | b'*' | b'!' | b'1'..=b'9' => Some(("", 1)),
        b'(' if after.starts_with(b"()") => Some(("", 2)),
        b'I' if after.starts_with(b"IFS") => {
            let ends = after.get(3).is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
            ends.then_some((" ", 3))
        }
        b'{' => {
            let inside = after.get(1..)?;
            if inside.starts_with(b"IFS") {
                let length = inside.iter().take(LONGEST_EXPANSION).position(|byte| *byte == b'}')?;
                return Some((" ", length + 2));
            }
            let name = inside
                .iter()
                .take(LONGEST_EXPANSION)
                .take_while(|byte| byte.is_ascii_alphanumeric() || b"_@*!".contains(byte))
                .count();
            match inside.get(name..)? {
                [b'}', ..] => Some(("", name + 2)),
                // A default: its closing brace stays behind, which hides nothing.
                [b':', b'-' | b'=' | b'+', ..] => Some(("", name + 3)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// No name of a variable is longer.
const LONGEST_EXPANSION: usize = 64;
