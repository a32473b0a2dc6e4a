//! Values of Python's own types with nothing inside, and what they are in JSON.

use argala_engine::Refusal;
use pyo3::exceptions::PyUnicodeEncodeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString};

use super::{Interrupted, not_json, unfit};

/// What a value is in JSON.
#[derive(Clone, Copy)]
pub(super) enum Scalar<'a> {
    Null,
    Boolean(bool),
    /// A number, as it is written.
    Number(&'a str),
    Text(&'a str),
}

/// Reads a value of exactly one of these types; None for one of another. The most frequent come first.
///
/// # Errors
/// Where the value has no JSON form.
#[inline]
pub(super) fn read<T>(
    value: &Bound<'_, PyAny>,
    take: impl FnOnce(Scalar<'_>) -> T,
) -> Result<Option<T>, Interrupted> {
    if let Ok(string) = value.cast_exact::<PyString>() {
        return Ok(Some(take(Scalar::Text(text(string)?))));
    }
    if value.is_none() {
        return Ok(Some(take(Scalar::Null)));
    }
    if let Ok(flag) = value.cast_exact::<PyBool>() {
        return Ok(Some(take(Scalar::Boolean(flag.is_true()))));
    }
    if value.is_exact_instance_of::<PyInt>() {
        // More digits than sys.get_int_max_str_digits() are an error: to write them would take quadratic time.
        let Ok(digits) = value.repr() else {
            return Err(not_json("an int has more digits than Python writes"));
        };
        return Ok(Some(take(Scalar::Number(text(&digits)?))));
    }
    if let Ok(number) = value.cast_exact::<PyFloat>() {
        if !number.value().is_finite() {
            return Err(not_json("a number must be finite"));
        }
        // As `json.dumps` writes it.
        return Ok(Some(take(Scalar::Number(text(&number.repr()?)?))));
    }
    if let Ok(bytes) = value.cast_exact::<PyBytes>() {
        let Ok(text) = str::from_utf8(bytes.as_bytes()) else {
            return Err(unfit(value, "which are not UTF-8: pass text"));
        };
        return Ok(Some(take(Scalar::Text(text))));
    }
    Ok(None)
}

/// The text of a str.
///
/// # Errors
/// Where it holds half of a surrogate pair.
pub(crate) fn text<'a>(string: &'a Bound<'_, PyString>) -> Result<&'a str, Interrupted> {
    string.to_str().map_err(|error| {
        if error.is_instance_of::<PyUnicodeEncodeError>(string.py()) {
            Interrupted::Refused(Refusal::LoneSurrogate)
        } else {
            Interrupted::Failed(error)
        }
    })
}
