//! The tools: what an agent may ask for, and how the answers read.

use std::{collections::BTreeMap, sync::Arc};

use rmcp::{
    Json, ServerHandler,
    handler::server::wrapper::Parameters,
    model::{ContentBlock, IntoContents},
    schemars::{self, JsonSchema},
    tool, tool_handler, tool_router,
};
use serde::{Deserialize, Serialize};
use tokio::{sync::Mutex, task::spawn_blocking};

use crate::{
    database::{Database, ResultSet},
    error::Error,
    value::Scalar,
};

#[derive(Deserialize, JsonSchema)]
struct ExecuteSqlQuery {
    /// One SQL statement, of any kind.
    query: String,
    /// The values of the statement's `?` placeholders, in order.
    #[serde(default)]
    parameters: Vec<Scalar>,
    /// How many rows to return at most; all of them if it is absent.
    limit: Option<usize>,
}

#[derive(Deserialize, JsonSchema)]
struct RunBatch {
    /// The steps, in the order in which they run.
    steps: Vec<Step>,
}

#[derive(Deserialize, JsonSchema)]
struct Step {
    /// What to call the step in the answer.
    name: Option<String>,
    /// One SQL statement, of any kind.
    sql: String,
}

#[derive(Deserialize, JsonSchema)]
struct FindRows {
    /// The table to look in.
    table: String,
    /// The value that each named column must hold.
    #[serde(default, rename = "where")]
    conditions: BTreeMap<String, Scalar>,
}

#[derive(Deserialize, JsonSchema)]
struct DropTable {
    /// The table to drop, with all its rows.
    table: String,
}

#[derive(Serialize, JsonSchema)]
struct BatchAnswer {
    steps: Vec<StepAnswer>,
}

#[derive(Serialize, JsonSchema)]
struct StepAnswer {
    name: Option<String>,
    result: ResultSet,
}

#[derive(Serialize, JsonSchema)]
struct TableList {
    tables: Vec<Table>,
}

#[derive(Serialize, JsonSchema)]
struct Table {
    name: String,
    rows: u64,
}

#[derive(Serialize, JsonSchema)]
struct Dropped {
    dropped: String,
}

/// The MCP side of one database.
pub(crate) struct SqliteServer {
    // Tokio's mutex is fair: calls run in the order in which they came.
    database: Arc<Mutex<Database>>,
}

impl SqliteServer {
    pub(crate) fn new(database: Database) -> Self {
        Self { database: Arc::new(Mutex::new(database)) }
    }

    /// Does the work on a thread that may block, so that a long query does not stop the protocol.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, Error> + Send + 'static,
    ) -> Result<Json<T>, Error> {
        let database = Arc::clone(&self.database).lock_owned().await;
        spawn_blocking(move || work(&database)).await?.map(Json)
    }
}

#[tool_router]
impl SqliteServer {
    /// Run one SQL statement of any kind, and return its columns and rows.
    #[tool(
        title = "Execute a SQL query",
        annotations(read_only_hint = false, destructive_hint = true, open_world_hint = false)
    )]
    async fn execute_sql_query(
        &self,
        Parameters(call): Parameters<ExecuteSqlQuery>,
    ) -> Result<Json<ResultSet>, Error> {
        self.run(move |database| Ok(database.query(&call.query, &call.parameters, call.limit)?)).await
    }

    /// Run SQL statements in order. The first failure stops the batch; the steps before it stay.
    #[tool(
        title = "Run a batch of SQL",
        annotations(read_only_hint = false, destructive_hint = true, open_world_hint = false)
    )]
    async fn run_batch(&self, Parameters(call): Parameters<RunBatch>) -> Result<Json<BatchAnswer>, Error> {
        self.run(move |database| {
            let steps = call.steps.into_iter().zip(1..).map(|(step, number)| {
                let result = database.query(&step.sql, &[], None);
                let result = result.map_err(|cause| Error::Step { number, cause })?;
                Ok(StepAnswer { name: step.name, result })
            });
            Ok(BatchAnswer { steps: steps.collect::<Result<_, Error>>()? })
        })
        .await
    }

    /// Find the rows of a table by the values of their columns.
    // The hint is what its author believed. `Database::find` shows why a firewall must not trust a hint.
    #[tool(title = "Find rows", annotations(read_only_hint = true, open_world_hint = false))]
    async fn find_rows(&self, Parameters(call): Parameters<FindRows>) -> Result<Json<ResultSet>, Error> {
        self.run(move |database| Ok(database.find(&call.table, &call.conditions)?)).await
    }

    /// List the tables with the number of rows in each.
    #[tool(title = "List tables", annotations(read_only_hint = true, open_world_hint = false))]
    async fn list_tables(&self) -> Result<Json<TableList>, Error> {
        self.run(|database| {
            let tables = database.tables()?.into_iter().map(|(name, rows)| Table { name, rows });
            Ok(TableList { tables: tables.collect() })
        })
        .await
    }

    /// Drop a table and all its rows. There is no way back.
    #[tool(
        title = "Drop a table",
        annotations(read_only_hint = false, destructive_hint = true, open_world_hint = false)
    )]
    async fn drop_table(&self, Parameters(call): Parameters<DropTable>) -> Result<Json<Dropped>, Error> {
        self.run(move |database| {
            database.drop_table(&call.table)?;
            Ok(Dropped { dropped: call.table })
        })
        .await
    }
}

#[tool_handler(
    name = "sqlite-server",
    instructions = "One SQLite database. Call `list_tables` to see what is in it."
)]
impl ServerHandler for SqliteServer {}

/// A failed tool answers with the reason, which the agent can read and act on.
impl IntoContents for Error {
    fn into_contents(self) -> Vec<ContentBlock> {
        vec![ContentBlock::text(self.to_string())]
    }
}
