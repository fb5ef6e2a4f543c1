//! Where the load goes: a checked URL and the address it stands for.

use std::net::{IpAddr, SocketAddr};

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

use super::BenchError;

/// Whether a target that is not this machine may be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RemoteTargets {
    Allowed,
    Refused,
}

/// A node to load. Its name was resolved once, before the check, so that no later look-up leads elsewhere.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The address that every connection goes to.
    pub(super) address: SocketAddr,
    /// What the `Host` header says.
    pub(super) authority: Authority,
    /// The path that every request's path starts with, without a slash at its end; mostly empty.
    base_path: String,
}

impl Target {
    /// Checks and resolves a base URL such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// When the URL is not plain `http` with a host, when its host has no address, or when any of its addresses is not
    /// a loopback address and remote targets are refused.
    pub(super) async fn resolve(url: &str, remote: RemoteTargets) -> Result<Self, BenchError> {
        let invalid = |reason| BenchError::InvalidUrl {
            url: url.to_owned(),
            reason,
        };
        let uri: Uri = url.parse().map_err(|_invalid| invalid("it is not a URL"))?;
        if uri.scheme() != Some(&Scheme::HTTP) {
            return Err(invalid(
                "only http:// is spoken, since TLS would be measured instead of the server",
            ));
        }
        let authority = uri
            .authority()
            .cloned()
            .ok_or_else(|| invalid("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(invalid("a user name or password has no place in it"));
        }
        if uri.query().is_some() {
            return Err(invalid("a base address has no query"));
        }
        // An IPv6 literal stands in brackets in a URL, and without them everywhere else.
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']');
        let unknown = |source| BenchError::UnknownHost {
            host: host.to_owned(),
            source,
        };
        let port = authority.port_u16().unwrap_or(80);
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
            .await
            .map_err(unknown)?
            .collect();
        let elsewhere = addresses
            .iter()
            .find(|address| !is_this_machine(address.ip()));
        if let (Some(address), RemoteTargets::Refused) = (elsewhere, remote) {
            return Err(BenchError::NotLoopback {
                host: host.to_owned(),
                address: address.ip(),
            });
        }
        // `localhost` often has an IPv6 address first, where a node on 127.0.0.1 does not listen.
        let preferred = addresses
            .iter()
            .find(|address| address.is_ipv4())
            .or(addresses.first());
        let address = *preferred.ok_or_else(|| invalid("its host has no address"))?;
        let base_path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self {
            address,
            authority,
            base_path,
        })
    }

    /// The request target of an operation's path, which starts with a slash.
    ///
    /// # Errors
    /// When the path holds characters that no request line may hold.
    pub(super) fn request_target(&self, path: &str) -> Result<Uri, BenchError> {
        let path = format!("{}{path}", self.base_path);
        let parsed = PathAndQuery::try_from(path.as_str());
        parsed
            .map(Uri::from)
            .map_err(|_invalid| BenchError::InvalidUrl {
                url: path,
                reason: "an id of the seed file holds characters that do not belong in a path",
            })
    }
}

/// An IPv4 address written as IPv6 (`::ffff:127.0.0.1`) is judged as what it is.
fn is_this_machine(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolve(url: &str, remote: RemoteTargets) -> Result<Target, BenchError> {
        Target::resolve(url, remote).await
    }

    #[tokio::test]
    async fn a_target_that_is_not_this_machine_is_refused_unless_allowed() {
        for url in [
            "http://192.0.2.7:8080",
            "http://[2001:db8::1]:8080",
            "http://0.0.0.0:80",
            "http://[::ffff:192.0.2.7]",
        ] {
            let refused = resolve(url, RemoteTargets::Refused).await.unwrap_err();
            assert!(
                matches!(refused, BenchError::NotLoopback { .. }),
                "{url}: {refused}"
            );
            assert!(refused.to_string().contains("--allow-remote"), "{refused}");
            assert!(resolve(url, RemoteTargets::Allowed).await.is_ok(), "{url}");
        }
    }

    #[tokio::test]
    async fn every_spelling_of_this_machine_is_accepted() {
        for url in [
            "http://127.0.0.1:1",
            "http://127.9.9.9:1/",
            "http://[::1]:1",
            "http://[::ffff:127.0.0.1]:1",
            "http://localhost:1",
        ] {
            assert!(resolve(url, RemoteTargets::Refused).await.is_ok(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_url_that_cannot_be_spoken_to_is_refused_in_words() {
        for url in [
            "https://127.0.0.1",
            "127.0.0.1:80",
            "http://",
            "/path",
            "http://a:b@127.0.0.1",
            "http://127.0.0.1/?q",
        ] {
            let refused = resolve(url, RemoteTargets::Allowed).await.unwrap_err();
            assert!(
                matches!(refused, BenchError::InvalidUrl { .. }),
                "{url}: {refused}"
            );
        }
    }

    #[tokio::test]
    async fn a_base_path_goes_before_every_request() {
        let target = resolve("http://127.0.0.1:9/behind/", RemoteTargets::Refused)
            .await
            .unwrap();
        assert_eq!(
            target.request_target("/backoffice/v2/x").unwrap(),
            "/behind/backoffice/v2/x"
        );
    }
}
