//! What the operations have in common that have a code sent.

use std::net::IpAddr;
use std::time::Instant;

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::actors::router::Timings;
use crate::actors::router::access::{AccessRefused, Challenged, Destination};
use crate::domain::access::Channel;
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::entity::{Answer, Query};
use crate::http::auth::Caller;
use crate::http::problem::{Code, Problem};
use crate::http::{Api, failure, reply};
use crate::limits::TELLING_TIME_STEP;
use crate::secrets::OneTimeToken;

/// How many of a number's last digits are shown: enough to know it by, too few to dial.
const DIGITS_SHOWN: usize = 2;

/// What is shown of where a code went that the caller did not send: anything else would tell of the contact.
const MASK: &str = "**********";

/// How many stars stand for the rest of an address's name, however long it is.
const LETTERS_HIDDEN: usize = 5;

/// A code was sent, or would have been if anybody had the number: which of both is not said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Challenge)]
pub(in super::super) struct WireChallenge {
    /// Where to, as far as the caller may see it: made from what the caller sent.
    obfuscated_value: String,
    /// For `validate_otp`, with the code.
    #[schema(max_length = 64)]
    auth_otp: String,
}

/// The answer of an operation that has a code sent to `to`.
pub(in super::super) fn answer(
    caller: &Caller,
    status: StatusCode,
    to: Option<&Destination>,
    challenged: Challenged,
) -> Response {
    let challenge = WireChallenge {
        obfuscated_value: to.map_or_else(|| MASK.to_owned(), obfuscated),
        auth_otp: challenged.auth_otp,
    };
    let timings = reply::timings(caller, Timings::default());
    reply::json(status, &challenge, timings)
}

/// Why a contact may not sign in, as a problem. Nothing in it tells whether the contact is known.
pub(in super::super) fn refused(refused: AccessRefused) -> Problem {
    match refused {
        AccessRefused::CodeInvalid => Problem::new(
            Code::OtpInvalid,
            "the code is wrong, has run out or was used; ask for another one",
        ),
        AccessRefused::TooMany { retry_after } => Problem::new(
            Code::TooManyRequests,
            "too many codes were asked for, or too many wrong ones sent; try again after the time in Retry-After",
        )
        .retry_after(retry_after),
        AccessRefused::InvalidGrant => invalid_grant(),
        AccessRefused::InvalidLogin => invalid_login(),
        AccessRefused::TokenInvalid => invalid_one_time_token(),
        AccessRefused::StepUpRequired => Problem::new(
            Code::StepUpRequired,
            "the session began more than ten minutes ago; sign in again, or send current_password",
        ),
        AccessRefused::NoEmailAddress => failure::no_email_address(),
        AccessRefused::IdentityKnown => failure::invalid_field(
            "/provider",
            "known_already",
            "names what the contact signs in by already; choose another",
        ),
        AccessRefused::IdentitiesFull => Problem::new(
            Code::LimitReached,
            "the contact signs in by eight things, and there can be no more",
        ),
        // Told to whoever has just proven to own it.
        AccessRefused::ValueTaken => Problem::new(
            Code::ContactNotUnique,
            "the business knows another contact by this phone number or e-mail address, who does not sign in yet; ask the business to let you in to it",
        ),
        AccessRefused::Failed(failure) => failure::problem(failure),
    }
}

/// The refresh token opens nothing.
pub(super) fn invalid_grant() -> Problem {
    Problem::new(
        Code::InvalidGrant,
        "the refresh token is unknown, was used before, or its session has ended; sign in again",
    )
}

/// Demands that a message by `channel` can reach anybody: test mode, or an integration that delivers it. Asked before anybody is looked up.
pub(in super::super) async fn require_delivery(
    api: &Api,
    caller: &Caller,
    channel: Channel,
) -> Result<(), Problem> {
    let (tenant, mode) = (caller.tenant(), caller.mode());
    if mode != Mode::Test {
        let found = api.router.query(Address::tenant(tenant), Query::Tenant);
        let delivers = match found.await.result.map_err(failure::problem)? {
            Answer::Tenant(tenant) => tenant.delivers(mode, channel).is_some(),
            _ => false,
        };
        if !delivers {
            let messages = match channel {
                Channel::Sms => "text messages",
                Channel::Email => "e-mail",
            };
            return Err(Problem::new(
                Code::NoIntegration,
                format!(
                    "no active integration delivers {messages} in live mode; nothing was created. Make one with POST /backoffice/v2/integrations, or use test mode (a key pk_test_… or sk_test_…), whose test inbox shows what would be sent"
                ),
            ));
        }
    }
    Ok(())
}

