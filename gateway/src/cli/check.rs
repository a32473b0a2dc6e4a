//! `argala check`: the evaluator on the command line, for a person, a CI job or a hook.

use std::io::{BufRead, Read};
use std::path::PathBuf;
use std::sync::Arc;

use argala_engine::decision::MAX_IN_MESSAGE;
use argala_engine::{Decision, Explanation, Facts, Policy, Refusal, Verdict};
use argala_json::{Limits, Options, Outline};
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;

use super::explain::describe_all;
use super::{Failure, load_policy, write_out};
use crate::ledger::{Ledger, Payer};

/// Judge one call, a file of calls, or just the policy itself.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  argala check --policy argala_policy.toml                      is the policy sound?
  argala check --policy argala_policy.toml list_tables '{}'     would this call be allowed?
  argala check --policy argala_policy.toml --explain list_tables '{}'   and why?
  argala check --policy argala_policy.toml --jsonl < calls      one {\"id\", \"method\", \"arguments\"} a line

Exit codes of one call: 0 allowed, 3 denied, 4 needs approval; 1 an error, 2 a wrong command line.
With --jsonl: 0 where every line could be read, whatever was decided.")]
pub(super) struct Check {
    /// The policy file.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Read calls from stdin, one JSON object a line; write one decision a line.
    #[arg(long, conflicts_with_all = ["method", "arguments"])]
    jsonl: bool,
    /// Print the decision as JSON.
    #[arg(long, conflicts_with = "jsonl")]
    json: bool,
    /// Tell why: every constraint that was tried, and every way in which the texts were read.
    #[arg(long, requires = "method", conflicts_with = "jsonl")]
    explain: bool,
    /// Who calls, as a policy names him: `user:ada`. Without, nobody knows.
    #[arg(long, value_name = "NAME")]
    principal: Option<String>,
    /// A group that he is in, as a policy names it: `group:ops`. As many as there are.
    #[arg(long = "group", value_name = "NAME", requires = "principal")]
    groups: Vec<String>,
    /// Charge calls to their budgets, which are full at the beginning and forgotten in the end. Without, a call that has a
    /// budget is denied: nobody would count it.
    #[arg(long)]
    count: bool,
    /// The method to call, as the host would.
    #[arg(requires = "arguments")]
    method: Option<String>,
    /// Its arguments: a JSON object ('{}' for none), or `-` to read it from stdin.
    arguments: Option<String>,
}

/// A decision under the id of its call.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a RawValue,
    #[serde(flatten)]
    decision: &'a Decision,
}

/// A policy, and what is known of all calls.
struct Judge {
    policy: Arc<Policy>,
    principal: Option<String>,
    groups: Vec<String>,
    /// Where calls are counted: by what.
    ledger: Option<Ledger>,
}

impl Judge {
    fn facts(&self) -> Facts<'_> {
        Facts { principal: self.principal.as_deref(), groups: &self.groups, counted: self.ledger.is_some() }
    }

    fn judge(&self, method: &str, arguments: &[u8]) -> Decision {
        self.settle(self.policy.judge_for(method, arguments, &self.facts()))
    }

    fn explain(&self, method: &str, arguments: &[u8]) -> Explanation {
        let explanation = self.policy.explain_for(method, arguments, &self.facts());
        Explanation { decision: self.settle(explanation.decision), ..explanation }
    }

    fn settle(&self, decision: Decision) -> Decision {
        let Some(ledger) = &self.ledger else { return decision };
        // All calls are those of one session.
        let session = "check".into();
        let payer = Payer { session: Some(&session), principal: self.principal.as_deref() };
        let (decision, charged) = ledger.settle(decision, &payer);
        charged.keep();
        decision
    }
}

impl Check {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let policy = load_policy(&self.policy)?;
        let ledger = self.count.then(Ledger::default);
        let judge = Judge { policy, principal: self.principal, groups: self.groups, ledger };
        if self.jsonl {
            return check_lines(&judge);
        }
        let (Some(method), Some(arguments)) = (&self.method, self.arguments) else {
            if self.json {
                write_out(&format!("{{\"policy\":\"{}\"}}\n", judge.policy.identity()))?;
            } else {
                write_out(&format!(
                    "{}: the policy is sound\n{}\n",
                    self.policy.display(),
                    judge.policy.identity()
                ))?;
            }
            return Ok(0);
        };
        let arguments = if arguments == "-" {
            let mut text = Vec::new();
            std::io::stdin()
                .read_to_end(&mut text)
                .map_err(|error| Failure::new(format!("stdin: {error}")))?;
            text
        } else {
            arguments.into_bytes()
        };
        // A slip of the shell's quotes must not look like a denial.
        if let Err(error) = Outline::read(&arguments, &Options::tolerant(Limits::UNBOUNDED), 0) {
            return Err(Failure::new(format!("ARGUMENTS is not JSON: {error}; for none, write '{{}}'")));
        }
        let (decision, shown) = if self.explain {
            let explanation = judge.explain(method, &arguments);
            let shown = if self.json { to_json(&explanation)? } else { describe_all(&explanation) };
            (explanation.decision, shown)
        } else {
            let decision = judge.judge(method, &arguments);
            let shown = if self.json { to_json(&decision)? } else { describe(&decision) };
            (decision, shown)
        };
        write_out(&format!("{shown}\n"))?;
        Ok(match decision.verdict {
            Verdict::Allow => 0,
            Verdict::Deny => 3,
            Verdict::Ask => 4,
        })
    }
}

