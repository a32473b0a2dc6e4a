//! What a class is made of, read by the descriptors of `type` itself.
//!
//! A class can lie about all of it: by its metaclass, by an attribute `__dict__` of its own, by a slot of a base that is
//! hidden by another one. So nothing is asked of the class. Its namespaces are read as they are, a descriptor counts only
//! in the class that it was made for, and in the end the size of an instance must be that of what has been found.

use argala_engine::Refusal;
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyTuple, PyType};

use super::{Interrupted, Known, url};
use crate::type_name;

/// Set for a class that a class statement has made, and for a few of C's.
const HEAP_TYPE: u64 = 1 << 9;

/// By which attribute a class says that its instances are data.
const DATA: [&str; 2] = ["__dataclass_fields__", "__pydantic_fields__"];
/// By which one a class of tuples says that their elements have names.
const NAMED: &str = "_fields";

/// What no class may have whose instances are judged, and why.
const CODE: [(&str, &str); 2] = [
    ("__getattribute__", "whose class decides by code of its own what its attributes are"),
    ("__del__", "whose class has a finalizer, which would run for the copy, too"),
];

/// What the instances of a class are.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Member,
    /// Of one of pydantic's classes, which hold a URL.
    Url,
    /// Of a dataclass or a model.
    Data,
    /// A tuple, of a class that may say that its elements have names.
    Tuple,
    Unknown,
}

pub(super) struct Class<'py> {
    pub(super) class: Bound<'py, PyType>,
    pub(super) kind: Kind,
    /// Reads the dict of an instance, where it has one.
    pub(super) attributes: Option<Bound<'py, PyAny>>,
    /// The slots by their names, those of the class first.
    pub(super) slots: Vec<(Bound<'py, PyString>, Bound<'py, PyAny>)>,
    /// The namespaces of the class and its bases, in the order in which attributes are looked up.
    namespaces: Vec<Bound<'py, PyDict>>,
}

/// Reads a class.
///
/// # Errors
/// Where its instances could hold or do what isn't seen here.
pub(super) fn read<'py>(known: &Known, class: &Bound<'py, PyType>) -> Result<Class<'py>, Interrupted> {
    let py = class.py();
    let unknown = || Interrupted::Refused(Refusal::Type(type_name::of_class(class)));
    let mro = known.type_mro.of(class)?;
    let Ok(mro) = mro.cast_exact::<PyTuple>() else { return Err(unknown()) };
    let has_base = |class: &Py<PyAny>| mro.iter().any(|base| base.is(class));
    let mut found = Class {
        class: class.clone(),
        kind: if has_base(&known.enum_class) {
            Kind::Member
        } else if url::bases(known, py)?.is_some_and(|bases| bases.iter().any(has_base)) {
            Kind::Url
        } else if has_base(&known.tuple) {
            Kind::Tuple
        } else {
            Kind::Unknown
        },
        attributes: None,
        slots: Vec::new(),
        namespaces: Vec::new(),
    };
    let mut payload = false;
    let mut reason = None;
    for base in mro.iter() {
        let namespace = known.namespace_of(&base)?;
        if base.is(&known.object) {
            // Last, and with nothing to read.
        } else if size(&known.type_flags.of(&base)?)? as u64 & HEAP_TYPE != 0 {
            for (key, value) in namespace.iter() {
                let Ok(key) = key.cast_exact::<PyString>() else { continue };
                reason = reason.or(found.attribute(known, &base, key, value)?);
            }
        } else if found.kind == Kind::Member && known.payloads.iter().any(|payload| base.is(payload)) {
            payload = true;
        } else if found.kind == Kind::Tuple && base.is(&known.tuple) {
            // Its elements are read as those of a tuple.
        } else {
            return Err(unfit_or_unknown(&found, unknown()));
        }
        found.namespaces.push(namespace);
    }
    let names = || found.look_up(NAMED).is_some_and(|names| names.is_exact_instance_of::<PyTuple>());
    if found.kind == Kind::Unknown || found.kind == Kind::Tuple && !names() {
        return Err(unknown());
    }
    if found.attributes.is_none() && size(&known.type_dict_offset.of(class)?)? != 0 {
        reason = reason.or(Some("whose class hides the attributes of its instances"));
    }
    if found.kind == Kind::Tuple && found.attributes.is_some() {
        reason = reason.or(Some("whose class keeps attributes beside the elements"));
    }
    if let Some(reason) = reason {
        return Err(found.unfit(reason));
    }
    let pointers = |of: &Bound<'py, PyAny>| Ok::<_, Interrupted>(usize::from(size(of)? > 0));
    let base = if found.kind == Kind::Tuple { &known.tuple } else { &known.object }.bind(py);
    let expected = size(&known.type_basic_size.of(base)?)?
        + size_of::<usize>() as i64
            * (found.slots.len()
                + pointers(&known.type_dict_offset.of(class)?)?
                + pointers(&known.type_weakref_offset.of(class)?)?) as i64;
    // What a str or an int holds lies in between; `member` compares it with the value.
    let fits = size(&known.type_item_size.of(class)?)? == size(&known.type_item_size.of(base)?)?
        && size(&known.type_basic_size.of(class)?)? == expected;
    if !payload && !fits {
        return Err(unfit_or_unknown(&found, unknown()));
    }
    Ok(found)
}

