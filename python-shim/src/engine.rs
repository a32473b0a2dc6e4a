//! `ArgalaEngine`: a policy that Python can ask.

use std::borrow::Cow;

use argala_engine::{Inspector, Policy, Refusal, Verdict};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

use crate::decision::{Decision, violation};
use crate::policy_error::{PolicyError, at_place};
use crate::walk::{Interrupted, walk, walk_as_one};
use crate::{policy_dict, type_name};

/// From this size on, other threads run while a text is judged: for less, to let go and take back costs more.
const LARGE: usize = 64 << 10;

/// A compiled policy that judges calls. It never changes, and any number of threads may use it at once.
///
/// `ArgalaEngine(policy)` takes a dict with what a policy file would hold. `PolicyError` is raised, with the key and what
/// to do, where it doesn't load.
#[pyclass(frozen, name = "ArgalaEngine", module = "argala")]
pub(crate) struct ArgalaEngine {
    policy: Policy,
}

#[pymethods]
impl ArgalaEngine {
    #[new]
    #[pyo3(signature = (policy, /))]
    fn new(policy: &Bound<'_, PyAny>) -> PyResult<Self> {
        let Ok(policy) = policy.cast_exact::<PyDict>() else {
            let name = type_name::of(policy);
            return Err(PyTypeError::new_err(format!(
                "ArgalaEngine takes a policy as a dict, not `{name}`; a file loads with ArgalaEngine.from_policy_file"
            )));
        };
        let node = policy_dict::read(policy)?;
        match Policy::from_node(&node, "policy") {
            Ok(policy) => Ok(Self { policy }),
            Err(error) => Err(PolicyError::new_err(error.to_string())),
        }
    }

    /// Loads a policy from a TOML file, by its path as str or os.PathLike.
    ///
    /// Raises OSError (FileNotFoundError, …) where the file can't be read, and PolicyError with file, line and column where
    /// it doesn't load.
    #[staticmethod]
    #[pyo3(signature = (path, /))]
    fn from_policy_file(path: &Bound<'_, PyAny>) -> PyResult<Self> {
        let path = path.py().import("pathlib")?.getattr("Path")?.call1((path,))?;
        let name = path.str()?.to_string_lossy().into_owned();
        let bytes = path.call_method0("read_bytes")?.cast_into::<PyBytes>()?;
        match str::from_utf8(bytes.as_bytes()) {
            Ok(text) => Self::load(text, &name),
            Err(error) => {
                let before = bytes.as_bytes().iter().take(error.valid_up_to());
                let line = before.filter(|byte| **byte == b'\n').count() + 1;
                Err(PolicyError::new_err(format!("error: {name}: line {line} is not UTF-8")))
            }
        }
    }

    /// Loads a policy from TOML text.
    ///
    /// Raises PolicyError with line and column where it doesn't load.
    #[staticmethod]
    #[pyo3(signature = (text, /))]
    fn from_toml(text: &Bound<'_, PyString>) -> PyResult<Self> {
        match text.to_str() {
            Ok(text) => Self::load(text, "policy"),
            Err(_) => Err(at_place("", "the text holds half of a surrogate pair")),
        }
    }

    /// The policy's identity: `sha256:` and the hash of its canonical form. Comments and order don't change it.
    #[getter]
    fn policy_hash(&self) -> &str {
        self.policy.identity()
    }

    /// Judges a call by its arguments, a dict by name: the decision.
    #[pyo3(signature = (method, arguments))]
    fn check<'py>(
        &self,
        method: &Bound<'py, PyString>,
        arguments: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, Decision>> {
        let py = method.py();
        let decision = self.judge(py, &name_of(method), |inspector| walk(inspector, arguments).map(drop))?.0;
        Bound::new(py, Decision::from(decision))
    }

    /// Judges a call by its arguments as JSON text, bytes or str: the decision.
    #[pyo3(signature = (method, arguments))]
    fn check_json<'py>(
        &self,
        method: &Bound<'py, PyString>,
        arguments: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, Decision>> {
        Bound::new(method.py(), Decision::from(self.judge_json(method, arguments)?))
    }

    /// Judges a call by its positional and keyword arguments: True, or ArgalaSecurityViolation is raised.
    ///
    /// A positional argument has no name here and is judged as the member "0", "1", … of the arguments, beside the keyword
    /// arguments; a keyword "0" beside it is a key that stands there twice, which is denied. Where the policy wants a person
    /// to be asked, that is a denial too: in process there is nobody to ask.
    #[pyo3(signature = (method, args = None, kwargs = None), text_signature = "($self, method, args=(), kwargs=None)")]
    fn inspect_payload<'py>(
        &self,
        method: &Bound<'py, PyString>,
        args: Option<&Bound<'py, PyAny>>,
        kwargs: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<bool> {
        // What the program passes wrongly is its mistake, not the model's.
        let args = match args.map(|args| args.cast::<PyTuple>().map_err(|_| type_name::of(args))).transpose()
        {
            Ok(args) => args,
            Err(name) => {
                let message = format!("args must be a tuple, such as (\"SELECT 1\",), not `{name}`");
                return Err(PyTypeError::new_err(message));
            }
        };
        if let Some(kwargs) = kwargs.filter(|kwargs| !kwargs.is_instance_of::<PyDict>()) {
            let name = type_name::of(kwargs);
            return Err(PyTypeError::new_err(format!("kwargs must be a dict or None, not `{name}`")));
        }
        let members = PyDict::new(method.py());
        for (index, value) in args.into_iter().flatten().enumerate() {
            members.set_item(index.to_string(), value)?;
        }
        self.admit(method, members.as_any(), kwargs)?;
        Ok(true)
    }

