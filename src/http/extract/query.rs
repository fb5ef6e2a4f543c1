//! The query of a request.
use std::ops::Deref;

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::{Validate, explain};
use crate::http::problem::{Faults, Problem};

/// Query parameters that have the types and the values that `T` demands. Parameters that `T` does not know are ignored,
/// as the contract's clients send some; `T` must not `deny_unknown_fields`.
///
/// Types as serde reads them from text: numbers, `true` and `false`, enums by name, `Option` for what may be absent.
#[derive(Clone, Debug)]
pub struct ValidQuery<T>(pub T);

impl<T> Deref for ValidQuery<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + Validate> ValidQuery<T> {
    /// Reads the text after the `?`.
    ///
    /// # Errors
    /// 422 `invalid_request` that names the parameters.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(query.as_bytes());
        let value: T = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
            .map_err(|error| explain::misfit_query(&error))?;
        let mut faults = Faults::of_query();
        value.validate(&mut faults);
        faults.into_result()?;
        Ok(ValidQuery(value))
    }
}

impl<S, T> FromRequestParts<S> for ValidQuery<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}
