//! The guard: every `tools/call` is judged here, and nowhere else does one leave for a downstream.

use std::time::{Duration, Instant};

use argala_engine::{Decision, Verdict};
use argala_json::{Limits, Options, compact, quote};
use argala_wire::reply::{self, code};
use argala_wire::{Era, Frame, Id, legacy, modern};

use super::answers::ReplyTo;
use super::calls::{Call, Purpose, ToolCall};
use super::vetting::Standing;
use super::{Session, Setup};
use crate::audit::{Arguments, Event, Failed, Judged, Outcome, Reviewed};
use crate::caller::Caller;
use crate::connection::ServerId;
use crate::ledger::Payer;
use crate::pins::Withheld;

/// The member of `_meta` that carries a decision.
const META: &str = "argala/decision";

impl Session {
    /// Judges a call and sends on what was judged, or says why not.
    pub(super) fn take_tool_call(&mut self, frame: &Frame, to: ReplyTo) {
        self.judge_tool_call(frame, to, false);
    }

    /// The same; `at_last` where the call has waited for its server's tools, and waits no more.
    pub(super) fn judge_tool_call(&mut self, frame: &Frame, to: ReplyTo, at_last: bool) {
        let Some(name) = frame.string(&["params", "name"]).map(std::borrow::Cow::into_owned) else {
            return self.refuse(&to, code::INVALID_PARAMS, "`params.name` must be the name of a tool");
        };
        let arguments = match frame.raw(&["params", "arguments"]) {
            None => "{}".to_owned(),
            Some(raw) if raw.starts_with('{') => match written_anew(raw) {
                Ok(arguments) => arguments,
                Err(error) => {
                    return self.refuse(&to, code::INVALID_PARAMS, &format!("`params.arguments`: {error}"));
                }
            },
            Some(_) => return self.refuse(&to, code::INVALID_PARAMS, "`params.arguments` must be an object"),
        };
        let began = Instant::now();
        let standing = self.routes.own_name(&name).map(|(server, own)| (server, self.standing(server, own)));
        let withheld = match standing {
            None | Some((_, Standing::Fine)) => None,
            Some((_, Standing::Withheld(withheld))) => Some(withheld),
            Some((server, Standing::Unlisted)) if !at_last && self.wait_for_tools(server, frame, &to) => {
                return;
            }
            Some((server, Standing::Unlisted)) => Some(Withheld::without_list(self.name(server))),
        };
        let policy = &self.setup.policy;
        let decision = match withheld {
            Some(withheld) => withheld.decision(&name, policy.identity()),
            None => policy.judge_for(&name, arguments.as_bytes(), &self.setup.caller.facts()),
        };
        let route = self.routes.own_name(&name);
        let (mut decision, charged) = if self.goes_on(frame, &to, route.map(|(server, _)| server)) {
            (decision, None)
        } else {
            let (decision, charged) = self.setup.ledger.settle(decision, &self.payer());
            (decision, Some(charged))
        };
        // What isn't recorded isn't done.
        let record = self.record(&decision, &arguments, began.elapsed(), route.map(|(server, _)| server));
        let record = record.unwrap_or_else(|Failed(reason)| {
            decision = unrecorded(&decision, &reason);
            0
        });
        log(&decision);
        if !decision.is_allowed() {
            return self.deny(&decision, frame, &to);
        }
        let mut tool = ToolCall {
            name: name.clone(),
            watched: self.setup.audit.watch(&self.setup.caller, record),
            charged,
            reviewed: Reviewed::default(),
        };
        let Some((server, own)) = route else {
            tool.end(Outcome::Refused, 0);
            return self.refuse(
                &to,
                code::INVALID_PARAMS,
                &format!("no server has a tool {name:?}; its name is server__tool"),
            );
        };
        if let Err(message) = self.check_mirrored(server, own, &arguments, &to) {
            tool.end(Outcome::Refused, 0);
            return self.refuse(&to, code::HEADER_MISMATCH, &message);
        }
        let mut edits = Vec::new();
        let mut quoted = String::new();
        quote(own, &mut quoted);
        edits.extend(frame.at(&["params", "name"]).map(|node| (node.span.clone(), quoted)));
        // What leaves is the very text that was judged.
        edits.extend(frame.at(&["params", "arguments"]).map(|node| (node.span.clone(), arguments)));
        let wants_task = frame.at(&["params", "task"]).is_some();
        let may_be_task = wants_task || !self.is_legacy(server);
        let purpose =
            if may_be_task && self.is_federated() { Purpose::LearnTask(to) } else { Purpose::Relay(to) };
        let mut call = Call::own(server, purpose);
        call.tool = Some(tool);
        call.reviewing = self.reviewing_tool(&name, wants_task);
        self.send_on(call, frame, edits);
    }

