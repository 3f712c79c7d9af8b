//! Which addresses workflows may reach: public ones, and whatever an administrator allowed.
//!
//! The tables follow the special-purpose address registries of RFC 6890 and its updates. An IPv6 address that only wraps
//! an IPv4 address counts as that one too, because a gateway on the way may unwrap it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use model::{ErrorCode, NodeError};

/// The rules for outgoing addresses.
#[derive(Debug, Clone)]
pub(crate) struct AddressRules {
    allow: Vec<IpNet>,
}

/// An address that workflows may not reach.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address} is {kind}")]
pub(crate) struct RefusedAddress {
    /// The address.
    pub(crate) address: IpAddr,
    /// What is special about it, with its article.
    pub(crate) kind: &'static str,
}

impl AddressRules {
    /// Refuses every special address that is not inside one of `allow`.
    pub(crate) fn new(allow: Vec<IpNet>) -> Self {
        Self { allow }
    }

    /// Fails when `address` may not be reached.
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), RefusedAddress> {
        let inner = embedded(address);
        let allowed = |candidate: IpAddr| self.allow.iter().any(|network| network.contains(&candidate));
        if allowed(address) || inner.is_some_and(|inner| allowed(IpAddr::V4(inner))) {
            return Ok(());
        }
        match special(address).or_else(|| inner.and_then(special_v4)) {
            Some(kind) => Err(RefusedAddress { address, kind }),
            None => Ok(()),
        }
    }
}

impl RefusedAddress {
    /// The failure of a step that wanted to reach `host`.
    pub(crate) fn error(&self, host: &str) -> NodeError {
        let Self { address, kind } = self;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let subject =
            if host == address.to_string() { host.to_owned() } else { format!("`{host}` leads to {address}, which") };
        NodeError::permanent(
            ErrorCode::AddressRefused,
            format!(
                "{subject} is {kind}; workflows may not reach it. If this is wanted, an administrator can allow it with \
                 STELLWERK_OUTGOING_ALLOW={address}/{width}."
            ),
        )
        .with_details(serde_json::json!({ "host": host, "address": address }))
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(a: u16, b: u16, c: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

const SPECIAL_V4: [(Ipv4Net, &str); 17] = [
    (v4(0, 0, 0, 0, 8), "an address of \"this network\""),
    (v4(10, 0, 0, 0, 8), "a private address"),
    (v4(100, 64, 0, 0, 10), "an address inside a provider's network"),
    (v4(127, 0, 0, 0, 8), "an address of this machine itself"),
    (v4(168, 63, 129, 16, 32), "an address of a cloud's own services"),
    (v4(169, 254, 0, 0, 16), "a link-local address"),
    (v4(172, 16, 0, 0, 12), "a private address"),
    (v4(192, 0, 0, 0, 24), "an address reserved for protocols"),
    (v4(192, 0, 2, 0, 24), "an address for documentation"),
    (v4(192, 88, 99, 0, 24), "an address of a retired relay service"),
    (v4(192, 168, 0, 0, 16), "a private address"),
    (v4(198, 18, 0, 0, 15), "an address for benchmarks"),
    (v4(198, 51, 100, 0, 24), "an address for documentation"),
    (v4(203, 0, 113, 0, 24), "an address for documentation"),
    (v4(224, 0, 0, 0, 4), "a multicast address"),
    (v4(255, 255, 255, 255, 32), "the broadcast address"),
    (v4(240, 0, 0, 0, 4), "a reserved address"),
];

/// Inside the global unicast range; everything outside of it is refused anyway.
const SPECIAL_V6: [(Ipv6Net, &str); 5] = [
    (v6(0x2001, 0, 0, 32), "an address of a tunnel (Teredo)"),
    (v6(0x2001, 0, 0, 23), "an address reserved for protocols"),
    (v6(0x2001, 0x0db8, 0, 32), "an address for documentation"),
    (v6(0x3fff, 0, 0, 20), "an address for documentation"),
    (v6(0x2620, 0x004f, 0x8000, 48), "an address reserved for protocols"),
];

const GLOBAL_UNICAST: Ipv6Net = v6(0x2000, 0, 0, 3);
const TRANSLATED: Ipv6Net = v6(0x0064, 0xff9b, 0, 96);

fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    SPECIAL_V4.iter().find(|(network, _)| network.contains(&address)).map(|(_, kind)| *kind)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some(kind) = SPECIAL_V6.iter().find(|(network, _)| network.contains(&address)).map(|(_, kind)| *kind) {
        return Some(kind);
    }
    // Mapped and translated addresses lead to IPv4, where the address inside them decides.
    if GLOBAL_UNICAST.contains(&address) || TRANSLATED.contains(&address) || address.to_ipv4_mapped().is_some() {
        return None;
    }
    Some(match address.segments()[0] {
        _ if address.is_unspecified() => "the unspecified address",
        _ if address.is_loopback() => "an address of this machine itself",
        0xfc00..=0xfdff => "a private (unique local) address",
        0xfe80..=0xfebf => "a link-local address",
        0xfec0..=0xfeff => "a private (site-local) address",
        0xff00..=0xffff => "a multicast address",
        _ => "a reserved address",
    })
}

/// The IPv4 address inside an IPv6 one: mapped, compatible, translated (RFC 2765, 6052), 6to4 (RFC 3056), ISATAP (RFC 5214).
fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    match address.segments() {
        // The unspecified address, the loopback address and their neighbours wrap nothing.
        [0, 0, 0, 0, 0, 0, 0, _] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x0064, 0xff9b, 0, 0, 0, 0, high, low]
        | [_, _, _, _, 0 | 0x0200, 0x5efe, high, low]
        | [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

fn join(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(rules: &AddressRules, address: &str) -> bool {
        rules.check(address.parse().unwrap()).is_err()
    }

    #[test]
    fn special_addresses_are_refused_in_every_disguise() {
        let rules = AddressRules::new(Vec::new());
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::ffff:0:192.168.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:a00:1::",
            "2002:c0a8:101::1",
            "2a00:1450::5efe:a00:1",
            "2a00:1450::200:5efe:7f00:1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(refused(&rules, address), "{address}");
        }
    }

    #[test]
    fn public_addresses_may_be_reached() {
        let rules = AddressRules::new(Vec::new());
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.255.255",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2606:4700:4700::1111",
            "2a00:1450:4001::200e",
        ] {
            assert!(!refused(&rules, address), "{address}");
        }
    }

    #[test]
    fn an_allowed_network_may_be_reached_also_in_its_ipv6_forms_and_no_other() {
        let rules = AddressRules::new(vec!["10.1.0.0/16".parse().unwrap(), "::1/128".parse().unwrap()]);
        for address in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "::1"] {
            assert!(!refused(&rules, address), "{address}");
        }
        for address in ["10.2.0.1", "::ffff:10.2.0.1", "127.0.0.1", "192.168.0.1"] {
            assert!(refused(&rules, address), "{address}");
        }
    }

    #[test]
    fn a_refusal_names_the_host_the_address_and_the_setting() {
        let rules = AddressRules::new(Vec::new());
        let refusal = rules.check("10.0.0.5".parse().unwrap()).unwrap_err();
        let error = refusal.error("crm.internal");
        assert_eq!(error.code, ErrorCode::AddressRefused);
        assert!(!error.retryable);
        assert!(error.message.contains("`crm.internal` leads to 10.0.0.5, which is a private address"), "{error}");
        assert!(error.message.contains("STELLWERK_OUTGOING_ALLOW=10.0.0.5/32"), "{error}");
        assert!(refusal.error("10.0.0.5").message.starts_with("10.0.0.5 is a private address"));
    }
}
