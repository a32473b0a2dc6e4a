//! Instances of dataclasses and pydantic models: judged as an object of what they hold.
//!
//! That is what is in the instance: fields, further attributes, slots, and a model's extra and private attributes, whatever
//! the class says of them. The copy is made without the class: no `__init__`, `__new__`, `__setattr__` or property runs.

use std::collections::HashSet;
use std::vec::IntoIter;

use argala_engine::{Inspector, Refusal};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySet, PyString};

use super::class::Class;
use super::{Interrupted, Known, key, scalar};

/// The slots of a pydantic model that hold attributes, which are judged as the model's own.
const MORE_ATTRIBUTES: [&str; 2] = ["__pydantic_extra__", "__pydantic_private__"];
/// The slot that names those of its attributes that were given.
const ATTRIBUTES_SET: &str = "__pydantic_fields_set__";
/// What a generic class writes into its instances: of which types it is. Neither judged nor passed on.
const GENERIC: &str = "__orig_class__";

pub(super) struct Instance<'py> {
    rest: IntoIter<(Place<'py>, Bound<'py, PyString>, Bound<'py, PyAny>)>,
    place: Option<(Place<'py>, Bound<'py, PyString>)>,
    names: HashSet<String>,
    copy: Bound<'py, PyAny>,
    attributes_set: Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
}

/// Where in the copy a value belongs.
enum Place<'py> {
    In(Bound<'py, PyDict>),
    Slot(Bound<'py, PyAny>),
}

/// Takes all that an instance holds, at once.
///
/// # Errors
/// Where it is no instance of a dataclass or a model, or holds what can't be read.
pub(super) fn begin<'py>(
    known: &Known,
    class: Class<'py>,
    instance: Bound<'py, PyAny>,
) -> Result<Instance<'py>, Interrupted> {
    let py = instance.py();
    let copy = class.bare(known)?;
    let mut values = Vec::new();
    let mut attributes_set = None;
    if let (Some(from), Some(to)) = (class.attributes_of(&instance)?, class.attributes_of(&copy)?) {
        take_all(&from, &to, &mut values)?;
    }
    for (name, slot) in &class.slots {
        let Some(value) = Class::slot_of(slot, &instance)? else { continue };
        let text = scalar::text(name)?;
        if MORE_ATTRIBUTES.contains(&text) {
            let attributes = if value.is_none() {
                value
            } else if let Ok(from) = value.cast_exact::<PyDict>() {
                let to = PyDict::new(py);
                take_all(from, &to, &mut values)?;
                to.into_any()
            } else {
                return Err(class.unfit("whose attributes are in a dict of another kind"));
            };
            slot.call_method1("__set__", (&copy, attributes))?;
        } else if text == ATTRIBUTES_SET {
            if !value.is_exact_instance_of::<PySet>() {
                return Err(class.unfit("whose attributes that are set are no set"));
            }
            attributes_set = Some((slot.clone(), value.call_method0("copy")?));
        } else {
            values.push((Place::Slot(slot.clone()), name.clone(), value));
        }
    }
    if let Some((_, names)) = &attributes_set {
        // They are read as names, so they must be among those that are judged.
        let given: HashSet<&str> = values.iter().filter_map(|(_, name, _)| name.to_str().ok()).collect();
        let mut names = names.cast_exact::<PySet>().map_err(PyErr::from)?.iter();
        if !names.all(|name| {
            name.cast_exact::<PyString>()
                .is_ok_and(|name| name.to_str().is_ok_and(|name| given.contains(name)))
        }) {
            return Err(class.unfit("whose attributes that are set are not among those that it has"));
        }
    }
    Ok(Instance { rest: values.into_iter(), place: None, names: HashSet::new(), copy, attributes_set })
}

fn take_all<'py>(
    from: &Bound<'py, PyDict>,
    to: &Bound<'py, PyDict>,
    values: &mut Vec<(Place<'py>, Bound<'py, PyString>, Bound<'py, PyAny>)>,
) -> Result<(), Interrupted> {
    let items: Bound<'_, PyList> = from.items();
    for item in items {
        let (name, value) = key::key_and_value(&item)?;
        let name = key::name(name)?;
        if scalar::text(&name)? != GENERIC {
            values.push((Place::In(to.clone()), name, value));
        }
    }
    Ok(())
}

impl<'py> Instance<'py> {
    /// The next value inside, its name told.
    pub(super) fn next(
        &mut self,
        inspector: &mut Inspector<'_>,
    ) -> Result<Option<Bound<'py, PyAny>>, Interrupted> {
        let Some((place, name, value)) = self.rest.next() else { return Ok(None) };
        let text = scalar::text(&name)?;
        if !self.names.insert(text.to_owned()) {
            return Err(Interrupted::Refused(Refusal::DuplicateKey(text.to_owned())));
        }
        inspector.key(text)?;
        self.place = Some((place, name));
        Ok(Some(value))
    }

    /// Keeps the copy of the value that was walked last.
    pub(super) fn keep(&mut self, value: Bound<'py, PyAny>) -> PyResult<()> {
        match self.place.take() {
            Some((Place::In(dict), name)) => dict.set_item(name, value),
            Some((Place::Slot(slot), _)) => slot.call_method1("__set__", (&self.copy, value)).map(drop),
            None => Ok(()),
        }
    }

    /// The copy, once all values are kept.
    pub(super) fn copy(&mut self) -> Result<Bound<'py, PyAny>, Interrupted> {
        if let Some((slot, names)) = self.attributes_set.take() {
            slot.call_method1("__set__", (&self.copy, names))?;
        }
        Ok(self.copy.clone())
    }
}
