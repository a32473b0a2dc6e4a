//! Addresses that are not on the public internet, by the registries of IANA.
//!
//! An IPv6 address that stands for an IPv4 one (mapped, NAT64, 6to4) is what that one is. What is not seen: a public
//! address that a network uses as its own, or that a router of it leads inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of IPv4 addresses: its first address, how many bits all of it share, and what it is.
type Range4 = (Ipv4Addr, u32, &'static str);

/// The same of IPv6.
type Range6 = (Ipv6Addr, u32, &'static str);

/// IANA IPv4 Special-Purpose Address Registry, and what hosts of clouds answer at. The first that holds an address
/// names it.
const RANGES_4: &[Range4] = &[
    (Ipv4Addr::new(169, 254, 169, 254), 32, "a cloud's metadata service"),
    (Ipv4Addr::new(169, 254, 170, 0), 24, "a container's credentials service"),
    (Ipv4Addr::new(100, 100, 100, 200), 32, "a cloud's metadata service"),
    (Ipv4Addr::new(168, 63, 129, 16), 32, "a cloud's own services (Azure)"),
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network (RFC 791)"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private (RFC 1918)"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared behind a carrier's NAT (RFC 6598)"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback (RFC 1122)"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local (RFC 3927)"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private (RFC 1918)"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "for protocol assignments (RFC 6890)"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for documentation (RFC 5737)"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a 6to4 relay (RFC 7526)"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private (RFC 1918)"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for benchmarks (RFC 2544)"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for documentation (RFC 5737)"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for documentation (RFC 5737)"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast (RFC 5771)"),
    (Ipv4Addr::BROADCAST, 32, "broadcast (RFC 919)"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved (RFC 1112)"),
];

/// IANA IPv6 Special-Purpose Address Registry. Outside of 2000::/3 no address is public.
const RANGES_6: &[Range6] = &[
    (Ipv6Addr::UNSPECIFIED, 128, "unspecified (RFC 4291)"),
    (Ipv6Addr::LOCALHOST, 128, "loopback (RFC 4291)"),
    (Ipv6Addr::UNSPECIFIED, 96, "IPv4-compatible (RFC 4291)"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "a local NAT64 (RFC 8215)"),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, "discard-only (RFC 6666)"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, "Teredo (RFC 4380)"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "for protocol assignments (RFC 2928)"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "for documentation (RFC 3849)"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "for documentation (RFC 9637)"),
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128, "a cloud's metadata service"),
    (Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), 128, "a cloud's metadata service"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "unique local (RFC 4193)"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local (RFC 4291)"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "site-local (RFC 3879)"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast (RFC 4291)"),
];

/// IPv6 addresses that stand for an IPv4 one, and where in them it lies, in bits from the right.
const STANDS_FOR_4: &[(Ipv6Addr, u32, u32)] = &[
    // Mapped: RFC 4291, 2.5.5.2.
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, 0),
    // Translated: RFC 2765, 2.1.
    (Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96, 0),
    // NAT64: RFC 6052, 2.1.
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, 0),
    // 6to4: RFC 3056, 2.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, 80),
];

/// The interface identifier of ISATAP without the bits that say for how wide it holds: RFC 5214, 6.1.
const ISATAP: u128 = 0x5efe;

/// What an address is, if it isn't a public one.
pub(super) fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => not_public_4(address),
        IpAddr::V6(address) => not_public_6(address),
    }
}

fn not_public_4(address: Ipv4Addr) -> Option<&'static str> {
    let within = |(first, bits, _): &&Range4| (address.to_bits() ^ first.to_bits()) >> (32 - bits) == 0;
    RANGES_4.iter().find(within).map(|range| range.2)
}

fn not_public_6(address: Ipv6Addr) -> Option<&'static str> {
    const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
    let shares =
        |first: Ipv6Addr, bits: u32| (address.to_bits() ^ first.to_bits()).checked_shr(128 - bits) == Some(0);
    if let Some((_, _, at)) = STANDS_FOR_4.iter().find(|(first, bits, _)| shares(*first, *bits)) {
        // Cut to 32 bits on purpose: what is left of them is the prefix.
        #[allow(clippy::cast_possible_truncation, reason = "the low 32 bits are the address")]
        return not_public_4(Ipv4Addr::from_bits((address.to_bits() >> at) as u32));
    }
    if let Some(range) = RANGES_6.iter().find(|(first, bits, _)| shares(*first, *bits)) {
        return Some(range.2);
    }
    if !shares(GLOBAL_UNICAST.0, GLOBAL_UNICAST.1) {
        return Some("not global unicast (RFC 4291)");
    }
    let interface = (address.to_bits() >> 32) & 0xffff_ffff;
    (interface & 0xfcff_ffff == ISATAP).then_some("ISATAP (RFC 5214)")
}

#[cfg(test)]
mod tests {
    use super::not_public;

    #[test]
    fn an_address_is_public_only_outside_of_every_special_range() {
        for (address, public) in [
            ("1.1.1.1", true),
            ("9.255.255.255", true),
            ("10.0.0.0", false),
            ("10.255.255.255", false),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.64.0.0", false),
            ("100.127.255.255", false),
            ("100.128.0.0", true),
            ("126.255.255.255", true),
            ("127.255.255.255", false),
            ("168.63.129.16", false),
            ("168.63.129.17", true),
            ("169.254.169.254", false),
            ("172.15.255.255", true),
            ("172.31.255.255", false),
            ("172.32.0.0", true),
            ("192.0.0.192", false),
            ("192.0.1.0", true),
            ("192.167.255.255", true),
            ("198.17.255.255", true),
            ("198.19.255.255", false),
            ("223.255.255.255", true),
            ("224.0.0.0", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("0.0.0.0", false),
            ("::", false),
            ("::1", false),
            ("::2", false),
            ("::1.1.1.1", false),
            ("::ffff:1.1.1.1", true),
            ("::ffff:127.0.0.1", false),
            ("::ffff:0:10.0.0.1", false),
            ("64:ff9b::8.8.8.8", true),
            ("64:ff9b::169.254.169.254", false),
            ("64:ff9b:1::8.8.8.8", false),
            ("100::1", false),
            ("2001::1", false),
            ("2001:1ff::1", false),
            ("2001:200::1", true),
            ("2001:db8::1", false),
            ("2002:7f00:1::1", false),
            ("2002:808:808::1", true),
            ("2606:4700:4700::1111", true),
            ("2606:4700::5efe:10.0.0.1", false),
            ("2606:4700::200:5efe:1.1.1.1", false),
            ("3fff::1", false),
            ("4000::1", false),
            ("5f00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(not_public(address.parse().unwrap()).is_none(), public, "{address}");
        }
    }
}
