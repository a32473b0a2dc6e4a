//! `type = "url"`: a whole URL whose scheme, host and port the policy allows, and that leads to the public internet.
//!
//! The text is read by the URL Standard, as browsers read it, and by RFC 3986, as most libraries do. Where these or
//! clients known for reading otherwise would see different hosts, the text is denied ([`authority`]); where they would
//! see different addresses, each must be allowed. Private addresses are recognised in every spelling that the URL
//! Standard decodes ([`address`]), and names that lead to one by definition or by purpose as well ([`name`]).
//!
//! What is not seen: DNS (a public name that resolves to a private address, then or later), redirects that the answer
//! makes, proxies on the way, and what the path and the query mean to the server.

mod address;
mod authority;
mod name;

use std::net::IpAddr;

use url::Url;

use super::host::{self, Host, HostGlob};
use super::{Constraint, Type, Value, alternatives, shown, unmet};
use crate::policy::keys::{Key, Takes};
use crate::policy::load::{Fields, Loader};
use authority::Authority;

#[derive(Debug)]
struct WebAddress {
    schemes: Vec<String>,
    hosts: Option<Vec<HostGlob>>,
    ports: Option<Vec<u16>>,
    userinfo: Permission,
    private_ips: Permission,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Permission {
    Allow,
    Deny,
}

pub(super) const TYPE: Type = Type {
    name: "url",
    about: "A whole URL, read as browsers and libraries read it.",
    keys: &[
        Key {
            name: "schemes",
            takes: Takes::Texts,
            about: "The schemes that are taken. Default: [\"http\", \"https\"].",
        },
        Key {
            name: "hosts",
            takes: Takes::Texts,
            about: "The hosts that are taken: a name, an address, `*.example.com` for every name below example.com \
                    and not itself, or `*`. Default: every host.",
        },
        Key {
            name: "ports",
            takes: Takes::Numbers,
            about: "The ports that are taken; a URL that names none has its scheme's own. Default: every port.",
        },
        Key {
            name: "userinfo",
            takes: Takes::OneOf(PERMISSION_WORDS),
            about: "Whether a user name or a password may stand before the host. Default: \"deny\".",
        },
        Key {
            name: "private_ips",
            takes: Takes::OneOf(PERMISSION_WORDS),
            about: "Whether addresses and names may be taken that are not on the public internet: private, loopback, \
                    link-local, metadata services and their kind. Default: \"deny\".",
        },
    ],
    load,
};

const PERMISSION_WORDS: &[&str] = &["allow", "deny"];
const PERMISSIONS: &[(&str, Permission)] = &[("allow", Permission::Allow), ("deny", Permission::Deny)];

/// Longer texts are refused unread. Browsers stop between 2 KB and 2 MB; a signed link takes a few KB.
const LONGEST: usize = 64 << 10;

/// The ports that a URL means when it names none.
const OWN_PORTS: &[(&str, u16)] =
    &[("http", 80), ("https", 443), ("ws", 80), ("wss", 443), ("ftp", 21), ("ssh", 22)];

/// Schemes whose URLs name no host over which a policy could decide.
const WITHOUT_HOST: &[&str] = &[
    "about",
    "blob",
    "cid",
    "data",
    "file",
    "filesystem",
    "javascript",
    "jar",
    "mailto",
    "tel",
    "urn",
    "view-source",
];

fn load(fields: &mut Fields<'_>, loader: &mut Loader) -> Box<dyn Constraint> {
    let schemes = schemes(fields, loader);
    let hosts = host::globs("hosts", fields, loader);
    let ports = ports(fields, loader);
    let mut permission = |key| {
        let place = fields.place_of(key);
        let chosen = fields.take(key).and_then(|node| loader.choice(node, &place, PERMISSIONS));
        chosen.unwrap_or(Permission::Deny)
    };
    let userinfo = permission("userinfo");
    let private_ips = permission("private_ips");
    if private_ips == Permission::Deny {
        for glob in hosts.iter().flatten() {
            if let Some(what) = glob.base().as_ref().and_then(not_public) {
                let message = format!("`{glob}` can match no host: private_ips denies what is {what}");
                let help = "add private_ips = \"allow\", and let `hosts` say which of them".to_owned();
                loader.report(&fields.place_of("hosts"), fields.span(), message, Some(help));
            }
        }
    }
    Box::new(WebAddress { schemes, hosts, ports, userinfo, private_ips })
}

fn schemes(fields: &mut Fields<'_>, loader: &mut Loader) -> Vec<String> {
    let place = fields.place_of("schemes");
    let Some(texts) = fields.strings("schemes", loader) else {
        return vec!["http".to_owned(), "https".to_owned()];
    };
    fields.refuse_empty("schemes", Some(texts.len()), loader);
    let mut schemes = Vec::new();
    for (text, node) in texts {
        let scheme = text.to_ascii_lowercase();
        let reason = if !authority::is_scheme(&scheme) {
            format!("{text:?} is no scheme: write it without `:`, as in \"https\"")
        } else if WITHOUT_HOST.contains(&scheme.as_str()) {
            format!("a URL of the scheme `{scheme}` has no host that could be judged")
        } else {
            schemes.push(scheme);
            continue;
        };
        loader.report(&place, node.span.clone(), reason, None);
    }
    schemes
}

fn ports(fields: &mut Fields<'_>, loader: &mut Loader) -> Option<Vec<u16>> {
    let numbers = fields.decimals("ports", loader)?;
    fields.refuse_empty("ports", Some(numbers.len()), loader);
    let mut ports = Vec::new();
    for (text, _) in numbers {
        match text.parse() {
            Ok(port) => ports.push(port),
            Err(_) => {
                let message = format!("{text} is no port: a port is a whole number from 0 to 65535");
                loader.report(&fields.place_of("ports"), fields.span(), message, None);
            }
        }
    }
    Some(ports)
}

/// A URL that all readers divide alike.
struct Reading<'t> {
    authority: Authority<'t>,
    scheme: String,
    /// What readers connect to: first by the URL Standard, then by whoever reads padded numbers as decimal ones.
    hosts: Vec<Host<String>>,
    port: Option<u16>,
}

