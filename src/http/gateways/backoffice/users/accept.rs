//! `POST /users/accept` and `POST /users/reset_password`: a one-time token comes back, with the password that the user chooses.

use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::PLATFORM;
use super::change_password::{check_chosen, chosen};
use super::signed_in::{WireSignedIn, signed_in};
use crate::actors::router::{Failure, Timings};
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::entity::Rejection;
use crate::domain::user::{self, Command, Membership, Purpose, Stage, Typed, UseLetter};
use crate::http::audit::audited_of_user;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::quota::Client;
use crate::http::{Api, failure, reply};

/// A one-time token, and a password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChosenPassword)]
pub(in super::super) struct ChosenPassword {
    /// As it was sent.
    #[schema(max_length = 100)]
    token: String,
    /// From 8 to 128 characters, and none that everybody uses.
    #[schema(min_length = 8, max_length = 128)]
    password: String,
}

impl Validate for ChosenPassword {
    fn validate(&self, faults: &mut Faults) {
        check_chosen(faults, &self.password);
    }
}

/// A one-time token that is known.
struct Opened {
    /// Whom it was sent to.
    address: Address,
    /// What it may do where, before.
    memberships: Vec<Membership>,
    /// What the token does to it.
    command: Command,
    /// Who had it sent.
    sender: Option<(TenantId, Mode)>,
}

/// The user that a token was sent to, and what it does to it.
async fn opened(
    api: &Api,
    body: &ChosenPassword,
    fits: fn(&Purpose) -> bool,
    session: Option<[u8; 16]>,
) -> Result<Opened, Problem> {
    let invalid = || {
        Problem::new(
            Code::InvalidToken,
            "the one-time token is unknown, was used, or has run out; ask for another one",
        )
    };
    let token = api.router.secrets().read_letter_token(&body.token);
    let token = token.ok_or_else(invalid)?;
    let state = api
        .router
        .user(token.user)
        .await
        .map_err(failure::problem)?;
    // Before a password is hashed for nothing. What counts is what the user says.
    let letter = state
        .letter(token.number)
        .filter(|it| it.nonce == token.nonce);
    let letter = letter.filter(|it| fits(&it.purpose)).ok_or_else(invalid)?;
    let sender = letter.sender;
    let password = chosen(&body.password)?;
    // Whoever is a user already accepts by the password that there is.
    let known = state.password.filter(|_| state.stage == Stage::Active);
    let matches = match (known, session) {
        (Some(known), Some(_)) => {
            let typed = chosen(&body.password)?;
            api.passwords.matches(typed, Some(known.hash)).await?
        }
        (Some(_) | None, _) => false,
    };
    let used = Command::UseLetter(UseLetter {
        number: token.number,
        nonce: token.nonce,
        password: Some(Typed {
            hash: api.passwords.hash(password).await?,
            matches: matches.then_some(state.password_count),
        }),
        session,
    });
    Ok(Opened {
        address: token.user,
        memberships: state.memberships,
        command: used,
        sender,
    })
}

/// Accept an invitation.
///
/// With the one-time token that came by e-mail, and the password that the user is going to sign in with. Whoever is a user already, of this network or of
/// another, sends the password that it has: an invitation changes none. Who forgot it has another one chosen first, by `forgot_password`.
/// Only who was never invited but in test mode chooses one by the first invitation of live mode; what other networks gave it in test mode is then gone.
/// The session looks at what the invitation is for.
#[utoipa::path(
    post, path = "/users/accept", tag = "Users", security(()),
    request_body = ChosenPassword,
    responses(
        (status = 200, description = "Accepted, and signed in", body = WireSignedIn),
        (status = 400, description = "Not JSON, or not the password that the user has", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The token is unknown, was used, or has run out", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The user has 50 roles", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong tokens came from this address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn accept(
    State(api): State<Api>,
    Client(client): Client,
    body: ValidJson<ChosenPassword>,
) -> Result<Response, Problem> {
    let began = Instant::now();
    let nonce = api.router.user_nonce().map_err(failure::problem)?;
    let fits = |purpose: &Purpose| matches!(purpose, Purpose::Invitation(_));
    let refused = Failure::Rejected(Rejection::User(user::Rejection::LoginRefused));
    let attempt = async {
        let opened = opened(&api, &body, fits, Some(nonce)).await?;
        let user = opened.address;
        let act = async {
            let session = api.router.user_session(user, opened.command, None).await;
            let session = session.map_err(|failure| match failure == refused {
                true => Problem::new(
                    Code::InvalidLogin,
                    "this address has a password already, and this is not it; send that one, or have another one chosen by POST /users/forgot_password before you accept",
                ),
                false => failure::problem(failure),
            })?;
            signed_in(&api, began, user, &session).await
        };
        let who = (user, &*opened.memberships);
        audited_of_user(&api, who, opened.sender, "users.accept", act).await
    };
    let attempt = Box::pin(attempt);
    api.quota
        .guess(&api.router, PLATFORM, client, attempt)
        .await
}

/// Choose another password, having forgotten the last.
///
/// With the one-time token that came by e-mail. The user is signed out everywhere.
#[utoipa::path(
    post, path = "/users/reset_password", tag = "Users", security(()),
    request_body = ChosenPassword,
    responses(
        (status = 204, description = "Chosen"),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The token is unknown, was used, or has run out", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong tokens came from this address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn reset_password(
    State(api): State<Api>,
    Client(client): Client,
    body: ValidJson<ChosenPassword>,
) -> Result<Response, Problem> {
    let began = Instant::now();
    let fits = |purpose: &Purpose| matches!(purpose, Purpose::Reset);
    let opened = opened(&api, &body, fits, None);
    let opened = api
        .quota
        .guess(&api.router, PLATFORM, client, opened)
        .await?;
    let act = async {
        let reset = api.router.tell_user(opened.address, opened.command, None);
        reset.await.map_err(failure::problem)?;
        let timings = reply::timings_since(began, Timings::default());
        Ok(reply::no_content(timings))
    };
    let who = (opened.address, &*opened.memberships);
    audited_of_user(&api, who, opened.sender, "users.reset_password", act).await
}