/// Has `send` record a message to `destination`, if one can go there now, as one of those that the caller may have sent: [`require_delivery`],
/// [`Caller::has_sent`] and [`require_room`], in this order.
pub(in super::super) fn send_to<T: Send>(
    api: &Api,
    caller: &Caller,
    destination: &Destination,
    is_new: impl FnOnce(&T) -> bool + Send,
    send: impl Future<Output = Result<T, Problem>> + Send,
) -> impl Future<Output = Result<T, Problem>> + Send {
    let send = Box::pin(send);
    async move {
        require_delivery(api, caller, destination.channel()).await?;
        let sent = async {
            require_room(api, caller, destination).await?;
            send.await
        };
        caller.has_sent(api, is_new, sent).await
    }
}

/// Demands that the tenant wants another message to `destination` now. Asked before anybody is looked up.
pub(super) async fn require_room(
    api: &Api,
    caller: &Caller,
    destination: &Destination,
) -> Result<(), Problem> {
    let (Destination::Phone(text) | Destination::Email(text)) = destination;
    let world = (caller.tenant(), caller.mode());
    let admitted = api.quota.admit_destination(&api.router, world, text);
    admitted.await
}

/// A one-time token that a mail brought opens nothing.
fn invalid_one_time_token() -> Problem {
    Problem::new(
        Code::InvalidToken,
        "the one-time token was used, has run out, or is none; ask for another one",
    )
}

/// Takes a one-time token that a mail brought: wrong ones are counted against the address, as wrong codes are.
pub(super) async fn by_one_time_token(
    api: &Api,
    client: IpAddr,
    text: &str,
    take: impl AsyncFnOnce(OneTimeToken) -> Result<(), Problem>,
) -> Result<(), Problem> {
    // Whose token it would be says only the token: wrong ones are nobody's.
    let nobody = (TenantId::PLATFORM, Mode::Live);
    let attempt = async {
        let token = api.router.secrets().read_one_time_token(text);
        take(token.ok_or_else(invalid_one_time_token)?).await
    };
    api.quota.guess(&api.router, nobody, client, attempt).await
}

/// The password is wrong, or nobody signs in so: which of both is not said.
pub(super) fn invalid_login() -> Problem {
    Problem::new(
        Code::InvalidLogin,
        "the password is wrong, or nobody signs in by this; sign in by a code, or have the password set anew",
    )
}

/// Waits for `answer`, and then for the next step of time since `began`: how long it took tells nothing of what was found.
pub(in super::super) async fn evenly<T>(began: Instant, answer: impl Future<Output = T>) -> T {
    let answer = answer.await;
    tokio::time::sleep_until(even(began, began.elapsed()).into()).await;
    answer
}

/// The same for an answer, whose `Server-Timing` tells no more than that.
pub(in super::super) async fn answered_evenly(
    began: Instant,
    answer: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    let mut answer = evenly(began, answer).await;
    if let Ok(response) = &mut answer {
        let whole = reply::timings_since(began, Timings::default());
        response.extensions_mut().insert(whole);
    }
    answer
}

/// The first step of time after `elapsed` since `began`.
fn even(began: Instant, elapsed: std::time::Duration) -> Instant {
    let step = TELLING_TIME_STEP.as_nanos();
    let steps = elapsed.as_nanos().div_ceil(step).max(1);
    let steps = u32::try_from(steps).unwrap_or(u32::MAX);
    began + TELLING_TIME_STEP.saturating_mul(steps)
}

/// A phone number of E.164 without most of its digits, or an e-mail address without most of its name.
pub(super) fn obfuscated(to: &Destination) -> String {
    match to {
        Destination::Phone(number) => {
            let hidden = number.chars().count().saturating_sub(DIGITS_SHOWN);
            let shown: String = number.chars().skip(hidden).collect();
            format!("{}{shown}", "*".repeat(hidden))
        }
        Destination::Email(address) => {
            let (name, domain) = address.rsplit_once('@').unwrap_or_default();
            let first: String = name.chars().take(1).collect();
            format!("{first}{}@{domain}", "*".repeat(LETTERS_HIDDEN))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_a_code_goes_to_is_shown_in_part_only() {
        let phone = |text: &str| obfuscated(&Destination::Phone(text.to_owned()));
        assert_eq!(phone("+442079460018"), "***********18");
        assert_eq!(phone(""), "");
        let email = |text: &str| obfuscated(&Destination::Email(text.to_owned()));
        assert_eq!(email("ada@example.test"), "a*****@example.test");
        assert_eq!(
            email("a.very.long.name@example.test"),
            "a*****@example.test"
        );
    }

    #[test]
    fn an_answer_comes_at_the_next_step_of_time() {
        let began = Instant::now();
        for (took, step) in [(0, 25), (1, 25), (25, 25), (26, 50), (99, 100)] {
            let at = even(began, Duration::from_millis(took));
            assert_eq!(at - began, Duration::from_millis(step), "{took}");
        }
    }
}
