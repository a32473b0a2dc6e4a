//! A tool's parameters, as they were when it was wrapped: how the arguments of a call get their names, and with what the
//! tool is called.

use std::collections::{HashMap, HashSet};

use argala_engine::{Inspector, Refusal};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use smallvec::SmallVec;

use crate::walk::{self, Interrupted, walk};

/// What `inspect.Signature.bind` would go by.
pub(crate) struct Parameters {
    positional: Vec<Parameter>,
    keyword: Vec<Parameter>,
    /// `*args`.
    rest: Option<Rest>,
    /// `**kwargs`.
    takes_extra: bool,
    /// Whether `**kwargs` as a whole is the program's own.
    extra_is_unjudged: bool,
    /// The index, among all, of each parameter that can be given by name.
    by_name: HashMap<String, usize>,
    unjudged: HashSet<String>,
    /// None where the tool tells none: positional arguments are then named "0", "1", ….
    signature: Option<Py<PyAny>>,
}

struct Parameter {
    name: Py<PyString>,
    text: String,
    /// Whether it can be given by name.
    by_name: bool,
    default: Default,
    judged: bool,
}

enum Default {
    None,
    Value(Py<PyAny>),
    /// A `functools.partial` has set it, to an object of the program: where a call doesn't give another, it stays so.
    OfPartial,
}

struct Rest {
    text: String,
    judged: bool,
}

/// The arguments of one call, each at its parameter.
pub(crate) struct Call<'py> {
    /// Of each parameter, positional ones first.
    values: Values<'py>,
    /// What goes to `**kwargs`.
    extra: SmallVec<[(Bound<'py, PyAny>, Bound<'py, PyAny>); 4]>,
}

type Values<'py> = SmallVec<[Option<Bound<'py, PyAny>>; 8]>;

/// What a tool is called with.
pub(crate) struct Arguments<'py> {
    pub(crate) positional: Bound<'py, PyTuple>,
    pub(crate) keyword: Option<Bound<'py, PyDict>>,
}

impl Parameters {
    /// Reads an `inspect.Signature`. `of_partial` are the parameters that a partial has set to objects of the program,
    /// `unjudged` those that are the program's own.
    pub(crate) fn new(
        signature: Option<Bound<'_, PyAny>>,
        of_partial: &HashSet<String>,
        unjudged: HashSet<String>,
    ) -> PyResult<Self> {
        let mut parameters = Self {
            positional: Vec::new(),
            keyword: Vec::new(),
            rest: None,
            takes_extra: signature.is_none(),
            extra_is_unjudged: false,
            by_name: HashMap::new(),
            unjudged,
            signature: None,
        };
        let Some(signature) = signature else { return Ok(parameters) };
        let mut known = HashSet::new();
        for parameter in signature.getattr("parameters")?.call_method0("values")?.try_iter()? {
            let parameter = parameter?;
            let name = parameter.getattr("name")?.cast_into::<PyString>()?;
            let text = name.to_str()?.to_owned();
            let judged = !parameters.unjudged.contains(&text);
            known.insert(text.clone());
            let kind = parameter.getattr("kind")?.extract::<u8>()?;
            match kind {
                VAR_POSITIONAL => parameters.rest = Some(Rest { text, judged }),
                VAR_KEYWORD => {
                    parameters.takes_extra = true;
                    parameters.extra_is_unjudged = !judged;
                }
                _ => {
                    let default = parameter.getattr("default")?;
                    let default = if default.is(&parameter.getattr("empty")?) {
                        Default::None
                    } else if kind == KEYWORD_ONLY && of_partial.contains(&text) {
                        Default::OfPartial
                    } else {
                        Default::Value(default.unbind())
                    };
                    let name = PyString::intern(name.py(), &text).unbind();
                    let by_name = kind != POSITIONAL_ONLY;
                    let group = if kind == KEYWORD_ONLY {
                        &mut parameters.keyword
                    } else {
                        &mut parameters.positional
                    };
                    group.push(Parameter { name, text, by_name, default, judged });
                }
            }
        }
        if !parameters.takes_extra
            && let Some(unknown) = parameters.unjudged.iter().find(|name| !known.contains(*name))
        {
            let message =
                format!("unjudged names `{unknown}`, which is no parameter of the tool: {signature}");
            return Err(PyValueError::new_err(message));
        }
        let by_name = parameters.all().enumerate().filter(|(_, parameter)| parameter.by_name);
        parameters.by_name = by_name.map(|(index, parameter)| (parameter.text.clone(), index)).collect();
        parameters.signature = Some(signature.unbind());
        Ok(parameters)
    }

