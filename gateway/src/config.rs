//! `argala.toml`: what `argala serve` is told by a file. A flag says the same and wins; what needs more than a flag is said here
//! alone. The policy stays a file of its own: it is reviewed, hashed and shared by itself.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::http::tls;
use crate::{access, audit, ledger, pins};

/// A configuration.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The policy file.
    pub(crate) policy: Option<PathBuf>,
    /// The servers file.
    pub(crate) servers: Option<PathBuf>,
    /// Methods beyond the protocol's that are relayed.
    pub(crate) relay_methods: Vec<String>,
    pub(crate) http: Http,
    pub(crate) audit: Option<audit::Settings>,
    pub(crate) budgets: Option<ledger::Settings>,
    pub(crate) pins: Option<pins::Settings>,
    pub(crate) descriptions: pins::Descriptions,
    pub(crate) access: Option<access::Settings>,
}

/// `[http]`: hosts over HTTP.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) address: Option<String>,
    pub(crate) allow_hosts: Vec<String>,
    pub(crate) allow_origins: Vec<String>,
    pub(crate) max_connections: Option<usize>,
    pub(crate) max_sessions: Option<usize>,
    /// In seconds.
    pub(crate) session_idle: Option<u64>,
    pub(crate) tls: Option<tls::Settings>,
}

/// Why a configuration wasn't taken, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct ConfigError {
    path: PathBuf,
    /// Line and column, from 1.
    position: Option<(usize, usize)>,
    message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a configuration. Paths in it are meant from the folder that it lies in.
    ///
    /// # Errors
    /// What is wrong with the file, and where.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigError> {
        let fault = |position, message| ConfigError { path: path.to_owned(), position, message };
        let text = std::fs::read_to_string(path)
            .map_err(|error| fault(None, format!("the configuration can't be read: {error}")))?;
        let mut config: Self = toml::from_str(&text).map_err(|error| {
            let position = error.span().map(|span| position(&text, span.start));
            fault(position, error.message().to_owned())
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let audit = config.audit.as_mut();
        let of_audit = audit.map(|audit| [Some(&mut audit.file), audit.signing_key.as_mut()]);
        let of_pins = config.pins.as_mut().map(|pins| &mut pins.file);
        let of_budgets = config.budgets.as_mut().map(|budgets| &mut budgets.state);
        let files = [config.policy.as_mut(), config.servers.as_mut(), of_pins, of_budgets];
        let of_access = config.access.iter_mut().flat_map(access::Settings::files);
        let of_tls = config.http.tls.iter_mut().flat_map(tls::Settings::files);
        let of_parts = of_audit.into_iter().flatten().flatten().chain(of_access).chain(of_tls);
        for file in files.into_iter().flatten().chain(of_parts) {
            *file = folder.join(&file);
        }
        Ok(config)
    }
}

/// The line and the column of a byte, from 1.
pub(crate) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::Config;

    fn load(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("argala.toml");
        std::fs::write(&path, text).unwrap();
        let shown = |error: super::ConfigError| {
            error.to_string().replace(&folder.path().display().to_string(), "").replace('\\', "/")
        };
        Config::load(&path).map_err(shown).map(|mut config| {
            for file in [&mut config.policy, &mut config.servers].into_iter().flatten() {
                *file = file.strip_prefix(folder.path()).unwrap().to_owned();
            }
            config
        })
    }

    #[test]
    fn files_are_meant_from_the_folder_of_the_configuration() {
        let config = load("policy = 'p.toml'\nservers = 'a/mcp.json'\nhttp.address = '127.0.0.1:0'").unwrap();
        assert_eq!(config.policy, Some("p.toml".into()));
        assert_eq!(config.servers, Some("a/mcp.json".into()));
        assert_eq!(config.http.address.as_deref(), Some("127.0.0.1:0"));
    }

    #[test]
    fn what_the_documents_show_can_be_loaded() {
        let documents = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/config.md");
        let text = std::fs::read_to_string(documents).unwrap();
        let blocks: Vec<&str> = text.split("```toml\n").skip(1).collect();
        assert!(blocks.len() > 1);
        for block in blocks {
            let shown = block.split("```").next().unwrap();
            toml::from_str::<Config>(shown).unwrap_or_else(|error| panic!("{error}\n{shown}"));
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place() {
        for (text, said) in [
            ("policy = 'p'\npolice = 'p'", "/argala.toml:2:1: unknown field `police`"),
            ("[http]\naddress = 1", "/argala.toml:2:11: invalid type"),
            ("[http", "/argala.toml:1:6: "),
        ] {
            let error = load(text).unwrap_err();
            assert!(error.starts_with(said), "{text}: {error}");
        }
    }
}
