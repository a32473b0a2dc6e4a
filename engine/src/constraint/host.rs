//! Hosts as [`url`](super::url) and [`email`](super::email) compare them, and the globs in which a policy lists them.
//!
//! A host is read as the URL Standard does: mapped by UTS 46 (letters folded, fullwidth and circled forms to plain ones,
//! ideographic dots to dots), and taken for an IPv4 address where it ends in a number, in any of that address's
//! spellings. A name loses the dot at its end, and is then made of letters, digits, `-` and `_`. Escapes are for those
//! who ask to refuse: no reader agrees with the next about them.
//!
//! What is not seen: where a name leads. DNS is asked by whoever connects, and may answer with any address.

use std::fmt;

pub(super) use url::Host;

use crate::policy::load::{Fields, Loader};

/// Longer ones are refused before they are mapped: a name of 253 octets is hardly ever longer in letters of any script.
const LONGEST_SPELLING: usize = 1024;

/// What DNS can hold: RFC 1035, 2.3.4.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// The Mongolian soft hyphen: nothing to IDNA of 2003, a letter to what came later. `127.0.0.1` with one at its end is
/// an address or a name.
const DROPPED_BY_SOME: char = '\u{1806}';

/// What IDNA of 2003 and of 2008 read differently: the deviations of UTS 46. To the older one `faß.de` is `fass.de`.
const READ_TWO_WAYS: &[char] = &['ß', 'ẞ', 'ς', '\u{200c}', '\u{200d}'];

/// Reads a host.
///
/// # Errors
/// What is wrong with it, as the end of "must name a host …".
pub(super) fn read(text: &str) -> Result<Host<String>, &'static str> {
    if text.is_empty() {
        return Err("that isn't empty");
    }
    if text.len() > LONGEST_SPELLING {
        return Err("of at most 253 characters");
    }
    if text.contains(DROPPED_BY_SOME) {
        return Err("without soft hyphens that some readers drop");
    }
    match Host::parse(text) {
        Ok(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(&name);
            fits_dns(name)?;
            Ok(Host::Domain(name.to_owned()))
        }
        Ok(address) => Ok(address),
        Err(_) => Err("that the URL Standard can read"),
    }
}

fn fits_dns(name: &str) -> Result<(), &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.len() > LONGEST_NAME {
        return Err("of at most 253 characters");
    }
    if name.split('.').any(|label| label.is_empty() || label.len() > LONGEST_LABEL) {
        return Err("whose labels have 1 to 63 characters each");
    }
    if !name.split('.').all(|label| label.bytes().all(is_plain)) {
        return Err("of letters, digits, `-` and `_`");
    }
    Ok(())
}

/// Hosts that a policy allows: one, or with `*` as the leftmost label every name below one, at any depth but not that
/// name itself. A `*` alone is every host.
#[derive(Debug, Clone)]
pub(super) struct HostGlob {
    /// As the policy writes it.
    text: String,
    shape: Shape,
}

#[derive(Debug, Clone)]
enum Shape {
    Every,
    /// The name with a dot before it.
    Below(String),
    Exactly(Host<String>),
}

impl HostGlob {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let shape = match text.strip_prefix("*.") {
            _ if text == "*" => Shape::Every,
            Some(below) => match plain(below)? {
                Host::Domain(name) => Shape::Below(format!(".{name}")),
                _ => return Err(format!("{text:?} can match no host: nothing lies below an address")),
            },
            None => Shape::Exactly(plain(text)?),
        };
        Ok(Self { text: text.to_lowercase(), shape })
    }

    pub(super) fn matches(&self, host: &Host<String>) -> bool {
        match (&self.shape, host) {
            (Shape::Every, _) => true,
            (Shape::Below(suffix), Host::Domain(name)) => name.ends_with(suffix),
            (Shape::Below(_), _) => false,
            (Shape::Exactly(one), host) => one == host,
        }
    }

    /// Whether a reader that takes a host letter by letter, and knows no IDNA, sees one of these.
    pub(super) fn matches_letters(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let text = text.strip_suffix('.').unwrap_or(&text);
        match &self.shape {
            Shape::Every => true,
            Shape::Below(suffix) => {
                text.ends_with(suffix) || self.text.strip_prefix('*').is_some_and(|own| text.ends_with(own))
            }
            Shape::Exactly(one) => text == self.text || text == one.to_string(),
        }
    }

    /// The host that it names, or below which it names all.
    pub(super) fn base(&self) -> Option<Host<String>> {
        match &self.shape {
            Shape::Every => None,
            Shape::Below(suffix) => Some(Host::Domain(suffix.trim_start_matches('.').to_owned())),
            Shape::Exactly(host) => Some(host.clone()),
        }
    }
}

