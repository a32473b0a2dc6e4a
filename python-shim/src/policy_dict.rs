//! A Python dict as a policy.

use argala_engine::policy::{Entry, Node, Value};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::policy_error::at_place;
use crate::type_name;

/// No policy nests this deep; a dict that holds itself does.
const MAX_DEPTH: usize = 32;

/// Reads a policy from what a TOML file could hold: str, int, float, bool, list, tuple and dict.
///
/// # Errors
/// `PolicyError`, which names the key, for anything else. Subclasses are refused too: what theirs would say by their own
/// code and what they hold may differ.
pub(crate) fn read(policy: &Bound<'_, PyDict>) -> PyResult<Node> {
    read_value(policy.as_any(), "", 0)
}

fn read_value(value: &Bound<'_, PyAny>, place: &str, depth: usize) -> PyResult<Node> {
    if depth > MAX_DEPTH {
        return Err(at_place(place, &format!("the policy nests deeper than {MAX_DEPTH} levels")));
    }
    let value = if let Ok(text) = value.cast_exact::<PyString>() {
        Value::String(read_text(text, place)?)
    } else if let Ok(flag) = value.cast_exact::<PyBool>() {
        Value::Boolean(flag.is_true())
    } else if value.is_exact_instance_of::<PyInt>() {
        // The same bound as for TOML, so that a policy means the same from both.
        value.extract::<i128>().map_or(Value::Other("an integer of more than 128 bits"), |number| {
            Value::Integer(number.to_string())
        })
    } else if let Ok(number) = value.cast_exact::<PyFloat>() {
        if number.value().is_finite() {
            Value::Float(number.repr()?.to_string_lossy().into_owned())
        } else {
            Value::Other("a number that is not finite")
        }
    } else if let Ok(items) = value.cast_exact::<PyList>() {
        read_items(items.iter(), place, depth)?
    } else if let Ok(items) = value.cast_exact::<PyTuple>() {
        read_items(items.iter(), place, depth)?
    } else if let Ok(table) = value.cast_exact::<PyDict>() {
        read_table(table, place, depth)?
    } else {
        let name = type_name::of(value);
        let message =
            format!("holds `{name}`; a policy is made of str, int, float, bool, list, tuple and dict");
        return Err(at_place(place, &message));
    };
    Ok(Node::new(value))
}

fn read_items<'py>(
    items: impl Iterator<Item = Bound<'py, PyAny>>,
    place: &str,
    depth: usize,
) -> PyResult<Value> {
    let nodes = items
        .enumerate()
        .map(|(index, item)| read_value(&item, &format!("{place}[{index}]"), depth + 1))
        .collect::<PyResult<_>>()?;
    Ok(Value::Array(nodes))
}

fn read_table(table: &Bound<'_, PyDict>, place: &str, depth: usize) -> PyResult<Value> {
    let mut entries = Vec::new();
    for item in table.items() {
        let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let Ok(key) = key.cast_exact::<PyString>() else {
            let name = type_name::of(&key);
            return Err(at_place(place, &format!("has a key of type `{name}`; a policy's keys are str")));
        };
        let key = read_text(key, place)?;
        let inside = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
        let node = read_value(&value, &inside, depth + 1)?;
        entries.push(Entry { key, key_span: None, node });
    }
    Ok(Value::Table(entries))
}

fn read_text(text: &Bound<'_, PyString>, place: &str) -> PyResult<String> {
    match text.to_str() {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(at_place(place, "holds half of a surrogate pair, which is no text")),
    }
}
