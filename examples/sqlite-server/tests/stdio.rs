//! The binary as a host starts it: JSON-RPC lines in, nothing but JSON-RPC lines out.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

#[test]
fn it_speaks_the_initialize_handshake_and_ends_with_stdin() {
    for version in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Command::new(env!("CARGO_BIN_EXE_sqlite-server"))
            .arg(folder.path().join("shop.db"))
            .arg("--create-sample")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let hello = json!({
            "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}
        });
        let mut stdin = server.stdin.take().unwrap();
        for message in [
            json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}),
            json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
            json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "list_tables"}}),
        ] {
            writeln!(stdin, "{message}").unwrap();
        }
        drop(stdin);

        let output = server.wait_with_output().unwrap();
        assert!(output.status.success());
        let lines = String::from_utf8(output.stdout).unwrap();
        let answers: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(answers.len(), 2, "{lines}");
        assert_eq!(answers[0]["result"]["protocolVersion"], version);
        assert_eq!(answers[0]["result"]["serverInfo"]["name"], "sqlite-server");
        assert_eq!(
            answers[1]["result"]["structuredContent"]["tables"][2],
            json!({"name": "users", "rows": 4})
        );
    }
}

#[test]
fn a_missing_file_is_an_error_and_stays_missing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("absent.db");
    let output = Command::new(env!("CARGO_BIN_EXE_sqlite-server")).arg(&file).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("sqlite-server: cannot open "));
    assert!(!file.exists());
}
