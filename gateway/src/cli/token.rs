//! `argala token`: tokens that hosts show to a gateway over HTTP.

use clap::{Args, Subcommand};

use super::{Failure, write_out};

/// Make tokens for hosts over HTTP.
#[derive(Debug, Args)]
pub(super) struct Token {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Make a token: show it once, on stderr, and on stdout what argala.toml has to say so that it is known.
    New {
        /// Whose it is. Logs and policies call its owner `token:NAME`.
        #[arg(value_parser = name)]
        name: String,
        /// A group that its owner is in: policies call it `group:NAME`.
        #[arg(long = "group", value_name = "NAME", value_parser = name)]
        groups: Vec<String>,
    },
}

fn name(text: &str) -> Result<String, String> {
    match crate::access::is_name(text) {
        true => Ok(text.to_owned()),
        false => Err("a name has 1 to 256 bytes, and no control characters".to_owned()),
    }
}

impl Token {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let Task::New { name, groups } = self.task;
        let token = crate::access::Token::generate()
            .map_err(|error| Failure::new(format!("the system gives no randomness: {error}")))?;
        let groups: Vec<String> = groups.iter().map(|group| quoted(group)).collect();
        let groups =
            if groups.is_empty() { String::new() } else { format!("groups = [{}]\n", groups.join(", ")) };
        // Apart, so that what is written to stdout can be appended to the configuration.
        eprintln!(
            "The token, for the host's `Authorization: Bearer …`. It can't be shown again:\n{}\n",
            token.text
        );
        write_out(&format!(
            "[[access.token]]\nname = {}\nsha256 = \"{}\"\n{groups}",
            quoted(&name),
            token.sha256
        ))?;
        Ok(0)
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
