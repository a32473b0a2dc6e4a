//! What the server offers and answers, as data: the files beside this one.

use std::collections::HashMap;

use rmcp::model::{
    CallToolResult, GetPromptResult, JsonObject, Prompt, Resource, ResourceContents, ResourceTemplate, Tool,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::questions::Ask;

/// What the server knows.
pub(crate) struct Data {
    pub(crate) tools: Vec<Tool>,
    /// The results of tools that always answer the same.
    pub(crate) answers: HashMap<String, CallToolResult>,
    /// What tools and prompts ask the host for, by their names.
    pub(crate) questions: HashMap<String, Ask>,
    pub(crate) prompts: Prompts,
    pub(crate) resources: Resources,
}

/// The prompts and what they say.
#[derive(Deserialize)]
pub(crate) struct Prompts {
    pub(crate) list: Vec<Prompt>,
    /// `{name}` stands for the argument of that name.
    messages: HashMap<String, Value>,
}

/// The resources and what is in them.
#[derive(Deserialize)]
pub(crate) struct Resources {
    pub(crate) list: Vec<Resource>,
    pub(crate) templates: Vec<ResourceTemplate>,
    contents: HashMap<String, ResourceContents>,
}

impl Data {
    pub(crate) fn read() -> Result<Self, serde_json::Error> {
        Ok(Self {
            tools: serde_json::from_str(include_str!("data/tools.json"))?,
            answers: serde_json::from_str(include_str!("data/answers.json"))?,
            questions: serde_json::from_str(include_str!("data/questions.json"))?,
            prompts: serde_json::from_str(include_str!("data/prompts.json"))?,
            resources: serde_json::from_str(include_str!("data/resources.json"))?,
        })
    }
}

impl Prompts {
    /// A prompt's messages with its arguments in them; nothing where there is no such prompt.
    pub(crate) fn get(&self, name: &str, arguments: &JsonObject) -> Option<GetPromptResult> {
        let mut messages = self.messages.get(name)?.to_string();
        for (argument, value) in arguments {
            let quoted = Value::from(value.as_str()?).to_string();
            messages = messages.replace(&format!("{{{argument}}}"), quoted.trim_matches('"'));
        }
        let messages: Value = serde_json::from_str(&messages).ok()?;
        serde_json::from_value(json!({"resultType": "complete", "messages": messages})).ok()
    }
}

impl Resources {
    /// What is at a URI, if anything.
    pub(crate) fn read(&self, uri: &str) -> Option<ResourceContents> {
        if let Some(contents) = self.contents.get(uri) {
            return Some(contents.clone());
        }
        let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
        let text = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")}).to_string();
        Some(ResourceContents::text(text, uri).with_mime_type("application/json"))
    }
}
