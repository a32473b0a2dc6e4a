//! `type = "path"`: a path below one of the roots that the policy names.
//!
//! A root holds a path by whole names (`/srv/data` doesn't hold `/srv/data2`), and only one that begins as the root does:
//! an absolute root holds absolute paths, a relative one relative paths, from a folder that only the tool knows. Where the
//! policy names no root, a path must be relative and stay below the folder where it begins.
//!
//! The path is divided as POSIX and as Windows divide it ([`walk`]), as it stands and in every spelling that a program on
//! its way may decode it to ([`spelling`], [`readings`]). A path that climbs above its root in any of them is
//! denied. What a name is besides (a device, a stream, a link of `/proc`) counts where the root's own system knows it
//! ([`root`], [`windows`]): under a POSIX root `Foo::Bar.3pm` and `aux.c` are files.
//!
//! What is not seen: a symbolic link below the root that leads out of it, unless `symlinks = "resolve"` and the tool has
//! the same file system ([`links`]); hard links and mounts; file systems that fold case or Unicode under a POSIX root;
//! what a shell makes of a path's globs, quotes and braces: a tool that runs a shell wants the type `shell`.

mod links;
mod root;
mod spelling;
mod walk;
mod windows;

use std::path::Path;

use super::{Constraint, Type, Value, alternatives, shown, unmet};
use crate::policy::keys::{Key, Takes};
use crate::policy::load::{Fields, Loader};
use crate::view::{Reading, readings};
use root::{Outside, Root};
use walk::{Style, reduce};

#[derive(Debug)]
struct FilePath {
    /// Never empty.
    within: Vec<Root>,
    symlinks: Symlinks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symlinks {
    Lexical,
    Resolve,
}

pub(super) const TYPE: Type = Type {
    name: "path",
    about: "The path of a file or a folder, read as POSIX and as Windows read it.",
    keys: &[
        Key {
            name: "within",
            takes: Takes::Texts,
            about: "The folders below which a path must lie, or be one of them. Default: [\".\"], any relative path \
                    that stays below the folder where it begins.",
        },
        Key {
            name: "symlinks",
            takes: Takes::OneOf(&["lexical", "resolve"]),
            about: "Whether links are followed before the path is judged a second time: only of use where Argala sees \
                    the file system of the tool. Default: \"lexical\", the text alone.",
        },
    ],
    load,
};

/// PATH_MAX of Linux. Windows takes longer paths, nobody writes them.
const LONGEST: usize = 4096;

/// What shells run or expand inside of a word.
const SHELL: &[&str] = &["$(", "${", "`"];

/// Views that make another text of a name as a whole, which then begins with a slash or a dash by chance.
const OF_WHOLE: &[&str] = &["base32", "base64", "binary", "comments", "confusable", "hex"];

fn load(fields: &mut Fields<'_>, loader: &mut Loader) -> Box<dyn Constraint> {
    let texts = fields.strings("within", loader);
    fields.refuse_empty("within", texts.as_ref().map(Vec::len), loader);
    let place = fields.place_of("within");
    let mut within = Vec::new();
    for (text, node) in texts.into_iter().flatten() {
        match Root::parse(&text) {
            Ok(root) => within.push(root),
            Err(reason) => {
                let help =
                    "a root is absolute (/srv/data, C:\\data, \\\\server\\share) or relative (., data)";
                loader.report(&place, node.span.clone(), reason, Some(help.to_owned()));
            }
        }
    }
    if within.is_empty() {
        within.extend(Root::parse("."));
    }
    let place = fields.place_of("symlinks");
    let words = [("lexical", Symlinks::Lexical), ("resolve", Symlinks::Resolve)];
    let symlinks = fields.take("symlinks").and_then(|node| loader.choice(node, &place, &words));
    Box::new(FilePath { within, symlinks: symlinks.unwrap_or(Symlinks::Lexical) })
}

/// Every spelling of a path besides itself.
fn spellings(text: &str) -> Result<Vec<Reading>, String> {
    let mut all = spelling::spellings(text)?;
    for reading in readings(text).map_err(|exceeded| format!("that {}", exceeded.0))? {
        for mut spelling in spelling::spellings(&reading.text)? {
            spelling.view.splice(..0, reading.view.iter().copied());
            all.push(spelling);
        }
        all.push(reading);
    }
    Ok(all)
}

impl FilePath {
    fn check(&self, text: &str) -> Result<(), String> {
        if text.len() > LONGEST {
            return Err(format!("must be a path of at most {LONGEST} bytes"));
        }
        if let Some((at, control)) = text.chars().enumerate().find(|(_, letter)| letter.is_ascii_control()) {
            return Err(format!(
                "must be a path without control characters, not one with {control:?} as character {}",
                at + 1
            ));
        }
        if text.is_empty() {
            return Err(format!("must be {}, not an empty one", self.expects()));
        }
        if let Some(word) = SHELL.iter().find(|word| text.contains(**word)) {
            return Err(format!("must be a path that no shell expands: `{word}` may not be in it"));
        }
        let root = self.root_of(text)?;
        if root.is_left_by(text) {
            return Err(format!("{}: Windows sees it lead out of there", self.refusal(text)));
        }
        if root.is_missed_by(text) {
            return Err(format!("{}: without the spaces in front it begins elsewhere", self.refusal(text)));
        }
        let slashed = if root.is_windows() { text.replace('\\', "/") } else { text.to_owned() };
        let spellings =
            spellings(&slashed).map_err(|fault| format!("must be a plain path, not one {fault}"))?;
        let leads_out = |spelling: &&Reading| {
            let is_in_place = !spelling.view.iter().any(|view| OF_WHOLE.contains(view));
            root.is_left_by(&spelling.text) || is_in_place && root.is_missed_by(&spelling.text)
        };
        if let Some(spelling) = spellings.iter().find(leads_out) {
            let how = spelling.view.join(", ");
            return Err(format!("{}: decoded ({how}) it leads out of there", self.refusal(text)));
        }
        match self.symlinks {
            Symlinks::Lexical => Ok(()),
            Symlinks::Resolve => self.check_resolved(text),
        }
    }

