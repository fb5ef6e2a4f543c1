//! `GET /contacts/oidc/{type}`

use std::str::FromStr;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::external;
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::time::Span;
use crate::external_login::{Begun, Refused, Service};
use crate::http::auth::bearer::AppKeyOrToken;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::limits::{CODE_FLOW_LASTS, OUTBOUND_URL_BYTES_MAX};
use crate::secrets::CodeFlow;

/// Where to come back to.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OidcQuery {
    /// One of the addresses that the tenant allows for this provider, letter by letter.
    redirect_url: String,
}

impl Validate for OidcQuery {
    fn validate(&self, faults: &mut Faults) {
        faults.require(
            (1..=OUTBOUND_URL_BYTES_MAX).contains(&self.redirect_url.len()),
            "redirect_url",
            "wrong_length",
            "must have 1 to 2048 bytes",
        );
    }
}

/// A provider whose page somebody can sign in on.
struct WithPage(Service);

impl FromStr for WithPage {
    type Err = ();

    fn from_str(text: &str) -> Result<WithPage, ()> {
        Ok(WithPage(match text {
            "GOOGLE" => Service::Google,
            "APPLE" => Service::Apple,
            "OIDC_OAUTH" => Service::Oidc,
            _ => return Err(()),
        }))
    }
}

/// Where the contact signs in.
#[derive(Debug, Serialize, ToSchema)]
struct AuthorizationUrl {
    /// The provider's page. The app opens it in a browser, remembers the `state` in it, and compares it with the one that comes back.
    authorization_url: String,
}

/// Get the address of a provider's page to sign in on.
///
/// The provider sends the contact back to `redirect_url` with `code` and `state`, within ten minutes; the app hands both to `authenticate` or
/// `register` with the same key, once. Asked for with a contact's token, they are for the `identities` of that contact, and for nothing else.
/// The code is good for this server alone (PKCE).
#[utoipa::path(
    get, path = "/contacts/oidc/{type}", tag = "Authentication", security(("api_key" = []), ("access_token" = [])),
    params(("type" = String, Path, description = "`GOOGLE`, `APPLE` or `OIDC_OAUTH`"), OidcQuery),
    responses(
        (status = 200, description = "Where to go", body = AuthorizationUrl),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no provider of this type", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The address is not allowed, or the tenant has no such provider", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The provider gives no answer; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn authorization_url(
    State(api): State<Api>,
    caller: AppKeyOrToken<{ Scope::ContactsRegister.bit() }>,
    query: ValidQuery<OidcQuery>,
    Path(service): Path<String>,
) -> Result<Response, Problem> {
    let WithPage(service) = service.parse().map_err(|()| failure::not_found())?;
    let (integration, settings) = external::provider_of(&api, &caller, service).await?;
    let mut allowed = settings.redirect_urls.iter();
    let redirect = allowed.position(|url| *url == query.redirect_url);
    let redirect = redirect
        .and_then(|at| u8::try_from(at).ok())
        .ok_or_else(|| {
            failure::invalid_field(
                "/redirect_url",
                "not_allowed",
                "must be one of the redirect_urls of the identity provider, letter by letter",
            )
        })?;
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "the system gives no random bytes");
        Problem::from(Code::Internal)
    })?;
    let lasts = u32::try_from(CODE_FLOW_LASTS.as_secs()).unwrap_or_default();
    let flow = CodeFlow {
        random,
        expires_at: api.router.wall().after(Span::seconds(lasts)),
        provider: integration.number,
        redirect,
    };
    let secrets = api.router.secrets();
    let owner = (caller.tenant(), caller.mode(), caller.lineage());
    let state = secrets.write_code_flow(owner, &flow);
    let known = secrets.code_flow_secrets(&flow);
    let begun = Begun {
        redirect_url: &query.redirect_url,
        state: &state,
        nonce: &known.nonce,
        verifier: &known.verifier,
    };
    let egress = api.connectors.egress();
    let url = api
        .external_login
        .authorization_url(egress, &settings, &begun);
    let url = url
        .await
        .map_err(|failed| external::refused(&Refused::NoAnswer(failed)))?;
    let answer = AuthorizationUrl {
        authorization_url: url.into(),
    };
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &answer, timings))
}
