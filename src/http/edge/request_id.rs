//! The name of one request, the same in the answer's header, in a problem's body and in the log.
use http::{HeaderMap, HeaderValue};
use uuid::Uuid;

use crate::http::problem::X_REQUEST_ID;
use crate::limits::REQUEST_ID_BYTES_MAX;

/// A request's id: the client's own, where it sent a well-formed one, else a UUID of version 7. Handlers find it in the
/// request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default() // visible ASCII by construction
    }

    /// A fresh id.
    pub(super) fn new() -> Self {
        let mut buffer = Uuid::encode_buffer();
        let text = Uuid::now_v7().hyphenated().encode_lower(&mut buffer);
        RequestId(HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("")))
    }

    /// The client's id if it is visible ASCII and short; anything else could forge a line of a log.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        match headers.get(X_REQUEST_ID) {
            Some(id)
                if (1..=REQUEST_ID_BYTES_MAX).contains(&id.len())
                    && id.as_bytes().iter().all(u8::is_ascii_graphic) =>
            {
                RequestId(id.clone())
            }
            Some(_) | None => RequestId::new(),
        }
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::RequestId;

    #[test]
    fn only_short_visible_ascii_is_taken_from_the_client() {
        let id_for = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert("x-request-id", HeaderValue::from_bytes(value).unwrap());
            RequestId::of(&headers).as_str().to_owned()
        };
        assert_eq!(id_for(b"till-7/42"), "till-7/42");
        assert_eq!(id_for(&[b'a'; 64]), "a".repeat(64));
        for forged in [b"".as_slice(), &[b'a'; 65], b"a b", b"a\tb", "é".as_bytes()] {
            let id = id_for(forged);
            assert_eq!(id.len(), 36, "{id}");
            assert!(uuid::Uuid::parse_str(&id).is_ok_and(|id| id.get_version_num() == 7));
        }
    }
}