    /// The root that holds the path as it stands.
    fn root_of(&self, text: &str) -> Result<&Root, String> {
        let mut fault = Outside::Elsewhere;
        for root in &self.within {
            match root.holds(text) {
                Ok(()) => return Ok(root),
                Err(Outside::Elsewhere) => {}
                Err(nearer) => fault = nearer,
            }
        }
        Err(match fault {
            Outside::Elsewhere => self.refusal(text),
            Outside::Climbs => format!("{}: its `..` leads out of there", self.refusal(text)),
            Outside::Name(fault) => format!("{}: it has a name {fault}", self.refusal(text)),
        })
    }

    fn check_resolved(&self, text: &str) -> Result<(), String> {
        let resolved = links::resolve(Path::new(text))
            .map_err(|reason| format!("must be a path that can be followed to its end: {reason}"))?;
        let roots = self.within.iter().filter_map(|root| links::resolve(Path::new(&root.text)).ok());
        if roots.into_iter().any(|root| resolved.starts_with(root)) {
            return Ok(());
        }
        Err(format!("{}: a symbolic link on its way leads out of there", self.refusal(text)))
    }

    fn refusal(&self, text: &str) -> String {
        format!("must be {}, not {}", self.expects(), shown(text))
    }
}

impl Constraint for FilePath {
    fn expects(&self) -> String {
        if let [Root { text, .. }] = self.within.as_slice()
            && text == "."
        {
            return "a relative path that stays below the folder where it begins".to_owned();
        }
        format!("a path within {}", alternatives(self.within.iter().map(|root| format!("{:?}", root.text))))
    }

    fn judge(&self, value: Value<'_>) -> Result<(), String> {
        let Value::String(text) = value else { return Err(unmet(self, value)) };
        self.check(text)
    }

    fn explain(&self, value: Value<'_>) -> Vec<String> {
        let Value::String(text) = value else { return Vec::new() };
        if text.len() > LONGEST {
            return Vec::new();
        }
        let mut lines: Vec<String> =
            Style::ALL.iter().map(|style| line(&format!("as {}", style.name()), text, *style)).collect();
        for spelling in spellings(text).unwrap_or_default() {
            lines.push(line(
                &format!("decoded ({})", spelling.view.join(", ")),
                &spelling.text,
                Style::Windows,
            ));
        }
        if self.symlinks == Symlinks::Resolve {
            lines.push(match links::resolve(Path::new(text)) {
                Ok(resolved) => format!("links followed: {resolved:?}"),
                Err(reason) => format!("links not followed: {reason}"),
            });
        }
        lines
    }
}

/// A path as a reader reduces it.
fn line(how: &str, text: &str, style: Style) -> String {
    let slash = if text.starts_with('/') { "/" } else { "" };
    format!("{how}: {}", shown(&format!("{slash}{}", reduce(text, style).join("/"))))
}

#[cfg(test)]
mod tests {
    use super::{Constraint, FilePath, Root, Symlinks, Value};

    #[test]
    fn an_author_sees_where_each_reader_ends_up() {
        let path = FilePath { within: vec![Root::parse("/srv").unwrap()], symlinks: Symlinks::Lexical };
        let lines = path.explain(Value::String("/srv/./a\\..\\b%2fc"));
        for line in [
            r#"as POSIX: "/srv/a\\..\\b%2fc""#,
            r#"as Windows: "/srv/b%2fc""#,
            r#"decoded (percent): "/srv/b/c""#,
        ] {
            assert!(lines.iter().any(|seen| seen == line), "{lines:#?}");
        }
    }
}
