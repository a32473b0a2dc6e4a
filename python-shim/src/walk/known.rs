//! What is known of Python: its own types and how to read them, taken once, when the module is imported.
//!
//! To look a function up when it is needed would run what somebody has put in its place since.

use std::net::{Ipv4Addr, Ipv6Addr};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyInt, PyList, PyModule, PyString, PyTuple, PyType};

use super::scalar::{self, Scalar};
use super::{Interrupted, not_json, unfit};

/// Set for a class that nobody can change: one of C's. No class statement makes such a one.
const IMMUTABLE_TYPE: u64 = 1 << 8;

/// Python's own types.
pub(crate) struct Known {
    pub(super) object: Py<PyAny>,
    pub(super) enum_class: Py<PyAny>,
    pub(super) member_descriptor: Py<PyAny>,
    pub(super) getset_descriptor: Py<PyAny>,
    pub(super) slot_wrapper: Py<PyAny>,
    /// What a member of an enum can be besides.
    pub(super) payloads: [Py<PyAny>; 4],
    /// `__hash__` and `__eq__` of C's types.
    pub(super) comparisons: Vec<Py<PyAny>>,
    pub(super) enum_hash: Py<PyAny>,
    /// `object.__new__`.
    pub(super) object_new: Py<PyAny>,
    pub(super) tuple: Py<PyAny>,
    /// `tuple.__new__`.
    pub(super) tuple_new: Py<PyAny>,
    /// `int.__int__`.
    pub(super) int_of: Py<PyAny>,
    pub(super) type_mro: Descriptor,
    pub(super) type_namespace: Descriptor,
    pub(super) type_flags: Descriptor,
    pub(super) type_basic_size: Descriptor,
    pub(super) type_item_size: Descriptor,
    pub(super) type_dict_offset: Descriptor,
    pub(super) type_weakref_offset: Descriptor,
    modules: Py<PyDict>,
    timezone: Py<PyAny>,
    /// Types of the standard library, and how they are read.
    types: Vec<(Py<PyAny>, Reading)>,
}

/// How a type of the standard library is read.
enum Reading {
    /// By its `isoformat`; with a `tzinfo` where it may have one.
    Iso { isoformat: Py<PyAny>, tzinfo: Option<Descriptor> },
    /// As seconds.
    Duration { days: Descriptor, seconds: Descriptor, microseconds: Descriptor },
    /// By its `int`.
    Uuid { int: Descriptor, is_safe: Descriptor },
    /// By its number.
    Ipv4 { number: Descriptor },
    /// By its number, and the text of its zone.
    Ipv6 { number: Descriptor, zone: Descriptor },
    /// By its `__str__`, a number.
    Decimal { text: Py<PyAny> },
    /// By its `__str__`, from the parts that it keeps.
    Path { text: Py<PyAny>, parts: Vec<Descriptor> },
}

/// A descriptor that reads an attribute of C's.
pub(super) struct Descriptor(Py<PyAny>);

impl Descriptor {
    /// The attribute of an object.
    ///
    /// # Errors
    /// Where it has none.
    pub(super) fn of<'py>(&self, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.0.bind(object.py()).call_method1("__get__", (object,))
    }

    fn set(&self, object: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.bind(object.py()).call_method1("__set__", (object, value)).map(drop)
    }
}

impl Known {
    /// What is known, taken now if it hasn't been yet.
    ///
    /// # Errors
    /// Where the standard library isn't as it should be.
    pub(crate) fn get(py: Python<'_>) -> PyResult<&Self> {
        static KNOWN: PyOnceLock<Known> = PyOnceLock::new();
        KNOWN.get_or_try_init(py, || Self::take(py))
    }

