//! Members of enums: judged by their values, and passed on as they are.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyString};

use super::class::{Class, entry};
use super::{Interrupted, Known, unfit};

/// Where an enum keeps its members: by name, and by value (those that a Flag is combined to as well).
const MEMBERS: [&str; 2] = ["_member_map_", "_value2member_map_"];

/// The value that a member is judged by.
///
/// # Errors
/// Where it isn't what the enum or the member itself holds.
pub(super) fn value<'py>(
    known: &Known,
    class: &Class<'py>,
    member: &Bound<'py, PyAny>,
) -> Result<Bound<'py, PyAny>, Interrupted> {
    let registered = MEMBERS.iter().any(|name| {
        let members = class.look_up(name).and_then(|members| members.cast_into_exact::<PyDict>().ok());
        members.is_some_and(|members| members.values().iter().any(|other| other.is(member)))
    });
    if !registered {
        return Err(unfit(member, "which is no member of its enum"));
    }
    let attributes = class.attributes_of(member)?;
    let Some(value) = attributes.and_then(|attributes| entry(&attributes, "_value_")) else {
        return Err(unfit(member, "which has no value"));
    };
    let Some(payload) = payload(known, member)? else {
        // An enum's member as its value could lead back here without end.
        return if is_enum(known, &value)? {
            Err(unfit(member, "whose value is a member of an enum"))
        } else {
            Ok(value)
        };
    };
    // A bool is an int to an IntEnum.
    let same_type = value.get_type().is(payload.get_type())
        || value.is_exact_instance_of::<PyBool>() && payload.is_exact_instance_of::<PyInt>();
    if same_type && value.eq(&payload)? {
        Ok(payload)
    } else {
        Err(unfit(member, "which has a value other than what it is itself"))
    }
}

/// Whether a member can be a key of a dict without code of its class.
///
/// # Errors
/// Where Python fails.
pub(super) fn hashes_natively(
    known: &Known,
    class: &Class<'_>,
    member: &Bound<'_, PyAny>,
) -> Result<bool, Interrupted> {
    let (Some(hash), Some(eq)) = (class.look_up("__hash__"), class.look_up("__eq__")) else {
        return Ok(false);
    };
    let native = |method: &Bound<'_, PyAny>| known.comparisons.iter().any(|known| method.is(known));
    if !native(&eq) {
        return Ok(false);
    }
    // An Enum hashes `_name_`.
    let named = || -> Result<bool, Interrupted> {
        let name = class.attributes_of(member)?.and_then(|attributes| entry(&attributes, "_name_"));
        let is_text = name.is_some_and(|name| name.is_exact_instance_of::<PyString>() || name.is_none());
        Ok(is_text && class.look_up("_name_").is_none())
    };
    Ok(native(&hash) || hash.is(&known.enum_hash) && named()?)
}

fn is_enum(known: &Known, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let mro = known.type_mro.of(&value.get_type())?;
    Ok(mro.try_iter()?.flatten().any(|base| base.is(&known.enum_class)))
}

/// What a member is as a str, an int, a float or bytes, where it is one.
fn payload<'py>(known: &Known, member: &Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyAny>>, Interrupted> {
    let py = member.py();
    Ok(if let Ok(text) = member.cast::<PyString>() {
        Some(PyString::new(py, super::scalar::text(text)?).into_any())
    } else if member.is_instance_of::<PyInt>() {
        Some(known.int_of.bind(py).call1((member,))?)
    } else if let Ok(number) = member.cast::<PyFloat>() {
        Some(PyFloat::new(py, number.value()).into_any())
    } else {
        member.cast::<PyBytes>().ok().map(|bytes| PyBytes::new(py, bytes.as_bytes()).into_any())
    })
}
