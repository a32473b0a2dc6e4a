//! Names that lead to the machine or the network of whoever connects, as far as a name alone tells.
//!
//! What is not seen: a public name whose owner points it at a private address, at once or on the second question (DNS
//! rebinding), and a name that a resolver's search list completes. Only whoever connects can see the address, and must
//! check it then.

/// Top levels that are never public.
const LOCAL_ENDS: &[(&str, &str)] = &[
    ("localhost", "loopback (RFC 6761)"),
    ("local", "found on the local network (RFC 6762)"),
    ("internal", "for private use (ICANN, 2024)"),
    ("home.arpa", "of a home network (RFC 8375)"),
    ("localdomain", "local by convention"),
    ("test", "never public (RFC 6761)"),
    ("invalid", "never public (RFC 6761)"),
    ("intranet", "private by convention (RFC 6762, G)"),
    ("private", "private by convention (RFC 6762, G)"),
    ("corp", "private by convention (RFC 6762, G)"),
    ("home", "private by convention (RFC 6762, G)"),
    ("lan", "private by convention (RFC 6762, G)"),
    ("onion", "inside of Tor (RFC 7686)"),
    ("consul", "inside of a cluster"),
    ("svc", "inside of a cluster"),
];

/// Public names that lead inside: by a cloud's resolver, or because that is what they are for. With all names below.
const LEAD_INSIDE: &[(&str, &str)] = &[
    ("metadata.goog", METADATA),
    ("metadata.packet.net", METADATA),
    ("metadata.platformequinix.com", METADATA),
    ("metadata.tencentyun.com", METADATA),
    ("localtest.me", LOOPBACK),
    ("lvh.me", LOOPBACK),
    ("vcap.me", LOOPBACK),
    ("lacolhost.com", LOOPBACK),
    ("localh.st", LOOPBACK),
    ("local.gd", LOOPBACK),
    ("localhost.direct", LOOPBACK),
    ("fuf.me", LOOPBACK),
    ("lcl.host", LOOPBACK),
    ("ddev.site", LOOPBACK),
    ("lndo.site", LOOPBACK),
    ("spoofed.burpcollaborator.net", LOOPBACK),
    ("spoofed.redacted.oastify.com", LOOPBACK),
    ("mail.ebc.apple.com", LOOPBACK),
    ("bugbounty.dod.network", LOOPBACK),
    ("localdomain.pw", LOOPBACK),
    ("127-0-0-1.org.uk", LOOPBACK),
    ("localho.st", LOOPBACK),
    ("smackaho.st", LOOPBACK),
    ("42foo.com", LOOPBACK),
    ("yoogle.com", LOOPBACK),
    ("metadata.nicob.net", METADATA),
    ("nicob.net", REDIRECTS),
    ("r3dir.me", REDIRECTS),
    ("r3dir.xyz", REDIRECTS),
];

/// Services whose names spell the address that they lead to, or change it from one question to the next. Their own sites
/// are public, the names below are not.
const SPELL_ADDRESSES: &[&str] = &[
    "nip.io",
    "sslip.io",
    "xip.io",
    "xip.name",
    "traefik.me",
    "backname.io",
    "local-ip.co",
    "local-ip.sh",
    "plex.direct",
    "1u.ms",
    "rbndr.us",
    "rebind.network",
    "lock.cmpxchg8b.com",
    "ceye.io",
    "ip6.name",
    "rebind.it",
];

const METADATA: &str = "a cloud's metadata service";
const LOOPBACK: &str = "a public name for the loopback address";
const REDIRECTS: &str = "a service that redirects to whatever its URL says";
const WITHOUT_DOT: &str = "a name without a dot, which only the local network can know";
const SPELLS: &str = "a service that leads to whatever address the name spells";

/// What a name is, if it is known to lead inside. The name is folded and has no dot at its end.
pub(super) fn not_public(name: &str) -> Option<&'static str> {
    let ends_with = |end: &str| below(name, end) || name == end;
    LOCAL_ENDS
        .iter()
        .chain(LEAD_INSIDE)
        .find(|(end, _)| ends_with(end))
        .map(|(_, what)| *what)
        .or_else(|| SPELL_ADDRESSES.iter().any(|service| below(name, service)).then_some(SPELLS))
        .or_else(|| (!name.contains('.')).then_some(WITHOUT_DOT))
}

fn below(name: &str, end: &str) -> bool {
    name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::not_public;

    #[test]
    fn a_name_that_is_local_by_definition_or_by_purpose_is_not_public() {
        for (name, public) in [
            ("example.com", true),
            ("localhost", false),
            ("a.localhost", false),
            ("notlocalhost.com", true),
            ("printer.local", false),
            ("local.example.com", true),
            ("metadata.google.internal", false),
            ("intranet", false),
            ("nas.home.arpa", false),
            ("home.example", true),
            ("nip.io", true),
            ("127.0.0.1.nip.io", false),
            ("7f000001.nip.io", false),
            ("turnip.io", true),
            ("lvh.me", false),
            ("app.lvh.me", false),
            ("solvh.me", true),
        ] {
            assert_eq!(not_public(name).is_none(), public, "{name}");
        }
    }
}
