//! The outcome, as the Python objects `argala.Decision` and `argala.ArgalaSecurityViolation`.

use argala_engine::{Decision, Finding};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};

/// An `argala.Decision`.
pub(crate) fn to_python<'py>(py: Python<'py>, decision: &Decision) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();

    let findings: Vec<_> =
        decision.findings.iter().map(|finding| finding_to_python(py, finding)).collect::<PyResult<_>>()?;
    CLASS.import(py, "argala._decision", "Decision")?.call1((
        decision.verdict.as_str(),
        &decision.rule,
        &decision.method,
        &decision.at,
        &decision.matched,
        PyTuple::new(py, &decision.view)?,
        decision.span.map(|[start, end]| (start, end)),
        &decision.message,
        &decision.policy,
        PyTuple::new(py, findings)?,
    ))
}

/// The exception for a call that may not be made.
pub(crate) fn to_violation(py: Python<'_>, decision: &Decision) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();

    let violation = || {
        let class = CLASS.import(py, "argala._violation", "ArgalaSecurityViolation")?;
        class.call1((to_python(py, decision)?,))
    };
    // Where even the exception can't be built (no memory is left), its failure is raised: the call is not made.
    violation().map_or_else(|error| error, PyErr::from_value)
}

fn finding_to_python<'py>(py: Python<'py>, finding: &Finding) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();

    CLASS.import(py, "argala._decision", "Finding")?.call1((
        &finding.rule,
        &finding.at,
        &finding.matched,
        PyTuple::new(py, &finding.view)?,
        finding.span.map(|[start, end]| (start, end)),
        &finding.reason,
    ))
}
