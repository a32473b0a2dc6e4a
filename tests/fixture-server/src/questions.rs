//! Asking the host: by requests of the server's own in the legacy era, by `input_required` results in the modern one.

use std::collections::BTreeMap;

use rmcp::ErrorData;
use rmcp::model::{
    ClientCapabilities, InputRequest, InputRequiredResult, InputResponses, JsonObject, ProtocolVersion,
    RequestStateCodec, SealOptions, ServerRequest,
};
use rmcp::service::{RequestContext, RoleServer};
use serde::Deserialize;
use serde_json::{Value, json};

/// Seals the state that hosts keep. Its secrecy protects nothing here.
const KEY: &[u8] = b"the key of a server for tests...";

/// What a tool or a prompt asks for.
#[derive(Clone, Deserialize)]
pub(crate) struct Ask {
    /// What the answer begins with.
    says: String,
    /// The requests of each round by their keys; a round begins when the one before is answered.
    rounds: Vec<JsonObject>,
    /// Whether the host is given state to bring back.
    #[serde(default)]
    keeps_state: bool,
    /// Whether to leave out what the host can't answer, instead of failing.
    #[serde(default)]
    only_what_is_declared: bool,
    /// Where the argument `message` or `prompt` goes in the first round.
    asks: Option<String>,
}

/// What a request brings along to be asked about.
pub(crate) struct Given {
    pub(crate) arguments: JsonObject,
    pub(crate) responses: Option<InputResponses>,
    pub(crate) state: Option<String>,
}

/// What the host said, by the keys of what it was asked.
pub(crate) type Answers = BTreeMap<String, Value>;

/// How far the asking has come.
pub(crate) enum Asked {
    Answered(Answers),
    Required(InputRequiredResult),
}

impl Ask {
    /// Asks for what hasn't been answered yet. `name` binds the state to the tool that gave it.
    pub(crate) async fn ask(
        &self,
        name: &str,
        given: Given,
        host: &RequestContext<RoleServer>,
    ) -> Result<Asked, ErrorData> {
        let declared = host.client_capabilities().unwrap_or_default();
        let rounds = self.rounds(&given.arguments, &declared)?;
        if !is_modern(host) {
            return Ok(Asked::Answered(request_all(rounds, host).await?));
        }
        let codec = RequestStateCodec::try_new(KEY).map_err(|wrong| internal(&wrong))?;
        let mut answers: Answers = match &given.state {
            Some(state) => codec
                .open_json_with(state, name.as_bytes())
                .map_err(|wrong| ErrorData::invalid_params(format!("requestState: {wrong}"), None))?,
            None => Answers::new(),
        };
        answers.extend(given.responses.unwrap_or_default());
        answers.retain(|key, answer| rounds.iter().any(|round| answers_it(round.get(key), answer)));
        let Some(open) = rounds.into_iter().find(|round| round.keys().any(|key| !answers.contains_key(key)))
        else {
            return Ok(Asked::Answered(answers));
        };
        let state = match self.keeps_state {
            true => {
                let bound = SealOptions::new().associated_data(name.as_bytes());
                Some(codec.seal_json_with(&answers, &bound).map_err(|wrong| internal(&wrong))?)
            }
            false => None,
        };
        Ok(Asked::Required(InputRequiredResult::new(Some(open), state)))
    }

    /// What the answers come to, in words.
    pub(crate) fn tell(&self, answers: &Answers) -> String {
        let told: Vec<String> = answers.values().map(describe).collect();
        format!("{}{}", self.says, told.join("; "))
    }

    /// The requests of the first round, for who asks in a way of its own.
    pub(crate) fn requests(&self) -> Result<BTreeMap<String, InputRequest>, ErrorData> {
        let round = self.rounds.first().cloned().unwrap_or_default();
        typed(round)
    }

    fn rounds(
        &self,
        arguments: &JsonObject,
        declared: &ClientCapabilities,
    ) -> Result<Vec<BTreeMap<String, InputRequest>>, ErrorData> {
        let mut rounds = Vec::new();
        for (number, round) in self.rounds.iter().enumerate() {
            let mut round = Value::Object(round.clone());
            let words = arguments.get("message").or_else(|| arguments.get("prompt"));
            if let (0, Some(place), Some(words)) = (number, &self.asks, words)
                && let Some(place) = round.pointer_mut(place)
            {
                *place = words.clone();
            }
            let mut round: BTreeMap<String, InputRequest> =
                serde_json::from_value(round).map_err(|wrong| internal(&wrong))?;
            if self.only_what_is_declared {
                round.retain(|_, request| missing(request, declared).is_none());
            }
            if let Some(missing) = round.values().find_map(|request| missing(request, declared)) {
                return Err(ErrorData::missing_required_client_capability(missing));
            }
            rounds.push(round);
        }
        Ok(rounds)
    }
}

/// Whether a request is of the era without sessions.
pub(crate) fn is_modern(host: &RequestContext<RoleServer>) -> bool {
    host.protocol_version().is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}

async fn request_all(
    rounds: Vec<BTreeMap<String, InputRequest>>,
    host: &RequestContext<RoleServer>,
) -> Result<Answers, ErrorData> {
    let mut answers = Answers::new();
    for (key, request) in rounds.into_iter().flatten() {
        let request = match request {
            InputRequest::CreateMessage(request) => ServerRequest::CreateMessageRequest(request),
            InputRequest::Elicitation(request) => ServerRequest::ElicitRequest(request),
            InputRequest::ListRoots(request) => ServerRequest::ListRootsRequest(request),
            _ => return Err(internal(&"a request of an unknown kind")),
        };
        let answer = host.peer.send_request(request).await.map_err(|wrong| internal(&wrong))?;
        answers.insert(key, serde_json::to_value(answer).map_err(|wrong| internal(&wrong))?);
    }
    Ok(answers)
}

/// The capability that a host would need to answer, where it doesn't declare it.
fn missing(request: &InputRequest, declared: &ClientCapabilities) -> Option<ClientCapabilities> {
    let (name, has) = match request {
        InputRequest::CreateMessage(_) => ("sampling", declared.sampling.is_some()),
        InputRequest::Elicitation(_) => ("elicitation", declared.elicitation.is_some()),
        _ => ("roots", declared.roots.is_some()),
    };
    if has { None } else { serde_json::from_value(json!({ name: {} })).ok() }
}

/// Whether a value has the form of an answer to a request.
fn answers_it(request: Option<&InputRequest>, answer: &Value) -> bool {
    match request {
        Some(InputRequest::CreateMessage(_)) => answer.get("content").is_some(),
        Some(InputRequest::Elicitation(_)) => answer.get("action").is_some_and(Value::is_string),
        Some(InputRequest::ListRoots(_)) => answer.get("roots").is_some_and(Value::is_array),
        _ => false,
    }
}

fn describe(answer: &Value) -> String {
    if let Some(action) = answer.get("action").and_then(Value::as_str) {
        let content = answer.get("content").unwrap_or(&Value::Null);
        return format!("action={action}, content={content}");
    }
    let text = answer.pointer("/content/text").or_else(|| answer.pointer("/content/0/text"));
    match text.and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => answer.to_string(),
    }
}

fn typed(round: JsonObject) -> Result<BTreeMap<String, InputRequest>, ErrorData> {
    serde_json::from_value(Value::Object(round)).map_err(|wrong| internal(&wrong))
}

fn internal(wrong: &dyn std::fmt::Display) -> ErrorData {
    ErrorData::internal_error(wrong.to_string(), None)
}
