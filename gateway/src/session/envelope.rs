//! What every request of the modern era must say of itself (basic/index, "Per-request protocol fields").

use argala_wire::reply::code;
use argala_wire::{Era, Frame, legacy, modern};
use serde_json::json;

/// Why a request isn't taken: an error's code, message and data.
pub(super) type Fault = (i32, String, Option<String>);

/// The era that a request is written in, where it says so.
pub(super) fn era_of(frame: &Frame, method: &str) -> Option<Era> {
    match method {
        _ if frame.at(&["params", "_meta", modern::PROTOCOL_VERSION]).is_some() => Some(Era::Modern),
        modern::DISCOVER => Some(Era::Modern),
        legacy::INITIALIZE => Some(Era::Legacy),
        _ => None,
    }
}

/// Checks what a request says of its sender.
pub(super) fn check(frame: &Frame) -> Result<(), Fault> {
    let invalid = |message: String| Err((code::INVALID_PARAMS, message, None));
    for (member, opening) in [(modern::PROTOCOL_VERSION, '"'), (modern::CLIENT_CAPABILITIES, '{')] {
        let found = frame.raw(&["params", "_meta", member]);
        if !found.is_some_and(|value| value.starts_with(opening)) {
            let kind = if opening == '"' { "a string" } else { "an object" };
            return invalid(format!("`params._meta` must hold `{member}`, {kind}"));
        }
    }
    let version = frame.string(&["params", "_meta", modern::PROTOCOL_VERSION]).unwrap_or_default();
    if modern::VERSIONS.contains(&version.as_ref()) { Ok(()) } else { Err(unsupported(&version)) }
}

/// The error for a revision that isn't spoken here.
pub(super) fn unsupported(version: &str) -> Fault {
    let supported: Vec<&str> =
        modern::VERSIONS.into_iter().rev().chain(legacy::VERSIONS.into_iter().rev()).collect();
    let version: String = version.chars().take(40).collect();
    let data = json!({"supported": supported, "requested": version}).to_string();
    (code::UNSUPPORTED_VERSION, format!("the revision {version:?} isn't spoken here"), Some(data))
}
