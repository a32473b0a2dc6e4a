//! `argala check`: the evaluator on the command line, for a person, a CI job or a hook.

use std::io::{BufRead, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use argala_engine::{Decision, Policy, Refusal, Verdict};
use argala_json::{Limits, Options, Outline};
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Failure, load_policy};

/// Judge one call, a file of calls, or just the policy itself.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  argala check --policy argala_policy.toml                      is the policy sound?
  argala check --policy argala_policy.toml list_tables '{}'     would this call be allowed?
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
    /// The method to call.
    #[arg(requires = "arguments")]
    method: Option<String>,
    /// Its arguments: a JSON object, or `-` to read it from stdin.
    arguments: Option<String>,
}

/// A decision under the id of its call.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a RawValue,
    #[serde(flatten)]
    decision: &'a Decision,
}

impl Check {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let policy = load_policy(&self.policy)?;
        if self.jsonl {
            return check_lines(&policy);
        }
        let (Some(method), Some(arguments)) = (&self.method, self.arguments) else {
            return print(&format!("{}: the policy is sound\n{}", self.policy.display(), policy.identity()));
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
        let decision = policy.judge(method, &arguments);
        print(&if self.json { to_json(&decision)? } else { describe(&decision) })?;
        Ok(ExitCode::from(match decision.verdict {
            Verdict::Allow => 0,
            Verdict::Deny => 3,
            Verdict::Ask => 4,
        }))
    }
}

/// A decision for a person.
fn describe(decision: &Decision) -> String {
    let mut lines = vec![format!("{}: {}", decision.verdict.as_str(), decision.message)];
    for finding in decision.findings.iter().skip(1) {
        lines.push(format!("also: it {} (rule {})", finding.reason, finding.rule));
    }
    lines.join("\n")
}

fn check_lines(policy: &Policy) -> Result<ExitCode, Failure> {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let mut line = Vec::new();
    let mut all_read = true;
    for number in 1_u64.. {
        line.clear();
        let length =
            input.read_until(b'\n', &mut line).map_err(|error| Failure::new(format!("stdin: {error}")))?;
        if length == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let (id, decision) = match read_call(&line) {
            Ok(call) => (call.id, policy.judge(&call.method, call.arguments.as_bytes())),
            Err(reason) => {
                all_read = false;
                eprintln!("error: line {number}: {reason}");
                ("null".to_owned(), policy.refuse("", &Refusal::NotJson(format!("line {number}: {reason}"))))
            }
        };
        let id = RawValue::from_string(id).map_err(Failure::new)?;
        let answer = to_json(&Answer { id: &id, decision: &decision })?;
        writeln!(output, "{answer}").map_err(|error| Failure::new(format!("stdout: {error}")))?;
    }
    output.flush().map_err(|error| Failure::new(format!("stdout: {error}")))?;
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One line of `--jsonl`.
struct Call {
    /// As JSON.
    id: String,
    method: String,
    /// As JSON, exactly as it came: the evaluator reads it strictly.
    arguments: String,
}

fn read_call(line: &[u8]) -> Result<Call, String> {
    let limits = Limits { max_bytes: usize::MAX, max_depth: usize::MAX, max_nodes: usize::MAX };
    let text = std::str::from_utf8(line).map_err(|_| "not UTF-8".to_owned())?;
    let outline = Outline::read(line, &Options::tolerant(limits), 1).map_err(|error| error.to_string())?;
    let member = |key: &str| outline.at(&[key]).ok_or_else(|| format!("a call needs {key:?}"));
    let method = member("method")?.string(text).ok_or("\"method\" must be a string")?.into_owned();
    let id = outline.at(&["id"]).map_or("null", |node| node.raw(text));
    Ok(Call { id: id.to_owned(), method, arguments: member("arguments")?.raw(text).to_owned() })
}

fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(Failure::new)
}

fn print(text: &str) -> Result<ExitCode, Failure> {
    writeln!(std::io::stdout(), "{text}").map_err(|error| Failure::new(format!("stdout: {error}")))?;
    Ok(ExitCode::SUCCESS)
}
