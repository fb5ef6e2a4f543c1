//! Where a request comes from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;

use crate::http::Api;
use crate::http::problem::Problem;
use crate::network::{Networks, subscriber};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of a request that needs no credential, counted as a stranger's.
#[derive(Clone, Copy, Debug)]
pub struct Client(pub IpAddr);

impl FromRequestParts<Api> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Client, Problem> {
        let client = api.quota.client(parts);
        api.quota.admit_stranger(client)?;
        Ok(Client(client))
    }
}

/// The peer; or, where that is a proxy to be believed, the last address of `X-Forwarded-For` that is none. What stands before it was
/// written by whoever sent the request, and says nothing.
pub(super) fn of(parts: &Parts, proxies: &Networks) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let mut client = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let lines = parts.headers.get_all(FORWARDED_FOR).iter();
    let lines: Vec<_> = lines
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    while proxies.contains(client) {
        match hops.next().and_then(address) {
            Some(hop) => client = hop,
            None => break,
        }
    }
    subscriber(client)
}

/// An address as proxies write it: with a port or without, one of IPv6 in brackets or not.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse::<SocketAddr>().ok().map(|it| it.ip());
    bare.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request};

    use super::*;

    fn client(peer: &str, proxies: &str, lines: &[&'static str]) -> String {
        let mut request = Request::new(());
        let peer: SocketAddr = (peer.parse::<IpAddr>().unwrap(), 40_000).into();
        request.extensions_mut().insert(ConnectInfo(peer));
        for line in lines {
            let value = HeaderValue::from_static(line);
            request.headers_mut().append(FORWARDED_FOR, value);
        }
        of(&request.into_parts().0, &proxies.parse().unwrap()).to_string()
    }

    #[test]
    fn a_forged_header_is_ignored() {
        assert_eq!(client("192.0.2.7", "", &["203.0.113.9"]), "192.0.2.7");
        assert_eq!(
            client("192.0.2.7", "10.0.0.0/8", &["203.0.113.9"]),
            "192.0.2.7"
        );
        // What the client wrote itself stands before what the proxy added.
        let lines = ["198.51.100.1", "198.51.100.2, 203.0.113.9"];
        assert_eq!(client("10.0.0.1", "10.0.0.0/8", &lines), "203.0.113.9");
    }

    #[test]
    fn every_proxy_that_is_believed_is_looked_behind() {
        let proxies = "10.0.0.0/8, 2001:db8::/32";
        let line = ["198.51.100.1, 203.0.113.9:4711, [2001:db8::1], 10.9.9.9"];
        assert_eq!(client("10.0.0.1", proxies, &line), "203.0.113.9");
        assert_eq!(
            client("10.0.0.1", proxies, &["2001:db9::5:1"]),
            "2001:db9::"
        );
        assert_eq!(client("10.0.0.1", proxies, &[]), "10.0.0.1");
        assert_eq!(
            client("10.0.0.1", proxies, &["203.0.113.9, unknown"]),
            "10.0.0.1"
        );
    }
}
