//! The SQLite file: what the tools do to it.

use std::{collections::BTreeMap, path::Path};

use rmcp::schemars::{self, JsonSchema};
use rusqlite::{
    Batch, Connection, InterruptHandle, OpenFlags, Params, Result, Statement,
    fallible_iterator::FallibleIterator, params_from_iter,
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    error::Error,
    value::{Scalar, json},
};

/// What one statement answered.
#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct ResultSet {
    columns: Vec<String>,
    /// The rows, each with one value per column; blobs are hexadecimal text.
    rows: Vec<Vec<Value>>,
    /// How many rows the statement inserted, updated or deleted.
    changes: u64,
    /// Whether there are more rows than the limit let through.
    truncated: bool,
}

/// An open database file.
pub(crate) struct Database(Connection);

impl Database {
    pub(crate) fn open(file: &Path) -> Result<Self, Error> {
        Self::open_with(file, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    pub(crate) fn open_read_only(file: &Path) -> Result<Self, Error> {
        Self::open_with(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn open_with(file: &Path, flags: OpenFlags) -> Result<Self, Error> {
        Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map(Self)
            .map_err(|cause| Error::Open { database: file.to_owned(), cause })
    }

    pub(crate) fn interrupt_handle(&self) -> InterruptHandle {
        self.0.get_interrupt_handle()
    }

    /// Runs one statement of any kind.
    pub(crate) fn query(&self, sql: &str, values: &[Scalar], limit: Option<usize>) -> Result<ResultSet> {
        self.run(self.0.prepare(sql)?, params_from_iter(values), limit)
    }

    /// The rows of `table` whose columns hold the given values.
    ///
    /// Values are bound, so they cannot carry SQL. The names are pasted in as they come, and everything that
    /// the pasted text then says is run: a deliberate copy of the injection that hides in many real servers,
    /// because people who take care of values forget that an agent also writes the keys.
    pub(crate) fn find(&self, table: &str, conditions: &BTreeMap<String, Scalar>) -> Result<ResultSet> {
        let mut sql = format!("SELECT * FROM {table} WHERE true");
        for column in conditions.keys() {
            sql += &format!(" AND {column} IS ?");
        }
        let mut values = conditions.values();
        let mut found = None;
        let mut statements = Batch::new(&self.0, &sql);
        while let Some(statement) = statements.next()? {
            let bound = values.by_ref().take(statement.parameter_count());
            let answer = self.run(statement, params_from_iter(bound), None)?;
            // Only the first answer is the caller's; what an injection selects has no place in it.
            found.get_or_insert(answer);
        }
        Ok(found.unwrap_or_default())
    }

    pub(crate) fn tables(&self) -> Result<Vec<(String, u64)>> {
        let mut names = self.0.prepare(
            r"SELECT name FROM sqlite_schema
              WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name",
        )?;
        let names = names.query_map([], |row| row.get::<_, String>(0))?;
        names
            .map(|name| {
                let name = name?;
                let count = format!("SELECT count(*) FROM {}", quoted(&name));
                let rows: i64 = self.0.query_row(&count, [], |row| row.get(0))?;
                Ok((name, rows.unsigned_abs()))
            })
            .collect()
    }

    pub(crate) fn drop_table(&self, table: &str) -> Result<()> {
        self.0.execute_batch(&format!("DROP TABLE {}", quoted(table)))
    }

    fn run(
        &self,
        mut statement: Statement<'_>,
        values: impl Params,
        limit: Option<usize>,
    ) -> Result<ResultSet> {
        let before = self.0.total_changes();
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut answer = statement.query(values)?;
        let (mut rows, mut truncated) = (Vec::new(), false);
        while let Some(row) = answer.next()? {
            if limit == Some(rows.len()) {
                truncated = true;
                break;
            }
            rows.push(
                (0..columns.len()).map(|column| Ok(json(row.get_ref(column)?))).collect::<Result<_>>()?,
            );
        }
        // SQLite counts the changes of a statement when it ends.
        drop(answer);
        Ok(ResultSet { columns, rows, changes: self.0.total_changes() - before, truncated })
    }
}

/// The name as a SQL identifier that means this name and nothing else.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
