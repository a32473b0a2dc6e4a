//! A URL up to its path, divided as RFC 3986 does, and only where every reader would divide it so.
//!
//! Browsers, curl, Python and Java disagree about texts that need repair: a tab inside of the scheme, one slash or three,
//! a backslash, two `@`, a `#` before one. What a firewall reads and what a client then connects to are the same only
//! where there is nothing to repair, so such a text is denied, whatever host it names. Behind the path's first slash
//! no reader looks for a host any more: spaces, escapes and letters of any script are taken there.

use super::super::host::Host;

/// What stands before the path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authority<'t> {
    pub(super) scheme: &'t str,
    pub(super) userinfo: Option<&'t str>,
    pub(super) host: &'t str,
    pub(super) port: Option<u16>,
}

/// Divides a URL. Control characters of ASCII are refused behind the host as well: some readers drop them, others end a
/// header's line or a C string there.
///
/// # Errors
/// What is wrong with it, as a sentence that begins with "must".
pub(super) fn divide(text: &str) -> Result<Authority<'_>, String> {
    if let Some((at, control)) = text.chars().enumerate().find(|(_, character)| *character < ' ') {
        return Err(format!(
            "must be a URL without control characters, not one with {control:?} as character {}",
            at + 1
        ));
    }
    if text.trim() != text {
        return Err("must be a URL without spaces around it".to_owned());
    }
    let scheme = scheme(text).ok_or("must be a whole URL, with its scheme: \"https://example.com/\"")?;
    let rest = text.get(scheme.len()..).unwrap_or_default();
    let rest = rest
        .strip_prefix("://")
        .filter(|rest| !rest.starts_with(['/', '\\']))
        .ok_or("must be a URL with exactly two slashes between its scheme and its host")?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let before_slash = rest.split('/').next().unwrap_or_default();
    if rest.starts_with('\\') {
        return Err(
            "must be a URL without a backslash before its path: some readers take it for a slash".to_owned()
        );
    }
    if before_slash.contains('@') {
        return Err(
            "must be a URL with a `/` right after its host: without it some readers take what follows the `@` for the host"
                .to_owned(),
        );
    }
    let (userinfo, place) = match authority.rsplit_once('@') {
        Some((userinfo, place)) => (Some(userinfo), place),
        None => (None, authority),
    };
    if userinfo.is_some_and(|userinfo| !is_userinfo(userinfo)) {
        return Err("must be a URL with only letters, digits, `%` escapes and `-._~!$&'()*+,=:` before the `@`, none of \
                    them an escaped delimiter: readers disagree about where another one's host begins"
            .to_owned());
    }
    let (host, port) = host_and_port(place)?;
    // 192.192%2e1%2e1 is a public address to who decodes it, and a cloud's metadata service to who ends it there.
    if host.contains('%') {
        return Err(
            "must be a URL without `%` in its host: some readers decode it, others end the host there"
                .to_owned(),
        );
    }
    Ok(Authority { scheme, userinfo, host, port })
}

fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    is_scheme(scheme).then_some(scheme)
}

/// RFC 3986, 3.1.
pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// RFC 3986, 3.2.1, but for `;`, where some readers end the host, and for escapes that some decode before they divide.
fn is_userinfo(text: &str) -> bool {
    const DELIMITERS: &[&str] = &["2f", "5c", "3f", "23", "3b", "40", "00", "0a", "0d"];
    let escapes_delimiter = |escape: &str| {
        let digits = escape.get(..2).map(str::to_ascii_lowercase);
        digits.is_none_or(|digits| DELIMITERS.contains(&digits.as_str()))
    };
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"%-._~!$&'()*+,=:".contains(&byte))
        && !text.split('%').skip(1).any(escapes_delimiter)
}

fn host_and_port(place: &str) -> Result<(&str, Option<u16>), String> {
    let colon = match place.rfind(']') {
        Some(bracket) => place.get(bracket..).and_then(|rest| rest.find(':')).map(|at| bracket + at),
        None => place.find(':'),
    };
    let Some((host, port)) = colon.and_then(|at| place.split_at_checked(at)) else {
        return Ok((place, None));
    };
    let digits = port.strip_prefix(':').unwrap_or_default();
    if digits.is_empty() {
        return Ok((host, None));
    }
    let port = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    match port.and_then(|digits| digits.parse().ok()) {
        Some(port) => Ok((host, Some(port))),
        None => Err("must be a URL whose port is one number up to 65535".to_owned()),
    }
}

