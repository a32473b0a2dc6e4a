//! URLs of pydantic, where it is loaded: judged as their text.
//!
//! What pydantic_core reads a URL to is an object of C's that never changes. pydantic's own classes (`HttpUrl`, `AnyUrl`,
//! …) are Python's, and hold such an object as `_url`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use super::class::{self, Class};
use super::scalar::{self, Scalar};
use super::{Interrupted, Known};

/// Where pydantic_core's types are, and their names.
const CORE: (&str, [&str; 2]) = ("pydantic_core._pydantic_core", ["Url", "MultiHostUrl"]);
/// Where the bases of pydantic's own classes are, and their names.
const BASES: (&str, [&str; 2]) = ("pydantic.networks", ["_BaseUrl", "_BaseMultiHostUrl"]);
/// What an instance of one of those holds, and all that it may.
const HELD: &str = "_url";

/// A type of pydantic_core's.
struct Core {
    class: Py<PyAny>,
    /// Its `__str__`.
    text: Py<PyAny>,
}

/// Reads a URL of one of pydantic_core's own types; None for another value.
///
/// # Errors
/// Where it can't be read.
pub(super) fn read<T>(
    known: &Known,
    value: &Bound<'_, PyAny>,
    take: impl FnOnce(Scalar<'_>) -> T,
) -> Result<Option<T>, Interrupted> {
    let py = value.py();
    let class = value.get_type();
    let types = core(known, py)?.into_iter().flatten();
    let Some(of_core) = types.into_iter().find(|of_core| class.is(&of_core.class)) else { return Ok(None) };
    let text = of_core.text.bind(py).call1((value,))?.cast_into_exact().map_err(PyErr::from)?;
    Ok(Some(take(Scalar::Text(scalar::text(&text)?))))
}

/// Reads the URL that an instance of one of pydantic's own classes holds, and copies the instance.
///
/// # Errors
/// Where it holds anything else.
pub(super) fn read_inside<'py, T>(
    known: &Known,
    class: &Class<'py>,
    instance: &Bound<'py, PyAny>,
    take: impl FnOnce(Scalar<'_>) -> T,
) -> Result<(T, Bound<'py, PyAny>), Interrupted> {
    let unfit = || class.unfit("which holds more than a URL, or none");
    let copy = class.bare(known)?;
    let (Some(from), Some(to)) = (class.attributes_of(instance)?, class.attributes_of(&copy)?) else {
        return Err(unfit());
    };
    let Some(url) = class::entry(&from, HELD).filter(|_| from.len() == 1 && class.slots.is_empty()) else {
        return Err(unfit());
    };
    let Some(taken) = read(known, &url, take)? else { return Err(unfit()) };
    to.set_item(HELD, url)?;
    Ok((taken, copy))
}

/// The bases of pydantic's own classes.
///
/// # Errors
/// Where Python fails.
pub(super) fn bases<'a>(known: &Known, py: Python<'a>) -> PyResult<Option<&'a [Py<PyAny>; 2]>> {
    static TAKEN: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();

    let taken = || {
        let (module, [one, other]) = BASES;
        let classes = (known.loaded_as_it_is(py, module, one)?, known.loaded_as_it_is(py, module, other)?);
        let (Some(one), Some(other)) = classes else { return Ok(None) };
        Ok(Some([one.unbind(), other.unbind()]))
    };
    once(&TAKEN, py, taken)
}

fn core<'a>(known: &Known, py: Python<'a>) -> PyResult<Option<&'a [Core; 2]>> {
    static TAKEN: PyOnceLock<[Core; 2]> = PyOnceLock::new();

    let taken = || {
        let (module, [one, other]) = CORE;
        let types = (core_type(known, py, module, one)?, core_type(known, py, module, other)?);
        let (Some(one), Some(other)) = types else { return Ok(None) };
        Ok(Some([one, other]))
    };
    once(&TAKEN, py, taken)
}

fn core_type(known: &Known, py: Python<'_>, module: &str, name: &str) -> PyResult<Option<Core>> {
    let Some(class) = known.loaded_as_it_is(py, module, name)? else { return Ok(None) };
    let Some(text) = class::entry(&known.namespace_of(&class)?, "__str__") else { return Ok(None) };
    // What C has made of a type of C's. The type can be changed, so another function could stand there.
    let own = text.get_type().is(&known.slot_wrapper)
        && text.getattr("__objclass__")?.is(&class)
        && text.getattr("__name__")?.eq("__str__")?;
    Ok(own.then(|| Core { class: class.unbind(), text: text.unbind() }))
}

fn once<'a, T>(
    lock: &'a PyOnceLock<T>,
    py: Python<'a>,
    take: impl FnOnce() -> PyResult<Option<T>>,
) -> PyResult<Option<&'a T>> {
    if let Some(taken) = lock.get(py) {
        return Ok(Some(taken));
    }
    Ok(take()?.map(|taken| lock.get_or_init(py, || taken)))
}
