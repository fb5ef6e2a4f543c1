//! Which addresses may be called: public ones, and what the operator's configuration opens.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::limits::OUTBOUND_NETWORKS_MAX;

/// A range of addresses: `10.1.0.0/16`, `fd00::/8`, or one address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many of the first bits count.
    prefix: u32,
}

/// Why a text is no list of networks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no network: write an address and a length, such as 10.1.0.0/16 or fd00::/8")]
pub struct NotANetwork {
    text: String,
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Network, NotANetwork> {
        let refused = || NotANetwork {
            text: text.to_owned(),
        };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_not_one| refused())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_no_number| refused())?,
            None => bits,
        };
        if prefix > bits {
            return Err(refused());
        }
        Ok(Network { address, prefix })
    }
}

impl Network {
    const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u32) -> Network {
        Network {
            address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            prefix,
        }
    }

    const fn v6(first: u16, second: u16, prefix: u32) -> Network {
        Network {
            address: IpAddr::V6(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0)),
            prefix,
        }
    }

    /// Whether `address` is in the range.
    fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32_u32.saturating_sub(self.prefix));
                let differs = network.to_bits() ^ address.to_bits();
                differs & mask.unwrap_or_default() == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(self.prefix));
                let differs = network.to_bits() ^ address.to_bits();
                differs & mask.unwrap_or_default() == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// What of IPv4 is not of the public internet (RFC 6890 and its registry), and what answers with a machine's own secrets there.
const CLOSED_V4: [Network; 17] = [
    // This network.
    Network::v4(0, 0, 0, 0, 8),
    // Private (RFC 1918).
    Network::v4(10, 0, 0, 0, 8),
    Network::v4(172, 16, 0, 0, 12),
    Network::v4(192, 168, 0, 0, 16),
    // Behind a carrier's translation (RFC 6598); a cloud keeps its metadata there too.
    Network::v4(100, 64, 0, 0, 10),
    // This machine.
    Network::v4(127, 0, 0, 0, 8),
    // Link-local, with the metadata of most clouds (169.254.169.254).
    Network::v4(169, 254, 0, 0, 16),
    // Of protocols, with the metadata of one cloud.
    Network::v4(192, 0, 0, 0, 24),
    // For documents (RFC 5737).
    Network::v4(192, 0, 2, 0, 24),
    Network::v4(198, 51, 100, 0, 24),
    Network::v4(203, 0, 113, 0, 24),
    // Relays of 6to4, which are no more (RFC 7526).
    Network::v4(192, 88, 99, 0, 24),
    // Benchmarks (RFC 2544).
    Network::v4(198, 18, 0, 0, 15),
    // The host of one cloud's virtual machines, on a public address.
    Network::v4(168, 63, 129, 16, 32),
    // Multicast, reserved, broadcast.
    Network::v4(224, 0, 0, 0, 4),
    Network::v4(240, 0, 0, 0, 4),
    Network::v4(255, 255, 255, 255, 32),
];

/// What of IPv6 is given to the public internet. All else is local, mapped, translated (NAT64, `64:ff9b::/96`) or not given out:
/// an IPv4 address in another dress is not looked through, it is refused.
const GLOBAL_V6: Network = Network::v6(0x2000, 0, 3);

/// The exceptions in it: protocols with Teredo, documents twice, and 6to4.
const CLOSED_V6: [Network; 4] = [
    Network::v6(0x2001, 0, 23),
    Network::v6(0x2001, 0xdb8, 32),
    Network::v6(0x2002, 0, 16),
    Network::v6(0x3fff, 0, 20),
];

/// Says which addresses may be called.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    opened: Vec<Network>,
}

impl Guard {
    /// One that also lets through what is in `opened`, on the operator's word.
    #[must_use]
    pub fn opening(opened: Vec<Network>) -> Guard {
        Guard { opened }
    }

    /// One that opens a configuration's list: networks with commas between.
    ///
    /// # Errors
    /// One of them is none.
    pub fn parse(list: &str) -> Result<Guard, NotANetwork> {
        let networks = list.split(',').map(str::trim);
        let networks: Vec<Network> = networks
            .filter(|text| !text.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        if networks.len() > OUTBOUND_NETWORKS_MAX {
            return Err(NotANetwork {
                text: format!("a list of more than {OUTBOUND_NETWORKS_MAX}"),
            });
        }
        Ok(Guard::opening(networks))
    }

    /// Whether the operator has opened the address. What is mapped from IPv4 is the same address.
    #[must_use]
    pub fn is_opened(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.opened.iter().any(|network| network.holds(address))
    }

    /// Whether the address may be called.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        let closed = match address {
            IpAddr::V4(_) => CLOSED_V4.iter().any(|network| network.holds(address)),
            IpAddr::V6(_) => {
                !GLOBAL_V6.holds(address) || CLOSED_V6.iter().any(|network| network.holds(address))
            }
        };
        !closed || self.is_opened(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(guard: &Guard, address: &str) -> bool {
        guard.permits(address.parse().unwrap())
    }

    #[test]
    fn no_address_of_a_private_or_special_network_is_called() {
        let guard = Guard::default();
        for address in [
            // This network, private, carrier-grade translation.
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.1",
            "10.255.255.255",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "100.127.255.255",
            // This machine, link-local, metadata of clouds.
            "127.0.0.1",
            "127.255.255.255",
            "169.254.0.1",
            "169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            // Documents, relays, benchmarks.
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            // Multicast, reserved, broadcast.
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            // IPv6: unspecified, this machine, unique local, link-local, site-local, multicast.
            "::",
            "::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            // IPv4 in another dress: mapped, compatible, NAT64 of both kinds, 6to4, Teredo.
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            // Documents, discard, segment routing.
            "2001:db8::1",
            "3fff::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!permits(&guard, address), "{address}");
        }
    }

    #[test]
    fn addresses_of_the_public_internet_are_called() {
        let guard = Guard::default();
        for address in [
            "8.8.8.8",
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.17",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
        ] {
            assert!(permits(&guard, address), "{address}");
        }
    }

    #[test]
    fn what_the_operator_opens_is_called_and_nothing_beside_it() {
        let guard = Guard::parse(" 10.1.0.0/16, fd00:1::/32,127.0.0.1 ").unwrap();
        for address in ["10.1.2.3", "127.0.0.1", "fd00:1::5", "::ffff:10.1.2.3"] {
            assert!(permits(&guard, address), "{address}");
        }
        for address in ["10.2.0.1", "127.0.0.2", "fd00:2::5", "::ffff:10.2.0.1"] {
            assert!(!permits(&guard, address), "{address}");
        }
        assert!(!guard.is_opened("8.8.8.8".parse().unwrap()));
        assert!(permits(&Guard::parse("0.0.0.0/0").unwrap(), "127.0.0.1"));
        assert!(!permits(&Guard::parse("").unwrap(), "127.0.0.1"));
    }

    #[test]
    fn a_list_that_is_none_is_refused_by_its_part() {
        for (list, part) in [
            ("10.0.0.0/33", "10.0.0.0/33"),
            ("::/129", "::/129"),
            ("10.0.0.0/8, here", "here"),
            ("10.0.0/8", "10.0.0/8"),
            ("10.0.0.0/", "10.0.0.0/"),
        ] {
            let refused = Guard::parse(list).unwrap_err().to_string();
            assert!(refused.contains(part), "{refused}");
        }
        let many = vec!["10.0.0.1"; OUTBOUND_NETWORKS_MAX + 1].join(",");
        assert!(Guard::parse(&many).is_err());
    }
}
