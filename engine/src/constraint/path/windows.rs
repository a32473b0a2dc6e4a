//! Names that Windows opens as something else than a file of that name.

/// Devices, in every folder and with any extension.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"];

/// Devices with a digit behind them; Windows takes superscript digits as well.
const NUMBERED: &[&str] = &["com", "lpt"];

/// What is wrong with a name, as the end of "a name …".
pub(super) fn fault(name: &str) -> Option<&'static str> {
    if name.contains(':') {
        return Some("with a `:`, behind which Windows looks for a stream of the file");
    }
    if name.contains(['*', '?', '<', '>', '|', '"']) {
        return Some("with a wildcard or another character that no Windows name has");
    }
    if name.ends_with(['.', ' ']) {
        return Some("that ends in a dot or a space, which Windows drops");
    }
    if is_device(name) {
        return Some("that is a device to Windows");
    }
    holds_variable(name).then_some("with a `%VARIABLE%`, which Windows programs expand")
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |device: &&str| {
        stem.strip_prefix(*device).is_some_and(|rest| {
            let mut rest = rest.chars();
            rest.next().is_some_and(|digit| "0123456789¹²³".contains(digit)) && rest.next().is_none()
        })
    };
    DEVICES.contains(&stem.as_str()) || NUMBERED.iter().any(numbered)
}

/// Whether two `%` stand around a variable's name.
pub(super) fn holds_variable(name: &str) -> bool {
    let is_name = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_()".contains(&byte))
    };
    // What stands before the first `%` and behind the last has none on its other side.
    let parts = name.split('%').count();
    name.split('%').enumerate().any(|(at, part)| at > 0 && at + 1 < parts && is_name(part))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn a_name_that_windows_reads_otherwise_is_a_fault() {
        for name in [
            "a:b",
            "a.txt::$DATA",
            "a*",
            "a.",
            "a ",
            "CON",
            "nul.txt",
            "aux .tar.gz",
            "COM1",
            "lpt¹",
            "conin$",
            "%APPDATA%",
            "x%ProgramFiles(x86)%y",
        ] {
            assert!(fault(name).is_some(), "{name}");
        }
        for name in
            ["a.txt", "..a", "console", "com", "com10", "nul_", "100%", "a%20b%20c", "~1", "$Recycle.Bin"]
        {
            assert_eq!(fault(name), None, "{name}");
        }
    }
}
