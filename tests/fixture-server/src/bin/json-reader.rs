//! Reads each line of stdin by `serde_json`, and says what it has read, for `tests/parsers`: a value with the kind of each part.

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().split(b'\n') {
        let told = match serde_json::from_slice(&line?) {
            Ok(value) => tell(&value),
            Err(error) => json!(["refused", error.to_string()]),
        };
        writeln!(out, "{told}")?;
        out.flush()?;
    }
    Ok(())
}

/// As deep as `serde_json` reads: 128 levels.
fn tell(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(number) => json!(["number", number.to_string()]),
        Value::String(text) => json!(["text", text]),
        Value::Array(items) => json!(["array", items.iter().map(tell).collect::<Vec<_>>()]),
        Value::Object(members) => {
            let members: Vec<_> = members.iter().map(|(name, member)| json!([name, tell(member)])).collect();
            json!(["object", members])
        }
    }
}
