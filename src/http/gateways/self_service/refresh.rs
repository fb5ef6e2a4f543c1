//! `POST /contacts/refresh`

use std::time::Instant;

use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use http::request::Parts;

use super::challenge::{invalid_grant, refused};
use super::signed_in::{WireSignedIn, signed_in};
use crate::actors::router::access::ContactSession;
use crate::domain::address::Kind;
use crate::http::Api;
use crate::http::auth::SignedInContact;
use crate::http::auth::bearer::{bearer, key_beside, require_agreement};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::quota::Presented;
use crate::http::reached::Reached;

/// Where older clients send it.
const REFRESH_TOKEN: &str = "refresh_token";

/// A request with a refresh token.
pub(super) struct RefreshToken {
    session: ContactSession,
    began: Instant,
}

impl FromRequestParts<Api> for RefreshToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let began = Instant::now();
        let key = key_beside(parts, api).await?;
        let header = parts.headers.get(REFRESH_TOKEN);
        let older = header.map(|value| value.to_str().unwrap_or_default());
        let text = older.or_else(|| bearer(&parts.headers)).ok_or_else(|| {
            Problem::new(
                Code::MissingCredentials,
                "send the refresh token in the Authorization header (Bearer …), or in the header refresh_token",
            )
        })?;
        let session = api.router.secrets().read_refresh_token(text);
        let of_contact = session.filter(|it| it.contact.kind == Kind::Contact);
        let session = of_contact.ok_or_else(invalid_grant)?;
        if let Some(key) = &key {
            let contact = SignedInContact {
                contact: session.contact,
                session: session.refresh.session,
            };
            require_agreement(key, &contact)?;
        }
        let presented = Presented {
            world: (session.contact.tenant, session.contact.mode),
            key: key.as_deref(),
            // Not before the token is proven: somebody could make them up to lock others out.
            account: None,
        };
        let client = api.quota.client(parts);
        api.quota.admit(&api.router, client, presented).await?;
        Ok(RefreshToken { session, began })
    }
}

/// Get the next tokens of a session.
///
/// A refresh token can be used once; the one before the newest gets the same answer again for 10 seconds, so that a lost answer
/// logs nobody out. An older one ends the session: somebody has a copy. Older clients send it in the header `refresh_token`.
#[utoipa::path(
    post, path = "/contacts/refresh", tag = "Authentication", security(("refresh_token" = [])),
    params(("refresh_token" = Option<String>, Header, description = "The refresh token, instead of the Authorization header")),
    responses(
        (status = 200, description = "The next tokens", body = WireSignedIn),
        (status = 401, description = "No refresh token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn refresh(
    State(api): State<Api>,
    reached: Reached,
    token: RefreshToken,
) -> Result<Response, Problem> {
    let refreshed = api.router.refresh(token.session).await;
    let session = refreshed.map_err(refused)?;
    let who = (token.session.contact, &session, None);
    signed_in(&api, &reached, token.began, who).await
}
