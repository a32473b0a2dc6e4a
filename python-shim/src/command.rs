//! The `argala` command inside the package, so that whoever has installed the one has the other.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command and gives back its exit code. `itself` is how it is started, so that it can start itself again.
#[pyfunction]
#[pyo3(signature = (itself, arguments, /))]
pub(crate) fn run_command(py: Python<'_>, itself: Vec<OsString>, arguments: Vec<OsString>) -> u8 {
    // A gateway runs for as long as its host does; other threads of this interpreter needn't wait for it.
    py.detach(|| argala_gateway::run(&itself, &arguments))
}
