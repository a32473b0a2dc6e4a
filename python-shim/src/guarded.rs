//! `Guarded`: a tool behind a gate. Each call is bound, judged, copied and made here, without a step through Python.

use std::collections::HashSet;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::decision::violation;
use crate::engine::name_of;
use crate::gate::{Gate, Passage};
use crate::parameters::Parameters;

/// A tool behind a gate. Everything about it is fixed when it is made, and nothing of it can be reached from Python.
#[pyclass(frozen, module = "argala._argala")]
pub(crate) struct Guarded {
    gate: Py<Gate>,
    tool: Py<PyAny>,
    method: String,
    parameters: Parameters,
    /// Makes a tool's result, of the kind that this one gives, out of the message of a denial; None for the message itself.
    result_of: Option<Py<PyAny>>,
}

#[pymethods]
impl Guarded {
    #[new]
    #[pyo3(signature = (gate, tool, method, signature, of_partial, unjudged, result_of, /))]
    fn new(
        gate: Py<Gate>,
        tool: Py<PyAny>,
        method: &Bound<'_, PyString>,
        signature: Option<Bound<'_, PyAny>>,
        of_partial: HashSet<String>,
        unjudged: HashSet<String>,
        result_of: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let parameters = Parameters::new(signature, &of_partial, unjudged)?;
        Ok(Self { gate, tool, method: name_of(method).into_owned(), parameters, result_of })
    }

    /// Judges a call, and makes it where it may be made.
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = args.py();
        let tool = self.tool.bind(py);
        let gate = self.gate.get();
        let call = self.parameters.bind(args, kwargs)?;
        match gate.judge(py, &self.method, |inspector| self.parameters.walk(inspector, args, call))? {
            Passage::Judged(judged) => tool.call(judged.positional, judged.keyword.as_ref()),
            Passage::AsItCame => tool.call(args, kwargs),
            Passage::Denied(decision) => {
                let violation = violation(py, decision);
                if !gate.returns() {
                    return Err(violation);
                }
                let message = violation.value(py).getattr("message")?;
                match &self.result_of {
                    Some(result_of) => result_of.bind(py).call1((message,)),
                    None => Ok(message),
                }
            }
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.gate)?;
        visit.call(&self.tool)?;
        self.parameters.traverse(&visit)
    }
}