/// A host in plain letters and digits, before it is taken for an address: one that doesn't end in a number isn't.
fn plain(host: &str) -> Option<String> {
    const NAME: &str = ".x";
    match Host::parse(&format!("{host}{NAME}")) {
        Ok(Host::Domain(name)) => name.strip_suffix(NAME).map(str::to_owned),
        _ => None,
    }
}

/// The IPv4 address that a reader sees who takes every number for a decimal one, where zeros in front make that another
/// address than the URL Standard's octal numbers do.
pub(super) fn decimal_address(host: &str) -> Option<std::net::Ipv4Addr> {
    let host = plain(host)?;
    let host = host.strip_suffix('.').unwrap_or(&host);
    let parts: Vec<&str> = host.split('.').take(5).collect();
    let padded = |part: &&str| part.len() > 1 && part.starts_with('0');
    if parts.len() > 4 || !parts.iter().any(padded) {
        return None;
    }
    let mut numbers = Vec::new();
    for part in parts {
        let digits = Some(part).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        numbers.push(digits.parse::<u32>().ok()?);
    }
    let last = numbers.pop()?;
    let mut address: u32 = 0;
    for (number, shift) in numbers.iter().zip([24, 16, 8]) {
        address |= u32::from(u8::try_from(*number).ok()?) << shift;
    }
    // The last number fills the bytes that are left: 127.1 is 127.0.0.1.
    let left = 32 - 8 * u32::try_from(numbers.len()).ok()?;
    (u64::from(last) < 1 << left).then(|| std::net::Ipv4Addr::from_bits(address | last))
}

#[cfg(test)]
mod tests {
    use super::{decimal_address, divide};

    #[test]
    fn a_text_that_needs_repair_before_its_path_is_not_divided() {
        for text in [
            "",
            "example.com",
            "//example.com/",
            "http:example.com",
            "http:/example.com",
            "http:///example.com",
            "http:\\\\example.com",
            "http://\\example.com",
            "http://a\\@b/",
            "http://a@b@c/",
            "http://a#@b/",
            "http://a?@b/",
            "http://a:80:90/",
            "http://a:b/",
            "http://a:99999/",
            "http://a:８０/",
            "ht\ttp://a/",
            " http://a/",
            "http://a/\n",
            "http://a/\u{85}",
            "1http://a/",
            "ht^tp://a/",
            "http://a%2f@b/",
            "http://a b@c/",
            "http://a%@b/",
            "http://a;@b/",
            "http://a%3B@b/",
            "http://127.0.0.1%2eexample.com/",
            "http://192.192%2e1%2e1/",
            "http://[::1]x:80:1/",
        ] {
            assert!(divide(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_plain_text_is_divided_where_every_reader_does() {
        for (text, scheme, userinfo, host, port) in [
            ("https://example.com", "https", None, "example.com", None),
            ("HTTP://u:p@[::1]:8080/a@b", "HTTP", Some("u:p"), "[::1]", Some(8080)),
            ("http://a:/x y/ü?q=@", "http", None, "a", None),
            ("http://a?x/@", "http", None, "a", None),
            ("http://@a/", "http", Some(""), "a", None),
        ] {
            let divided = divide(text).unwrap();
            assert_eq!(
                (divided.scheme, divided.userinfo, divided.host, divided.port),
                (scheme, userinfo, host, port)
            );
        }
    }

    #[test]
    fn zeros_in_front_of_a_number_make_a_second_address() {
        for (host, address) in [
            ("010.0.0.1", Some("10.0.0.1")),
            ("0127.1", Some("127.0.0.1")),
            ("0000177.0.0.01.", Some("177.0.0.1")),
            ("０127。0．0．1。", Some("127.0.0.1")),
            ("10.0.0.1", None),
            ("0x7f.01", None),
            ("0300.0.0.1", None),
            ("01.1.1.256", None),
            ("01.2.3.4.5", None),
            ("a.01", None),
        ] {
            assert_eq!(decimal_address(host), address.map(|text| text.parse().unwrap()), "{host}");
        }
    }
}
