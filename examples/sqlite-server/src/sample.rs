//! A small shop, to have something to lose.

use std::path::Path;

use rusqlite::Connection;

use crate::error::Error;

/// Creates `users`, `orders` and `dropdown_items`, with a few rows each, and the file if there is none.
///
/// A table that is already there is an error, and then nothing is created.
pub fn create_sample(database: &Path) -> Result<(), Error> {
    let connection =
        Connection::open(database).map_err(|cause| Error::Open { database: database.to_owned(), cause })?;
    Ok(connection.execute_batch(include_str!("sample.sql"))?)
}
