//! The servers file: the `mcpServers` that hosts already have, also VS Code's `servers`, as it is.

mod eras;
mod expand;
mod remote;
mod timeouts;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use argala_json::{Limits, Node, Options, Outline};
use argala_wire::child::Command;

use crate::health::Status;
use crate::mirrored::Mirrored;
use crate::shared::Shared;
use eras::Eras;
pub(crate) use remote::{Kind, Remote, is_loopback};
pub(crate) use timeouts::Limit;
use timeouts::Timeouts;

/// A downstream server: what the policy and the host know it by, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) transport: Transport,
    pub(crate) eras: Eras,
    pub(crate) mirrored: Mirrored,
    /// The connection that all sessions share, where each doesn't have one of its own.
    pub(crate) shared: Option<Shared>,
    pub(crate) timeouts: Timeouts,
    pub(crate) status: Status,
}

impl Server {
    pub(crate) fn new(name: String, transport: Transport) -> Self {
        Self {
            name,
            transport,
            eras: Eras::default(),
            mirrored: Mirrored::default(),
            shared: None,
            timeouts: Timeouts::default(),
            status: Status::default(),
        }
    }
}

/// How a downstream is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Transport {
    /// It is a process of ours, and speaks on its stdin and stdout.
    Stdio(Command),
    /// It is spoken to over HTTP.
    Http(Arc<Remote>),
}

impl Transport {
    /// Whether frames go to it over HTTP.
    pub(crate) fn is_http(&self) -> bool {
        match self {
            Self::Stdio(_) => false,
            Self::Http(_) => true,
        }
    }
}

/// Why a servers file wasn't taken, and where.
#[derive(Debug)]
pub(crate) struct ServersError {
    path: PathBuf,
    /// Line and column, from 1.
    position: Option<(usize, usize)>,
    message: String,
}

impl fmt::Display for ServersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ServersError {}

/// Reads a servers file. Variables are looked up by `variable`.
///
/// # Errors
/// What is wrong with the file, and where.
pub(crate) fn load(
    path: &Path,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Server>, ServersError> {
    let text = std::fs::read_to_string(path).map_err(|error| ServersError {
        path: path.to_owned(),
        position: None,
        message: format!("the servers file can't be read: {error}"),
    })?;
    // Editors on Windows put one there.
    let text = text.trim_start_matches('\u{feff}');
    read(text, &variable).map_err(|(offset, message)| ServersError {
        path: path.to_owned(),
        position: offset.map(|offset| position(text, offset)),
        message,
    })
}

/// What is wrong, and at which byte.
type Fault = (Option<usize>, String);

/// The keys of a server that is a process that are read. Hosts have more of their own, which are no mistake.
const READ: [&str; 10] =
    ["type", "command", "args", "env", "cwd", "timeout", "timeouts", "max_timeout", "disabled", "shared"];

/// The levels down to an element of `args`.
const DEPTH: usize = 4;

fn read(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Server>, Fault> {
    let options = Options::strict(Limits::default());
    let outline = Outline::read(text.as_bytes(), &options, DEPTH)
        .map_err(|error| (Some(error.offset()), format!("the servers file is not JSON: {}", error.kind())))?;
    let file = File { text, outline: &outline, variable };
    if let (Some(_), Some(second)) = (outline.at(&["mcpServers"]), outline.at(&["servers"])) {
        let message = "the file has both `mcpServers` and `servers`; which of them is meant?".to_owned();
        return Err((Some(second.span.start), message));
    }
    let table = ["mcpServers", "servers"].iter().find_map(|key| outline.at(&[key]));
    let Some(table) = table.filter(|table| table.raw(text).starts_with('{')) else {
        return Err((
            Some(0),
            "expected an object `mcpServers` (or `servers`) that names servers".to_owned(),
        ));
    };
    let mut servers = Vec::new();
    for entry in outline.children(table) {
        let name = entry.key.clone().unwrap_or_default();
        check_name(&name).map_err(|message| (Some(entry.span.start), message))?;
        if file.member(entry, "disabled").is_some_and(|node| node.raw(text) == "true") {
            continue;
        }
        let named = |(at, message): Fault| (at, format!("server `{name}`: {message}"));
        let transport = file.transport(entry).map_err(named)?;
        let shared = file.is_shared(entry).map_err(named)?.then(Shared::default);
        let timeouts = file.timeouts(entry, transport.is_http()).map_err(named)?;
        servers.push(Server { shared, timeouts, ..Server::new(name, transport) });
    }
    if servers.is_empty() {
        return Err((Some(table.span.start), "the file names no server that is not disabled".to_owned()));
    }
    Ok(servers)
}

/// A tool is known as `server__tool`, so a server's name must leave no doubt where it ends.
fn check_name(name: &str) -> Result<(), String> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(format!("the server name {name:?} must be letters, digits, `_`, `-` and `.`"));
    }
    if name.contains("__") || name.ends_with('_') {
        return Err(format!(
            "the server name {name:?} must not hold `__` nor end in `_`: its tools are `server__tool`"
        ));
    }
    Ok(())
}

