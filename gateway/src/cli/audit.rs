//! `argala audit`: whether an audit log is whole, and keys to sign it with.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Failure, write_out};
use crate::audit::verify::{Report, verify};
use crate::audit::{PublicKey, generate_key};

/// Check an audit log, or make a key to sign one with.
#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Check that a log is whole: exit code 0, or 1 and the first line that is wrong.
    Verify {
        /// The files of the log, the oldest first: those that were put aside, then the one that is written.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Also check that every checkpoint is signed by this key, as `argala audit keygen` has shown it.
        #[arg(long, value_name = "KEY", value_parser = public_key)]
        public_key: Option<PublicKey>,
    },
    /// Make a key for `signing_key`, in a new file, and show its public half. Keep that elsewhere.
    Keygen {
        /// The file of the private key.
        file: PathBuf,
    },
}

fn public_key(text: &str) -> Result<PublicKey, String> {
    PublicKey::parse(text).ok_or_else(|| "a public key is `ed25519:` and 44 characters of base64".to_owned())
}

impl Audit {
    pub(super) fn run(self) -> Result<u8, Failure> {
        match self.task {
            Task::Verify { files, public_key } => {
                let report = verify(&files, public_key.as_ref()).map_err(Failure::new)?;
                write_out(&describe(&report, public_key.is_some()))?;
            }
            Task::Keygen { file } => {
                let key = generate_key(&file).map_err(|failed| Failure::new(failed.0))?;
                write_out(&format!("{key}\n"))?;
            }
        }
        Ok(0)
    }
}

fn describe(report: &Report, has_key: bool) -> String {
    let Some((first, last)) = report.records else {
        return "the log is empty\n".to_owned();
    };
    let mut text = format!("whole: records {first} to {last}; the last one's hash is {}\n", report.last);
    if first > 1 {
        text.push_str(&format!("the records before {first} are in other files, or gone\n"));
    }
    match (report.has_head, report.goes_on) {
        (_, true) => text.push_str("the log goes on in another file\n"),
        (true, false) => {}
        (false, false) => {
            text.push_str("the file `.head` is not beside it: lines may be missing at the end\n")
        }
    }
    if report.torn > 0 {
        text.push_str(&format!("{} bytes of a last line were never finished\n", report.torn));
    }
    match (report.checkpoints, has_key) {
        (0, true) => text.push_str("no checkpoint is signed\n"),
        (0, false) => {}
        (count, true) => {
            text.push_str(&format!(
                "{count} checkpoints are signed by this key, up to record {}\n",
                report.signed_up_to
            ));
        }
        (count, false) => {
            text.push_str(&format!("{count} checkpoints; --public-key KEY checks their signatures\n"));
        }
    }
    text
}