    /// Whether it goes on with a call that was charged when it began: the same one that is repeated for the host with what the user
    /// has said, or what he has said, for a server that waits for it.
    fn goes_on(&self, frame: &Frame, to: &ReplyTo, server: Option<ServerId>) -> bool {
        let answers = self.era() == Era::Modern && frame.at(&["params", "requestState"]).is_some();
        to.rounds > 0 || answers && server.is_some_and(|server| self.is_legacy(server))
    }

    /// Whose budgets calls are charged to.
    fn payer(&self) -> Payer<'_> {
        let Caller { session, principal } = &self.setup.caller;
        // Over HTTP, what is one session to us says nothing of stateless hosts: each call may be in another one.
        let has_session = !(self.over_http && self.era() == Era::Modern);
        Payer {
            session: has_session.then_some(session),
            principal: principal.as_ref().map(|principal| principal.name.as_str()),
        }
    }

    /// Writes a decision to the audit log; the number of the record.
    fn record(
        &self,
        decision: &Decision,
        arguments: &str,
        took: Duration,
        server: Option<ServerId>,
    ) -> Result<u64, Failed> {
        let Setup { audit, caller, .. } = &self.setup;
        if !audit.is_on() {
            return Ok(0);
        }
        let kept = self.setup.policy.kept_arguments(&decision.method);
        let judged = Judged {
            session: &caller.session,
            principal: caller.principal.as_ref().map(|principal| principal.name.as_str()),
            server: server.map(|server| self.name(server)),
            micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            ..Judged::of(decision, Arguments::of(arguments, kept))
        };
        audit.record(&Event::Judged(judged))
    }

    fn deny(&mut self, decision: &Decision, frame: &Frame, to: &ReplyTo) {
        let Some(id) = &to.id else { return };
        let text = match decision.verdict {
            Verdict::Ask => format!(
                "ARGALA BLOCK: {}, and this gateway can't ask anyone. Ask the user to do it; another try will be denied too",
                decision.message
            ),
            _ => decision.message.clone(),
        };
        // A host that asked for a task waits for one: only an error can tell it that there is none.
        let in_result = frame.at(&["params", "task"]).is_none();
        self.answer(to, self.decided(id, decision, &text, in_result));
    }

    /// A decision in the place of an answer: as a tool's result, or as an error.
    pub(super) fn decided(&self, id: &Id, decision: &Decision, text: &str, in_result: bool) -> String {
        // Written by the same serializer as `argala check` does: the same decision, byte for byte.
        let decision = serde_json::to_string(decision).unwrap_or_else(|_| "null".to_owned());
        let meta = format!(r#"{{"{META}":{decision}}}"#);
        if !in_result {
            return reply::error_with(Some(id), code::DENIED, text, Some(&meta));
        }
        let mut quoted = String::new();
        quote(text, &mut quoted);
        let kind = match self.era() {
            Era::Legacy => String::new(),
            Era::Modern => format!(r#""resultType":"{}","#, modern::COMPLETE),
        };
        let content = format!(r#"[{{"type":"text","text":{quoted}}}]"#);
        reply::result(id, &format!(r#"{{{kind}"content":{content},"isError":true,"_meta":{meta}}}"#))
    }
}

/// The arguments as they will be judged and sent: written anew from what the strict reader read.
fn written_anew(raw: &str) -> Result<String, argala_json::Error> {
    // The frame's own bounds have held already.
    compact(raw, &Options::strict(Limits::UNBOUNDED))
}

/// The denial of a call that may be made, but can't be recorded.
fn unrecorded(decision: &Decision, reason: &str) -> Decision {
    Decision {
        verdict: Verdict::Deny,
        rule: "audit.unwritable".to_owned(),
        charges: Vec::new(),
        message: format!(
            "ARGALA BLOCK: nothing is called that can't be recorded, and {reason}. This is no fault of the call: ask \
             whoever runs the gateway"
        ),
        ..decision.clone()
    }
}

fn log(decision: &Decision) {
    let Decision { verdict, rule, method, at, policy, .. } = decision;
    let at = at.as_deref().unwrap_or("");
    match verdict {
        Verdict::Allow => tracing::debug!(method, rule, policy, "allowed"),
        _ => tracing::warn!(method, rule, at, policy, "{}", decision.message),
    }
}

/// A call that is no request can't be denied to anyone, and goes nowhere.
pub(super) fn drop_call_without_id() {
    tracing::warn!("a `{}` without an id was dropped: nobody could be told its result", legacy::TOOLS_CALL);
}
