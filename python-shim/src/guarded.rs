//! `Guarded`: a tool behind a gate. Each call is bound, judged, copied and made here, without a step through Python.

use std::collections::HashSet;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::decision::violation;
use crate::engine::name_of;
use crate::gate::{Gate, Passage};
use crate::parameters::Parameters;

/// A tool behind a gate. Everything about it is fixed when it is made.
///
/// `caller()` is what a call goes by. Python's collector can't see through it, as it lies in the code of a function; so
/// that a tool which holds its own guard is collected, it sees the tool through this object, which the function holds
/// besides. Whoever takes it from there changes nothing for a call.
#[pyclass(frozen, module = "argala._argala")]
pub(crate) struct Guarded {
    call: Arc<Call>,
}

struct Call {
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
        let method = name_of(method).into_owned();
        Ok(Self { call: Arc::new(Call { gate, tool, method, parameters, result_of }) })
    }

    /// A function that judges a call, and makes it where it may be made. Unlike a class's method, nobody can set it to
    /// another one.
    fn caller<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCFunction>> {
        let call = Arc::clone(&self.call);
        PyCFunction::new_closure(
            py,
            Some(c"guarded"),
            None,
            move |args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>| {
                call.make(args, kwargs).map(Bound::unbind)
            },
        )
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.call.gate)?;
        visit.call(&self.call.tool)?;
        self.call.parameters.traverse(&visit)
    }
}

impl Call {
    fn make<'py>(
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
}