fn unfit_or_unknown(class: &Class<'_>, unknown: Interrupted) -> Interrupted {
    if matches!(class.kind, Kind::Unknown | Kind::Tuple) {
        unknown
    } else {
        class.unfit("whose class has a base that holds a value of its own")
    }
}

fn size(value: &Bound<'_, PyAny>) -> PyResult<i64> {
    value.cast_exact::<PyInt>().map_err(PyErr::from)?.extract()
}

impl<'py> Class<'py> {
    /// Notes an attribute of the class or a base. Gives back why it makes the class unfit, where it does.
    fn attribute(
        &mut self,
        known: &Known,
        owner: &Bound<'py, PyAny>,
        name: &Bound<'py, PyString>,
        value: Bound<'py, PyAny>,
    ) -> PyResult<Option<&'static str>> {
        let Ok(text) = name.to_str() else { return Ok(None) };
        let kind = value.get_type();
        let is_slot = kind.is(&known.member_descriptor);
        if is_slot || kind.is(&known.getset_descriptor) {
            // Of another class, or by another name, it would say something else.
            let own = value.getattr("__objclass__")?.is(owner) && value.getattr("__name__")?.eq(name)?;
            if own && is_slot {
                if self.slots.iter().any(|(slot, _)| slot.to_str().is_ok_and(|slot| slot == text)) {
                    return Ok(Some("whose class hides a slot of its base"));
                }
                self.slots.push((name.clone(), value));
            } else if own && text == "__dict__" && self.attributes.is_none() {
                self.attributes = Some(value);
            }
            return Ok(None);
        }
        if DATA.contains(&text) && matches!(self.kind, Kind::Unknown | Kind::Tuple) {
            self.kind = Kind::Data;
        }
        Ok(CODE.iter().find(|(code, _)| *code == text).map(|(_, reason)| *reason))
    }

    /// What an attribute of an instance is before the instance is asked: the first in the order of its bases.
    pub(super) fn look_up(&self, name: &str) -> Option<Bound<'py, PyAny>> {
        self.namespaces.iter().find_map(|namespace| entry(namespace, name))
    }

    /// The dict of an instance.
    ///
    /// # Errors
    /// Where it is none of Python's own.
    pub(super) fn attributes_of(
        &self,
        instance: &Bound<'py, PyAny>,
    ) -> Result<Option<Bound<'py, PyDict>>, Interrupted> {
        let Some(attributes) = &self.attributes else { return Ok(None) };
        let dict = attributes.call_method1("__get__", (instance,))?;
        match dict.cast_into_exact::<PyDict>() {
            Ok(dict) => Ok(Some(dict)),
            Err(_) => Err(self.unfit("whose attributes are in a dict of another kind")),
        }
    }

    /// What is in a slot of an instance, if anything is.
    ///
    /// # Errors
    /// Where Python fails.
    pub(super) fn slot_of(
        slot: &Bound<'py, PyAny>,
        instance: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match slot.call_method1("__get__", (instance,)) {
            Err(error) if error.is_instance_of::<PyAttributeError>(slot.py()) => Ok(None),
            value => value.map(Some),
        }
    }

    /// A new instance without any attributes.
    ///
    /// # Errors
    /// Where the class has none.
    pub(super) fn bare(&self, known: &Known) -> Result<Bound<'py, PyAny>, Interrupted> {
        let py = self.class.py();
        match known.object_new.bind(py).call1((&self.class,)) {
            Err(error) if error.is_instance_of::<PyTypeError>(py) => {
                Err(self.unfit("whose class makes no instances"))
            }
            instance => Ok(instance?),
        }
    }

    pub(super) fn unfit(&self, reason: &'static str) -> Interrupted {
        Interrupted::Refused(Refusal::Unfit { name: type_name::of_class(&self.class), reason })
    }
}

/// What a dict has under a name. Looked for one by one: to look it up may compare it with a key of any type.
pub(super) fn entry<'py>(dict: &Bound<'py, PyDict>, name: &str) -> Option<Bound<'py, PyAny>> {
    let items = dict.items();
    items.iter().find_map(|item| {
        let (key, value) = super::key::key_and_value(&item).ok()?;
        let key = key.cast_exact::<PyString>().ok()?;
        (key.to_str().ok()? == name).then_some(value)
    })
}
