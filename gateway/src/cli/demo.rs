//! `argala demo`
use super::Failure;
use clap::Args;
use std::path::Path;
use std::process::ExitCode;
/// Show it.
#[derive(Debug, Args)]
pub(super) struct Demo {}
impl Demo {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        Err(Failure::new("x"))
    }
}
pub(super) fn serve(database: &Path) -> Result<ExitCode, Failure> {
    let _ = database;
    Ok(ExitCode::SUCCESS)
}