struct File<'a> {
    text: &'a str,
    outline: &'a Outline,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl File<'_> {
    fn member(&self, object: &Node, key: &str) -> Option<&Node> {
        self.outline.member(object, key)
    }

    /// Whether all sessions use one connection to a server.
    fn is_shared(&self, entry: &Node) -> Result<bool, Fault> {
        match self.member(entry, "shared").map(|node| (node, node.raw(self.text))) {
            None | Some((_, "false")) => Ok(false),
            Some((_, "true")) => Ok(true),
            Some((node, _)) => Err((Some(node.span.start), "`shared` must be true or false".to_owned())),
        }
    }

    fn transport(&self, entry: &Node) -> Result<Transport, Fault> {
        let at = Some(entry.span.start);
        if !entry.raw(self.text).starts_with('{') {
            return Err((at, "expected an object".to_owned()));
        }
        let kind = self.member(entry, "type").map(|node| self.string(node, "type")).transpose()?;
        let kind = kind.as_deref();
        let has_address = remote::ADDRESSES.iter().any(|key| self.member(entry, key).is_some());
        let has_command = self.member(entry, "command").is_some();
        if has_address && has_command {
            return Err((at, "it has both a `command` and a `url`; which of them is meant?".to_owned()));
        }
        let is_process = kind == Some("stdio") || (kind.is_none() && !has_address);
        let known: &[&str] = if is_process { &READ } else { &remote::READ };
        for key in self.outline.children(entry).filter_map(|node| node.key.as_deref()) {
            if !known.contains(&key) {
                tracing::warn!("servers file: the key `{key}` is not read");
            }
        }
        if is_process {
            return self.command(entry).map(Transport::Stdio);
        }
        self.remote(entry, kind).map(|remote| Transport::Http(Arc::new(remote)))
    }

    fn command(&self, entry: &Node) -> Result<Command, Fault> {
        let at = Some(entry.span.start);
        let Some(program) = self.member(entry, "command") else {
            return Err((at, "it names no `command`".to_owned()));
        };
        let program = self.string(program, "command")?;
        if program.is_empty() {
            return Err((at, "its `command` is empty".to_owned()));
        }
        let mut args = Vec::new();
        if let Some(list) = self.member(entry, "args") {
            self.expect(list, '[', "`args` must be an array of strings")?;
            for node in self.outline.children(list) {
                args.push(self.string(node, "args")?.into());
            }
        }
        let mut env = BTreeMap::new();
        if let Some(table) = self.member(entry, "env") {
            self.expect(table, '{', "`env` must be an object of strings")?;
            for node in self.outline.children(table) {
                env.insert(node.key.clone().unwrap_or_default(), self.string(node, "env")?);
            }
        }
        let cwd = self.member(entry, "cwd").map(|node| self.string(node, "cwd")).transpose()?;
        Ok(Command { program: program.into(), args, env, cwd: cwd.map(PathBuf::from) })
    }

    fn expect(&self, node: &Node, opening: char, message: &str) -> Result<(), Fault> {
        if node.raw(self.text).starts_with(opening) {
            Ok(())
        } else {
            Err((Some(node.span.start), message.to_owned()))
        }
    }

    fn string(&self, node: &Node, key: &str) -> Result<String, Fault> {
        let at = Some(node.span.start);
        let text = node.string(self.text).ok_or_else(|| (at, format!("`{key}` must hold text")))?;
        expand::expand(&text, self.variable).map_err(|message| (at, message))
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// The servers of a file without variables.
#[cfg(test)]
pub(crate) fn read_for_tests(text: &str) -> Vec<Server> {
    read(text, &|_| None).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Transport, read};

    fn variable(name: &str) -> Option<String> {
        (name == "HOME_DIR").then(|| "/home/ada".to_owned())
    }

    #[test]
    fn hosts_own_files_are_read_as_they_are() {
        let text = r#"{
            "mcpServers": {
                "fs": {"command": "npx", "args": ["-y", "server", "${HOME_DIR}/x"], "env": {"A": "${B:-c}"}, "timeout": 9},
                "off": {"command": "x", "disabled": true},
                "git.local": {"type": "stdio", "command": "uvx", "cwd": "${env:HOME_DIR}", "autoApprove": []}
            },
            "inputs": []
        }"#;
        let servers = read(text, &variable).unwrap();
        let names: Vec<_> = servers.iter().map(|server| server.name.as_str()).collect();
        assert_eq!(names, ["fs", "git.local"]);
        let command = |at: usize| match &servers[at].transport {
            Transport::Stdio(command) => command,
            Transport::Http(_) => panic!("{} is no process", servers[at].name),
        };
        assert_eq!(command(0).args[2], "/home/ada/x");
        assert_eq!(command(0).env["A"], "c");
        assert_eq!(command(1).cwd.as_deref(), Some("/home/ada".as_ref()));
        assert!(read(r#"{"servers": {"a": {"command": "x"}}}"#, &variable).is_ok());
    }

    #[test]
    fn a_file_that_cannot_be_meant_is_refused_at_its_place() {
        for (text, said) in [
            (r#"{"mcpServers": {"a": {"command": "x"}}, "servers": {}}"#, "both `mcpServers` and `servers`"),
            ("", "not JSON"),
            ("{", "not JSON"),
            ("[]", "expected an object `mcpServers`"),
            (r#"{"mcpServers": []}"#, "expected an object `mcpServers`"),
            (r#"{"mcpServers": {}}"#, "names no server"),
            (r#"{"mcpServers": {"a": {"command": "x", "disabled": true}}}"#, "names no server"),
            (r#"{"mcpServers": {"a": {}}}"#, "it names no `command`"),
            (r#"{"mcpServers": {"a": {"command": ""}}}"#, "`command` is empty"),
            (r#"{"mcpServers": {"a": {"command": 1}}}"#, "must hold text"),
            (r#"{"mcpServers": {"a": {"command": "x", "args": "y"}}}"#, "`args` must be an array"),
            (r#"{"mcpServers": {"a": {"command": "x", "args": [1]}}}"#, "must hold text"),
            (r#"{"mcpServers": {"a": {"command": "x", "env": []}}}"#, "`env` must be an object"),
            (r#"{"mcpServers": {"a": {"command": "${NOPE}"}}}"#, "`NOPE` is not set"),
            (r#"{"mcpServers": {"a": {"command": "${input:key}"}}}"#, "a variable of the host's own"),
            (r#"{"mcpServers": {"a": {"command": "x", "shared": 1}}}"#, "`shared` must be true or false"),
            (r#"{"mcpServers": {"a": {"type": "http", "command": "x"}}}"#, "it names no `url`"),
            (r#"{"mcpServers": {"a": {"type": "ws", "url": "https://x"}}}"#, "is none of"),
            (
                r#"{"mcpServers": {"a": {"command": "x", "url": "https://x"}}}"#,
                "both a `command` and a `url`",
            ),
            (r#"{"mcpServers": {"a": {"url": "https://x", "serverUrl": "https://x"}}}"#, "another address"),
            (r#"{"mcpServers": {"a": {"url": "x"}}}"#, "`url` is no URL"),
            (r#"{"mcpServers": {"a": {"url": "file:///x"}}}"#, "must begin with http"),
            (r#"{"mcpServers": {"a": {"url": "https://u:p@x"}}}"#, "no user and password"),
            (r#"{"mcpServers": {"a": {"url": "https://x", "headers": []}}}"#, "`headers` must be an object"),
            (
                r#"{"mcpServers": {"a": {"url": "https://x", "headers": {"a b": "c"}}}}"#,
                "can't be a header's name",
            ),
            (
                r#"{"mcpServers": {"a": {"url": "https://x", "headers": {"A": "b\nC: d"}}}}"#,
                "no header can carry",
            ),
            (
                r#"{"mcpServers": {"a": {"url": "https://x", "headers": {"A": "b", "a": "c"}}}}"#,
                "stands twice",
            ),
            (r#"{"mcpServers": {"a": {"url": "https://x", "headers": {"Host": "y"}}}}"#, "by Argala itself"),
            (
                r#"{"mcpServers": {"a": {"url": "https://x", "headers": {"A": "${NOPE}"}}}}"#,
                "`NOPE` is not set",
            ),
            (r#"{"mcpServers": {"a": {"url": "https://x", "timeout": 0}}}"#, "a number above 0"),
            (r#"{"mcpServers": {"a__b": {"command": "x"}}}"#, "must not hold `__`"),
            (r#"{"mcpServers": {"a_": {"command": "x"}}}"#, "nor end in `_`"),
            (r#"{"mcpServers": {"a b": {"command": "x"}}}"#, "letters, digits"),
            (r#"{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}"#, "stands twice"),
        ] {
            let (_, message) = read(text, &variable).unwrap_err();
            assert!(message.contains(said), "{text}: {message}");
        }
    }
}
