//! An MCP server that gives an agent one SQLite file, and protects nothing.
//!
//! It is the downstream of Argala's demo: whatever it is asked to run, it runs. What the agent may ask is
//! decided in front of it, by the firewall, and a refusal there is worth something only because this server
//! would obey. Do not point it at a database that you need.

mod database;
mod error;
mod sample;
mod server;
#[cfg(test)]
mod tests;
mod value;

use std::path::Path;

use rmcp::{ServiceExt, service::ServerInitializeError, transport::stdio};

pub use crate::error::Error;
pub use crate::sample::create_sample;
use crate::{database::Database, server::SqliteServer};

/// Serves the database file on stdin and stdout until the host closes stdin.
///
/// The file must exist: a mistyped name is an error, not a new and empty database.
pub async fn serve(database: &Path) -> Result<(), Error> {
    let database = Database::open(database)?;
    let interrupt = database.interrupt_handle();
    let session = match SqliteServer::new(database).serve(stdio()).await {
        // A host that leaves before it says hello has closed stdin like any other.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        session => session?,
    };
    session.waiting().await?;
    // A query that nobody waits for any more would keep the process alive.
    interrupt.interrupt();
    Ok(())
}

/// The tables of a database file and how many rows each holds, by name.
///
/// The file is opened for reading only, so asking cannot change the answer.
pub fn tables(database: &Path) -> Result<Vec<(String, u64)>, Error> {
    Ok(Database::open_read_only(database)?.tables()?)
}
