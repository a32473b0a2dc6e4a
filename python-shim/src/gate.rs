//! `Gate`: what a guard is natively. It judges calls by an engine, tells of each decision, and says what becomes of a call.

use argala_engine::{Inspector, Verdict};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyInt, PyString};
use pyo3::{PyTraverseError, PyVisit};

use crate::decision::{Decision, violation};
use crate::engine::{ArgalaEngine, Heard, name_of, unlocked};
use crate::walk::{Interrupted, walk_as_one};

/// An engine, and what becomes of a call that it doesn't allow.
#[pyclass(frozen, subclass, module = "argala._argala")]
pub(crate) struct Gate {
    engine: Py<ArgalaEngine>,
    returns: bool,
    monitors: bool,
    on_decision: Option<Py<PyAny>>,
}

/// What becomes of a call.
pub(crate) enum Passage<'py, T> {
    /// It is made with what was judged.
    Judged(T),
    /// It is made as it came: its arguments could not be copied, and the gate only monitors.
    AsItCame,
    /// It is not made.
    Denied(Bound<'py, Decision>),
}

#[pymethods]
impl Gate {
    #[new]
    #[pyo3(signature = (engine, on_deny, mode, on_decision, /))]
    fn new(
        py: Python<'_>,
        engine: Py<ArgalaEngine>,
        on_deny: &str,
        mode: &str,
        on_decision: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let returns = match on_deny {
            "raise" => false,
            "return" => true,
            other => {
                let message = format!("on_deny is \"raise\" or \"return\", not {other:?}");
                return Err(PyValueError::new_err(message));
            }
        };
        let monitors = match mode {
            "enforce" => false,
            "monitor" => true,
            other => {
                let message = format!("mode is \"enforce\" or \"monitor\", not {other:?}");
                return Err(PyValueError::new_err(message));
            }
        };
        if on_decision.as_ref().is_some_and(|call| !call.bind(py).is_callable()) {
            return Err(PyTypeError::new_err(
                "on_decision must be callable: it gets the Decision of each call",
            ));
        }
        Ok(Self { engine, returns, monitors, on_decision })
    }

    /// The policy, compiled.
    #[getter]
    fn engine(&self, py: Python<'_>) -> Py<ArgalaEngine> {
        self.engine.clone_ref(py)
    }

    /// "raise" or "return".
    #[getter]
    fn on_deny(&self) -> &'static str {
        if self.returns { "return" } else { "raise" }
    }

    /// "enforce" or "monitor".
    #[getter]
    fn mode(&self) -> &'static str {
        if self.monitors { "monitor" } else { "enforce" }
    }

    /// What is called with each decision.
    #[getter]
    fn on_decision(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.on_decision.as_ref().map(|call| call.clone_ref(py))
    }

    /// Judges a call by its arguments, a dict by name, and gives back the copy that was judged: make the call with that.
    ///
    /// Raises ArgalaSecurityViolation where the call may not be made, whatever on_deny says. In monitor mode it never does,
    /// and gives back the arguments themselves where they can't be copied.
    #[pyo3(signature = (method, arguments))]
    fn admit<'py>(
        &self,
        method: &Bound<'py, PyString>,
        arguments: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = method.py();
        match self.judge(py, &name_of(method), |inspector| walk_as_one(inspector, [arguments]))? {
            Passage::Judged([copy]) => Ok(copy.into_any()),
            Passage::AsItCame => Ok(arguments.clone()),
            Passage::Denied(decision) => Err(violation(py, decision)),
        }
    }

    /// Judges a call by its arguments as JSON text, bytes or str: make the call with that very text.
    ///
    /// Raises ArgalaSecurityViolation where the call may not be made, whatever on_deny says; in monitor mode, never.
    #[pyo3(signature = (method, text))]
    fn admit_json(&self, method: &Bound<'_, PyString>, text: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = method.py();
        let decision = self.engine.get().judge_json(method, text)?;
        match self.settle(py, decision, Some(()))? {
            Passage::Denied(decision) => Err(violation(py, decision)),
            Passage::Judged(()) | Passage::AsItCame => Ok(()),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let identity = self.engine.bind(py).get().identity().to_owned();
        format!("<Guard {identity}, on_deny={:?}, mode={:?}>", self.on_deny(), self.mode())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.on_decision)
    }
}

