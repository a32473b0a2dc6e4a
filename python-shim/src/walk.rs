//! Python objects as a way in: tells the inspector what is in them, and copies what it has told.
//!
//! Only the exact types that JSON has are read, each by CPython's own functions, so no code of an object, its class or its
//! metaclass runs. The copy is what may be passed on: whoever still holds the originals can change them, and what was
//! judged stays as it was.

use argala_engine::{Inspector, Refusal, Stop};
use pyo3::exceptions::PyUnicodeEncodeError;
use pyo3::prelude::*;
use pyo3::types::list::BoundListIterator;
use pyo3::types::tuple::BoundTupleIterator;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::type_name;

/// Why a walk ended before its end.
pub(crate) enum Interrupted {
    /// The inspector has its decision.
    Decided,
    /// What comes next can't be judged.
    Refused(Refusal),
    /// Python failed: no memory, say.
    Failed(PyErr),
}

/// Walks a value that is judged, or the next one to be, and gives back its copy.
///
/// # Errors
/// As [`Interrupted`].
pub(crate) fn walk<'py>(
    inspector: &mut Inspector<'_>,
    value: &Bound<'py, PyAny>,
) -> Result<Bound<'py, PyAny>, Interrupted> {
    // A stack of its own: the inspector bounds its depth, and nothing bounds what Python objects nest to.
    let mut open = Vec::new();
    let mut begun = begin(inspector, value.clone())?;
    loop {
        let whole = match begun {
            Begun::Whole(copy) => Some(copy),
            Begun::Container(container) => {
                open.push(container);
                None
            }
        };
        let Some(container) = open.last_mut() else { return whole.ok_or(Interrupted::Decided) };
        if let Some(copy) = whole {
            container.keep(copy)?;
        }
        begun = match container.next(inspector)? {
            Some(value) => begin(inspector, value)?,
            None => {
                let copy = container.leave(inspector)?;
                open.pop();
                Begun::Whole(copy)
            }
        };
    }
}

/// Walks dicts as though they were one object, and gives back the copy of each.
///
/// # Errors
/// As [`Interrupted`]; a key that stands in two of the dicts is refused.
pub(crate) fn walk_as_one<'py, const N: usize>(
    inspector: &mut Inspector<'_>,
    dicts: [&Bound<'py, PyAny>; N],
) -> Result<[Bound<'py, PyDict>; N], Interrupted> {
    let copies = dicts.map(|dict| PyDict::new(dict.py()));
    inspector.enter_object()?;
    for (index, (dict, copy)) in dicts.iter().zip(&copies).enumerate() {
        let Ok(dict) = dict.cast_exact::<PyDict>() else { return Err(unknown_type(dict)) };
        for item in dict.items() {
            let (key, value) = key_and_value(&item)?;
            let key = text_key(key)?;
            for earlier in copies.iter().take(index) {
                if earlier.contains(&key)? {
                    let key = key.to_string_lossy().into_owned();
                    return Err(Interrupted::Refused(Refusal::DuplicateKey(key)));
                }
            }
            inspector.key(told_text(&key)?)?;
            let value = walk(inspector, &value)?;
            copy.set_item(key, value)?;
        }
    }
    inspector.leave_object();
    Ok(copies)
}

