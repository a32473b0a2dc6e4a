//! numpy's scalars, where numpy is loaded: judged as the Python values that they stand for.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use super::scalar::{self, Scalar};
use super::{Interrupted, Known, class, unfit};

/// What is needed of numpy.
struct Numpy {
    /// The base of all scalars.
    generic: Py<PyAny>,
    /// Structures: the one kind of scalar that can be written to.
    void: Py<PyAny>,
    /// `numpy.generic.item`.
    item: Py<PyAny>,
}

/// Reads a scalar of one of numpy's own types; None for another value.
///
/// # Errors
/// Where it stands for no value that JSON has.
pub(super) fn read<T>(
    known: &Known,
    value: &Bound<'_, PyAny>,
    mut take: impl FnMut(Scalar<'_>) -> T,
) -> Result<Option<T>, Interrupted> {
    let py = value.py();
    let Some(numpy) = loaded(known, py)? else { return Ok(None) };
    let class = value.get_type();
    let mro = known.type_mro.of(&class)?.cast_into_exact::<PyTuple>().map_err(PyErr::from)?;
    if !known.is_immutable(&class)? || !mro.iter().any(|base| base.is(&numpy.generic)) {
        return Ok(None);
    }
    if !mro.iter().any(|base| base.is(&numpy.void)) {
        let plain = numpy.item.bind(py).call1((value,))?;
        if let Some(taken) = scalar::read(&plain, &mut take)? {
            return Ok(Some(taken));
        }
        if let Some((taken, _)) = known.read(&plain, take)? {
            return Ok(Some(taken));
        }
    }
    Err(unfit(value, "which stands for no value that JSON has"))
}

fn loaded<'a>(known: &Known, py: Python<'a>) -> PyResult<Option<&'a Numpy>> {
    static NUMPY: PyOnceLock<Numpy> = PyOnceLock::new();
    if let Some(numpy) = NUMPY.get(py) {
        return Ok(Some(numpy));
    }
    let (Some(generic), Some(void)) =
        (known.loaded(py, "numpy", "generic")?, known.loaded(py, "numpy", "void")?)
    else {
        return Ok(None);
    };
    let namespace = known.namespace_of(&generic)?;
    let Some(item) = class::entry(&namespace, "item") else { return Ok(None) };
    let numpy = Numpy { generic: generic.unbind(), void: void.unbind(), item: item.unbind() };
    Ok(Some(NUMPY.get_or_init(py, || numpy)))
}
