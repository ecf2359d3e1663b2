use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is to somebody who wants to keep requests away from the inside of a network.
/// IANA's special-purpose registries (RFC 6890) decide what is public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    Public,
    Loopback,
    /// RFC 1918, RFC 4193, shared address space of carriers (RFC 6598).
    Private,
    LinkLocal,
    /// Where clouds hand out a machine's credentials. Never allowed.
    Metadata,
    /// Unspecified, multicast, documentation, benchmarking and other addresses that no server on the internet has.
    Reserved,
}

impl AddressKind {
    fn label(self) -> &'static str {
        match self {
            AddressKind::Public => "public",
            AddressKind::Loopback => "loopback",
            AddressKind::Private => "private",
            AddressKind::LinkLocal => "link-local",
            AddressKind::Metadata => "cloud metadata",
            AddressKind::Reserved => "reserved",
        }
    }
}

/// Which addresses may be asked besides public ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AddressRules {
    /// Private, link-local and reserved addresses.
    pub allow_private: bool,
    pub allow_loopback: bool,
}

impl AddressRules {
    /// Why the address may not be asked.
    pub fn check(self, address: IpAddr) -> Result<(), String> {
        let kind = kind_of(address);
        let (allowed, remedy) = match kind {
            AddressKind::Public => (true, ""),
            AddressKind::Loopback => (self.allow_loopback, "; allow loopback addresses if it is meant"),
            AddressKind::Private | AddressKind::LinkLocal | AddressKind::Reserved => {
                (self.allow_private, "; allow private addresses if it is meant")
            }
            AddressKind::Metadata => (false, " and is never asked"),
        };
        if allowed { Ok(()) } else { Err(format!("{address} is a {} address{remedy}", kind.label())) }
    }
}

const METADATA_V4: [Ipv4Addr; 5] = [
    Ipv4Addr::new(169, 254, 169, 254), // AWS, Azure, Google Cloud, OpenStack, Tencent Cloud
    Ipv4Addr::new(169, 254, 170, 2),   // AWS task credentials
    Ipv4Addr::new(169, 254, 170, 23),  // AWS pod identity
    Ipv4Addr::new(100, 100, 100, 200), // Alibaba Cloud
    Ipv4Addr::new(192, 0, 0, 192),     // Oracle Cloud
];

const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), // AWS
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),  // AWS pod identity
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),  // Google Cloud
];

/// The kind of an address. An IPv6 address that carries an IPv4 address is what it carries.
#[must_use]
pub fn kind_of(address: IpAddr) -> AddressKind {
    match address {
        IpAddr::V4(v4) => kind_of_v4(v4),
        IpAddr::V6(v6) => carried_v4(v6).map_or_else(|| kind_of_v6(v6), kind_of_v4),
    }
}

fn kind_of_v4(v4: Ipv4Addr) -> AddressKind {
    let [a, b, c, _] = v4.octets();
    if METADATA_V4.contains(&v4) {
        return AddressKind::Metadata;
    }
    match (a, b, c) {
        (127, ..) => AddressKind::Loopback,
        (10, ..) | (192, 168, _) | (172, 16..=31, _) | (100, 64..=127, _) => AddressKind::Private,
        (169, 254, _) => AddressKind::LinkLocal,
        (0 | 224..=255, ..) | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => {
            AddressKind::Reserved
        }
        _ => AddressKind::Public,
    }
}

fn kind_of_v6(v6: Ipv6Addr) -> AddressKind {
    if METADATA_V6.contains(&v6) {
        return AddressKind::Metadata;
    }
    if v6.is_loopback() {
        return AddressKind::Loopback;
    }
    let [first, second, ..] = v6.segments();
    match (first, second) {
        (0xfc00..=0xfdff, _) => AddressKind::Private,
        (0xfe80..=0xfebf, _) => AddressKind::LinkLocal,
        // Global unicast is 2000::/3; its first part is protocol assignments, with documentation elsewhere in it.
        (0x2001, 0..=0x01ff | 0x0db8) | (0x3fff, 0..=0x0fff) => AddressKind::Reserved,
        (0x2000..=0x3fff, _) => AddressKind::Public,
        _ => AddressKind::Reserved,
    }
}

/// The IPv4 address inside a mapped, compatible, translated (RFC 6052, RFC 8215) or 6to4 address.
fn carried_v4(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = v6.octets();
    let at = |i: usize| Some(Ipv4Addr::new(octets[i], octets[i + 1], octets[i + 2], octets[i + 3]));
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => at(12),
        [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 1, ..] => at(12),
        [0x2002, ..] => at(2),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 || low > 1 => at(12),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, expected: AddressKind) {
        let parsed: IpAddr = address.parse().unwrap();
        assert_eq!(kind_of(parsed), expected, "{address}");
        let allowed =
            |allow_private, allow_loopback| AddressRules { allow_private, allow_loopback }.check(parsed).is_ok();
        assert_eq!(allowed(false, false), expected == AddressKind::Public, "{address} by default");
        assert_eq!(allowed(true, true), expected != AddressKind::Metadata, "{address} with everything allowed");
        if expected == AddressKind::Loopback {
            assert!(!allowed(true, false) && allowed(false, true), "loopback has its own flag");
        }
    }

    #[test]
    fn addresses_have_kinds() {
        for (address, kind) in [
            ("8.8.8.8", AddressKind::Public),
            ("172.15.255.255", AddressKind::Public),
            ("172.32.0.0", AddressKind::Public),
            ("100.63.255.255", AddressKind::Public),
            ("2606:4700:4700::1111", AddressKind::Public),
            ("127.0.0.1", AddressKind::Loopback),
            ("127.255.255.254", AddressKind::Loopback),
            ("::1", AddressKind::Loopback),
            ("::ffff:127.0.0.1", AddressKind::Loopback),
            ("64:ff9b::7f00:1", AddressKind::Loopback),
            ("2002:7f00:1::", AddressKind::Loopback),
            ("10.0.0.1", AddressKind::Private),
            ("172.16.0.1", AddressKind::Private),
            ("192.168.1.1", AddressKind::Private),
            ("100.64.0.1", AddressKind::Private),
            ("::ffff:10.1.2.3", AddressKind::Private),
            ("::10.1.2.3", AddressKind::Private),
            ("fd12:3456::1", AddressKind::Private),
            ("169.254.1.1", AddressKind::LinkLocal),
            ("fe80::1", AddressKind::LinkLocal),
            ("169.254.169.254", AddressKind::Metadata),
            ("169.254.170.2", AddressKind::Metadata),
            ("100.100.100.200", AddressKind::Metadata),
            ("::ffff:169.254.169.254", AddressKind::Metadata),
            ("64:ff9b::a9fe:a9fe", AddressKind::Metadata),
            ("fd00:ec2::254", AddressKind::Metadata),
            ("0.0.0.0", AddressKind::Reserved),
            ("255.255.255.255", AddressKind::Reserved),
            ("224.0.0.1", AddressKind::Reserved),
            ("198.18.0.1", AddressKind::Reserved),
            ("203.0.113.7", AddressKind::Reserved),
            ("::", AddressKind::Reserved),
            ("2001:db8::1", AddressKind::Reserved),
            ("2001::1", AddressKind::Reserved),
            ("ff02::1", AddressKind::Reserved),
        ] {
            check(address, kind);
        }
    }
}
