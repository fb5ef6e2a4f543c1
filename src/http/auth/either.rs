//! What a contact may do for itself, and the business for it, at one operation of self-service.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::bearer::{ContactToken, bearer};
use super::{API_KEY, Authorized, Caller, SignedIn, stranger};
use crate::http::Api;
use crate::http::problem::{Code, Problem};

/// A contact with its token; or a secret key of the Back Office that covers the scope of the bit `SCOPE`, or a user whose roles do.
pub enum ContactOrBusiness<const SCOPE: u32> {
    /// The contact.
    Contact(ContactToken),
    /// The business.
    Business(Authorized<SCOPE>),
}

impl<const SCOPE: u32> Deref for ContactOrBusiness<SCOPE> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        match self {
            ContactOrBusiness::Contact(token) => token,
            ContactOrBusiness::Business(authorized) => authorized,
        }
    }
}

impl<const SCOPE: u32> FromRequestParts<Api> for ContactOrBusiness<SCOPE> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let is_of_business = match bearer(&parts.headers) {
            Some(text) => {
                let verified = api.tokens.verify(text, api.router.wall());
                matches!(verified, Ok(SignedIn::User(_)))
            }
            None => true,
        };
        if !is_of_business {
            let token = ContactToken::from_request_parts(parts, api).await?;
            return Ok(ContactOrBusiness::Contact(token));
        }
        if bearer(&parts.headers).is_none() && !parts.headers.contains_key(API_KEY) {
            let missing = Problem::new(
                Code::MissingCredentials,
                "send the contact's access token, or a user's, in the Authorization header, or a secret key in the api_key header",
            );
            return Err(stranger(missing, parts, api));
        }
        let authorized = Authorized::from_request_parts(parts, api).await?;
        Ok(ContactOrBusiness::Business(authorized))
    }
}
