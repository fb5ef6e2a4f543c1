//! Addresses of the internet protocol: who counts as one caller, and which networks an operator names.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use url::{Origin, Url};

/// One subscriber has a whole IPv6 /64, and could count as 2^64 callers; IPv4 over IPv6 is still IPv4.
#[must_use]
pub fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

/// Networks, written as `10.0.0.0/8, 192.0.2.7, 2001:db8::/32`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    is_v4: bool,
    bits: u128,
    mask: u128,
}

/// A text that names no networks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address and no network such as 10.0.0.0/8")]
pub struct NoNetwork(String);

impl Networks {
    /// Whether `address` lies in one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (is_v4, bits, _) = bits(address.to_canonical());
        let mut networks = self.0.iter();
        networks.any(|one| one.is_v4 == is_v4 && bits & one.mask == one.bits)
    }

    /// Whether none is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Networks {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Networks, NoNetwork> {
        let parts = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        parts
            .map(|part| network(part).ok_or_else(|| NoNetwork(part.to_owned())))
            .collect::<Result<_, _>>()
            .map(Networks)
    }
}

/// The address as a number, with how many bits it has.
fn bits(address: IpAddr) -> (bool, u128, u32) {
    match address {
        IpAddr::V4(address) => (true, u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (false, address.to_bits(), 128),
    }
}

fn network(text: &str) -> Option<Network> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let (is_v4, bits, width) = bits(address.parse::<IpAddr>().ok()?.to_canonical());
    let host = width.checked_sub(length.unwrap_or(width))?;
    let mask = u128::MAX.checked_shl(host).unwrap_or(0);
    Some(Network {
        is_v4,
        bits: bits & mask,
        mask,
    })
}

/// Why a text is no address that others could begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no address of the form https://name, perhaps with a port and a path")]
pub struct NotAnAddress;

/// Reads what addresses of a node begin with: `http` or `https`, a host, perhaps a path, and nothing else; without a slash at its end. Empty text
/// is none.
///
/// # Errors
/// It is something else.
pub fn public_url(text: &str) -> Result<Option<String>, NotAnAddress> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(text).map_err(|_no_url| NotAnAddress)?;
    let is_bare = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    match is_bare && is_web {
        true => Ok(Some(url.as_str().trim_end_matches('/').to_owned())),
        false => Err(NotAnAddress),
    }
}

/// Why a text is no address of a page that takes a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is no address of the form https://name/path?token={{token}}, with {{token}} in it once, behind the name"
)]
pub struct NoTokenPage;

/// Reads the address of a page that takes a token where `{token}` stands: what comes before the token, and what after it. Empty text is none.
///
/// # Errors
/// It is something else.
pub fn token_page(text: &str) -> Result<Option<[String; 2]>, NoTokenPage> {
    if text.is_empty() {
        return Ok(None);
    }
    let (before, after) = text.split_once("{token}").ok_or(NoTokenPage)?;
    let url = Url::parse(before).map_err(|_no_url| NoTokenPage)?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    // With the slash behind the name, no token can become a part of it.
    let name = text.split('/').nth(2).unwrap_or_default();
    let is_behind_name = !name.contains(['{', '?', '#']) && before.split('/').count() > 3;
    let is_one = !after.contains("{token}") && !text.contains(char::is_whitespace);
    match is_web && is_behind_name && is_one {
        true => Ok(Some([before.to_owned(), after.to_owned()])),
        false => Err(NoTokenPage),
    }
}

/// Why a text is no list of origins.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no origin of the form https://name, perhaps with a port")]
pub struct NotAnOrigin(String);

