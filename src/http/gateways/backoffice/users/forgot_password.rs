//! `POST /users/forgot_password`

use std::net::IpAddr;
use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::PLATFORM;
use crate::actors::router::Timings;
use crate::domain::user::{Command, NewLetter};
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::gateways::self_service::evenly;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::quota::{Asker, Client};
use crate::http::{Api, email, failure, reply};

/// Who forgot.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ForgottenPassword)]
pub(in super::super) struct Forgotten {
    #[schema(max_length = 254)]
    email: String,
}

impl Validate for Forgotten {
    fn validate(&self, faults: &mut Faults) {
        email::check(faults, "email", &self.email);
    }
}

/// Have a one-time token sent, to choose another password.
///
/// The answer is the same whether or not anybody signs in by this address. One token is sent in 30 seconds, and five in an hour; each works for half
/// an hour, at `POST /users/reset_password`. None is sent once the network that sends it has had as many codes sent as it may, and one address asks
/// 300 times an hour at most, for whomever.
#[utoipa::path(
    post, path = "/users/forgot_password", tag = "Users", security(()),
    request_body = Forgotten,
    responses(
        (status = 204, description = "Sent, if anybody signs in by this address"),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many were asked for from this address, or by everybody together; nothing was sent", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn forgot_password(
    State(api): State<Api>,
    Client(client): Client,
    body: ValidJson<Forgotten>,
) -> Result<Response, Problem> {
    let began = Instant::now();
    // Whoever is asked for counts, known or not: what is refused here tells nothing.
    let asker = Asker {
        world: PLATFORM,
        stranger_at: Some(client),
    };
    let send = Box::pin(send(&api, client, &body.email));
    evenly(began, api.quota.code(&api.router, asker, |()| true, send)).await?;
    Ok(reply::no_content(reply::timings_since(
        began,
        Timings::default(),
    )))
}

async fn send(api: &Api, client: IpAddr, typed: &str) -> Result<(), Problem> {
    let router = &api.router;
    let (user, _) = router.user_of(&email::folded(typed));
    let state = router.user(user).await.map_err(failure::problem)?;
    // By the network that proved the address, in the mode in which it did: through its integrations, or in its test inbox. Another one could let itself in.
    let sender = state.proven_to.filter(|_| state.primary().is_some());
    let forget = Command::Forget(NewLetter {
        nonce: router.user_nonce().map_err(failure::problem)?,
        sender,
    });
    let forget = Box::pin(async {
        let sent = router.tell_user(user, forget, None).await;
        sent.map(|_| ()).map_err(failure::problem)
    });
    let Some(world) = sender else {
        return forget.await;
    };
    let asker = Asker {
        world,
        stranger_at: Some(client),
    };
    let sent = api.quota.code(router, asker, |()| true, forget).await;
    match sent {
        // Only of somebody whom the network knows: nothing is sent, and the answer is as for nobody.
        Err(problem) if problem.code() == Code::TooManyRequests => Ok(()),
        sent => sent,
    }
}
