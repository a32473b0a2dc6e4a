//! `argala pin`: what servers offer now beside what was accepted, as a diff; and accepting it.

mod survey;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::serve::only_server;
use super::{Failure, WRONG_COMMAND_LINE, log, write_out};
use crate::config::Config;
use crate::pins::{
    self, Lock, LockFile, Names, Pin as Definition, Pinned, Seen, difference, imitations, readable, visible,
    visible_name,
};
use crate::servers;

/// Show how servers' tools differ from what was accepted, or accept them as they are now.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  argala pin --servers .mcp.json
  argala pin --servers .mcp.json --accept
  argala pin --servers .mcp.json --accept files github/create_issue

Exit codes: 0 nothing differs, or it was accepted; 1 something differs, or an error.")]
pub(super) struct Pin {
    /// The configuration that the gateway is run with: its servers and its pins.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A file with `mcpServers`.
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    servers: Option<PathBuf>,
    /// The file of what was accepted: argala.lock, unless this or the configuration says else.
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Accept what these servers, or tools of theirs, are now; all of them, where none is named.
    #[arg(long, value_name = "SERVER[/TOOL]", num_args = 0..)]
    accept: Option<Vec<String>>,
    /// The command of one server, and its arguments.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Pin {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let log = log::start()?;
        let done = self.compare();
        log.end();
        done
    }

    fn compare(self) -> Result<u8, Failure> {
        let config = self
            .config
            .as_deref()
            .map_or_else(|| Ok(Config::default()), Config::load)
            .map_err(Failure::new)?;
        let of_config = config.servers.filter(|_| self.command.is_empty());
        let servers = match self.servers.or(of_config) {
            Some(path) => servers::load(&path, |name| std::env::var(name).ok()).map_err(Failure::new)?,
            None => vec![only_server(&self.command)?],
        };
        let file = self.lock.or(config.pins.map(|pins| pins.file)).unwrap_or_else(|| pins::USUAL_FILE.into());
        let file = LockFile::new(file);
        let known = file.load().map_err(Failure::new)?.unwrap_or_default();
        let seen = survey::survey(servers)?;
        let differences = differences(&known, &seen);
        let name = visible_name(&file.path().display().to_string());
        write_out(&describe(&name, &differences, &seen))?;
        let Some(chosen) = self.accept else { return Ok(u8::from(!differences.is_empty())) };
        let chosen = Chosen::read(&chosen, &seen)?;
        file.update(|lock| chosen.accept(lock, &seen)).map_err(Failure::new)?;
        write_out(&format!("{name}: accepted\n"))?;
        Ok(0)
    }
}

/// Something that is another thing than was accepted.
#[derive(Debug, PartialEq)]
struct Difference {
    /// `server/tool`, or the server's instructions.
    what: String,
    before: Option<Definition>,
    now: Option<Definition>,
}

fn differences(known: &Lock, seen: &BTreeMap<String, Seen>) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (server, Seen { pinned: now, .. }) in seen {
        let none = Pinned::default();
        let before = known.servers.get(server).unwrap_or(&none);
        let mut compare = |what: String, before: Option<&Definition>, now: Option<&Definition>| {
            if before != now {
                differences.push(Difference { what, before: before.cloned(), now: now.cloned() });
            }
        };
        let instructions = format!("{server} (instructions)");
        compare(instructions, before.instructions.as_ref(), now.instructions.as_ref());
        let names: BTreeSet<&String> = before.tools.keys().chain(now.tools.keys()).collect();
        for tool in names {
            let what = format!("{server}/{}", visible_name(tool));
            compare(what, before.tools.get(tool), now.tools.get(tool));
        }
    }
    differences
}

/// What differs, for a person at a terminal.
fn describe(file: &str, differences: &[Difference], seen: &BTreeMap<String, Seen>) -> String {
    let mut text = String::new();
    let tools: usize = seen.values().map(|seen| seen.pinned.tools.len()).sum();
    if differences.is_empty() {
        text.push_str(&format!("{file}: nothing differs; servers: {}, tools: {tools}\n", seen.len()));
    }
    for Difference { what, before, now } in differences {
        let side = |value: &Option<Definition>, side: &str| {
            let heading = value.as_ref().map_or("/dev/null".to_owned(), |_| format!("{side}: {what}"));
            (heading, value.as_ref().map(readable).unwrap_or_default())
        };
        let ((old_heading, old), (new_heading, new)) = (side(before, file), side(now, "now"));
        text.push_str(&difference(&old, &new, (&old_heading, &new_heading)));
        text.push('\n');
    }
    for (server, seen) in seen {
        for (tool, found) in &seen.findings {
            let tool = tool.as_ref().map_or(String::new(), |tool| format!("/{}", visible_name(tool)));
            text.push_str(&format!("! {server}{tool}: {}\n", visible(found)));
        }
    }
    let names =
        |(server, seen): (&String, &Seen)| Names::of(&format!("{server}__"), seen.pinned.tools.keys());
    let names: Vec<Names> = seen.iter().map(names).collect();
    for one in imitations(&names.iter().collect::<Vec<_>>()) {
        let server = seen.keys().nth(one.server).map_or("", String::as_str);
        let (tool, of) = (visible_name(&one.tool), visible_name(&one.of));
        text.push_str(&format!("! {server}/{tool}: its name looks like `{of}`\n"));
    }
    if !differences.is_empty() {
        let count = |is: fn(&Difference) -> bool| differences.iter().filter(|one| is(one)).count();
        text.push_str(&format!(
            "{file}: changed: {}, new: {}, gone: {}; `argala pin --accept [SERVER[/TOOL]…]` accepts them\n",
            count(|one| one.before.is_some() && one.now.is_some()),
            count(|one| one.before.is_none()),
            count(|one| one.now.is_none()),
        ));
    }
    text
}

