//! The name of an object's type, read without running the type's own code.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};

/// The qualified name of an object's type, as of [`of_class`].
pub(crate) fn of(object: &Bound<'_, PyAny>) -> String {
    of_class(&object.get_type())
}

/// The qualified name, without the module where that is `builtins` or `__main__`: `decimal.Decimal`, `bytes`.
pub(crate) fn of_class(class: &Bound<'_, PyType>) -> String {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static NAME: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

    let name = read(&NAME, "__qualname__", class).unwrap_or_else(|| "(without a name)".to_owned());
    match read(&MODULE, "__module__", class).as_deref() {
        None | Some("builtins" | "__main__") => name,
        Some(module) => format!("{module}.{name}"),
    }
}

/// Reads an attribute by the descriptor that `type` itself holds: asking the class would run its metaclass.
fn read(descriptor: &PyOnceLock<Py<PyAny>>, attribute: &str, class: &Bound<'_, PyType>) -> Option<String> {
    let py = class.py();
    let metaclass = py.get_type::<PyType>();
    let value = descriptor
        .get_or_try_init(py, || metaclass.getattr("__dict__")?.get_item(attribute).map(Bound::unbind))
        .ok()?
        .bind(py)
        .call_method1("__get__", (class, &metaclass))
        .ok()?;
    Some(value.cast_exact::<PyString>().ok()?.to_string_lossy().into_owned())
}