/// A container whose members are being walked, and what has been copied of them.
enum Container<'py> {
    Object { rest: BoundListIterator<'py>, key: Option<Bound<'py, PyString>>, copy: Bound<'py, PyDict> },
    List { rest: BoundListIterator<'py>, copy: Bound<'py, PyList> },
    Tuple { rest: BoundTupleIterator<'py>, tuple: Bound<'py, PyTuple>, copy: Vec<Bound<'py, PyAny>> },
}

enum Begun<'py> {
    /// A value without anything inside, or one whose inside is done: its copy.
    Whole(Bound<'py, PyAny>),
    Container(Container<'py>),
}

/// Tells the inspector of a scalar, or of the beginning of a container.
fn begin<'py>(inspector: &mut Inspector<'_>, value: Bound<'py, PyAny>) -> Result<Begun<'py>, Interrupted> {
    if let Ok(string) = value.cast_exact::<PyString>() {
        inspector.string(told_text(string)?)?;
    } else if value.is_none() {
        inspector.null()?;
    } else if let Ok(flag) = value.cast_exact::<PyBool>() {
        inspector.boolean(flag.is_true())?;
    } else if value.is_exact_instance_of::<PyInt>() {
        // More digits than sys.get_int_max_str_digits() are an error: to write them would take quadratic time.
        let Ok(digits) = value.repr() else {
            return Err(not_json("an int has more digits than Python writes"));
        };
        inspector.number(told_text(&digits)?)?;
    } else if let Ok(number) = value.cast_exact::<PyFloat>() {
        if !number.value().is_finite() {
            return Err(not_json("a number must be finite"));
        }
        // As `json.dumps` writes it.
        inspector.number(told_text(&number.repr()?)?)?;
    } else if let Ok(dict) = value.cast_exact::<PyDict>() {
        inspector.enter_object()?;
        // `items` takes all of them at once and compares no keys: neither another thread nor a finalizer that runs in
        // between can change what is walked.
        let rest = dict.items().into_iter();
        return Ok(Begun::Container(Container::Object { rest, key: None, copy: PyDict::new(value.py()) }));
    } else if let Ok(list) = value.cast_exact::<PyList>() {
        inspector.enter_array()?;
        return Ok(Begun::Container(Container::List { rest: list.iter(), copy: PyList::empty(value.py()) }));
    } else if let Ok(tuple) = value.cast_exact::<PyTuple>() {
        inspector.enter_array()?;
        let container = Container::Tuple { rest: tuple.iter(), tuple: tuple.clone(), copy: Vec::new() };
        return Ok(Begun::Container(container));
    } else {
        return Err(unknown_type(&value));
    }
    Ok(Begun::Whole(value))
}

impl<'py> Container<'py> {
    /// The next value inside, its key told.
    fn next(&mut self, inspector: &mut Inspector<'_>) -> Result<Option<Bound<'py, PyAny>>, Interrupted> {
        match self {
            Self::Object { rest, key, .. } => {
                let Some(item) = rest.next() else { return Ok(None) };
                let (next_key, value) = key_and_value(&item)?;
                let next_key = text_key(next_key)?;
                inspector.key(told_text(&next_key)?)?;
                *key = Some(next_key);
                Ok(Some(value))
            }
            Self::List { rest, .. } => Ok(rest.next()),
            Self::Tuple { rest, .. } => Ok(rest.next()),
        }
    }

    /// Keeps the copy of the value that was walked last.
    fn keep(&mut self, value: Bound<'py, PyAny>) -> PyResult<()> {
        match self {
            Self::Object { key, copy, .. } => key.take().map_or(Ok(()), |key| copy.set_item(key, value)),
            Self::List { copy, .. } => copy.append(value),
            Self::Tuple { copy, .. } => {
                copy.push(value);
                Ok(())
            }
        }
    }

    /// Ends the container: its copy.
    fn leave(&mut self, inspector: &mut Inspector<'_>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Object { copy, .. } => {
                inspector.leave_object();
                Ok(copy.clone().into_any())
            }
            Self::List { copy, .. } => {
                inspector.leave_array();
                Ok(copy.clone().into_any())
            }
            Self::Tuple { tuple, copy, .. } => {
                inspector.leave_array();
                // A tuple in which nothing had to be copied can't change either.
                if tuple.iter().zip(copy.iter()).all(|(value, copy)| value.is(copy)) {
                    return Ok(tuple.clone().into_any());
                }
                Ok(PyTuple::new(tuple.py(), copy.drain(..))?.into_any())
            }
        }
    }
}

fn key_and_value<'py>(item: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let item = item.cast::<PyTuple>()?;
    Ok((item.get_item(0)?, item.get_item(1)?))
}

/// A member's name.
///
/// # Errors
/// A refusal where it is anything but a str.
pub(crate) fn text_key(key: Bound<'_, PyAny>) -> Result<Bound<'_, PyString>, Interrupted> {
    key.cast_into_exact::<PyString>().map_err(|error| {
        let name = type_name::of(&error.into_inner());
        Interrupted::Refused(Refusal::Type(format!("{name} as a key")))
    })
}

/// The text of a str.
///
/// # Errors
/// A refusal where it is no text.
pub(crate) fn told_text<'a>(string: &'a Bound<'_, PyString>) -> Result<&'a str, Interrupted> {
    string.to_str().map_err(|error| {
        if error.is_instance_of::<PyUnicodeEncodeError>(string.py()) {
            Interrupted::Refused(Refusal::LoneSurrogate)
        } else {
            Interrupted::Failed(error)
        }
    })
}

fn unknown_type(value: &Bound<'_, PyAny>) -> Interrupted {
    Interrupted::Refused(Refusal::Type(type_name::of(value)))
}

fn not_json(reason: &str) -> Interrupted {
    Interrupted::Refused(Refusal::NotJson(reason.to_owned()))
}

impl From<Stop> for Interrupted {
    fn from(_: Stop) -> Self {
        Self::Decided
    }
}

impl From<PyErr> for Interrupted {
    fn from(error: PyErr) -> Self {
        Self::Failed(error)
    }
}

impl From<Refusal> for Interrupted {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