    /// Judges a call and gives back the arguments as they were judged, copied: pass on these, and nothing that happens to the
    /// originals in between can reach the tool.
    ///
    /// `members` are arguments by name. `more` are further ones, judged as though they stood in the same dict; a name that
    /// stands in both is denied. The copies come back apart. Raises ArgalaSecurityViolation, as inspect_payload does.
    #[pyo3(signature = (method, members, more = None))]
    fn admit<'py>(
        &self,
        method: &Bound<'py, PyString>,
        members: &Bound<'py, PyAny>,
        more: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
        let py = method.py();
        let none = PyDict::new(py);
        let more = more.unwrap_or(none.as_any());
        let (decision, copies) =
            self.judge(py, &name_of(method), |inspector| walk_as_one(inspector, [members, more]))?;
        match copies {
            Some([members, more]) if decision.verdict == Verdict::Allow => Ok((members, more)),
            _ => Err(violation(py, Bound::new(py, Decision::from(decision))?)),
        }
    }

    fn __repr__(&self) -> String {
        format!("<ArgalaEngine {}>", self.policy.identity())
    }
}

impl ArgalaEngine {
    fn load(text: &str, name: &str) -> PyResult<Self> {
        match Policy::from_toml(text, name) {
            Ok(policy) => Ok(Self { policy }),
            Err(error) => Err(PolicyError::new_err(error.to_string())),
        }
    }

    /// The policy's identity.
    pub(crate) fn identity(&self) -> &str {
        self.policy.identity()
    }

    /// Judges arguments that are JSON text.
    pub(crate) fn judge_json(
        &self,
        method: &Bound<'_, PyString>,
        arguments: &Bound<'_, PyAny>,
    ) -> PyResult<argala_engine::Decision> {
        let text = if let Ok(bytes) = arguments.cast::<PyBytes>() {
            bytes.as_bytes()
        } else if let Ok(text) = arguments.cast::<PyString>() {
            match text.to_str() {
                Ok(text) => text.as_bytes(),
                Err(_) => {
                    let refused = |_: &mut Inspector<'_>| Err::<(), _>(Refusal::LoneSurrogate.into());
                    return Ok(self.judge(method.py(), &name_of(method), refused)?.0);
                }
            }
        } else {
            let name = type_name::of(arguments);
            return Err(PyTypeError::new_err(format!(
                "arguments must be JSON text, as bytes or str, not `{name}`; for a dict there are check and admit"
            )));
        };
        let method_name = name_of(method);
        Ok(unlocked(method.py(), text.len(), || self.policy.judge(&method_name, text)))
    }

    /// Judges what a walk tells; what the walk gave, too, where it came to its end.
    pub(crate) fn judge<T>(
        &self,
        py: Python<'_>,
        method: &str,
        walk: impl FnOnce(&mut Inspector<'_>) -> Result<T, Interrupted>,
    ) -> PyResult<(argala_engine::Decision, Option<T>)> {
        Ok(match self.hear(method, walk)? {
            Heard::Denied(denial) => (*denial, None),
            Heard::Whole(inspector, walked) => {
                (unlocked(py, inspector.bytes(), || inspector.finish()), Some(walked))
            }
        })
    }

    /// Has a walk tell an inspector of a call.
    #[inline]
    pub(crate) fn hear<'p, T>(
        &'p self,
        method: &'p str,
        walk: impl FnOnce(&mut Inspector<'_>) -> Result<T, Interrupted>,
    ) -> PyResult<Heard<'p, T>> {
        let mut inspector = match self.policy.inspect(method) {
            Ok(inspector) => inspector,
            Err(denial) => return Ok(Heard::Denied(denial)),
        };
        match walk(&mut inspector) {
            Ok(walked) => Ok(Heard::Whole(inspector, walked)),
            Err(Interrupted::Decided) => Ok(Heard::Denied(Box::new(inspector.finish()))),
            Err(Interrupted::Refused(refusal)) => Ok(Heard::Denied(Box::new(inspector.refuse(&refusal)))),
            Err(Interrupted::Failed(error)) => Err(error),
        }
    }
}

/// What came of telling an inspector of a call.
#[expect(clippy::large_enum_variant, reason = "a box for each call would cost more than the move")]
pub(crate) enum Heard<'p, T> {
    /// It needed no more to deny the call.
    Denied(Box<argala_engine::Decision>),
    /// It has heard the whole; what the walk gave.
    Whole(Inspector<'p>, T),
}

/// Has so many bytes judged; other threads run meanwhile, where that takes long.
#[inline]
pub(crate) fn unlocked<D: Send>(py: Python<'_>, bytes: usize, judge: impl FnOnce() -> D + Send) -> D {
    if bytes < LARGE { judge() } else { py.detach(judge) }
}

/// A method's name. Half of a surrogate pair becomes a character that no name may have, and so a denial.
pub(crate) fn name_of<'a>(method: &'a Bound<'_, PyString>) -> Cow<'a, str> {
    method.to_string_lossy()
}