/// What is to be accepted: whole servers (None), or tools of them.
#[derive(Debug, PartialEq)]
struct Chosen(Vec<(String, Option<String>)>);

impl Chosen {
    fn read(words: &[String], seen: &BTreeMap<String, Seen>) -> Result<Self, Failure> {
        if words.is_empty() {
            return Ok(Self(seen.keys().map(|server| (server.clone(), None)).collect()));
        }
        let read = |word: &String| {
            let (server, tool) = word.split_once('/').map_or((word.as_str(), None), |(s, t)| (s, Some(t)));
            if !seen.contains_key(server) {
                let known = seen.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                let message = format!("--accept {word}: there is no server `{server}`; there are: {known}");
                return Err(Failure { message, code: WRONG_COMMAND_LINE });
            }
            Ok((server.to_owned(), tool.map(str::to_owned)))
        };
        words.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Accepts it; whether that changes anything.
    fn accept(&self, lock: &mut Lock, seen: &BTreeMap<String, Seen>) -> bool {
        let before = lock.clone();
        for (server, tool) in &self.0 {
            let Some(Seen { pinned: now, .. }) = seen.get(server) else { continue };
            let Some(tool) = tool else {
                lock.servers.insert(server.clone(), now.clone());
                continue;
            };
            let known = lock.servers.entry(server.clone()).or_default();
            match now.tools.get(tool) {
                Some(value) => drop(known.tools.insert(tool.clone(), value.clone())),
                None => drop(known.tools.remove(tool)),
            }
        }
        *lock != before
    }
}

#[cfg(test)]
mod tests {
    use super::{Chosen, Definition, Lock, Seen, describe, differences};
    use std::collections::BTreeMap;

    fn seen(tools: &[(&str, &str)]) -> BTreeMap<String, Seen> {
        let mut seen = Seen::default();
        for (name, text) in tools {
            seen.pinned.tools.insert((*name).to_owned(), Definition::read(text));
        }
        [("s".to_owned(), seen)].into()
    }

    fn accepted(words: &[&str], lock: &Lock, seen: &BTreeMap<String, Seen>) -> Lock {
        let mut lock = lock.clone();
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let Ok(chosen) = Chosen::read(&words, seen) else { panic!("{words:?} are known") };
        chosen.accept(&mut lock, seen);
        lock
    }

    #[test]
    fn a_tool_a_server_or_all_is_accepted_and_then_differs_no_more() {
        let before = accepted(&[], &Lock::default(), &seen(&[("a", "{}"), ("b", "{}"), ("gone", "{}")]));
        let now = seen(&[("a", r#"{"x":1}"#), ("b", r#"{"x":2}"#), ("new", "{}")]);
        let what = |lock: &Lock| -> Vec<String> {
            differences(lock, &now).into_iter().map(|one| one.what).collect()
        };
        assert_eq!(what(&before), ["s/a", "s/b", "s/gone", "s/new"]);
        assert_eq!(what(&accepted(&["s/a", "s/gone"], &before, &now)), ["s/b", "s/new"]);
        assert_eq!(what(&accepted(&["s"], &before, &now)), [""; 0]);
        assert_eq!(what(&accepted(&[], &before, &now)), [""; 0]);
        assert!(Chosen::read(&["x/a".to_owned()], &now).is_err());
    }

    #[test]
    fn nothing_that_a_server_says_reaches_a_terminal_as_it_is() {
        let odd = r#"{"name":"a\u001b]0;x\u0007","description":"\u001b[2J\u202e\u009b\u200b"}"#;
        let mut now = seen(&[("a\u{1b}[31m\n", odd)]);
        now.get_mut("s").unwrap().findings.insert(Some("a\u{1b}".to_owned()), "found \u{1b}".to_owned());
        let text = describe("argala.lock", &differences(&Lock::default(), &now), &now);
        let acts = |c: char| c != '\n' && (c.is_control() || argala_engine::appearance::is_hidden(c));
        assert!(!text.contains(acts), "{text:?}");
        assert!(text.contains("<U+001B>[2J<U+202E><U+009B><U+200B>"), "{text}");
    }
}