/// Reads origins of pages, with commas between, as browsers write them; none in an empty text.
///
/// # Errors
/// One is something else, or more than an origin.
pub fn origins(text: &str) -> Result<Vec<String>, NotAnOrigin> {
    let named = text.split(',').map(str::trim);
    let named = named.filter(|name| !name.is_empty());
    let read = named.map(|name| {
        let no_origin = || NotAnOrigin(name.to_owned());
        let origin = Url::parse(name).map_err(|_no_url| no_origin())?.origin();
        let is_web = matches!(&origin, Origin::Tuple(scheme, ..) if scheme.starts_with("http"));
        let written = origin.ascii_serialization();
        match is_web && written == name.trim_end_matches('/') {
            true => Ok(written),
            false => Err(no_origin()),
        }
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(networks: &str, address: &str) -> bool {
        let networks: Networks = networks.parse().unwrap();
        networks.contains(address.parse().unwrap())
    }

    #[test]
    fn a_token_stands_behind_the_name_of_its_page_and_once() {
        let read = |text| token_page(text).map(|page| page.map(|[before, after]| (before, after)));
        let page = |before: &str, after: &str| Ok(Some((before.to_owned(), after.to_owned())));
        assert_eq!(read(""), Ok(None));
        assert_eq!(
            read("https://office.example.com/accept?token={token}&by=letter"),
            page("https://office.example.com/accept?token=", "&by=letter")
        );
        assert_eq!(
            read("http://[::1]:8080/#/accept/{token}"),
            page("http://[::1]:8080/#/accept/", "")
        );
        for text in [
            "https://office.example.com/accept",
            "https://office.example.com/{token}/{token}",
            "https://{token}.example.com/accept",
            "https://office.example.com{token}",
            "https://office.example.com?token={token}",
            "https://office.example.com/accept me?token={token}",
            "ftp://office.example.com/{token}",
            "/accept?token={token}",
            "{token}",
        ] {
            assert_eq!(read(text), Err(NoTokenPage), "{text}");
        }
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_other() {
        let networks = "10.0.0.0/8, 192.0.2.7,2001:db8::/32";
        for inside in [
            "10.255.0.1",
            "192.0.2.7",
            "2001:db8:1::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(holds(networks, inside), "{inside}");
        }
        for outside in ["11.0.0.0", "192.0.2.8", "2001:db9::1", "::10.0.0.1"] {
            assert!(!holds(networks, outside), "{outside}");
        }
        assert!(holds("0.0.0.0/0", "203.0.113.9") && holds("::/0", "2001:db8::1"));
        assert!(!holds("0.0.0.0/0", "2001:db8::1"));
        assert!(!holds("", "127.0.0.1"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for wrong in [
            "localhost",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0/8",
            "::/129",
            "10.0.0.1:80",
        ] {
            assert!(wrong.parse::<Networks>().is_err(), "{wrong}");
        }
        assert!(" , ".parse::<Networks>().unwrap().is_empty());
    }

    #[test]
    fn a_subscriber_of_ipv6_is_its_64() {
        let same = |one: &str, other: &str| {
            subscriber(one.parse().unwrap()) == subscriber(other.parse().unwrap())
        };
        assert!(same("2001:db8::1", "2001:db8::2"));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(same("::ffff:192.0.2.7", "192.0.2.7") && !same("192.0.2.7", "192.0.2.8"));
    }

    #[test]
    fn an_address_to_begin_with_has_a_host_and_no_query() {
        assert_eq!(public_url(""), Ok(None));
        let read = public_url("http://[::1]:8080/");
        assert_eq!(read, Ok(Some("http://[::1]:8080".to_owned())));
        for wrong in [
            "crm.example.test",
            "ftp://crm.example.test",
            "https://a@crm.example.test",
            "https://crm.example.test/?a=b",
            "https://crm.example.test/#a",
            "https://",
        ] {
            assert_eq!(public_url(wrong), Err(NotAnAddress), "{wrong}");
        }
    }

    #[test]
    fn origins_are_listed_as_browsers_write_them() {
        let read = origins("https://shop.example.test, http://localhost:5173/");
        let listed = ["https://shop.example.test", "http://localhost:5173"];
        assert_eq!(read, Ok(listed.map(str::to_owned).to_vec()));
        assert_eq!(origins(""), Ok(Vec::new()));
        for wrong in [
            "*",
            "null",
            "shop.example.test",
            "https://a.test/path",
            "https://A.test",
            "ftp://a.test",
            "https://a.test:443",
        ] {
            assert_eq!(origins(wrong), Err(NotAnOrigin(wrong.to_owned())));
        }
    }
}
