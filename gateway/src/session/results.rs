//! What tools answer, on its way to the host: here it is held to the policy's rules for results, in whatever message it comes.
//!
//! A tool's result may be the answer to its call, or, where the call has become a task, come with any message about that task
//! (in the modern era a task holds its result). A task of which isn't known whose it is is held to the strictest rules.

use std::collections::{HashMap, VecDeque};

use argala_engine::{ResultRules, Review};
use argala_wire::{Frame, Id, Sender, legacy};

use super::Session;
use super::calls::{Call, Purpose};
use super::from_downstream::{needs_input, task_of};
use crate::audit::{Changed, Reviewed};
use crate::connection::ServerId;

/// Past this many tasks the oldest are forgotten; a longer id isn't remembered.
const REMEMBERED: usize = 10_000;
const LONGEST: usize = 8 << 10;

/// The methods that are about tasks, and the notifications.
const TASKS: &str = "tasks/";
const TASKS_NOTIFICATIONS: &str = "notifications/tasks";

/// How the answer to a request is reviewed.
#[derive(Debug)]
pub(super) struct Reviewing {
    rules: ResultRules,
    /// Whether the host takes a tool's result for an answer; else only an error can tell it that there is none.
    takes_result: bool,
}

/// Which tool's result a task will have.
#[derive(Debug, Default)]
pub(super) struct TaskTools {
    /// None where a server has given two tools' tasks the same id.
    tools: HashMap<(ServerId, String), Option<String>>,
    order: VecDeque<(ServerId, String)>,
}

/// There is an answer that the host must not get, and none could be made in its place.
pub(super) struct Unfit;

impl TaskTools {
    fn learn(&mut self, server: ServerId, task: String, tool: &str) {
        if task.len() > LONGEST {
            return;
        }
        let task = (server, task);
        if let Some(known) = self.tools.get_mut(&task) {
            known.take_if(|known| known != tool);
            return;
        }
        self.tools.insert(task.clone(), Some(tool.to_owned()));
        self.order.push_back(task);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.tools.remove(&oldest);
        }
    }

    fn tool(&self, server: ServerId, task: String) -> Option<&str> {
        self.tools.get(&(server, task))?.as_deref()
    }
}

impl Session {
    /// How the answer to a call of this tool is reviewed. None where it passes as it comes.
    pub(super) fn reviewing_tool(&self, tool: &str, wants_task: bool) -> Option<Box<Reviewing>> {
        let rules = self.setup.policy.result_rules(tool)?;
        Some(Box::new(Reviewing { rules, takes_result: !wants_task }))
    }

    /// How the answer to a request about tasks is reviewed. None where it is about something else, or passes as it comes.
    pub(super) fn reviewing_task(
        &self,
        server: ServerId,
        method: &str,
        task: Option<String>,
    ) -> Option<Box<Reviewing>> {
        let rules = method.starts_with(TASKS).then(|| self.rules_of_task(server, method, task))??;
        Some(Box::new(Reviewing { rules, takes_result: method == legacy::TASKS_RESULT }))
    }

    fn rules_of_task(&self, server: ServerId, method: &str, task: Option<String>) -> Option<ResultRules> {
        let policy = &self.setup.policy;
        match task.and_then(|task| self.task_tools.tool(server, task)) {
            Some(tool) => policy.result_rules(tool),
            None => policy.strictest_result_rules(method),
        }
    }

