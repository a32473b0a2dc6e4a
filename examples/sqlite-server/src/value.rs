//! Values on their way between JSON and SQLite.

use rmcp::schemars::{self, JsonSchema};
use rusqlite::types::{Null, ToSql, ToSqlOutput, ValueRef};
use serde::Deserialize;
use serde_json::{Number, Value};

/// A JSON value that one SQLite column can hold.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Scalar {
    Null,
    Boolean(bool),
    Integer(i64),
    Real(f64),
    Text(String),
}

impl ToSql for Scalar {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Null => Ok(Null.into()),
            Self::Boolean(value) => value.to_sql(),
            Self::Integer(value) => value.to_sql(),
            Self::Real(value) => value.to_sql(),
            Self::Text(value) => value.to_sql(),
        }
    }
}

/// One column of a row as JSON; a blob becomes hexadecimal text.
pub(crate) fn json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => integer.into(),
        // JSON has no infinity, and `null` would say that the column is empty.
        ValueRef::Real(real) => Number::from_f64(real).map_or_else(|| real.to_string().into(), Value::Number),
        // SQLite does not check that its text is UTF-8.
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
    }
}
