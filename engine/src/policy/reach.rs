//! Which part of the arguments a rule is about.

use argala_json::{look_alike, pointer};

/// A place, or several, in the arguments: the steps from the arguments object inwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArgumentPath {
    steps: Vec<Step>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The member with this key, or the element with this index.
    Named(String),
    /// Every member or element: `*`.
    Every,
}

impl Step {
    /// Whether a key, or an index written as text, is meant.
    pub(crate) fn matches(&self, segment: &str) -> bool {
        match self {
            Self::Named(name) => name == segment,
            Self::Every => true,
        }
    }

    /// Whether a key is meant, or one that a program which folds case takes for it: what a denial goes by.
    pub(crate) fn could_mean(&self, segment: &str) -> bool {
        self.matches(segment) || matches!(self, Self::Named(name) if look_alike(name, segment))
    }
}

impl ArgumentPath {
    /// Reads an argument's name, or a JSON Pointer where it starts with `/`. In both, `*` is any one segment.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let segments = if text.starts_with('/') {
            pointer::parse(text).ok_or_else(|| {
                format!("{text:?} is not a JSON Pointer: write `~` as `~0` and a `/` in a key as `~1`")
            })?
        } else if text.is_empty() {
            return Err("an argument's name can't be empty; `*` stands for every argument".to_owned());
        } else {
            vec![text.to_owned()]
        };
        let steps = segments
            .into_iter()
            .map(|segment| if segment == "*" { Step::Every } else { Step::Named(segment) })
            .collect();
        Ok(Self { steps })
    }

    /// The steps, from the arguments object inwards. Never empty.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether its last step is `*`.
    pub(crate) fn ends_open(&self) -> bool {
        self.steps.last() == Some(&Step::Every)
    }

    /// Whether it stands for exactly one place.
    pub(crate) fn is_exact(&self) -> bool {
        !self.steps.contains(&Step::Every)
    }

    /// The place as a JSON Pointer.
    pub(crate) fn pointer(&self) -> String {
        let mut rendered = String::new();
        for step in &self.steps {
            pointer::push_key(
                &mut rendered,
                match step {
                    Step::Named(name) => name,
                    Step::Every => "*",
                },
            );
        }
        rendered
    }
}