impl Gate {
    /// Whether a denial is given back as the tool's result.
    pub(crate) fn returns(&self) -> bool {
        self.returns
    }

    /// Judges what a walk tells, and tells of the decision. Where that fails, the call is not made.
    pub(crate) fn judge<'py, T>(
        &self,
        py: Python<'py>,
        method: &str,
        walk: impl FnOnce(&mut Inspector<'_>) -> Result<T, Interrupted>,
    ) -> PyResult<Passage<'py, T>> {
        match self.engine.get().hear(method, walk)? {
            Heard::Denied(decision) => self.settle(py, *decision, None),
            Heard::Whole(inspector, walked) if self.on_decision.is_some() || logs_allowed(py)? => {
                let decision = unlocked(py, inspector.bytes(), || inspector.finish());
                self.settle(py, decision, Some(walked))
            }
            Heard::Whole(mut inspector, walked) => {
                match unlocked(py, inspector.bytes(), || inspector.allows()) {
                    Ok(()) => Ok(Passage::Judged(walked)),
                    Err(decision) => self.settle(py, *decision, Some(walked)),
                }
            }
        }
    }

    /// Tells of a decision, and says what becomes of the call.
    fn settle<'py, T>(
        &self,
        py: Python<'py>,
        decision: argala_engine::Decision,
        walked: Option<T>,
    ) -> PyResult<Passage<'py, T>> {
        let allowed = decision.verdict == Verdict::Allow;
        let decision = Bound::new(py, Decision::from(decision))?;
        self.tell(&decision)?;
        Ok(match walked {
            Some(walked) if allowed || self.monitors => Passage::Judged(walked),
            None if self.monitors => Passage::AsItCame,
            _ => Passage::Denied(decision),
        })
    }

    fn tell(&self, decision: &Bound<'_, Decision>) -> PyResult<()> {
        static LOG: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

        let py = decision.py();
        LOG.import(py, "argala._log", "decided")?.call1((decision, self.monitors))?;
        if let Some(on_decision) = &self.on_decision {
            on_decision.bind(py).call1((decision,))?;
        }
        Ok(())
    }
}

/// Whether the logger wants to hear of calls that are allowed.
///
/// To ask a logger costs a third of what a short call does. Loggers remember the answer in a dict, which is emptied
/// whenever a level changes anywhere; so what stands there is asked first.
fn logs_allowed(py: Python<'_>) -> PyResult<bool> {
    struct Logger {
        logger: Py<PyAny>,
        remembered: Option<Py<PyDict>>,
        debug: Py<PyInt>,
    }
    static LOGGER: PyOnceLock<Logger> = PyOnceLock::new();

    let logger = LOGGER.get_or_try_init(py, || {
        let logger = py.import("argala._log")?.getattr("logger")?;
        let remembered = logger.getattr("_cache").ok().and_then(|cache| cache.cast_into_exact().ok());
        let debug = py.import("logging")?.getattr("DEBUG")?.cast_into::<PyInt>()?;
        PyResult::Ok(Logger {
            logger: logger.unbind(),
            remembered: remembered.map(Bound::unbind),
            debug: debug.unbind(),
        })
    })?;
    if let Some(remembered) = &logger.remembered
        && let Some(answer) = remembered.bind(py).get_item(&logger.debug)?
        && answer.is(&*PyBool::new(py, false))
    {
        return Ok(false);
    }
    logger.logger.bind(py).call_method1("isEnabledFor", (&logger.debug,))?.is_truthy()
}