    fn take(py: Python<'_>) -> PyResult<Self> {
        let class = |module: &str, name: &str| py.import(module)?.getattr(name);
        let of = |class: &Bound<'_, PyAny>, name: &str| {
            Ok::<_, PyErr>(class.getattr("__dict__")?.get_item(name)?.unbind())
        };
        let descriptor = |class: &Bound<'_, PyAny>, name: &str| of(class, name).map(Descriptor);
        let (object, types) = (class("builtins", "object")?, py.get_type::<PyType>().into_any());
        let payloads = [
            py.get_type::<PyString>().into_any(),
            py.get_type::<PyInt>().into_any(),
            py.get_type::<PyFloat>().into_any(),
            py.get_type::<PyBytes>().into_any(),
        ];
        let mut comparisons = Vec::new();
        for class in payloads.iter().chain([&object]) {
            comparisons.extend([of(class, "__hash__")?, of(class, "__eq__")?]);
        }
        let enum_class = class("enum", "Enum")?;
        let mut readings = Vec::new();
        for (name, zoned) in [("date", false), ("datetime", true), ("time", true)] {
            let class = class("datetime", name)?;
            let isoformat = of(&class, "isoformat")?;
            let tzinfo = zoned.then(|| descriptor(&class, "tzinfo")).transpose()?;
            readings.push((class.unbind(), Reading::Iso { isoformat, tzinfo }));
        }
        let timedelta = class("datetime", "timedelta")?;
        let duration = Reading::Duration {
            days: descriptor(&timedelta, "days")?,
            seconds: descriptor(&timedelta, "seconds")?,
            microseconds: descriptor(&timedelta, "microseconds")?,
        };
        readings.push((timedelta.unbind(), duration));
        let uuid = class("uuid", "UUID")?;
        let int = descriptor(&uuid, "int")?;
        let is_safe = descriptor(&uuid, "is_safe")?;
        readings.push((uuid.unbind(), Reading::Uuid { int, is_safe }));
        let address = class("ipaddress", "IPv4Address")?;
        let number = descriptor(&address, "_ip")?;
        readings.push((address.unbind(), Reading::Ipv4 { number }));
        let address = class("ipaddress", "IPv6Address")?;
        let (number, zone) = (descriptor(&address, "_ip")?, descriptor(&address, "_scope_id")?);
        readings.push((address.unbind(), Reading::Ipv6 { number, zone }));
        let decimal = class("decimal", "Decimal")?;
        let text = of(&decimal, "__str__")?;
        readings.push((decimal.unbind(), Reading::Decimal { text }));
        let pure = class("pathlib", "PurePath")?;
        for name in ["PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"] {
            // Which of these there are depends on Python's version.
            let parts = ["_str", "_raw_paths", "_drv", "_root", "_parts", "_tail_cached"];
            let parts = parts.iter().filter_map(|name| descriptor(&pure, name).ok()).collect();
            let text = of(&pure, "__str__")?;
            readings.push((class("pathlib", name)?.unbind(), Reading::Path { text, parts }));
        }
        Ok(Self {
            member_descriptor: class("types", "MemberDescriptorType")?.unbind(),
            slot_wrapper: class("types", "WrapperDescriptorType")?.unbind(),
            getset_descriptor: class("types", "GetSetDescriptorType")?.unbind(),
            enum_hash: of(&enum_class, "__hash__")?,
            enum_class: enum_class.unbind(),
            object_new: object.getattr("__new__")?.unbind(),
            tuple_new: py.get_type::<PyTuple>().getattr("__new__")?.unbind(),
            tuple: py.get_type::<PyTuple>().into_any().unbind(),
            int_of: of(&py.get_type::<PyInt>(), "__int__")?,
            payloads: payloads.map(Bound::unbind),
            comparisons,
            type_mro: descriptor(&types, "__mro__")?,
            type_namespace: descriptor(&types, "__dict__")?,
            type_flags: descriptor(&types, "__flags__")?,
            type_basic_size: descriptor(&types, "__basicsize__")?,
            type_item_size: descriptor(&types, "__itemsize__")?,
            type_dict_offset: descriptor(&types, "__dictoffset__")?,
            type_weakref_offset: descriptor(&types, "__weakrefoffset__")?,
            modules: class("sys", "modules")?.cast_into::<PyDict>()?.unbind(),
            timezone: class("datetime", "timezone")?.unbind(),
            object: object.unbind(),
            types: readings,
        })
    }

    /// A copy of a class's own namespace.
    ///
    /// # Errors
    /// Where Python fails.
    pub(super) fn namespace_of<'py>(&self, class: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let namespace = self.type_namespace.of(class)?.call_method0("copy")?;
        Ok(namespace.cast_into_exact::<PyDict>()?)
    }

    /// Whether nobody can change a class.
    ///
    /// # Errors
    /// Where Python fails.
    pub(super) fn is_immutable(&self, class: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.type_flags.of(class)?.extract::<u64>()? & IMMUTABLE_TYPE != 0)
    }

    /// A class that nobody can change, of a module that the program may have imported.
    ///
    /// # Errors
    /// Where Python fails.
    pub(super) fn loaded<'py>(
        &self,
        py: Python<'py>,
        module: &str,
        name: &str,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(class) = self.loaded_as_it_is(py, module, name)? else { return Ok(None) };
        Ok(if self.is_immutable(&class)? { Some(class) } else { None })
    }

    /// A class of a module that the program may have imported.
    ///
    /// # Errors
    /// Where Python fails.
    pub(super) fn loaded_as_it_is<'py>(
        &self,
        py: Python<'py>,
        module: &str,
        name: &str,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(module) = self.modules.bind(py).get_item(module)? else { return Ok(None) };
        let Ok(module) = module.cast_into::<PyModule>() else { return Ok(None) };
        Ok(module.dict().get_item(name)?.filter(|class| class.is_instance_of::<PyType>()))
    }

    /// Reads a value of one of the standard library's types, and copies it; None for one of another.
    ///
    /// # Errors
    /// Where the value has no JSON form.
    pub(super) fn read<'py, T>(
        &self,
        value: &Bound<'py, PyAny>,
        take: impl FnOnce(Scalar<'_>) -> T,
    ) -> Result<Option<(T, Bound<'py, PyAny>)>, Interrupted> {
        let class = value.get_type();
        let Some((_, reading)) = self.types.iter().find(|(known, _)| class.is(known)) else {
            return Ok(None);
        };
        let py = value.py();
        Ok(Some(match reading {
            Reading::Iso { isoformat, tzinfo } => {
                if let Some(tzinfo) = tzinfo
                    && !self.is_known_zone(&tzinfo.of(value)?)?
                {
                    return Err(unfit(value, "in a time zone of a type that isn't Python's own"));
                }
                let text = written(isoformat.bind(py).call1((value,))?)?;
                (take(Scalar::Text(scalar::text(&text)?)), value.clone())
            }
            Reading::Duration { days, seconds, microseconds } => {
                let part = |part: &Descriptor| part.of(value)?.extract::<i128>();
                let all = (part(days)? * 86_400 + part(seconds)?) * 1_000_000 + part(microseconds)?;
                let (seconds, rest) = (all.abs() / 1_000_000, all.abs() % 1_000_000);
                let sign = if all < 0 { "-" } else { "" };
                let text =
                    if rest == 0 { format!("{sign}{seconds}") } else { format!("{sign}{seconds}.{rest:06}") };
                (take(Scalar::Number(&text)), value.clone())
            }
            Reading::Uuid { int, is_safe } => {
                // `object.__setattr__` changes even a UUID.
                let (number, safe) = (int.of(value)?, is_safe.of(value)?);
                let Some(bits) = exact::<u128>(&number) else {
                    return Err(unfit(value, "which has no number of 128 bits"));
                };
                let hex = format!("{bits:032x}");
                let groups: Vec<_> = [0..8, 8..12, 12..16, 16..20, 20..32]
                    .into_iter()
                    .filter_map(|group| hex.get(group))
                    .collect();
                let copy = self.object_new.bind(py).call1((&class,))?;
                int.set(&copy, &number)?;
                is_safe.set(&copy, &safe)?;
                (take(Scalar::Text(&groups.join("-"))), copy)
            }
            Reading::Ipv4 { number } => {
                let bits = number.of(value)?;
                let Some(address) = exact::<u32>(&bits) else {
                    return Err(unfit(value, "which has no number of 32 bits"));
                };
                let copy = self.object_new.bind(py).call1((&class,))?;
                number.set(&copy, &bits)?;
                (take(Scalar::Text(&Ipv4Addr::from_bits(address).to_string())), copy)
            }
            Reading::Ipv6 { number, zone } => {
                let (bits, scope) = (number.of(value)?, zone.of(value)?);
                let Some(address) = exact::<u128>(&bits) else {
                    return Err(unfit(value, "which has no number of 128 bits"));
                };
                let mut text = Ipv6Addr::from_bits(address).to_string();
                if let Ok(scope) = scope.cast_exact::<PyString>() {
                    text.push('%');
                    text.push_str(scalar::text(scope)?);
                } else if !scope.is_none() {
                    return Err(unfit(value, "whose zone is no text"));
                }
                let copy = self.object_new.bind(py).call1((&class,))?;
                number.set(&copy, &bits)?;
                zone.set(&copy, &scope)?;
                (take(Scalar::Text(&text)), copy)
            }
            Reading::Decimal { text } => {
                let text = written(text.bind(py).call1((value,))?)?;
                let text = scalar::text(&text)?;
                if text.contains(['N', 'I']) {
                    return Err(not_json("a number must be finite"));
                }
                (take(Scalar::Number(text)), value.clone())
            }
            Reading::Path { text, parts } => {
                for part in parts {
                    // One that isn't set yet is made by Python's own code, out of the others.
                    if let Ok(part) = part.of(value)
                        && !is_text(&part)
                    {
                        return Err(unfit(value, "with a part that is no text"));
                    }
                }
                let text = written(text.bind(py).call1((value,))?)?;
                let taken = take(Scalar::Text(scalar::text(&text)?));
                (taken, class.call1((text,))?)
            }
        }))
    }

    fn is_known_zone(&self, zone: &Bound<'_, PyAny>) -> PyResult<bool> {
        let class = zone.get_type();
        Ok(zone.is_none()
            || class.is(&self.timezone)
            || self.loaded(zone.py(), "zoneinfo", "ZoneInfo")?.is_some_and(|known| class.is(&known)))
    }
}

/// The value of an int, where it is one that fits.
fn exact<'py, T: for<'a> FromPyObject<'a, 'py>>(number: &Bound<'py, PyAny>) -> Option<T> {
    number.cast_exact::<PyInt>().ok()?.extract().ok()
}

fn written(text: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyString>> {
    Ok(text.cast_into_exact::<PyString>()?)
}

/// Whether a part of a path is a str, or holds nothing else.
fn is_text(part: &Bound<'_, PyAny>) -> bool {
    let str = |part: Bound<'_, PyAny>| part.is_exact_instance_of::<PyString>();
    if let Ok(parts) = part.cast_exact::<PyList>() {
        parts.iter().all(str)
    } else if let Ok(parts) = part.cast_exact::<PyTuple>() {
        parts.iter().all(str)
    } else {
        part.is_none() || str(part.clone())
    }
}