/// A decision for a person.
pub(super) fn describe(decision: &Decision) -> String {
    let mut lines = vec![format!("{}: {}", decision.verdict.as_str(), decision.message)];
    for finding in decision.findings.iter().skip(MAX_IN_MESSAGE) {
        lines.push(format!("also (rule {}): {}", finding.rule, finding.reason));
    }
    lines.join("\n")
}

fn check_lines(judge: &Judge) -> Result<u8, Failure> {
    let mut input = std::io::BufReader::new(std::io::stdin());
    let mut answers = String::new();
    let mut line = Vec::new();
    let mut all_read = true;
    for number in 1_u64.. {
        line.clear();
        let length =
            read_line(&mut input, &mut line).map_err(|error| Failure::new(format!("stdin: {error}")))?;
        if length == 0 {
            break;
        }
        if !line.iter().all(u8::is_ascii_whitespace) {
            let (id, decision) = match read_call(&line) {
                Ok(call) => (call.id, judge.judge(&call.method, call.arguments.as_bytes())),
                Err((id, reason)) => {
                    all_read = false;
                    eprintln!("error: line {number} is not a call: {reason}");
                    (
                        id,
                        judge
                            .policy
                            .refuse("", &Refusal::NotJson(format!("line {number} is not a call: {reason}"))),
                    )
                }
            };
            let id = RawValue::from_string(id).map_err(Failure::new)?;
            answers.push_str(&to_json(&Answer { id: &id, decision: &decision })?);
            answers.push('\n');
        }
        // Whoever waits for an answer gets it before the next question; a file of calls goes out in large pieces.
        if input.buffer().is_empty() || answers.len() > PIECE {
            write_out(&answers)?;
            answers.clear();
        }
    }
    write_out(&answers)?;
    Ok(u8::from(!all_read))
}

/// Answers are written in pieces of about this many bytes.
const PIECE: usize = 64 << 10;
/// A line may have this many bytes: the engine takes no longer arguments.
const MAX_LINE: u64 = 64 << 20;

/// Reads one line; of one that is too long only the beginning, and the rest as a line of its own, which is no call.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<usize> {
    input.take(MAX_LINE).read_until(b'\n', line)
}

/// One line of `--jsonl`.
struct Call {
    /// As JSON.
    id: String,
    method: String,
    /// As JSON, exactly as it came: the evaluator reads it strictly.
    arguments: String,
}

/// Reads one line; where it is no call, the id that can be made out, as JSON, and what is wrong.
fn read_call(line: &[u8]) -> Result<Call, (String, String)> {
    let unnamed = |reason: String| ("null".to_owned(), reason);
    let text = std::str::from_utf8(line).map_err(|_| unnamed("it is not UTF-8".to_owned()))?;
    let outline = Outline::read(line, &Options::tolerant(Limits::UNBOUNDED), 1)
        .map_err(|error| unnamed(error.to_string()))?;
    let member = |key: &'static str| {
        let mut found = outline
            .root()
            .into_iter()
            .flat_map(|root| outline.children(root))
            .filter(|node| node.key.as_deref() == Some(key));
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(unnamed(format!("it has {key:?} twice"))),
            (only, _) => Ok(only.map(|node| (node, node.raw(text)))),
        }
    };
    let id = member("id")?.map_or("null", |(_, raw)| raw).to_owned();
    let wrong = |reason: &str| (id.clone(), reason.to_owned());
    let method = member("method")?.and_then(|(node, _)| node.string(text));
    let method = method.ok_or_else(|| wrong("it needs \"method\", the name of a tool"))?.into_owned();
    // A call without arguments is one with none, as in MCP.
    let arguments = member("arguments")?.map_or("{}", |(_, raw)| raw).to_owned();
    Ok(Call { id, method, arguments })
}

fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(Failure::new)
}
