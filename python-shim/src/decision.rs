//! The outcome as Python sees it: `argala.Decision`, `argala.Finding`, and the exception that is made of one.

use argala_engine::Verdict;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

/// The outcome of judging one call, and what that rests on. It never changes, it can be compared and hashed, and the same
/// call under the same policy gives an equal one.
#[pyclass(frozen, eq, hash, get_all, name = "Decision", module = "argala")]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Decision {
    /// "allow", "deny" or "ask" (a person must say yes first).
    decision: String,
    /// The rule that decided: an `id` of the policy, a table such as `tools.pay.args.amount`, or `input.…` and `limits.…`
    /// where the arguments couldn't be judged.
    rule: String,
    /// The method, as it was called.
    method: String,
    /// Where in the arguments, as a JSON Pointer (RFC 6901); None where the call as a whole was decided.
    at: Option<String>,
    /// The pattern that matched, as the policy writes it.
    matched: Option<String>,
    /// The readings that led to the text that matched; empty for the text as it stands.
    view: Texts,
    /// The bytes that matched, from and up to, in the UTF-8 text at `at`.
    span: Option<(usize, usize)>,
    /// What was refused, where, by which rule, and what would be allowed.
    message: String,
    /// The identity of the policy.
    policy: String,
    /// Everything that spoke against the call; the first one is the one above.
    findings: Findings,
}

/// One thing that spoke against a call.
#[pyclass(frozen, eq, hash, get_all, name = "Finding", module = "argala")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Finding {
    /// As in Decision.
    rule: String,
    /// As in Decision.
    at: Option<String>,
    /// As in Decision.
    matched: Option<String>,
    /// As in Decision.
    view: Texts,
    /// As in Decision.
    span: Option<(usize, usize)>,
    /// What is wrong, as the end of a sentence that begins with the method.
    reason: String,
}

/// A tuple of str.
#[derive(Debug, Clone, PartialEq, Eq, Hash, FromPyObject)]
#[pyo3(transparent)]
struct Texts(Vec<String>);

/// A tuple of Finding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Findings(Vec<Finding>);

impl<'py> IntoPyObject<'py> for &Texts {
    type Target = PyTuple;
    type Output = Bound<'py, PyTuple>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0)
    }
}

impl<'py> IntoPyObject<'py> for &Findings {
    type Target = PyTuple;
    type Output = Bound<'py, PyTuple>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.iter().cloned())
    }
}

#[pymethods]
impl Decision {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "they are what a decision is made of")]
    fn new(
        decision: String,
        rule: String,
        method: String,
        at: Option<String>,
        matched: Option<String>,
        view: Texts,
        span: Option<(usize, usize)>,
        message: String,
        policy: String,
        findings: Vec<Py<Finding>>,
    ) -> Self {
        let findings = Findings(findings.iter().map(|finding| finding.get().clone()).collect());
        Self { decision, rule, method, at, matched, view, span, message, policy, findings }
    }

    /// Whether the call may be made, as it was judged.
    #[getter]
    fn allowed(&self) -> bool {
        self.decision == Verdict::Allow.as_str()
    }

    /// What `argala check` prints for it: the same keys in the same order, as JSON values.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("decision", &self.decision)?;
        dict.set_item("rule", &self.rule)?;
        dict.set_item("method", &self.method)?;
        dict.set_item("at", &self.at)?;
        dict.set_item("matched", &self.matched)?;
        dict.set_item("view", &self.view.0)?;
        dict.set_item("span", self.span.map(|(start, end)| vec![start, end]))?;
        dict.set_item("message", &self.message)?;
        dict.set_item("policy", &self.policy)?;
        let findings = self.findings.0.iter().map(|finding| finding.to_dict(py));
        dict.set_item("findings", findings.collect::<PyResult<Vec<_>>>()?)?;
        Ok(dict)
    }

    /// The verdict first, then what it rests on, without what doesn't apply.
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut text = format!("<Decision {}", self.decision);
        let parts = [
            (": method=", Some(&self.method)),
            (", rule=", Some(&self.rule)),
            (", at=", self.at.as_ref()),
            (", matched=", self.matched.as_ref()),
        ];
        for (name, value) in parts {
            let Some(value) = value else { continue };
            text.push_str(name);
            text.push_str(&value.into_pyobject(py)?.repr()?.to_string_lossy());
        }
        text.push('>');
        Ok(text)
    }

    /// Pickles and copies by its parts.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        let this = slf.get();
        let parts = (
            &this.decision,
            &this.rule,
            &this.method,
            &this.at,
            &this.matched,
            &this.view,
            this.span,
            &this.message,
            &this.policy,
            &this.findings,
        );
        Ok((slf.get_type(), parts.into_pyobject(py)?))
    }
}

#[pymethods]
impl Finding {
    #[new]
    fn new(
        rule: String,
        at: Option<String>,
        matched: Option<String>,
        view: Texts,
        span: Option<(usize, usize)>,
        reason: String,
    ) -> Self {
        Self { rule, at, matched, view, span, reason }
    }

    /// What the command line prints for it, as JSON values.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("rule", &self.rule)?;
        dict.set_item("at", &self.at)?;
        dict.set_item("matched", &self.matched)?;
        dict.set_item("view", &self.view.0)?;
        dict.set_item("span", self.span.map(|(start, end)| vec![start, end]))?;
        dict.set_item("reason", &self.reason)?;
        Ok(dict)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let repr =
            |text: &String| PyResult::Ok(text.into_pyobject(py)?.repr()?.to_string_lossy().into_owned());
        let at = self.at.as_ref().map_or(Ok("None".to_owned()), repr)?;
        Ok(format!("<Finding rule={}, at={at}, reason={}>", repr(&self.rule)?, repr(&self.reason)?))
    }

    /// Pickles and copies by its parts.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let this = slf.get();
        let parts = (&this.rule, &this.at, &this.matched, &this.view, this.span, &this.reason);
        Ok((slf.get_type(), parts.into_pyobject(slf.py())?))
    }
}

impl From<argala_engine::Decision> for Decision {
    fn from(decision: argala_engine::Decision) -> Self {
        Self {
            decision: decision.verdict.as_str().to_owned(),
            rule: decision.rule,
            method: decision.method,
            at: decision.at,
            matched: decision.matched,
            view: Texts::of(&decision.view),
            span: decision.span.map(<(usize, usize)>::from),
            message: decision.message,
            policy: decision.policy,
            findings: Findings(decision.findings.into_iter().map(Finding::from).collect()),
        }
    }
}

impl From<argala_engine::Finding> for Finding {
    fn from(finding: argala_engine::Finding) -> Self {
        Self {
            rule: finding.rule,
            at: finding.at,
            matched: finding.matched,
            view: Texts::of(&finding.view),
            span: finding.span.map(<(usize, usize)>::from),
            reason: finding.reason,
        }
    }
}

impl Texts {
    fn of(view: &[&str]) -> Self {
        Self(view.iter().map(|&step| step.to_owned()).collect())
    }
}

/// The exception for a call that may not be made.
pub(crate) fn violation<'py>(py: Python<'py>, decision: Bound<'py, Decision>) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();

    let violation = || CLASS.import(py, "argala._violation", "ArgalaSecurityViolation")?.call1((decision,));
    // Where even the exception can't be built (no memory is left), its failure is raised: the call is not made.
    violation().map_or_else(|error| error, PyErr::from_value)
}