    fn all(&self) -> impl Iterator<Item = &Parameter> {
        self.positional.iter().chain(&self.keyword)
    }

    /// Puts the arguments of a call at their parameters.
    ///
    /// # Errors
    /// Python's own `TypeError` where the tool doesn't take such arguments.
    pub(crate) fn bind<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Call<'py>> {
        match self.fit(args, kwargs)? {
            Some(call) => Ok(call),
            None => Err(self.misfit(args, kwargs)),
        }
    }

    fn fit<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Option<Call<'py>>> {
        let py = args.py();
        let mut extra = SmallVec::new();
        let given = args.len();
        if self.signature.is_none() {
            extra.extend(kwargs.into_iter().flat_map(|kwargs| kwargs.iter()));
            return Ok(Some(Call { values: SmallVec::new(), extra }));
        }
        if given > self.positional.len() && self.rest.is_none() {
            return Ok(None);
        }
        let mut values: Values<'_> = SmallVec::with_capacity(self.positional.len() + self.keyword.len());
        for index in 0..given.min(self.positional.len()) {
            values.push(Some(args.get_item(index)?));
        }
        values.resize(self.positional.len() + self.keyword.len(), None);
        for (key, value) in kwargs.into_iter().flat_map(|kwargs| kwargs.iter()) {
            match self.index_of(&key)?.and_then(|index| values.get_mut(index)) {
                Some(slot) if slot.is_none() => *slot = Some(value),
                None if self.takes_extra => extra.push((key, value)),
                _ => return Ok(None),
            }
        }
        for (parameter, slot) in self.all().zip(&mut values) {
            if slot.is_none() {
                match &parameter.default {
                    Default::Value(default) => *slot = Some(default.bind(py).clone()),
                    Default::OfPartial => {}
                    Default::None => return Ok(None),
                }
            }
        }
        Ok(Some(Call { values, extra }))
    }

    /// The parameter that is given by this name.
    fn index_of(&self, key: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
        // Names in a program's text are interned, so that mostly the same objects meet.
        if let Some(index) =
            self.all().take(FEW).position(|parameter| parameter.by_name && key.is(&parameter.name))
        {
            return Ok(Some(index));
        }
        // A subclass of str may say that it equals what it doesn't.
        let Ok(key) = key.cast_exact::<PyString>() else { return Ok(None) };
        Ok(self.by_name.get(key.to_string_lossy().as_ref()).copied())
    }

    fn misfit<'py>(&self, args: &Bound<'py, PyTuple>, kwargs: Option<&Bound<'py, PyDict>>) -> PyErr {
        let py = args.py();
        let bound = self.signature.as_ref().map(|signature| {
            let bind = signature.bind(py).getattr("bind")?;
            bind.call(args, kwargs)
        });
        match bound {
            Some(Err(error)) => error,
            _ => PyTypeError::new_err("the tool doesn't take these arguments; their names must be plain str"),
        }
    }

    /// Tells the inspector the arguments, by name, and gives back the copies to call the tool with.
    pub(crate) fn walk<'py>(
        &self,
        inspector: &mut Inspector<'_>,
        args: &Bound<'py, PyTuple>,
        call: Call<'py>,
    ) -> Result<Arguments<'py>, Interrupted> {
        let py = args.py();
        inspector.enter_object()?;
        let mut passed = Passed { args, positional: SmallVec::new(), as_they_came: true };
        let mut values = call.values.into_iter();
        for parameter in &self.positional {
            let Some(Some(value)) = values.next() else { continue };
            passed.push(parameter.walk(inspector, value)?);
        }
        self.walk_rest(inspector, &mut passed)?;
        let mut keyword = None;
        for parameter in &self.keyword {
            let Some(Some(value)) = values.next() else { continue };
            let value = parameter.walk(inspector, value)?;
            keyword.get_or_insert_with(|| PyDict::new(py)).set_item(&parameter.name, value)?;
        }
        for (key, value) in call.extra {
            let key = walk::name(key)?;
            let text = walk::text(&key)?;
            let value = if self.extra_is_unjudged || self.unjudged.contains(text) {
                value
            } else if self.is_told(text, args.len()) {
                return Err(Interrupted::Refused(Refusal::DuplicateKey(text.to_owned())));
            } else {
                inspector.key(text)?;
                walk(inspector, &value)?
            };
            keyword.get_or_insert_with(|| PyDict::new(py)).set_item(key, value)?;
        }
        inspector.leave_object();
        Ok(Arguments { positional: passed.into_tuple()?, keyword })
    }

    fn walk_rest<'py>(
        &self,
        inspector: &mut Inspector<'_>,
        passed: &mut Passed<'_, 'py>,
    ) -> Result<(), Interrupted> {
        let args = passed.args;
        let Some(rest) = &self.rest else {
            if self.signature.is_none() {
                for (index, value) in args.iter().enumerate() {
                    inspector.key(&index.to_string())?;
                    passed.push(walk(inspector, &value)?);
                }
            }
            return Ok(());
        };
        // An empty `*args` is no argument: a policy that lists the others needn't list it.
        if args.len() <= self.positional.len() {
            return Ok(());
        }
        let values = args.get_slice(self.positional.len(), args.len());
        let values = if rest.judged {
            inspector.key(&rest.text)?;
            walk(inspector, values.as_any())?.cast_into::<PyTuple>().map_err(PyErr::from)?
        } else {
            values
        };
        for value in values {
            passed.push(value);
        }
        Ok(())
    }

    /// Whether the inspector has heard of a parameter by this name that can't be given by name.
    fn is_told(&self, name: &str, given: usize) -> bool {
        if self.signature.is_none() {
            return name.parse::<usize>().is_ok_and(|index| index < given && index.to_string() == name);
        }
        let rest = self.rest.as_ref().filter(|rest| rest.judged && given > self.positional.len());
        rest.is_some_and(|rest| rest.text == name)
            || self.positional.iter().any(|parameter| parameter.judged && parameter.text == name)
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.signature)?;
        for parameter in self.all() {
            if let Default::Value(default) = &parameter.default {
                visit.call(default)?;
            }
        }
        Ok(())
    }
}

