//! `GET /users/verify_email`

use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::PLATFORM;
use crate::actors::router::{Failure, Timings};
use crate::domain::address::{Address, Kind, Mode};
use crate::domain::entity::{Rejection, Remember};
use crate::domain::ids::Named;
use crate::domain::organisation::{Organisation, Role};
use crate::domain::user::{self, Command, Purpose, UseLetter, Validity};
use crate::http::audit::{audited_by_user, target};
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::quota::Client;
use crate::http::{Api, failure, reply, users};
use crate::secrets::{KeyScope, request_hash};

/// The one-time token, as it was sent.
#[derive(Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct VerifyQuery {
    /// As it was sent.
    token: String,
}

impl Validate for VerifyQuery {
    /// Whatever it is, it opens something or nothing.
    fn validate(&self, _: &mut Faults) {}
}

/// An e-mail address is proven.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VerifiedEmail)]
pub(super) struct Verified {
    /// Whether it is.
    verified: bool,
}

/// Prove the e-mail address of a registration.
///
/// The organisation is made, and its owner may sign in. The token does the same again until it lapses, a day after it was sent: programs open links
/// before people do.
#[utoipa::path(
    get, path = "/users/verify_email", tag = "Users", security(()),
    params(VerifyQuery),
    responses(
        (status = 200, description = "Proven", body = Verified),
        (status = 400, description = "Another network knows a user of this address, with another password", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The token is unknown, or has run out", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The network has as many organisations or users as it may", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong tokens came from this address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn verify_email(
    State(api): State<Api>,
    Client(client): Client,
    query: ValidQuery<VerifyQuery>,
) -> Result<Response, Problem> {
    let proof = Box::pin(proven(&api, &query.token));
    let guess = api.quota.guess(&api.router, PLATFORM, client, proof);
    guess.await
}

fn elsewhere() -> Problem {
    Problem::new(
        Code::InvalidLogin,
        "another network knows a user of this address, with another password; register again with that password, or have another one chosen by POST /users/forgot_password first",
    )
}

async fn proven(api: &Api, token: &str) -> Result<Response, Problem> {
    let began = Instant::now();
    let router = &api.router;
    let invalid = || {
        Problem::new(
            Code::InvalidToken,
            "the one-time token is unknown, or has run out; register again",
        )
    };
    let token = router.secrets().read_letter_token(token);
    let token = token.ok_or_else(invalid)?;
    let state = router.user(token.user).await.map_err(failure::problem)?;
    let wall = router.wall();
    let letter = state.letter(token.number);
    let letter = letter.filter(|it| it.nonce == token.nonce && wall < it.expires_at);
    let Some(Purpose::Verification(registration)) = letter.map(|it| &it.purpose) else {
        return Err(invalid());
    };
    let sender = letter.and_then(|it| it.sender);
    if !state.takes(registration, sender) {
        return Err(elsewhere());
    }
    let organisation = Address {
        tenant: registration.tenant,
        mode: Mode::Shared,
        kind: Kind::Organisation,
        entity: registration.organisation,
    };
    // By the organisation's own number: whoever comes again finds it made.
    let scope = KeyScope {
        tenant: organisation.tenant,
        mode: organisation.mode,
        lineage: token.user.entity,
        operation: "users.verify_email",
        target: Some(organisation),
        source: "letter",
        key: "",
    };
    let remember = Remember {
        keys: vec![router.secrets().key_hash(&scope)],
        request: request_hash(&[0; 32]),
    };
    let made = Organisation {
        name: registration.name.clone(),
        role: Role::Business,
        parent: Some(registration.parent),
        time_zone: None,
        shares_contacts: false,
        profile: Default::default(),
    };
    let log = match registration.validity {
        Validity::BothModes => (registration.tenant, Mode::Live),
        Validity::TestMode => (registration.tenant, Mode::Test),
    };
    let act = async {
        let (made, _) = router
            .create_organisation(organisation, made, None, remember)
            .await;
        made.map_err(failure::problem)?;
        let listed = users::list(api, registration.tenant, token.user).await;
        listed.map_err(failure::problem)?;
        let used = Command::UseLetter(UseLetter {
            number: token.number,
            nonce: token.nonce,
            password: None,
            session: None,
        });
        match router.tell_user(token.user, used, None).await {
            Ok(_) => {}
            Err(Failure::Rejected(Rejection::User(user::Rejection::LetterInvalid))) => {
                return Err(invalid());
            }
            Err(Failure::Rejected(Rejection::User(user::Rejection::LoginRefused))) => {
                return Err(elsewhere());
            }
            Err(failure) => return Err(failure::problem(failure)),
        }
        let timings = reply::timings_since(began, Timings::default());
        Ok(reply::json(
            StatusCode::OK,
            &Verified { verified: true },
            timings,
        ))
    };
    let there = router.tenant_view(registration.tenant, log.1).await;
    let there = there.map_err(failure::problem)?;
    // The link works as often as it is opened, and makes the organisation once.
    if there.organisations.contains_key(&registration.organisation) {
        return act.await;
    }
    let target = target(api, Named::Organisation, registration.organisation);
    audited_by_user(api, token.user, log, "organisations.verify", target, act).await
}
