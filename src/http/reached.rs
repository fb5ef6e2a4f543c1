//! Under which address the caller reached this node: what an answer says of addresses of ours begins with it.
//!
//! The setting `server.public_url` wins. Without it, the caller's own `Host` is told back to that caller; a forwarded scheme or name counts only
//! from a proxy that is believed. Nothing is stored of it, and no answer that holds it may be kept by a cache between.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::header::HOST;
use http::request::Parts;

use super::edge::is_host;
use crate::http::Api;
use crate::network::Networks;

const FORWARDED_PROTO: &str = "x-forwarded-proto";
const FORWARDED_HOST: &str = "x-forwarded-host";

/// How the addresses of this node are found out.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    /// What they begin with, whoever asks; without a slash at its end.
    pub public_url: Option<String>,
    /// Whose `X-Forwarded-Proto` and `X-Forwarded-Host` are believed.
    pub trusted_proxies: Networks,
}

impl Addresses {
    fn reached(&self, parts: &Parts) -> Reached {
        if let Some(url) = &self.public_url {
            return Reached(url.clone());
        }
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let is_proxied = peer.is_some_and(|peer| self.trusted_proxies.contains(peer.0.ip()));
        // What stands before the last was written by whoever sent the request.
        let forwarded = |name: &str| {
            let line = parts.headers.get_all(name).iter().next_back()?;
            let last = line.to_str().ok()?.rsplit(',').next()?;
            is_proxied.then(|| last.trim())
        };
        let scheme = match forwarded(FORWARDED_PROTO) {
            Some("https") => "https",
            Some(_) | None => "http",
        };
        let named = forwarded(FORWARDED_HOST).filter(|host| is_host(host.as_bytes()));
        let asked = || parts.uri.authority().map(|authority| authority.as_str());
        let own = || parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = named.or_else(asked).or_else(own);
        // A request of HTTP/1.0 may name no host: it is told the path.
        Reached(host.map_or_else(String::new, |host| format!("{scheme}://{host}")))
    }
}

/// Under which address the caller reached this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached(String);

impl Reached {
    /// The whole address of `path`, which begins with a slash.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl FromRequestParts<Api> for Reached {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Reached, Infallible> {
        Ok(api.addresses.reached(parts))
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use http::{HeaderValue, Request};

    use super::*;

    fn reached(addresses: &Addresses, headers: &[(&'static str, &'static str)]) -> String {
        let mut request = Request::new(());
        let peer: SocketAddr = (IpAddr::from([10, 0, 0, 1]), 40_000).into();
        request.extensions_mut().insert(ConnectInfo(peer));
        for (name, value) in headers {
            let value = HeaderValue::from_static(value);
            request.headers_mut().append(*name, value);
        }
        addresses.reached(&request.into_parts().0).address("/x")
    }

    fn believing(proxies: &str) -> Addresses {
        Addresses {
            public_url: None,
            trusted_proxies: proxies.parse().unwrap(),
        }
    }

    #[test]
    fn the_setting_wins_over_whatever_a_request_says() {
        let addresses = Addresses {
            public_url: Some("https://crm.example.test/api".to_owned()),
            ..believing("10.0.0.0/8")
        };
        let said = [("host", "other.test"), ("x-forwarded-host", "another.test")];
        assert_eq!(reached(&addresses, &said), "https://crm.example.test/api/x");
    }

    #[test]
    fn what_is_forwarded_counts_from_a_proxy_that_is_believed_only() {
        let said = [
            ("host", "10.0.0.9:8080"),
            ("x-forwarded-host", "forged.test, crm.example.test"),
            ("x-forwarded-proto", "http, https"),
        ];
        assert_eq!(reached(&believing(""), &said), "http://10.0.0.9:8080/x");
        assert_eq!(
            reached(&believing("192.0.2.0/24"), &said),
            "http://10.0.0.9:8080/x"
        );
        let believed = believing("10.0.0.0/8");
        assert_eq!(reached(&believed, &said), "https://crm.example.test/x");
        let odd = [
            ("host", "a.test"),
            ("x-forwarded-host", "b.test/path?"),
            ("x-forwarded-proto", "javascript"),
        ];
        assert_eq!(reached(&believed, &odd), "http://a.test/x");
        assert_eq!(reached(&believed, &[]), "/x");
    }
}