impl fmt::Display for HostGlob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

fn plain(text: &str) -> Result<Host<String>, String> {
    if text.contains('*') {
        return Err("in a list of hosts, `*` stands alone or as the whole leftmost label: \"*.example.com\""
            .to_owned());
    }
    if let Some(letter) = text.chars().find(|letter| READ_TWO_WAYS.contains(letter)) {
        return Err(format!(
            "{text:?} is two names, because readers differ about {letter:?}: write the one that is meant in its \
             `xn--` letters"
        ));
    }
    if text.contains("://") || text.contains(['/', '@', '%']) {
        return Err(format!("{text:?} is no host: write the name alone, as in \"example.com\""));
    }
    read(text).map_err(|reason| format!("{text:?} is no host: it must be one {reason}"))
}

/// Takes a list of globs; `None` where it isn't there, or a diagnostic has been recorded.
pub(super) fn globs(
    key: &'static str,
    fields: &mut Fields<'_>,
    loader: &mut Loader,
) -> Option<Vec<HostGlob>> {
    let texts = fields.strings(key, loader)?;
    fields.refuse_empty(key, Some(texts.len()), loader);
    let place = fields.place_of(key);
    let mut globs = Vec::new();
    for (text, node) in texts {
        match HostGlob::parse(&text) {
            Ok(glob) => globs.push(glob),
            Err(reason) => loader.report(&place, node.span.clone(), reason, None),
        }
    }
    Some(globs)
}

#[cfg(test)]
mod tests {
    use super::{Host, HostGlob, read};

    fn matches(glob: &str, host: &str) -> bool {
        HostGlob::parse(glob).unwrap().matches(&read(host).unwrap())
    }

    #[test]
    fn a_star_as_the_leftmost_label_is_every_name_below_and_not_the_name_itself() {
        for (glob, host, expected) in [
            ("*", "example.com", true),
            ("*", "93.184.215.14", true),
            ("example.com", "EXAMPLE.com.", true),
            ("example.com", "www.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "badexample.com", false),
            ("*.example.com", "example.com.evil.net", false),
            ("bücher.example", "xn--bcher-kva.example", true),
            ("*.BÜCHER.example", "a.bücher.example", true),
            ("1.1.1.1", "0x1010101", true),
            ("[2606:4700::1111]", "[2606:4700:0:0::1111]", true),
        ] {
            assert_eq!(matches(glob, host), expected, "{glob} {host}");
        }
    }

    #[test]
    fn a_reader_of_letters_sees_what_is_written() {
        for (glob, text, expected) in [
            ("*", "ｅxample.com", true),
            ("*.example.com", "ü．example.com", false),
            ("*.example.com", "ü.example.com", true),
            ("xn--fa-hia.example", "faß.example", false),
            ("example.com", "ｅxample.com", false),
            ("bücher.example", "BÜCHER.example", true),
        ] {
            assert_eq!(HostGlob::parse(glob).unwrap().matches_letters(text), expected, "{glob} {text}");
        }
    }

    #[test]
    fn a_glob_that_would_not_do_what_it_seems_to_is_refused() {
        for glob in [
            "",
            "a.*",
            "api-*.example.com",
            "*.*.com",
            "https://example.com",
            "example.com/x",
            "example.com:443",
            ".example.com",
            "a..b",
            "*.1.1.1.1",
            "u@example.com",
            "ex ample.com",
            "example%2ecom",
            "1.2.3.4.5",
            "faß.example",
            "*.faß.example",
        ] {
            assert!(HostGlob::parse(glob).is_err(), "{glob}");
        }
    }

    #[test]
    fn a_name_that_dns_can_not_hold_is_no_host() {
        let label = "a".repeat(64);
        let name = ["abcdefgh"; 32].join(".");
        for text in [
            "",
            ".",
            "127.0.0.1\u{1806}",
            "a..b",
            "a!b",
            "a b",
            "a<b",
            "[::1%25lo]",
            "09.1.1.1",
            &label,
            &name,
            "a$.com",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read("A_b-1.example."), Ok(Host::Domain("a_b-1.example".to_owned())));
    }
}
