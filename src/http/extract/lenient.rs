//! What published clients send otherwise than this server wants it. Each is accepted where it was published, and nowhere else:
//! booleans as text, and JSON under another media type.

use std::ops::Deref;

use axum::body::Body;
use axum::extract::FromRequest;
use http::Request;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::{ValidJson, Validate, require_json};
use crate::http::body;
use crate::http::problem::Problem;
use crate::limits::BODY_BYTES_MAX;

/// What curl states where nobody states anything.
const FORM: &str = "application/x-www-form-urlencoded";

/// Older clients write booleans as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Boolean {
    Plain(bool),
    Text(TextBoolean),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum TextBoolean {
    True,
    False,
}

/// Reads a boolean, or the text `true` or `false`.
///
/// # Errors
/// It is neither.
pub fn boolean<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    Ok(match Boolean::deserialize(value)? {
        Boolean::Plain(plain) => plain,
        Boolean::Text(TextBoolean::True) => true,
        Boolean::Text(TextBoolean::False) => false,
    })
}

/// The same of what may be left out, or null.
///
/// # Errors
/// It is something else.
pub fn maybe_boolean<'de, D: Deserializer<'de>>(value: D) -> Result<Option<bool>, D::Error> {
    /// What there is, if there is any.
    #[derive(Deserialize)]
    struct There(#[serde(deserialize_with = "boolean")] bool);
    let there = Option::<There>::deserialize(value)?;
    Ok(there.map(|There(there)| there))
}

/// [`ValidJson`] that also takes JSON which says that it is a form, or does not say what it is.
#[derive(Clone, Debug)]
pub struct JsonOfAnyType<T>(pub ValidJson<T>);

impl<T> Deref for JsonOfAnyType<T> {
    type Target = ValidJson<T>;

    fn deref(&self) -> &ValidJson<T> {
        &self.0
    }
}

impl<S, T> FromRequest<S> for JsonOfAnyType<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate,
{
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let stated = parts.headers.get(CONTENT_TYPE);
        let is_form = stated.is_some_and(|stated| {
            let media_type = stated.to_str().unwrap_or_default().split(';').next();
            media_type.is_some_and(|it| it.trim().eq_ignore_ascii_case(FORM))
        });
        if stated.is_some() && !is_form {
            require_json(&parts.headers)?;
        }
        let bytes = body::read(&parts.headers, body, BODY_BYTES_MAX).await?;
        ValidJson::parse(&bytes).map(JsonOfAnyType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::{Code, Faults};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        #[serde(deserialize_with = "boolean")]
        yes: bool,
    }

    impl Validate for Asked {
        fn validate(&self, _: &mut Faults) {}
    }

    async fn asked(content_type: Option<&str>, body: &'static str) -> Result<bool, Code> {
        let mut request = Request::new(Body::from(body));
        if let Some(content_type) = content_type {
            let value = content_type.parse().unwrap();
            request.headers_mut().insert(CONTENT_TYPE, value);
        }
        let read = JsonOfAnyType::<Asked>::from_request(request, &()).await;
        read.map(|asked| asked.yes)
            .map_err(|problem| problem.code())
    }

    #[tokio::test]
    async fn json_is_read_whatever_curl_calls_it() {
        const BODY: &str = r#"{"yes": "true"}"#;
        for stated in [
            None,
            Some("application/json"),
            Some("application/x-www-form-urlencoded"),
            Some("Application/X-WWW-Form-Urlencoded; charset=utf-8"),
        ] {
            assert_eq!(asked(stated, BODY).await, Ok(true), "{stated:?}");
        }
        for stated in ["text/plain", "multipart/form-data", ""] {
            let refused = asked(Some(stated), BODY).await;
            assert_eq!(refused, Err(Code::UnsupportedMediaType), "{stated}");
        }
    }

    #[tokio::test]
    async fn a_boolean_is_itself_or_its_name_and_nothing_else() {
        assert_eq!(asked(None, r#"{"yes": false}"#).await, Ok(false));
        assert_eq!(asked(None, r#"{"yes": "false"}"#).await, Ok(false));
        for body in [
            r#"{"yes": "yes"}"#,
            r#"{"yes": 1}"#,
            r#"{"yes": "TRUE"}"#,
            r#"{"yes": null}"#,
        ] {
            assert_eq!(asked(None, body).await, Err(Code::InvalidRequest), "{body}");
        }
    }
}
