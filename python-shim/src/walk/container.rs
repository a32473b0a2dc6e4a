//! Containers whose members are being walked, and what has been copied of them.

use std::vec::IntoIter;

use argala_engine::Inspector;
use pyo3::prelude::*;
use pyo3::types::list::BoundListIterator;
use pyo3::types::tuple::BoundTupleIterator;
use pyo3::types::{PyDict, PyList, PySet, PyTuple};

use super::instance::Instance;
use super::{Interrupted, Keys, Known, key, unfit};

/// Why a member is unfit that is a way to a value which is shared and can change.
pub(super) const CHANGING_MEMBER: &str = "whose value can change";

/// Whether a value is a container of the kinds that can.
pub(super) fn can_change(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyDict>()
        || value.is_exact_instance_of::<PyList>()
        || value.is_exact_instance_of::<PySet>()
}

pub(super) enum Container<'py> {
    Object {
        rest: BoundListIterator<'py>,
        keys: Keys,
        key: Option<Bound<'py, PyAny>>,
        copy: Bound<'py, PyDict>,
    },
    List {
        rest: BoundListIterator<'py>,
        copy: Bound<'py, PyList>,
    },
    Tuple {
        rest: BoundTupleIterator<'py>,
        tuple: Bound<'py, PyTuple>,
        copy: Vec<Bound<'py, PyAny>>,
    },
    Set {
        rest: IntoIter<Bound<'py, PyAny>>,
        element: Option<Bound<'py, PyAny>>,
        copy: Bound<'py, PyAny>,
    },
    /// A member of an enum: not a level of its own, as its value is told in its place.
    Member {
        member: Bound<'py, PyAny>,
        value: Bound<'py, PyAny>,
        told: bool,
    },
    Instance(Box<Instance<'py>>),
}

impl<'py> Container<'py> {
    pub(super) fn object(dict: &Bound<'py, PyDict>) -> Self {
        // `items` takes all of them at once and compares no keys: neither another thread nor a finalizer that runs in
        // between can change what is walked.
        let rest = dict.items().into_iter();
        Self::Object { rest, keys: Keys::default(), key: None, copy: PyDict::new(dict.py()) }
    }

    pub(super) fn list(list: &Bound<'py, PyList>) -> Self {
        Self::List { rest: list.iter(), copy: PyList::empty(list.py()) }
    }

    pub(super) fn tuple(tuple: &Bound<'py, PyTuple>) -> Self {
        Self::Tuple { rest: tuple.iter(), tuple: tuple.clone(), copy: Vec::new() }
    }

    pub(super) fn set(copy: Bound<'py, PyAny>, elements: Vec<Bound<'py, PyAny>>) -> Self {
        Self::Set { rest: elements.into_iter(), element: None, copy }
    }

    pub(super) fn member(member: Bound<'py, PyAny>, value: Bound<'py, PyAny>) -> Self {
        Self::Member { member, value, told: false }
    }

    /// The next value inside, its key told.
    pub(super) fn next(
        &mut self,
        inspector: &mut Inspector<'_>,
    ) -> Result<Option<Bound<'py, PyAny>>, Interrupted> {
        match self {
            Self::Object { rest, keys, key, copy } => {
                let Some(item) = rest.next() else { return Ok(None) };
                let (next_key, value) = key::key_and_value(&item)?;
                keys.take(&next_key, copy, |text| inspector.key(text))??;
                *key = Some(next_key);
                Ok(Some(value))
            }
            Self::List { rest, .. } => Ok(rest.next()),
            Self::Tuple { rest, .. } => Ok(rest.next()),
            Self::Set { rest, element, .. } => {
                element.clone_from(&rest.next());
                Ok(element.clone())
            }
            Self::Member { value, told, .. } => Ok((!std::mem::replace(told, true)).then(|| value.clone())),
            Self::Instance(instance) => instance.next(inspector),
        }
    }

    /// Keeps the copy of the value that was walked last.
    pub(super) fn keep(&mut self, value: Bound<'py, PyAny>) -> Result<(), Interrupted> {
        match self {
            Self::Object { key, copy, .. } => {
                if let Some(key) = key.take() {
                    copy.set_item(key, value)?;
                }
            }
            Self::List { copy, .. } => copy.append(value)?,
            Self::Tuple { copy, .. } => copy.push(value),
            // Another object in its place would have to be hashed.
            Self::Set { element, .. } => {
                if !element.as_ref().is_some_and(|element| element.is(&value)) {
                    return Err(unfit(&value, "which a set can't be judged with; pass a list"));
                }
            }
            // The member is passed on as it is, so what it holds must stay as it is.
            Self::Member { member, value: held, .. } => {
                if !held.is(&value) {
                    return Err(unfit(member, CHANGING_MEMBER));
                }
            }
            Self::Instance(instance) => instance.keep(value)?,
        }
        Ok(())
    }

    /// Ends the container: its copy.
    pub(super) fn leave(&mut self, inspector: &mut Inspector<'_>) -> Result<Bound<'py, PyAny>, Interrupted> {
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
                let copy = PyTuple::new(tuple.py(), copy.drain(..))?.into_any();
                if tuple.is_exact_instance_of::<PyTuple>() {
                    return Ok(copy);
                }
                let known = Known::get(tuple.py())?;
                Ok(known.tuple_new.bind(tuple.py()).call1((tuple.get_type(), copy))?)
            }
            Self::Set { copy, .. } => {
                inspector.leave_array();
                Ok(copy.clone())
            }
            Self::Member { member, .. } => Ok(member.clone()),
            Self::Instance(instance) => {
                inspector.leave_object();
                instance.copy()
            }
        }
    }
}
