//! Tools that run as tasks, where the host can follow one.

use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Task};
use rmcp::task_manager::{TaskContext, TaskExit, TaskFuture, TaskManager, TaskOptions};
use serde_json::Value;
use tokio::time::sleep;

use crate::questions::{Answers, Ask};

/// What a task does.
pub(crate) enum Job {
    /// Waits so many seconds.
    Compute(f64),
    /// Answers that it has failed.
    Fail,
    /// Ends in a JSON-RPC error.
    Break,
    /// Asks the host for everything at once.
    Inquire(Ask),
    /// Answers with a text that was found before.
    Say(String),
}

impl Job {
    /// The job of a tool, if it is one.
    pub(crate) fn of(tool: &str, arguments: &JsonObject, ask: Option<&Ask>) -> Option<Self> {
        Some(match (tool, ask) {
            ("slow_compute", _) => {
                Self::Compute(arguments.get("seconds").and_then(Value::as_f64).unwrap_or_default())
            }
            ("failing_job", _) => Self::Fail,
            ("protocol_error_job", _) => Self::Break,
            ("confirm_delete" | "multi_input", Some(ask)) => Self::Inquire(ask.clone()),
            _ => return None,
        })
    }

    /// Whether it can also be done while the caller waits.
    pub(crate) fn may_run_at_once(&self) -> bool {
        matches!(self, Self::Compute(_) | Self::Break)
    }

    pub(crate) fn start(self, tasks: &TaskManager) -> Task {
        let options = TaskOptions::new().with_poll_interval_ms(100);
        tasks.spawn(options, |task| -> TaskFuture { Box::pin(self.run_as(task)) })
    }

    async fn run_as(self, task: TaskContext) -> Result<CallToolResult, TaskExit> {
        if let Self::Inquire(ask) = self {
            return inquire(&ask, &task).await;
        }
        tokio::select! {
            () = task.cancelled() => Err(TaskExit::Cancelled),
            done = self.run() => Ok(done?),
        }
    }

    pub(crate) async fn run(self) -> Result<CallToolResult, ErrorData> {
        Ok(match self {
            Self::Compute(seconds) => {
                sleep(Duration::from_secs_f64(seconds.clamp(0.0, 600.0))).await;
                text(format!("computed for {seconds} s"))
            }
            Self::Fail => CallToolResult::error(vec![ContentBlock::text("the job has failed")]),
            Self::Break => return Err(ErrorData::internal_error("the job is broken", None)),
            Self::Say(found) => text(found),
            Self::Inquire(_) => return Err(ErrorData::internal_error("asks only as a task", None)),
        })
    }
}

/// Asks for all at the same time, so that the host may answer in any order.
async fn inquire(ask: &Ask, task: &TaskContext) -> Result<CallToolResult, TaskExit> {
    let mut requests = Vec::new();
    for (key, request) in ask.requests()? {
        let task = task.clone();
        requests.push(tokio::spawn(async move {
            let answer = task.request_input(key.clone(), request).await?;
            Ok::<_, TaskExit>((key, answer))
        }));
    }
    let mut answers = Answers::new();
    for request in requests {
        let (key, answer) = request.await.map_err(|_| TaskExit::Cancelled)??;
        answers.insert(key, answer);
    }
    Ok(text(ask.tell(&answers)))
}

pub(crate) fn text(text: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}
