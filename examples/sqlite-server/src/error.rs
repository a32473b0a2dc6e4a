//! What can go wrong, in words for the agent or for the person at the terminal.

use std::{fmt, path::PathBuf};

use rmcp::service::ServerInitializeError;
use tokio::task::JoinError;

/// Why the server, or one of its tools, could not do what it was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The database file cannot be opened.
    Open {
        /// The file that was asked for.
        database: PathBuf,
        /// What SQLite said.
        cause: rusqlite::Error,
    },
    /// SQLite refused a statement.
    Sql(rusqlite::Error),
    /// A step of a batch failed, after the steps before it took effect.
    Step {
        /// The step's place in the batch, from 1.
        number: usize,
        /// What SQLite said.
        cause: rusqlite::Error,
    },
    /// The session with the host could not begin.
    Session(Box<ServerInitializeError>),
    /// A task of the server ended before its work did.
    Task(JoinError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { database, cause } => write!(f, "cannot open {}: {cause}", database.display()),
            Self::Sql(cause) => write!(f, "SQLite: {cause}"),
            Self::Step { number, cause } => write!(f, "step {number}: SQLite: {cause}"),
            Self::Session(cause) => write!(f, "no session with the host: {cause}"),
            Self::Task(cause) => write!(f, "the server stopped working: {cause}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open { cause, .. } | Self::Sql(cause) | Self::Step { cause, .. } => Some(cause),
            Self::Session(cause) => Some(cause),
            Self::Task(cause) => Some(cause),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Sql(cause)
    }
}

impl From<ServerInitializeError> for Error {
    fn from(cause: ServerInitializeError) -> Self {
        Self::Session(Box::new(cause))
    }
}

impl From<JoinError> for Error {
    fn from(cause: JoinError) -> Self {
        Self::Task(cause)
    }
}
