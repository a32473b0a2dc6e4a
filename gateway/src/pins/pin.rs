//! What is kept of a definition: its canonical text, which takes as much room as the definition itself.

use sha2::{Digest, Sha256};

use super::value::Value;

/// A definition as it was, or is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pin(String);

impl Pin {
    pub(crate) fn of(value: &Value) -> Self {
        Self(value.canonical())
    }

    /// A plain text, as instructions are.
    pub(crate) fn of_text(text: &str) -> Self {
        Self::of(&Value::Text(text.to_owned()))
    }

    /// Its hash, as a lock file names it.
    pub(crate) fn hash(&self) -> String {
        let digits: String = Sha256::digest(&self.0).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{digits}")
    }

    /// What it says.
    pub(crate) fn value(&self) -> Value {
        // It was written from a value, and so can be read.
        Value::read_again(&self.0).unwrap_or_else(|_| Value::Text(self.0.clone()))
    }
}

#[cfg(test)]
impl Pin {
    /// The pin of a JSON text.
    pub(crate) fn read(text: &str) -> Self {
        Self::of(&Value::read(text).unwrap())
    }
}
