//! `type = "email"`: one e-mail address, whose domain the policy allows.
//!
//! What is taken is the plain form that every mail program reads alike: letters of any script, ASCII digits and the signs
//! of RFC 5322's `atext` in dot-separated words, one `@`, a domain. All else that RFC 5322 knows (a display name,
//! a list, comments, quoted words, an address literal) is denied, because programs disagree about where its address lies.
//! So are signs that old relays and delivery agents act on: `%` and `!` route to another domain than the one behind the
//! `@`, `|` and a slash in front deliver to a program or a file, braces are expanded, a dash in front is an option to a
//! mailer.
//!
//! What is not seen: who reads the mail (an alias, a forwarder, a list behind the address), whether the domain
//! takes mail, and letters of two scripts that look alike before the `@`.

use super::host::{self, Host, HostGlob};
use super::{Constraint, Type, Value, alternatives, shown, unmet};
use crate::policy::keys::{Key, Takes};
use crate::policy::load::{Fields, Loader};

#[derive(Debug)]
struct Mailbox {
    domains: Option<Vec<HostGlob>>,
}

pub(super) const TYPE: Type = Type {
    name: "email",
    about: "One e-mail address, without a name or a comment.",
    keys: &[Key {
        name: "domains",
        takes: Takes::Texts,
        about: "The domains that are taken: a name, `*.example.com` for every name below example.com and not itself, \
                or `*`. Default: every name with a dot in it.",
    }],
    load,
};

/// In octets: RFC 5321, 4.5.3.1, and its erratum 1690.
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;

/// RFC 5322's `atext` beside letters and digits, without what is acted on: `%`, `!`, `|`, the shell's backquote, and the
/// braces of a mailer's `${…}`.
const SIGNS: &[u8] = b"#$&'*+-/=?^_~";

fn load(fields: &mut Fields<'_>, loader: &mut Loader) -> Box<dyn Constraint> {
    let domains = host::globs("domains", fields, loader);
    for glob in domains.iter().flatten() {
        if glob.base().is_some_and(|base| !matches!(base, Host::Domain(_))) {
            let message = format!("`{glob}` is an address: the domain of a mailbox is a name");
            loader.report(&fields.place_of("domains"), fields.span(), message, None);
        }
    }
    Box::new(Mailbox { domains })
}

/// An address in its parts.
struct Reading<'t> {
    local: &'t str,
    domain: Host<String>,
    /// The domain as it is written.
    written: &'t str,
}

fn read(text: &str) -> Result<Reading<'_>, String> {
    let plain = "must be one plain e-mail address, such as user@example.com";
    if text.len() > LONGEST {
        return Err(format!("{plain}, of at most {LONGEST} bytes"));
    }
    let (local, written) = text.split_once('@').ok_or_else(|| format!("{plain}, not {}", shown(text)))?;
    if written.contains('@') {
        return Err(format!("{plain}, with one `@`"));
    }
    if local.len() > LONGEST_LOCAL {
        return Err(format!("{plain}, with at most {LONGEST_LOCAL} bytes before the `@`"));
    }
    let is_taken = |letter: char| match u8::try_from(letter) {
        Ok(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric() || byte == b'.' || SIGNS.contains(&byte),
        _ => letter.is_alphabetic(),
    };
    if let Some(letter) = local.chars().find(|letter| !is_taken(*letter)) {
        return Err(format!("{plain}: {letter:?} may not stand before the `@`"));
    }
    if local.split('.').any(str::is_empty) {
        return Err(format!("{plain}: words before the `@` are divided by single dots"));
    }
    if local.starts_with(['-', '/']) {
        return Err(format!("{plain}: it may not begin with `-` or `/`"));
    }
    // The domain is not the host of a URL: nothing in it is decoded, and no dot ends it.
    if written.contains(['%', '[']) || written.ends_with('.') {
        return Err(format!("{plain}: {} is not a domain's name", shown(written)));
    }
    match host::read(written) {
        Ok(domain @ Host::Domain(_)) => Ok(Reading { local, domain, written }),
        Ok(_) => Err(format!("{plain}: {} is an address and not a domain's name", shown(written))),
        Err(reason) => Err(format!("{plain}, with a domain {reason}, not {}", shown(written))),
    }
}

impl Mailbox {
    fn listed(&self) -> String {
        let globs: Vec<_> =
            self.domains.iter().flatten().map(|glob| format!("{:?}", glob.to_string())).collect();
        alternatives(globs.into_iter())
    }

    /// Whether a domain is taken, as it is looked up and as it is written: not every mailer knows IDNA.
    fn takes(&self, domain: &Host<String>, written: &str) -> bool {
        match &self.domains {
            Some(globs) => {
                globs.iter().any(|glob| glob.matches(domain))
                    && globs.iter().any(|glob| glob.matches_letters(written))
            }
            // A name without a dot is a mailbox of the machine or its network.
            None => matches!(domain, Host::Domain(name) if name.contains('.')),
        }
    }
}

impl Constraint for Mailbox {
    fn expects(&self) -> String {
        match self.domains {
            Some(_) => format!("an e-mail address at {}", self.listed()),
            None => "an e-mail address".to_owned(),
        }
    }

    fn judge(&self, value: Value<'_>) -> Result<(), String> {
        let Value::String(text) = value else { return Err(unmet(self, value)) };
        let Reading { domain, written, .. } = read(text)?;
        if self.takes(&domain, written) {
            return Ok(());
        }
        let domain = shown(&domain.to_string());
        Err(match self.domains {
            Some(_) => format!("must be an e-mail address at {}, not at {domain}", self.listed()),
            None => format!("must be an e-mail address at a domain with a dot in its name, not at {domain}"),
        })
    }

    fn explain(&self, value: Value<'_>) -> Vec<String> {
        let Value::String(text) = value else { return Vec::new() };
        match read(text) {
            Ok(Reading { local, domain, .. }) => {
                vec![format!("mailbox {} at the domain {}", shown(local), shown(&domain.to_string()))]
            }
            Err(_) => Vec::new(),
        }
    }
}