impl Parameter {
    fn walk<'py>(
        &self,
        inspector: &mut Inspector<'_>,
        value: Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>, Interrupted> {
        if !self.judged {
            return Ok(value);
        }
        inspector.key(&self.text)?;
        walk(inspector, &value)
    }
}

/// The positional arguments that the tool will get.
struct Passed<'a, 'py> {
    args: &'a Bound<'py, PyTuple>,
    positional: SmallVec<[Bound<'py, PyAny>; 8]>,
    /// Whether these are, so far, the very objects of the call.
    as_they_came: bool,
}

impl<'py> Passed<'_, 'py> {
    fn push(&mut self, value: Bound<'py, PyAny>) {
        let came = self.args.get_borrowed_item(self.positional.len());
        self.as_they_came &= came.is_ok_and(|came| came.is(&value));
        self.positional.push(value);
    }

    fn into_tuple(self) -> PyResult<Bound<'py, PyTuple>> {
        if self.as_they_came && self.positional.len() == self.args.len() {
            // A tuple of values that can't change can't change either.
            Ok(self.args.clone())
        } else {
            PyTuple::new(self.args.py(), self.positional)
        }
    }
}

// `inspect.Parameter.kind`.
const POSITIONAL_ONLY: u8 = 0;
const VAR_POSITIONAL: u8 = 2;
const KEYWORD_ONLY: u8 = 3;
const VAR_KEYWORD: u8 = 4;

/// So many parameters are looked through before the table of names is asked.
const FEW: usize = 8;
