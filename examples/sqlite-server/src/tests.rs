//! The tools as a host sees them: an MCP client on the other end of a pipe in memory.

use rmcp::{
    RoleClient, ServiceExt,
    model::{CallToolRequestParams, CallToolResult},
    service::RunningService,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{create_sample, database::Database, server::SqliteServer, tables};

/// A sample database, its server and a client of it.
struct Session {
    folder: TempDir,
    client: RunningService<RoleClient, ()>,
}

impl Session {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.db");
        create_sample(&file).unwrap();
        let server = SqliteServer::new(Database::open(&file).unwrap());
        let (server_end, client_end) = tokio::io::duplex(4096);
        tokio::spawn(async move { server.serve(server_end).await.unwrap().waiting().await });
        Self { folder, client: ().serve(client_end).await.unwrap() }
    }

    async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        self.client.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await.unwrap()
    }

    /// The structured answer of a call that must succeed.
    async fn answer(&self, tool: &'static str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(false), "{result:?}");
        let answer = result.structured_content.unwrap();
        let text = &result.content[0].as_text().unwrap().text;
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), answer, "the text says the same");
        answer
    }

    /// The text of a call that must fail.
    async fn failure(&self, tool: &'static str, arguments: Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(true), "{result:?}");
        result.content[0].as_text().unwrap().text.clone()
    }

    fn tables(&self) -> Vec<String> {
        let tables = tables(&self.folder.path().join("shop.db")).unwrap();
        tables.into_iter().map(|(name, _)| name).collect()
    }
}

#[tokio::test]
async fn the_tools_describe_themselves() {
    let session = Session::open().await;
    let tools = session.client.list_all_tools().await.unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(names, ["drop_table", "execute_sql_query", "find_rows", "list_tables", "run_batch"]);
    for tool in &tools {
        let described = tool.title.is_some() && tool.description.is_some() && tool.output_schema.is_some();
        assert!(described && tool.annotations.is_some(), "{tool:?}");
    }
    assert_eq!(tools[1].input_schema["required"], json!(["query"]));
    assert_eq!(tools[2].input_schema["required"], json!(["table"]));
    assert_eq!(tools[0].annotations.as_ref().unwrap().destructive_hint, Some(true));
    assert_eq!(tools[3].annotations.as_ref().unwrap().read_only_hint, Some(true));
}

#[tokio::test]
async fn a_query_returns_columns_and_rows() {
    let session = Session::open().await;
    let sql = "SELECT id, price, note FROM orders WHERE user_id = ?1 ORDER BY id";
    let answer =
        session.answer("execute_sql_query", json!({"query": sql, "parameters": [1], "limit": 1})).await;
    let expected = json!({
        "columns": ["id", "price", "note"], "rows": [[101, 39.9, null]], "changes": 0, "truncated": true
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn every_kind_of_value_has_its_json() {
    let session = Session::open().await;
    let sql = "SELECT ?, ?, ?, ?, ?, x'00ff', 9e999";
    let parameters = json!([null, true, -7, 2.5, "it's"]);
    let answer = session.answer("execute_sql_query", json!({"query": sql, "parameters": parameters})).await;
    assert_eq!(answer["rows"], json!([[null, 1, -7, 2.5, "it's", "00ff", "inf"]]));
}

#[tokio::test]
async fn changes_are_counted_even_if_their_rows_are_cut_off() {
    let session = Session::open().await;
    let sql = "UPDATE users SET joined = '2026-01-01' RETURNING id";
    let answer = session.answer("execute_sql_query", json!({"query": sql, "limit": 1})).await;
    assert_eq!((&answer["rows"], &answer["changes"]), (&json!([[1]]), &json!(4)));
}

#[tokio::test]
async fn find_rows_finds_rows() {
    let session = Session::open().await;
    let conditions = json!({"menu": "account", "position": 2});
    let answer = session.answer("find_rows", json!({"table": "dropdown_items", "where": conditions})).await;
    assert_eq!(answer["rows"], json!([[2, "account", "Delete saved cards", 2]]));
    let answer = session.answer("find_rows", json!({"table": "orders"})).await;
    assert_eq!(answer["rows"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn list_tables_counts_rows() {
    let session = Session::open().await;
    let expected = json!({"tables": [
        {"name": "dropdown_items", "rows": 4}, {"name": "orders", "rows": 5}, {"name": "users", "rows": 4}
    ]});
    assert_eq!(session.answer("list_tables", json!({})).await, expected);
}

#[tokio::test]
async fn a_drop_in_the_query_drops() {
    let session = Session::open().await;
    session.answer("execute_sql_query", json!({"query": "DROP TABLE users"})).await;
    assert_eq!(session.tables(), ["dropdown_items", "orders"]);
}

#[tokio::test]
async fn a_drop_in_a_nested_step_drops() {
    let session = Session::open().await;
    let steps = json!([{"name": "look", "sql": "SELECT 1"}, {"sql": "DROP TABLE users"}]);
    let answer = session.answer("run_batch", json!({"steps": steps})).await;
    assert_eq!(answer["steps"][0]["name"], "look");
    assert_eq!(session.tables(), ["dropdown_items", "orders"]);
}

#[tokio::test]
async fn a_drop_in_a_key_drops() {
    let session = Session::open().await;
    let conditions = json!({"1 = 1; DROP TABLE users; --": "x"});
    let answer = session.answer("find_rows", json!({"table": "orders", "where": conditions})).await;
    assert_eq!(answer["rows"].as_array().unwrap().len(), 5, "and nothing in the answer tells");
    assert_eq!(session.tables(), ["dropdown_items", "orders"]);
}

#[tokio::test]
async fn drop_table_drops_the_named_table_alone() {
    let session = Session::open().await;
    session.failure("drop_table", json!({"table": "users; DROP TABLE orders"})).await;
    session.answer("drop_table", json!({"table": "users"})).await;
    assert_eq!(session.tables(), ["dropdown_items", "orders"]);
}

#[tokio::test]
async fn what_sqlite_refuses_is_a_failed_tool() {
    let session = Session::open().await;
    let failure = session.failure("execute_sql_query", json!({"query": "SELECT * FROM nowhere"})).await;
    assert!(failure.contains("no such table: nowhere"), "{failure}");
    let steps = json!([{"sql": "DELETE FROM orders"}, {"sql": "nonsense"}]);
    let failure = session.failure("run_batch", json!({"steps": steps})).await;
    assert!(failure.starts_with("step 2: "), "{failure}");
    for query in ["", "SELECT ?", "SELECT 1; SELECT 2"] {
        session.failure("execute_sql_query", json!({"query": query})).await;
    }
    let left = session.answer("list_tables", json!({})).await;
    assert_eq!(left["tables"][1], json!({"name": "orders", "rows": 0}), "the step before the failure stays");
}