fn read(text: &str) -> Result<Reading<'_>, String> {
    if text.len() > LONGEST {
        return Err(format!("must be a URL of at most {LONGEST} bytes"));
    }
    let authority = authority::divide(text)?;
    let no_host =
        |reason: &str| format!("must be a URL that names a host {reason}, not {}", shown(authority.host));
    let host = host::read(authority.host).map_err(no_host)?;
    let standard = Url::parse(text).map_err(|error| format!("must be a URL that can be read: {error}"))?;
    // A program that is handed the parts, as ssh is, would take one with a dash in front for an option.
    let is_option =
        [authority.host, authority.userinfo.unwrap_or_default()].iter().any(|part| part.starts_with('-'));
    if is_option && !standard.is_special() {
        return Err("must be a URL without `-` in front of its host or its user name".to_owned());
    }
    // Only where the standard knows the scheme does it decode the host.
    let agrees = match standard.host() {
        Some(url::Host::Domain(name)) => !standard.is_special() || Ok(&host) == host::read(name).as_ref(),
        Some(address) => address.to_owned() == host,
        None => false,
    };
    if !agrees {
        return Err("must be a URL whose host every reader finds in the same place".to_owned());
    }
    let scheme = authority.scheme.to_ascii_lowercase();
    let own_port = OWN_PORTS.iter().find(|(known, _)| *known == scheme).map(|(_, port)| *port);
    let port = authority.port.or(own_port);
    let mut hosts = vec![host];
    hosts.extend(authority::decimal_address(authority.host).map(Host::Ipv4));
    Ok(Reading { authority, scheme, hosts, port })
}

fn not_public(host: &Host<String>) -> Option<&'static str> {
    match host {
        Host::Domain(name) => name::not_public(name),
        Host::Ipv4(address) => address::not_public(IpAddr::V4(*address)),
        Host::Ipv6(address) => address::not_public(IpAddr::V6(*address)),
    }
}

