//! Keys of dicts, as JSON has them: text.
//!
//! `json.dumps` writes numbers, booleans and None as text where they are keys, and so they are judged. Two keys that
//! have one text are a key that stands there twice.

use std::collections::HashSet;

use argala_engine::Refusal;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

use super::class::{self, Kind};
use super::scalar::{self, Scalar};
use super::{Interrupted, Known, member};
use crate::type_name;

/// The keys of one dict that have been told.
#[derive(Default)]
pub(super) struct Keys {
    /// Their texts. None while all of them were str: then a dict has none of them twice.
    told: Option<HashSet<String>>,
}

impl Keys {
    /// Takes the next key: its text. `before` holds the keys that came before.
    ///
    /// # Errors
    /// Where the key is no text and no scalar, or its text has been a key before.
    pub(super) fn take<T>(
        &mut self,
        key: &Bound<'_, PyAny>,
        before: &Bound<'_, PyDict>,
        tell: impl FnOnce(&str) -> T,
    ) -> Result<T, Interrupted> {
        if self.told.is_none()
            && let Ok(key) = key.cast_exact::<PyString>()
        {
            return Ok(tell(scalar::text(key)?));
        }
        let text = text_of(key)?;
        if self.told.is_none() {
            let before: Result<_, _> = before.iter().map(|(key, _)| text_of(&key)).collect();
            self.told = Some(before?);
        }
        let told = self.told.get_or_insert_default();
        if told.contains(&text) {
            return Err(Interrupted::Refused(Refusal::DuplicateKey(text)));
        }
        let result = tell(&text);
        told.insert(text);
        Ok(result)
    }
}

/// A key that must be text, as the name of an argument or an attribute.
///
/// # Errors
/// Where it is of another type.
pub(crate) fn name(key: Bound<'_, PyAny>) -> Result<Bound<'_, PyString>, Interrupted> {
    key.cast_into_exact::<PyString>().map_err(|error| no_key(&error.into_inner()))
}

pub(super) fn key_and_value<'py>(
    item: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let item = item.cast::<PyTuple>()?;
    Ok((item.get_item(0)?, item.get_item(1)?))
}

fn text_of(key: &Bound<'_, PyAny>) -> Result<String, Interrupted> {
    let written = |scalar: Scalar<'_>| match scalar {
        Scalar::Null => "null".to_owned(),
        Scalar::Boolean(flag) => flag.to_string(),
        Scalar::Number(text) | Scalar::Text(text) => text.to_owned(),
    };
    // `json.dumps` takes no bytes for a key, and a tool could look them up as no text at all.
    if key.is_exact_instance_of::<PyBytes>() {
        return Err(no_key(key));
    }
    if let Some(text) = scalar::read(key, written)? {
        return Ok(text);
    }
    let known = Known::get(key.py())?;
    let Ok(class) = class::read(known, &key.get_type()) else { return Err(no_key(key)) };
    // A copy of the dict hashes its keys.
    if class.kind == Kind::Member && member::hashes_natively(known, &class, key)? {
        let value = member::value(known, &class, key)?;
        if let Some(text) = scalar::read(&value, written)? {
            return Ok(text);
        }
    }
    Err(no_key(key))
}

fn no_key(key: &Bound<'_, PyAny>) -> Interrupted {
    Interrupted::Refused(Refusal::Type(format!("{} as a key", type_name::of(key))))
}
