//! `argala schema`: the JSON Schema of a policy file, for editors.

use argala_engine::policy::schema;
use clap::Args;

use super::{Failure, write_out};

/// Print the JSON Schema of the policy file.
#[derive(Debug, Args)]
#[command(after_help = "An editor that knows TOML schemas completes and checks a policy that begins with
  #:schema ./policy.schema.json")]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn run(self) -> Result<u8, Failure> {
        write_out(&schema())?;
        Ok(0)
    }
}
