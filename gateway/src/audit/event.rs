//! What is recorded.

use std::collections::BTreeMap;
use std::net::IpAddr;

use argala_engine::Decision;
use argala_engine::policy::KeptArguments;
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::chain::hex;
use super::redaction::redacted;

/// Something that happened. Its fields stand in the record under their own names.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event<'a> {
    /// A file of the log begins. All but the first go on from a record before.
    Opened {
        /// The hash of the last record before, in hexadecimal digits.
        prev: &'a str,
        /// Bytes of a line that was never finished, and were taken away.
        #[serde(skip_serializing_if = "is_zero")]
        torn: u64,
    },
    /// The log goes on in a new file.
    Rotated {},
    /// Everything before is vouched for.
    Checkpoint {
        /// Over the hash of the record before: Ed25519 (RFC 8032), base64.
        signature: &'a str,
    },
    /// The gateway has started.
    Started { version: &'a str, policy: &'a str, servers: Vec<&'a str> },
    /// The gateway ends.
    Stopped {},
    /// A session begins.
    SessionOpened {
        session: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        principal: Option<&'a str>,
    },
    /// A session has ended.
    SessionClosed { session: &'a str },
    /// A server's tools are other ones than before, or aren't shown as before.
    ToolsChanged {
        session: &'a str,
        server: &'a str,
        /// How many it has, where it has been asked for all of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        tools: Option<usize>,
        /// Whether they were pinned, as they were seen for the first time.
        recorded: bool,
        /// The tools that are held back, by the server's own names, and the rule.
        withheld: BTreeMap<&'a str, &'a str>,
    },
    /// A server of a session's has come, or gone, or is called no more for a while, or again.
    Server {
        session: &'a str,
        server: &'a str,
        state: ServerState,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
    },
    /// A request was answered with an error of the gateway's own.
    Refused {
        session: &'a str,
        /// Of JSON-RPC.
        code: i32,
        reason: &'a str,
    },
    /// Requests over HTTP were refused, before any session heard of them.
    AccessRefused {
        reason: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        principal: Option<&'a str>,
        /// Who came last.
        from: IpAddr,
        /// How many there were, since the last record of them.
        requests: u64,
    },
    /// A call was judged.
    Judged(Judged<'a>),
    /// A call that was let pass has ended.
    Ended {
        session: &'a str,
        /// The number of the record that let it pass.
        of: u64,
        outcome: Outcome,
        /// From that record to this one.
        micros: u64,
        /// Of the server's answer.
        bytes: usize,
        #[serde(flatten)]
        reviewed: Reviewed,
    },
}

/// A call, and what was decided.
#[derive(Debug, Serialize)]
pub(crate) struct Judged<'a> {
    pub(crate) session: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) principal: Option<&'a str>,
    /// The server that it was for; None where the method names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<&'a str>,
    pub(crate) method: &'a str,
    pub(crate) decision: &'a str,
    pub(crate) rule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) matched: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) view: Vec<String>,
    pub(crate) policy: &'a str,
    /// How long the judging took.
    pub(crate) micros: u64,
    #[serde(flatten)]
    pub(crate) arguments: Arguments,
}

impl<'a> Judged<'a> {
    /// What is recorded of a decision; who called and where to is yet to be said.
    pub(crate) fn of(decision: &'a Decision, arguments: Arguments) -> Self {
        Self {
            session: "",
            principal: None,
            server: None,
            method: &decision.method,
            decision: decision.verdict.as_str(),
            rule: &decision.rule,
            at: decision.at.as_deref(),
            matched: decision.matched.as_deref(),
            view: decision.view.iter().map(ToString::to_string).collect(),
            policy: &decision.policy,
            micros: 0,
            arguments,
        }
    }
}

/// What is kept of a call's arguments.
#[derive(Debug, Serialize)]
pub(crate) struct Arguments {
    /// Of the JSON text that was judged, and sent: SHA-256, in hexadecimal digits.
    #[serde(rename = "arguments_sha256")]
    pub(crate) sha256: String,
    /// The arguments themselves, as far as the policy wants them kept.
    #[serde(rename = "arguments", skip_serializing_if = "Option::is_none")]
    pub(crate) values: Option<Box<RawValue>>,
}

impl Arguments {
    /// What is kept of arguments that were judged in this spelling.
    pub(crate) fn of(text: &str, kept: KeptArguments) -> Self {
        let values = match kept {
            KeptArguments::Off => None,
            KeptArguments::Redacted => redacted(text),
            KeptArguments::Full => RawValue::from_string(text.to_owned()).ok(),
        };
        Self { sha256: hex(&Sha256::digest(text)), values }
    }
}

/// What has become of a result by the policy's rules for results.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Reviewed {
    /// None where the host got it as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<Changed>,
    /// The rules by which it was changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) rules: Vec<String>,
}

/// How a result was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Changed {
    /// Parts of it were taken out, or got a mark in their place.
    Redacted,
    /// The host got none of it.
    Withheld,
}

/// What has become of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ServerState {
    /// It runs, or is to be had.
    Up,
    /// It has ended, or isn't to be had.
    Down,
    /// It has failed so often that it isn't called for a while.
    CircuitOpened,
    /// It has answered again.
    CircuitClosed,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// With a result.
    Result,
    /// With a result whose `isError` is true.
    ToolError,
    /// With a JSON-RPC error.
    Error,
    /// With questions: the host calls again with what it has to say.
    InputRequired,
    /// It didn't leave the gateway, as it could be sent nowhere.
    Refused,
    /// Without an answer: it was cancelled, took too long, or its server is gone.
    Unanswered,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
