//! What a lock file says: of each server its instructions and its tools, by hash and as they are.
//!
//! The text stands beside the hash in the same file, as that is what a reviewer looks at: a change of a tool is a change of the
//! file that anyone can read, and `argala pin` can show what was before without a second file that might not fit the first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use argala_engine::appearance::is_hidden;
use serde::Deserialize;
use toml::Spanned;

use super::pin::Pin;
use super::value::Value;

/// The first lines of a lock file.
const HEADING: &str = "# What the tools of each server were when they were accepted. `argala pin` compares, `argala pin --accept` \
                       writes this file.\nversion = 1\n";

/// All servers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lock {
    pub(crate) servers: BTreeMap<String, Pinned>,
}

/// One server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pinned {
    pub(crate) instructions: Option<Pin>,
    /// By the server's own names.
    pub(crate) tools: BTreeMap<String, Pin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Spanned<u32>,
    #[serde(default)]
    servers: BTreeMap<String, FileServer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileServer {
    instructions: Option<FilePin>,
    #[serde(default)]
    tools: BTreeMap<String, FilePin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePin {
    hash: Spanned<String>,
    text: Spanned<String>,
}

/// What is wrong, and at which byte.
type Fault = (Option<usize>, String);

impl Lock {
    /// Reads the text of a lock file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let file: File = toml::from_str(text)
            .map_err(|error| (error.span().map(|span| span.start), error.message().to_owned()))?;
        if *file.version.get_ref() != 1 {
            let message = format!("version {} is not known here", file.version.get_ref());
            return Err((Some(file.version.span().start), message));
        }
        let mut lock = Self::default();
        for (name, server) in file.servers {
            let instructions = server.instructions.map(FilePin::pin).transpose()?;
            let tools: Result<_, Fault> =
                server.tools.into_iter().map(|(tool, pin)| Ok((tool, pin.pin()?))).collect();
            lock.servers.insert(name, Pinned { instructions, tools: tools? });
        }
        Ok(lock)
    }

    /// The text of a lock file: in order, so that two that say the same are the same.
    pub(crate) fn text(&self) -> String {
        let mut text = HEADING.to_owned();
        for (name, server) in &self.servers {
            let name = key(name);
            // Writing to a `String` can't fail.
            let _ = write!(text, "\n[servers.{name}]\n");
            if let Some(instructions) = &server.instructions {
                let _ = write!(text, "\n[servers.{name}.instructions]\n{}", entry(instructions));
            }
            for (tool, pin) in &server.tools {
                let _ = write!(text, "\n[servers.{name}.tools.{}]\n{}", key(tool), entry(pin));
            }
        }
        text
    }
}

impl FilePin {
    fn pin(self) -> Result<Pin, Fault> {
        let (text, hash) = (self.text.get_ref(), self.hash.get_ref());
        let value = Value::read_again(text)
            .map_err(|reason| (Some(self.text.span().start), format!("the text {reason}")))?;
        let pin = Pin::of(&value);
        if pin.hash() != *hash {
            let message = "the hash is not that of the text below; take back what was changed by hand, or run \
                           `argala pin --accept`";
            return Err((Some(self.hash.span().start), message.to_owned()));
        }
        Ok(pin)
    }
}

fn entry(pin: &Pin) -> String {
    // Three quotes would end the text; in JSON they stand in strings only.
    let text = pin.value().pretty().replace("'''", r"''\u0027");
    format!("hash = \"{}\"\ntext = '''\n{text}\n'''\n", pin.hash())
}

/// A name as a string of TOML, which has no escapes of surrogate pairs.
fn key(name: &str) -> String {
    let mut quoted = "\"".to_owned();
    for character in name.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if !character.is_control() && !is_hidden(character) => quoted.push(character),
            _ => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(character));
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::{Lock, Pin, Pinned};

    fn lock() -> Lock {
        let odd = "{\"name\":\"o\",\"description\":\"it's '''''' \\\"\\\"\\\" \\\\ \\u001b[31m \\r\\n\u{e0041} \u{85}\"}";
        let tools = [("a b\u{202e}\u{1f}\"\\é", Pin::read(odd)), ("plain", Pin::read("{}"))];
        let pinned = Pinned {
            instructions: Some(Pin::read(r#""be kind\nalways""#)),
            tools: tools.map(|(name, value)| (name.to_owned(), value)).into(),
        };
        Lock { servers: [("files".to_owned(), pinned), ("e.x".to_owned(), Pinned::default())].into() }
    }

    #[test]
    fn what_was_written_is_read_and_nothing_in_it_is_unseen() {
        let text = lock().text();
        assert_eq!(Lock::read(&text).unwrap(), lock());
        let unseen = |c: char| c != '\n' && (c.is_control() || super::is_hidden(c));
        assert!(!text.contains(unseen), "{text}");
        assert_eq!(Lock::read(&text).unwrap().text(), text);
    }

    #[test]
    fn a_lock_that_was_changed_by_hand_is_refused_at_its_place() {
        let text = lock().text();
        for (from, to, said) in [
            ("be kind", "be cruel", "the hash is not that"),
            ("version = 1", "version = 2", "version 2"),
            ("[servers.\"files\"]\n", "[servers.\"files\"]\nx = 1\n", "unknown field `x`"),
        ] {
            let (offset, message) = Lock::read(&text.replacen(from, to, 1)).unwrap_err();
            assert!(offset.is_some() && message.contains(said), "{from}: {message}");
        }
    }
}
