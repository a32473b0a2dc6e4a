//! The server: which method is answered by what.

// Sampling, roots and logging are deprecated from 2026-07-28; hosts still speak them.
#![expect(deprecated)]

use std::borrow::Cow;
use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, ClientCapabilities,
    CompleteRequestParams, CompleteResult, CompletionInfo, CreateTaskResult, GetPromptRequestParams,
    GetPromptResponse, GetTaskParams, GetTaskResult, Implementation, JsonObject, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, LoggingLevel,
    LoggingMessageNotificationParam, PaginatedRequestParams, ProgressNotificationParam, Prompt,
    ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ServerCapabilities,
    ServerConfig, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
    UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{NotificationContext, RequestContext, RoleServer, SubscriptionContext};
use rmcp::task_manager::TaskManager;
use rmcp::{ErrorData, ServerHandler};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::Era;
use crate::changes::{Change, Changes, Subscribed};
use crate::data::Data;
use crate::jobs::{Job, text};
use crate::questions::{Asked, Given, is_modern};

/// Between the messages of a tool that tells what it does.
const PAUSE: Duration = Duration::from_millis(50);

/// The server of one session, or of one request in the era without sessions.
pub(crate) struct Fixture {
    era: Era,
    data: Arc<Data>,
    changes: Arc<Changes>,
    tasks: TaskManager,
    level: Mutex<LoggingLevel>,
    subscribed: Subscribed,
}

impl Fixture {
    pub(crate) fn new(era: Era, waits: Option<PathBuf>) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            era,
            data: Arc::new(Data::read()?),
            changes: Arc::new(Changes::new(waits)),
            tasks: TaskManager::new(),
            level: Mutex::new(LoggingLevel::Debug),
            subscribed: Subscribed::default(),
        })
    }

    pub(crate) fn for_another_session(&self) -> Self {
        Self {
            era: self.era,
            data: Arc::clone(&self.data),
            changes: Arc::clone(&self.changes),
            tasks: self.tasks.clone(),
            level: Mutex::new(LoggingLevel::Debug),
            subscribed: Subscribed::default(),
        }
    }

    /// Tells the host three things, as far as it wants to hear them.
    async fn log(&self, host: &RequestContext<RoleServer>) -> Result<CallToolResult, ErrorData> {
        let wanted = match is_modern(host) {
            true => host.meta.log_level(),
            false => Some(*self.level.lock().unwrap_or_else(PoisonError::into_inner)),
        };
        let heard = matches!(wanted, Some(LoggingLevel::Debug | LoggingLevel::Info));
        for said in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
            if heard {
                let message = LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(said));
                let _ = host.peer.notify_logging_message(message.with_logger("fixture")).await;
            }
            sleep(PAUSE).await;
        }
        Ok(text("logged"))
    }

    async fn progress(&self, host: &RequestContext<RoleServer>) -> Result<CallToolResult, ErrorData> {
        for done in [0.0, 50.0, 100.0] {
            tell_progress(host, done, 100.0).await;
            sleep(PAUSE).await;
        }
        Ok(text("progressed"))
    }

    /// Waits. The first progress says that it has begun.
    async fn wait(
        &self,
        arguments: &JsonObject,
        host: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let seconds = arguments.get("seconds").and_then(Value::as_f64).unwrap_or_default().clamp(0.0, 600.0);
        let waiting = self.changes.wait();
        tell_progress(host, 0.0, 1.0).await;
        tokio::select! {
            () = host.ct.cancelled() => Err(ErrorData::internal_error("cancelled", None)),
            () = sleep(Duration::from_secs_f64(seconds)) => {
                waiting.end();
                Ok(text("waited"))
            }
        }
    }

    fn run_or_start(&self, job: Job, host: &RequestContext<RoleServer>) -> Result<Started, ErrorData> {
        if host.client_capabilities().is_some_and(|declared| declared.supports_tasks()) {
            Ok(Started::Task(CreateTaskResult::new(job.start(&self.tasks))))
        } else if job.may_run_at_once() {
            Ok(Started::Here(job))
        } else {
            let needed = ClientCapabilities::builder().enable_tasks().build();
            Err(ErrorData::missing_required_client_capability(needed))
        }
    }
}

/// Where a job goes on.
enum Started {
    Task(CreateTaskResult),
    Here(Job),
}

async fn tell_progress(host: &RequestContext<RoleServer>, done: f64, total: f64) {
    if let Some(token) = host.meta.get_progress_token() {
        let progress = ProgressNotificationParam::new(token, done).with_total(total);
        let _ = host.peer.notify_progress(progress).await;
    }
}

fn unknown(kind: &str, name: &str) -> ErrorData {
    ErrorData::invalid_params(format!("there is no {kind} {name}"), None)
}

impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        let mut capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_logging()
            .enable_completions();
        if self.era != Era::Legacy {
            capabilities = capabilities.enable_tasks();
        }
        ServerConfig::new(capabilities.build())
            .with_server_info(Implementation::new("fixture", "1"))
            .with_instructions("A server to test with.")
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(match self.era {
            Era::Legacy => ProtocolVersion::known_up_to(&ProtocolVersion::V_2025_11_25),
            Era::Modern => &[ProtocolVersion::V_2026_07_28],
            Era::Both => ProtocolVersion::KNOWN_VERSIONS,
        })
    }

    async fn on_initialized(&self, host: NotificationContext<RoleServer>) {
        self.changes.forward(host.peer, Arc::clone(&self.subscribed));
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        host: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if is_modern(&host) {
            return Err(ErrorData::method_not_found::<rmcp::model::SetLevelRequestMethod>());
        }
        *self.level.lock().unwrap_or_else(PoisonError::into_inner) = request.level;
        Ok(())
    }

    // Tools

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut tools = self.data.tools.clone();
        if self.changes.another_tool.load(Ordering::Relaxed) {
            let schema = JsonObject::from_iter([("type".to_owned(), json!("object"))]);
            tools.push(Tool::new("test_changed_tool", "Is there for now", schema));
        }
        Ok(ListToolsResult::with_all_items(tools))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.data.tools.iter().find(|tool| tool.name == name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        host: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name;
        let arguments = request.arguments.unwrap_or_default();
        if let Some(answer) = self.data.answers.get(name.as_ref()) {
            return Ok(answer.clone().into());
        }
        let ask = self.data.questions.get(name.as_ref());
        if let Some(job) = Job::of(&name, &arguments, ask) {
            return Ok(match self.run_or_start(job, &host)? {
                Started::Task(task) => task.into(),
                Started::Here(job) => job.run().await?.into(),
            });
        }
        if let Some(ask) = ask {
            let given = Given { arguments, responses: request.input_responses, state: request.request_state };
            let told = match ask.ask(&name, given, &host).await? {
                Asked::Required(required) => return Ok(required.into()),
                Asked::Answered(answers) => ask.tell(&answers),
            };
            if name != "test_tool_with_task" {
                return Ok(text(told).into());
            }
            return Ok(match self.run_or_start(Job::Say(told), &host)? {
                Started::Task(task) => task.into(),
                Started::Here(job) => job.run().await?.into(),
            });
        }
        let result = match name.as_ref() {
            "test_tool_with_logging" | "test_logging_tool" => self.log(&host).await?,
            "test_tool_with_progress" => self.progress(&host).await?,
            "test_reconnection" => {
                sleep(2 * PAUSE).await;
                text("still here")
            }
            "greet" => {
                let whom = arguments.get("name").and_then(Value::as_str).unwrap_or("World");
                text(format!("Hello, {whom}!"))
            }
            "wait" => self.wait(&arguments, &host).await?,
            "seen" => text(self.changes.seen().to_string()),
            "test_trigger_tool_change" => {
                self.changes.another_tool.fetch_not(Ordering::Relaxed);
                self.changes.tell(Change::Tools);
                text("changed")
            }
            "test_trigger_prompt_change" => {
                self.changes.another_prompt.fetch_not(Ordering::Relaxed);
                self.changes.tell(Change::Prompts);
                text("changed")
            }
            "test_trigger_resource_update" => {
                let uri = arguments.get("uri").and_then(Value::as_str).unwrap_or("test://watched-resource");
                self.changes.tell(Change::Resource(uri.to_owned()));
                text("changed")
            }
            _ => return Err(unknown("tool", &name)),
        };
        Ok(result.into())
    }

    // Tasks

    async fn get_task(
        &self,
        request: GetTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        Ok(GetTaskResult::new(self.tasks.get_task(&request.task_id)?))
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.tasks.update_task(&request.task_id, request.input_responses)
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.tasks.cancel_task(&request.task_id)
    }

    // Prompts

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let mut prompts = self.data.prompts.list.clone();
        if self.changes.another_prompt.load(Ordering::Relaxed) {
            prompts.push(Prompt::new("test_changed_prompt", Some("Is there for now"), None));
        }
        Ok(ListPromptsResult::with_all_items(prompts))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        host: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let name = request.name;
        let arguments = request.arguments.unwrap_or_default();
        if let Some(ask) = self.data.questions.get(&name) {
            let given = Given { arguments, responses: request.input_responses, state: request.request_state };
            return Ok(match ask.ask(&name, given, &host).await? {
                Asked::Required(required) => required.into(),
                Asked::Answered(answers) => {
                    rmcp::model::GetPromptResult::new(vec![rmcp::model::PromptMessage::new_text(
                        rmcp::model::Role::User,
                        ask.tell(&answers),
                    )])
                    .into()
                }
            });
        }
        let prompt = self.data.prompts.get(&name, &arguments);
        Ok(prompt.ok_or_else(|| unknown("prompt", &name))?.into())
    }

    // Resources

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(self.data.resources.list.clone()))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(self.data.resources.templates.clone()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        match self.data.resources.read(&request.uri) {
            Some(contents) => Ok(ReadResourceResult::new(vec![contents]).into()),
            None => {
                Err(ErrorData::resource_not_found("Resource not found", Some(json!({"uri": request.uri}))))
            }
        }
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.subscribed.lock().unwrap_or_else(PoisonError::into_inner).insert(request.uri);
        Ok(())
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.subscribed.lock().unwrap_or_else(PoisonError::into_inner).remove(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, listener: SubscriptionContext) -> Result<(), ErrorData> {
        self.changes.listen(listener).await
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let begun = request.argument.value;
        let all = ["paris", "park", "party"].map(str::to_owned);
        let fit = all.into_iter().filter(|word| word.starts_with(&begun)).collect();
        let found = CompletionInfo::with_all_values(fit);
        Ok(CompleteResult::new(found.map_err(|wrong| ErrorData::internal_error(wrong, None))?))
    }
}