    /// The answer that the host gets instead of this one. None where it gets this one.
    pub(super) fn reviewed(
        &mut self,
        server: ServerId,
        id: &Id,
        call: &mut Call,
        frame: &Frame,
    ) -> Result<Option<Frame>, Unfit> {
        // It is reviewed when the host comes back for it.
        if matches!(call.purpose, Purpose::Held) {
            return Ok(None);
        }
        if let Some(tool) = &call.tool
            && self.setup.policy.has_result_rules()
            && let Some(task) = task_of(frame)
        {
            self.task_tools.learn(server, task, &tool.name);
        }
        let Some(reviewing) = &call.reviewing else { return Ok(None) };
        let (answer, is_result) = match frame.at(&["result"]) {
            Some(result) => (Some(result), true),
            None => (frame.at(&["error"]), false),
        };
        let Some(answer) = answer else { return Err(Unfit) };
        // What a server wants to have back is for nobody else, and must come back as it was.
        let opaque = needs_input(frame).then_some("requestState");
        let (text, reviewed) = match reviewing.rules.review(answer.raw(frame.text()), opaque) {
            Review::Unchanged => return Ok(None),
            Review::Rewritten { text, rules } => {
                tracing::info!(server = self.name(server), "a result was changed by {}", rules.join(", "));
                (
                    frame.edited(&[(answer.span.clone(), text)]),
                    Reviewed { result: Some(Changed::Redacted), rules },
                )
            }
            Review::Withheld(decision) => {
                tracing::warn!(server = self.name(server), rule = decision.rule, "{}", decision.message);
                let in_result = is_result && reviewing.takes_result;
                let text = self.decided(id, &decision, &decision.message, in_result);
                (text, Reviewed { result: Some(Changed::Withheld), rules: vec![decision.rule] })
            }
        };
        if let Some(tool) = &mut call.tool {
            tool.reviewed = reviewed;
        }
        Frame::read(text.as_bytes(), Sender::Downstream).map(Some).map_err(|_| Unfit)
    }

    /// A notification as the host may have it. None where it may not: it will ask, and hear why.
    pub(super) fn reviewed_notification(
        &self,
        server: ServerId,
        method: &str,
        frame: Frame,
    ) -> Option<Frame> {
        if !method.starts_with(TASKS_NOTIFICATIONS) || !self.setup.policy.has_result_rules() {
            return Some(frame);
        }
        let task = frame.string(&["params", "taskId"]).map(std::borrow::Cow::into_owned);
        let (Some(rules), Some(params)) = (self.rules_of_task(server, method, task), frame.at(&["params"]))
        else {
            return Some(frame);
        };
        match rules.review(params.raw(frame.text()), None) {
            Review::Unchanged => Some(frame),
            Review::Rewritten { text, .. } => {
                let text = frame.edited(&[(params.span.clone(), text)]);
                Frame::read(text.as_bytes(), Sender::Downstream).ok()
            }
            Review::Withheld(decision) => {
                let (server, rule) = (self.name(server), &decision.rule);
                tracing::warn!(server, rule, "`{method}` was dropped: {}", decision.message);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TaskTools;

    #[test]
    fn a_task_is_its_tools_as_long_as_no_other_tool_has_one_of_that_id() {
        let mut tasks = TaskTools::default();
        let tool =
            |tasks: &TaskTools, server, task: &str| tasks.tool(server, task.to_owned()).map(str::to_owned);
        tasks.learn(0, "t".into(), "read");
        tasks.learn(0, "t".into(), "read");
        assert_eq!(tool(&tasks, 0, "t").as_deref(), Some("read"));
        assert_eq!(tool(&tasks, 1, "t"), None);
        tasks.learn(0, "t".into(), "write");
        assert_eq!(tool(&tasks, 0, "t"), None);
        tasks.learn(0, "t".into(), "read");
        assert_eq!(tool(&tasks, 0, "t"), None);
    }

    #[test]
    fn so_many_tasks_are_remembered_and_no_more() {
        let mut tasks = TaskTools::default();
        for number in 0..=super::REMEMBERED {
            tasks.learn(0, number.to_string(), "read");
        }
        tasks.learn(0, "x".repeat(super::LONGEST + 1), "read");
        assert_eq!(tasks.tools.len(), super::REMEMBERED);
        assert_eq!(tasks.order.len(), super::REMEMBERED);
        assert_eq!(tasks.tool(0, "0".into()), None);
    }
}
