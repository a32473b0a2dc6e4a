//! The engine inside Python: the native module `argala._argala`.
//!
//! In reading order: `engine` is a policy that Python can ask, and `policy_dict` turns a dict into one; `gate` is an engine
//! with what becomes of a call; `guarded` is a tool behind a gate, and `parameters` gives its arguments their names; `walk`
//! tells the inspector what is in a Python object, and copies it; `decision` is the outcome. `type_name` and `policy_error`
//! say what was wrong. `command` is the way to the command of the gateway.

mod command;
mod decision;
mod engine;
mod gate;
mod guarded;
mod parameters;
mod policy_dict;
mod policy_error;
mod type_name;
mod walk;

#[pyo3::pymodule]
mod _argala {
    #[pymodule_export]
    use crate::command::run_command;
    #[pymodule_export]
    use crate::decision::{Decision, Finding};
    #[pymodule_export]
    use crate::engine::ArgalaEngine;
    #[pymodule_export]
    use crate::gate::Gate;
    #[pymodule_export]
    use crate::guarded::Guarded;
    #[pymodule_export]
    use crate::policy_error::PolicyError;
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python's own name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_init]
    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        // Before anything that is judged can have changed them.
        crate::walk::Known::get(module.py()).map(drop)
    }
}
