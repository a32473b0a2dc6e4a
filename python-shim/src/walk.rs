//! Python objects as a way in: tells the inspector what is in them, and copies what it has told.
//!
//! Every value is read by CPython's own functions, so no code of an object, its class or its metaclass runs: see
//! `known` for where those functions come from, and `class` for how a class is read that would rather not be. The copy
//! is what may be passed on: whoever still holds the originals can change them, and what was judged stays as it was.
//!
//! In reading order: `scalar` reads values with nothing inside, `known` those of the standard library, `numpy` its
//! scalars, `url` pydantic's URLs, `member` enums; `container` walks dicts, lists, tuples and sets, `instance` dataclasses and models.

mod class;
mod container;
mod instance;
mod key;
mod known;
mod member;
mod numpy;
mod scalar;
mod set;
mod url;

use argala_engine::{Inspector, Refusal, Stop};
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFrozenSet, PyList, PySet, PyTuple};

use crate::type_name;
use class::Kind;
use container::Container;
use key::Keys;
pub(crate) use key::name;
pub(crate) use known::Known;
use scalar::Scalar;
pub(crate) use scalar::text;

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
            let (key, value) = key::key_and_value(&item)?;
            let key = key::name(key)?;
            for earlier in copies.iter().take(index) {
                if earlier.contains(&key)? {
                    let key = key.to_string_lossy().into_owned();
                    return Err(Interrupted::Refused(Refusal::DuplicateKey(key)));
                }
            }
            inspector.key(scalar::text(&key)?)?;
            let value = walk(inspector, &value)?;
            copy.set_item(key, value)?;
        }
    }
    inspector.leave_object();
    Ok(copies)
}

enum Begun<'py> {
    /// A value without anything inside, or one whose inside is done: its copy.
    Whole(Bound<'py, PyAny>),
    Container(Container<'py>),
}

/// Tells the inspector of a scalar, or of the beginning of a container.
fn begin<'py>(inspector: &mut Inspector<'_>, value: Bound<'py, PyAny>) -> Result<Begun<'py>, Interrupted> {
    // What arguments are mostly made of comes first.
    if let Some(told) = scalar::read(&value, |scalar| tell(inspector, scalar))? {
        told?;
        return Ok(Begun::Whole(value));
    }
    let container = if let Ok(dict) = value.cast_exact::<PyDict>() {
        inspector.enter_object()?;
        Container::object(dict)
    } else if let Ok(list) = value.cast_exact::<PyList>() {
        inspector.enter_array()?;
        Container::list(list)
    } else if let Ok(tuple) = value.cast_exact::<PyTuple>() {
        inspector.enter_array()?;
        Container::tuple(tuple)
    } else if value.is_exact_instance_of::<PySet>() || value.is_exact_instance_of::<PyFrozenSet>() {
        let (copy, elements) = set::in_order(&value)?;
        inspector.enter_array()?;
        Container::set(copy, elements)
    } else {
        let object = value.clone();
        return begin_instance(inspector, value).map_err(|interrupted| match interrupted {
            // An instance that isn't whole, such as one that `__init__` has never seen.
            Interrupted::Failed(error) if !error.is_instance_of::<PyMemoryError>(object.py()) => {
                unfit(&object, "which can't be read")
            }
            interrupted => interrupted,
        });
    };
    Ok(Begun::Container(container))
}

/// Tells the inspector of an instance of a class that is not among Python's own.
fn begin_instance<'py>(
    inspector: &mut Inspector<'_>,
    value: Bound<'py, PyAny>,
) -> Result<Begun<'py>, Interrupted> {
    let known = Known::get(value.py())?;
    if let Some((told, copy)) = known.read(&value, |scalar| tell(inspector, scalar))? {
        told?;
        return Ok(Begun::Whole(copy));
    }
    if let Some(told) = numpy::read(known, &value, |scalar| tell(inspector, scalar))? {
        told?;
        return Ok(Begun::Whole(value));
    }
    if let Some(told) = url::read(known, &value, |scalar| tell(inspector, scalar))? {
        told?;
        return Ok(Begun::Whole(value));
    }
    let class = class::read(known, &value.get_type())?;
    Ok(match class.kind {
        Kind::Member => {
            let inner = member::value(known, &class, &value)?;
            if container::can_change(&inner) {
                return Err(unfit(&value, container::CHANGING_MEMBER));
            }
            Begun::Container(Container::member(value, inner))
        }
        Kind::Url => {
            let (told, copy) = url::read_inside(known, &class, &value, |scalar| tell(inspector, scalar))?;
            told?;
            Begun::Whole(copy)
        }
        Kind::Tuple => {
            let tuple = value.cast::<PyTuple>().map_err(PyErr::from)?;
            inspector.enter_array()?;
            Begun::Container(Container::tuple(tuple))
        }
        Kind::Data | Kind::Unknown => {
            let instance = instance::begin(known, class, value)?;
            inspector.enter_object()?;
            Begun::Container(Container::Instance(Box::new(instance)))
        }
    })
}

fn tell(inspector: &mut Inspector<'_>, scalar: Scalar<'_>) -> Result<(), Stop> {
    match scalar {
        Scalar::Null => inspector.null(),
        Scalar::Boolean(value) => inspector.boolean(value),
        Scalar::Number(lexeme) => inspector.number(lexeme),
        Scalar::Text(text) => inspector.string(text),
    }
}

fn unknown_type(value: &Bound<'_, PyAny>) -> Interrupted {
    Interrupted::Refused(Refusal::Type(type_name::of(value)))
}

/// Refuses a value of a type that is judged, but not as it is.
fn unfit(value: &Bound<'_, PyAny>, reason: &'static str) -> Interrupted {
    Interrupted::Refused(Refusal::Unfit { name: type_name::of(value), reason })
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
