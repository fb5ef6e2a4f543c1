//! Refuses requests that a proxy in front and this server could understand in two ways.
//!
//! hyper itself refuses obsolete line folding, lengths that contradict each other, and control characters in heads, with
//! a plain 400. What it lets pass is refused here.
use http::header::HOST;
use http::uri::Authority;
use http::{Request, Version};

use super::watch::{Watch, is_chunked};
use crate::http::problem::{Code, Problem};

/// Checks what the request says about its host and its length.
///
/// # Errors
/// 400 `invalid_host` or `ambiguous_framing`; both end the connection.
pub(super) fn check<B>(request: &Request<B>, watch: &Watch) -> Result<(), Problem> {
    check_host(request)?;
    if is_chunked(request.headers()) && !watch.saw_chunked_only(request) {
        return Err(Problem::new(
            Code::AmbiguousFraming,
            "send either Content-Length or Transfer-Encoding, and wait for the answer before the next request",
        ));
    }
    Ok(())
}

/// RFC 9112, section 3.2: a request of HTTP/1.1 without a Host, with two, or with a malformed one gets a 400.
fn check_host<B>(request: &Request<B>) -> Result<(), Problem> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let refusal = match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host.as_bytes()) => return Ok(()),
        (None, None) if request.version() < Version::HTTP_11 => return Ok(()),
        (Some(_), None) => "the Host header holds no host name",
        (Some(_), Some(_)) => "send one Host header, not two",
        (None, _) => "send a Host header",
    };
    Err(Problem::new(Code::InvalidHost, refusal))
}

/// A name or an address, perhaps with a port. The grammar of URIs would also take a user, `a,b` and a port that is no number.
pub(in crate::http) fn is_host(host: &[u8]) -> bool {
    let of_names = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(byte);
    host.iter().all(of_names)
        && Authority::try_from(host).is_ok_and(|authority| {
            let name = authority.host();
            !name.is_empty() && (authority.as_str() == name || authority.port_u16().is_some())
        })
}
