//! Variables in a servers file: `${VAR}`, `${VAR:-default}` and Cursor's `${env:VAR}`.

/// The text with its variables replaced.
///
/// # Errors
/// A sentence, where a variable is not set and has no default: a server must not start with half of its arguments.
pub(super) fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once("${") {
        out.push_str(before);
        let Some((inside, after)) = from.split_once('}') else {
            return Err(format!("`${{` without `}}` in {text:?}"));
        };
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        let name = name.strip_prefix("env:").unwrap_or(name);
        match (variable(name).filter(|value| default.is_none() || !value.is_empty()), default) {
            (Some(value), _) => out.push_str(&value),
            (None, Some(default)) => out.push_str(default),
            (None, None) if name.contains(':') || name == "workspaceFolder" => {
                return Err(format!(
                    "`${{{name}}}` is a variable of the host's own; write its value instead"
                ));
            }
            (None, None) => {
                return Err(format!(
                    "the variable `{name}` is not set; set it, or write `${{{name}:-default}}`"
                ));
            }
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn variables_are_replaced_and_everything_else_stays() {
        let variable = |name: &str| match name {
            "A" => Some("1".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, expanded) in [
            ("", Some("")),
            ("$A {A}", Some("$A {A}")),
            ("${A}", Some("1")),
            ("x${A}y${A}", Some("x1y1")),
            ("${env:A}", Some("1")),
            ("${B:-two}", Some("two")),
            ("${EMPTY:-two}", Some("two")),
            ("${EMPTY}", Some("")),
            ("${B:-}", Some("")),
            ("${B}", None),
            ("${A", None),
        ] {
            assert_eq!(expand(text, &variable).ok().as_deref(), expanded, "{text}");
        }
    }
}
