//! Comments of SQL and markup: dropped, and read as white space.
//!
//! Quotes aren't looked at, as the text may be put into a quoted one. Comments that MySQL reads (`/*!50000DROP*/`) lose
//! only their marks. What a line's comment hides is found in the readings that keep it.

use super::ROUNDS;

/// With nothing, or something else, instead of block comments.
pub(super) fn blocks(text: &str, instead: &str) -> Option<String> {
    let bytes = text.as_bytes();
    // Looked up once from behind: a text of openings alone must not be searched to its end for each.
    let last_close = memchr::memmem::rfind(bytes, b"*/");
    let last_markup_close = memchr::memmem::rfind(bytes, b"-->");
    let mut out = String::new();
    let mut copied = 0;
    for at in memchr::memchr3_iter(b'/', b'*', b'<', bytes) {
        if at < copied {
            continue;
        }
        let rest = bytes.get(at..)?;
        let taken = if rest.starts_with(b"*/") {
            // The slash may open the next one.
            if rest.get(2) == Some(&b'*') {
                continue;
            }
            2
        } else if let Some(inside) = rest.strip_prefix(b"/*") {
            match kept(inside) {
                Some(marks) => 2 + marks,
                None if last_close.is_some_and(|close| close >= at + 2) => {
                    4 + memchr::memmem::find(inside, b"*/")?
                }
                None => 2,
            }
        } else if rest.starts_with(b"<!--") && last_markup_close.is_some_and(|close| close >= at + 4) {
            3 + memchr::memmem::find(rest, b"-->")?
        } else {
            continue;
        };
        out.push_str(text.get(copied..at)?);
        out.push_str(instead);
        copied = at + taken;
    }
    (copied > 0).then(|| out + text.get(copied..).unwrap_or_default())
}

/// Of a comment whose content is read all the same: how much of it is a mark.
fn kept(inside: &[u8]) -> Option<usize> {
    let marks = [&b"!"[..], b"M!"].into_iter().find(|mark| inside.starts_with(mark))?.len();
    let digits = inside.iter().skip(marks).take_while(|byte| byte.is_ascii_digit()).count();
    Some(marks + digits)
}

/// Without block comments, nor those that come about thereby.
pub(super) fn dropped(text: &str) -> Option<String> {
    let mut out = blocks(text, "")?;
    for _ in 1..ROUNDS {
        let Some(next) = blocks(&out, "") else { break };
        out = next;
    }
    Some(out)
}

/// Without what stands from a mark to the end of the line.
pub(super) fn lines(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    for at in memchr::memchr2_iter(b'-', b'#', bytes) {
        if at < copied {
            continue;
        }
        let rest = bytes.get(at..)?;
        if !rest.starts_with(b"--") && !rest.starts_with(b"#") {
            continue;
        }
        // A comment in the last line joins nothing.
        let Some(length) = memchr::memchr2(b'\n', b'\r', rest) else { break };
        out.push_str(text.get(copied..at)?);
        copied = at + length;
    }
    (copied > 0).then(|| out + text.get(copied..).unwrap_or_default())
}
