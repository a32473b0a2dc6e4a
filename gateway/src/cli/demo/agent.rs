//! The scripted agent: a small MCP host over a child process.

use std::time::Duration;

use argala_wire::child::{Child, Command};
use argala_wire::line::{Line, LineReader, write_lines};
use argala_wire::outbox::{Outbox, outbox};
use argala_wire::{legacy, reply};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStdout;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::cli::Failure;

/// A host's session with an MCP server.
pub(super) struct Agent {
    child: Child,
    outbox: Outbox,
    writer: JoinHandle<std::io::Result<()>>,
    lines: LineReader<BufReader<ChildStdout>>,
    last: u64,
}

/// What came of a call.
pub(super) enum Outcome {
    /// The server ran it: the beginning of what it said.
    Passed(String),
    /// The gateway denied it: the decision.
    Denied(Value),
    /// The server ran it and failed.
    Failed(String),
}

impl Outcome {
    pub(super) fn passed(&self) -> bool {
        matches!(self, Self::Passed(_))
    }
}

/// Everything here takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);
const QUEUE: usize = 1 << 20;
const LONGEST: usize = 16 << 20;

impl Agent {
    /// Starts a server and opens a session with it.
    pub(super) async fn start(command: &Command) -> Result<Self, Failure> {
        let (child, streams) = Child::spawn(command).map_err(Failure::new)?;
        let (outbox, inlet) = outbox(QUEUE);
        let writer = tokio::spawn(write_lines(streams.stdin, inlet));
        // What the gateway logs is not part of the show.
        let mut log = BufReader::new(streams.stderr).lines();
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        let lines = LineReader::new(BufReader::new(streams.stdout), LONGEST);
        let mut agent = Self { child, outbox, writer, lines, last: 0 };
        let client = json!({"name": "argala-demo", "version": env!("CARGO_PKG_VERSION")});
        let opening = json!({"protocolVersion": legacy::LATEST, "capabilities": {}, "clientInfo": client});
        agent.request(legacy::INITIALIZE, &opening).await?;
        agent.send(reply::notification(legacy::INITIALIZED, None))?;
        Ok(agent)
    }

    /// The names of the tools that the agent is shown.
    pub(super) async fn list_tools(&mut self) -> Result<Vec<String>, Failure> {
        let answer = self.request(legacy::TOOLS_LIST, &json!({})).await?;
        let tools = answer.pointer("/result/tools").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(tools.iter().filter_map(|tool| Some(tool.get("name")?.as_str()?.to_owned())).collect())
    }

    /// Calls a tool.
    pub(super) async fn call(&mut self, tool: &str, arguments: &Value) -> Result<Outcome, Failure> {
        let answer = self.request(legacy::TOOLS_CALL, &json!({"name": tool, "arguments": arguments})).await?;
        if let Some(decision) = answer.pointer("/result/_meta/argala~1decision") {
            return Ok(Outcome::Denied(decision.clone()));
        }
        let text = answer.pointer("/result/content/0/text").or(answer.pointer("/error/message"));
        let text = text.and_then(Value::as_str).unwrap_or_default().to_owned();
        let failed =
            answer.get("error").is_some() || answer.pointer("/result/isError") == Some(&Value::Bool(true));
        Ok(if failed { Outcome::Failed(text) } else { Outcome::Passed(text) })
    }

    /// Ends the session and everything that it started.
    pub(super) async fn end(self) {
        drop(self.outbox);
        let _ = self.writer.await;
        self.child.end(std::future::pending()).await;
    }

    fn send(&self, frame: String) -> Result<(), Failure> {
        self.outbox
            .send(frame)
            .map_err(|unsent| Failure::new(format!("the server takes nothing: {unsent:?}")))
    }

    async fn request(&mut self, method: &str, params: &Value) -> Result<Value, Failure> {
        self.last += 1;
        self.send(reply::request(self.last, method, Some(&params.to_string())))?;
        loop {
            let line = timeout(PATIENCE, self.lines.next())
                .await
                .map_err(|_| Failure::new("the server doesn't answer"))?;
            let Ok(Some(Line::Whole(bytes))) = line else { return Err(Failure::new("the server has ended")) };
            let answer: Value = serde_json::from_slice(&bytes).map_err(Failure::new)?;
            if answer.get("id") == Some(&self.last.into()) {
                return Ok(answer);
            }
        }
    }
}
