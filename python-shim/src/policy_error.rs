//! `PolicyError`: a policy that doesn't load.

use pyo3::PyErr;
use pyo3::exceptions::PyValueError;

pyo3::create_exception!(
    argala,
    PolicyError,
    PyValueError,
    "A policy that doesn't load. Its text shows every mistake that was found, with its place and what to do about it."
);

/// The exception for one mistake, in the words that the engine has for a policy without a text.
pub(crate) fn at_place(place: &str, message: &str) -> PyErr {
    let place = if place.is_empty() { String::new() } else { format!("{place}: ") };
    PolicyError::new_err(format!("error: policy: {place}{message}"))
}
