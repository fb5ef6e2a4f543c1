//! `POST /contacts/change_password` and `POST /contacts/{id}/change_password`

use std::time::Instant;

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::challenge::{by_one_time_token, evenly, invalid_login, refused};
use super::identification::{check_password, hashed};
use crate::actors::router::Timings;
use crate::actors::router::access::PasswordTry;
use crate::domain::address::Address;
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::text::check;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::passwords::Password;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::quota::Client;
use crate::http::{Api, reply};
use crate::limits;
use crate::secrets::OneTimeToken;

/// A password that whoever got a mail chooses.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordByToken)]
pub(super) struct PasswordByToken {
    /// What `forgot_password` had sent.
    #[schema(max_length = 200)]
    token: String,
    /// 8 to 128 characters, and none that everybody tries.
    #[schema(min_length = 8, max_length = 128)]
    password: String,
}

impl Validate for PasswordByToken {
    fn validate(&self, faults: &mut Faults) {
        let max = limits::NAME_CHARS_MAX;
        check(faults, "token", Some(&self.token), max);
        check_password(faults, "password", Some(&self.password));
    }
}

/// Choose a password with a one-time token.
///
/// No other credential is needed. Every session of the contact ends. A contact that had no password has one from now on.
#[utoipa::path(
    post, path = "/contacts/change_password", tag = "Authentication", security(()),
    request_body = PasswordByToken,
    responses(
        (status = 204, description = "The password is set"),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The token was used, has run out, or is none", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong tokens came from this address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn by_token(
    State(api): State<Api>,
    Client(client): Client,
    body: ValidJson<PasswordByToken>,
) -> Result<Response, Problem> {
    let began = Instant::now();
    let set = async |token: OneTimeToken| {
        let hash = hashed(&api, &body.password).await?;
        let set = api.router.reset_password(&token, &hash).await;
        set.map_err(refused)
    };
    by_one_time_token(&api, client, &body.token, set).await?;
    let timings = reply::timings_since(began, Timings::default());
    Ok(reply::no_content(timings))
}

/// A password that a contact chooses that is signed in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OwnPassword)]
pub(super) struct OwnPassword {
    /// 8 to 128 characters, and none that everybody tries.
    #[schema(min_length = 8, max_length = 128)]
    password: String,
    /// The present one. Not needed within ten minutes of signing in.
    #[schema(max_length = 128)]
    current_password: Option<String>,
}

impl Validate for OwnPassword {
    fn validate(&self, faults: &mut Faults) {
        check_password(faults, "password", Some(&self.password));
        let present = self.current_password.as_deref();
        let length = present.map_or(0, |it| it.chars().count());
        faults.require(
            length <= limits::PASSWORD_CHARS_MAX,
            "current_password",
            "too_long",
            "must have at most 128 characters",
        );
    }
}

/// Choose another password.
///
/// Within ten minutes of signing in, or with the present password. Every other session of the contact ends. A contact that signs in by no e-mail
/// address has no password: it adds an address first.
#[utoipa::path(
    post, path = "/contacts/{id}/change_password", tag = "Authentication", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact's own id or code")),
    request_body = OwnPassword,
    responses(
        (status = 204, description = "The password is set"),
        (status = 400, description = "Not JSON, or the present password is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, one that does not work, or a session that began too long ago", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the contact signs in by no e-mail address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Ten wrong passwords are taken, and none for a quarter of an hour after the last", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn own(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    body: ValidJson<OwnPassword>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    let contact = token.signed_in.contact;
    let known = match &body.current_password {
        Some(present) => {
            let known = known(&api, contact, present, token.began);
            Some(token.guess(&api, known).await?)
        }
        None => None,
    };
    let hash = hashed(&api, &body.password).await?;
    let session = token.signed_in.session;
    let changed = api.router.change_password(contact, session, known, &hash);
    changed.await.map_err(refused)?;
    Ok(reply::no_content(reply::timings(
        &token,
        Timings::default(),
    )))
}

/// Demands that `present` is the present password.
async fn known(
    api: &Api,
    contact: Address,
    present: &str,
    began: Instant,
) -> Result<PasswordTry, Problem> {
    let compared = async {
        let present = Password::typed(present.to_owned()).ok_or_else(invalid_login)?;
        let tried = api.router.try_present_password(contact).await;
        let tried = tried.map_err(refused)?;
        match api.passwords.matches(present, tried.hash.clone()).await {
            Ok(true) => Ok(tried),
            Ok(false) => Err(invalid_login()),
            Err(problem) => {
                // What is refused so has not happened.
                api.router.give_password_back(tried).await;
                Err(problem)
            }
        }
    };
    evenly(began, compared).await
}
