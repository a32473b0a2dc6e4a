//! Sets: arrays, in an order of their own.
//!
//! A set's order follows from hashes, which differ from run to run. Its elements are judged sorted by what they are and
//! how they are written, so that a denial names the same place each time.

use pyo3::prelude::*;
use pyo3::types::{PyFrozenSet, PySet, PyTuple};

use super::class::{self, Kind};
use super::scalar::{self, Scalar};
use super::{Interrupted, Known, member, numpy, unfit};

/// How an element is sorted. A tuple's members come one by one.
type Place = Vec<(u8, String)>;

/// A copy of the set, and its elements in order.
///
/// The copy takes over the hashes that the set keeps, so no element is asked for its own.
///
/// # Errors
/// Where an element is neither a scalar nor a tuple of scalars.
pub(super) fn in_order<'py>(
    set: &Bound<'py, PyAny>,
) -> Result<(Bound<'py, PyAny>, Vec<Bound<'py, PyAny>>), Interrupted> {
    let copy = set.call_method0("copy")?;
    let elements: Vec<_> = if let Ok(set) = copy.cast_exact::<PySet>() {
        set.iter().collect()
    } else {
        copy.cast_exact::<PyFrozenSet>().map_err(PyErr::from)?.iter().collect()
    };
    let mut placed = Vec::with_capacity(elements.len());
    for element in elements {
        let place = match element.cast_exact::<PyTuple>() {
            Ok(tuple) => tuple.iter().map(|member| place_of(&member)).collect::<Result<Place, _>>()?,
            Err(_) => vec![place_of(&element)?],
        };
        placed.push((place, element));
    }
    placed.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok((copy, placed.into_iter().map(|(_, element)| element).collect()))
}

fn place_of(element: &Bound<'_, PyAny>) -> Result<(u8, String), Interrupted> {
    let place = |scalar: Scalar<'_>| match scalar {
        Scalar::Null => (0, String::new()),
        Scalar::Boolean(flag) => (1, flag.to_string()),
        Scalar::Number(text) => (2, text.to_owned()),
        Scalar::Text(text) => (3, text.to_owned()),
    };
    if let Some(place) = scalar::read(element, place)? {
        return Ok(place);
    }
    let known = Known::get(element.py())?;
    if let Some((place, copy)) = known.read(element, place)? {
        if copy.is(element) {
            return Ok(place);
        }
    } else if let Some(place) = numpy::read(known, element, place)? {
        return Ok(place);
    } else if let Ok(class) = class::read(known, &element.get_type())
        && class.kind == Kind::Member
        && let Some(place) = scalar::read(&member::value(known, &class, element)?, place)?
    {
        return Ok(place);
    }
    Err(unfit(element, "which a set can't be judged with; pass a list"))
}