impl WebAddress {
    fn check(&self, text: &str) -> Result<(), String> {
        let Reading { authority, scheme, hosts, port } = read(text)?;
        if !self.schemes.contains(&scheme) {
            let schemes = alternatives(self.schemes.iter().map(|scheme| format!("{scheme:?}")));
            return Err(format!("must be a URL of the scheme {schemes}, not {}", shown(&scheme)));
        }
        if self.userinfo == Permission::Deny && authority.userinfo.is_some() {
            return Err(
                "must be a URL without a user name before its host: nothing may stand there with an `@`"
                    .to_owned(),
            );
        }
        let written = shown(authority.host);
        let listed =
            |host| self.hosts.as_ref().is_none_or(|globs| globs.iter().any(|glob| glob.matches(host)));
        let listed_by_letters = || {
            let matches = |glob: &HostGlob| glob.matches_letters(authority.host);
            self.hosts.as_ref().is_none_or(|globs| globs.iter().any(matches))
        };
        if !hosts.iter().all(listed) {
            return Err(format!("must be a URL with the host {}, not {written}", self.listed_hosts()));
        }
        if !authority.host.is_ascii() && !listed_by_letters() {
            return Err(format!("must be a URL whose host is spelt in plain letters, not {written}"));
        }
        if self.private_ips == Permission::Deny
            && let Some((host, what)) = hosts.iter().find_map(|host| Some((host, not_public(host)?)))
        {
            let read = host.to_string();
            let read =
                if read == authority.host { String::new() } else { format!(" (read as {})", shown(&read)) };
            return Err(format!("must be a URL of a host on the public internet; {written}{read} is {what}"));
        }
        if let Some(ports) = &self.ports
            && !port.is_some_and(|port| ports.contains(&port))
        {
            let ports = alternatives(ports.iter().map(u16::to_string));
            let port = port.map_or("none".to_owned(), |port| port.to_string());
            return Err(format!("must be a URL with the port {ports}, not {port}"));
        }
        Ok(())
    }

    fn listed_hosts(&self) -> String {
        alternatives(
            self.hosts
                .iter()
                .flatten()
                .map(|glob| format!("{:?}", glob.to_string()))
                .collect::<Vec<_>>()
                .into_iter(),
        )
    }
}

impl Constraint for WebAddress {
    fn expects(&self) -> String {
        let schemes = alternatives(self.schemes.iter().map(|scheme| format!("{scheme:?}")));
        let hosts = match &self.hosts {
            Some(_) => format!(" and the host {}", self.listed_hosts()),
            None => String::new(),
        };
        format!("a URL with the scheme {schemes}{hosts}")
    }

    fn judge(&self, value: Value<'_>) -> Result<(), String> {
        let Value::String(text) = value else { return Err(unmet(self, value)) };
        self.check(text)
    }

    fn explain(&self, value: Value<'_>) -> Vec<String> {
        let Value::String(text) = value else { return Vec::new() };
        let Ok(Reading { authority, scheme, hosts, port }) = read(text) else { return Vec::new() };
        let mut lines = vec![format!("scheme {}", shown(&scheme))];
        if authority.userinfo.is_some() {
            lines.push("a user name or a password before the host".to_owned());
        }
        for host in &hosts {
            let class = not_public(host).unwrap_or("public, as far as can be seen");
            lines.push(format!("host {}: {class}", shown(&host.to_string())));
        }
        lines.extend(port.map(|port| format!("port {port}")));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::{Constraint, Permission, Value, WebAddress};

    #[test]
    fn an_author_sees_every_address_that_some_reader_connects_to() {
        let url = WebAddress {
            schemes: vec!["http".to_owned()],
            hosts: None,
            ports: None,
            userinfo: Permission::Deny,
            private_ips: Permission::Deny,
        };
        let lines = url.explain(Value::String("HTTP://u@012.1.1.1/"));
        assert_eq!(
            lines,
            [
                "scheme \"http\"",
                "a user name or a password before the host",
                "host \"10.1.1.1\": private (RFC 1918)",
                "host \"12.1.1.1\": public, as far as can be seen",
                "port 80",
            ]
        );
        assert!(url.explain(Value::String("http:\\\\a/")).is_empty());
    }
}
