//! The code flow: somebody signs in at the provider's own page, and comes back with a code that only this server can turn into an ID
//! token (RFC 6749, section 4.1; RFC 7636 with S256; OpenID Connect Core 1.0, section 3.1).

use aws_lc_rs::digest;
use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use serde::Deserialize;
use url::Url;

use super::id_token::{self, Expected};
use super::settings::{Service, Settings};
use super::{ExternalLogin, Failed, Person, Refused};
use crate::domain::time::Timestamp;
use crate::egress::{self, Call, CallFailed, Egress};
use crate::limits::PROVIDER_TOKEN_BYTES_MAX;

/// What is sent along to a provider.
pub struct Begun<'a> {
    /// Where people come back to.
    pub redirect_url: &'a str,
    /// What comes back with them.
    pub state: &'a str,
    /// What the ID token is to repeat.
    pub nonce: &'a str,
    /// The PKCE verifier: its hash is sent.
    pub verifier: &'a str,
}

/// What came back.
pub struct Returned<'a> {
    /// The code.
    pub code: &'a str,
    /// Where it came to.
    pub redirect_url: &'a str,
    /// What the ID token is to repeat.
    pub nonce: &'a str,
    /// The PKCE verifier.
    pub verifier: &'a str,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl ExternalLogin {
    /// Where to send somebody who wants to sign in.
    ///
    /// # Errors
    /// The provider gives no answer, or has no page for it.
    pub async fn authorization_url(
        &self,
        egress: &Egress,
        settings: &Settings,
        begun: &Begun<'_>,
    ) -> Result<Url, Failed> {
        let discovery = self.issuers.discovery(egress, &settings.issuer).await?;
        let endpoint = discovery
            .authorization_endpoint
            .ok_or(Failed::Answer("no page to sign in on"))?;
        let mut url = egress::parse(&endpoint).map_err(CallFailed::from)?;
        let hash = digest::digest(&digest::SHA256, begun.verifier.as_bytes());
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("scope", "openid")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", begun.redirect_url)
            .append_pair("state", begun.state)
            .append_pair("nonce", begun.nonce)
            .append_pair("code_challenge", &BASE64URL_NOPAD.encode(hash.as_ref()))
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Whom a code vouches for.
    ///
    /// # Errors
    /// As [`Refused`] says.
    pub async fn redeem(
        &self,
        egress: &Egress,
        service: Service,
        settings: &Settings,
        returned: &Returned<'_>,
        now: Timestamp,
    ) -> Result<Person, Refused> {
        if returned.code.len() > PROVIDER_TOKEN_BYTES_MAX {
            return Err(Refused::Invalid);
        }
        let discovery = self.issuers.discovery(egress, &settings.issuer).await?;
        let endpoint = discovery.token_endpoint;
        let endpoint = endpoint.ok_or(Failed::Answer("no place to redeem codes at"))?;
        let media_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let call = Call {
            method: Method::POST,
            url: egress::parse(&endpoint).map_err(|it| Failed::Call(it.into()))?,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, media_type)]),
            body: Bytes::from(form(settings, returned)),
        };
        let answer = egress.call(call).await.map_err(Failed::Call)?;
        // RFC 6749, section 5.2: the code is wrong, used, or of another flow.
        if answer.status.is_client_error() {
            return Err(Refused::Invalid);
        }
        let tokens = serde_json::from_slice::<Tokens>(&answer.body);
        let tokens = tokens.map_err(|_other| Failed::Answer("no ID token"))?;
        let expected = Expected {
            service,
            settings,
            nonce: Some(returned.nonce),
        };
        id_token::verify(egress, &self.issuers, &expected, &tokens.id_token, now).await
    }
}

/// What redeems a code (RFC 6749, section 4.1.3; RFC 7636, section 4.5).
fn form(settings: &Settings, returned: &Returned<'_>) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", returned.code)
        .append_pair("redirect_uri", returned.redirect_url)
        .append_pair("client_id", &settings.client_id)
        .append_pair("code_verifier", returned.verifier);
    if let Some(secret) = &settings.client_secret {
        form.append_pair("client_secret", secret);
    }
    form.finish()
}
