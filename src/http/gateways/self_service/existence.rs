//! `GET /contacts` and `GET /wallets/wallet_exists`: whether anybody is known by something. The only operations that tell it; a tenant opens them
//! by a scope that no key has unless it is given, and each address has few questions.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::challenge::refused;
use crate::actors::router::Timings;
use crate::actors::router::access::Destination;
use crate::domain::api_key::Scope;
use crate::http::auth::Caller;
use crate::http::auth::bearer::AppKey;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::phone::e164;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, email, reply};

/// Who is asked for: at least one of both.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactQuery {
    email_address: Option<String>,
    phone: Option<String>,
}

impl ContactQuery {
    fn values(&self) -> (Option<Destination>, Option<Destination>) {
        (
            self.email_address.as_deref().and_then(by_email),
            self.phone.as_deref().and_then(by_phone),
        )
    }
}

fn by_email(text: &str) -> Option<Destination> {
    email::normal(text).map(Destination::Email)
}

fn by_phone(text: &str) -> Option<Destination> {
    e164(text, None).map(Destination::Phone)
}

const NOT_AN_ADDRESS: &str = "must be an e-mail address, like name@example.com";
const NOT_A_NUMBER: &str = "must be a phone number with + and country";

impl Validate for ContactQuery {
    fn validate(&self, faults: &mut Faults) {
        let (email, phone) = self.values();
        if self.email_address.is_none() && self.phone.is_none() {
            faults.add("email_address", "missing_field", "is required, or phone is");
        }
        faults.require(
            self.email_address.is_none() || email.is_some(),
            "email_address",
            "not_an_email_address",
            NOT_AN_ADDRESS,
        );
        faults.require(
            self.phone.is_none() || phone.is_some(),
            "phone",
            "not_a_phone_number",
            NOT_A_NUMBER,
        );
    }
}

/// By what a wallet is asked for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum By {
    Email,
    Phone,
}

/// Whose wallet is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WalletQuery {
    r#type: Option<By>,
    value: Option<String>,
}

impl WalletQuery {
    fn value(&self) -> Option<Destination> {
        let text = self.value.as_deref()?;
        match self.r#type? {
            By::Email => by_email(text),
            By::Phone => by_phone(text),
        }
    }
}

impl Validate for WalletQuery {
    fn validate(&self, faults: &mut Faults) {
        let Some(by) = self.r#type else {
            return faults.add("type", "missing_field", "is required: EMAIL or PHONE");
        };
        faults.require(
            self.value().is_some(),
            "value",
            "not_a_destination",
            match by {
                By::Email => NOT_AN_ADDRESS,
                By::Phone => NOT_A_NUMBER,
            },
        );
    }
}

/// Whether there is one.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactExists {
    contact_exists: bool,
}

/// Whether there is one.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WalletExists {
    wallet_exists: bool,
}

/// Ask whether a contact is known by an e-mail address or a phone number.
///
/// For an app that offers to sign in or to register. It tells strangers who is a customer: keys have the scope `contacts.exists` only where the business
/// gives it to them, and an address may ask 30 times an hour. Of two values, it says whether either is known.
#[utoipa::path(
    get, path = "/contacts", tag = "Contact", security(("api_key" = [])),
    params(
        ("email_address" = Option<String>, Query, description = "An e-mail address, whole"),
        ("phone" = Option<String>, Query, description = "A phone number, with + and country"),
    ),
    responses(
        (status = 200, description = "Whether it is", body = ContactExists),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A value is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many such questions from this address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn contact(
    State(api): State<Api>,
    caller: AppKey<{ Scope::ContactsExist.bit() }>,
    query: ValidQuery<ContactQuery>,
) -> Result<Response, Problem> {
    let (email, phone) = query.values();
    let contact_exists = is_known(&api, &caller, [email, phone]).await?;
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(
        StatusCode::OK,
        &ContactExists { contact_exists },
        timings,
    ))
}

/// Ask whether somebody who is known by an e-mail address or a phone number has a wallet.
///
/// Every contact has one, so that this says what `contacts` says, under the same scope and limit.
#[utoipa::path(
    get, path = "/wallets/wallet_exists", tag = "Wallet", security(("api_key" = [])),
    params(
        ("type" = Option<String>, Query, description = "EMAIL or PHONE"),
        ("value" = Option<String>, Query, description = "The e-mail address; or the phone number, with + and country"),
    ),
    responses(
        (status = 200, description = "Whether there is", body = WalletExists),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A value is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many such questions from this address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn wallet(
    State(api): State<Api>,
    caller: AppKey<{ Scope::ContactsExist.bit() }>,
    query: ValidQuery<WalletQuery>,
) -> Result<Response, Problem> {
    let wallet_exists = is_known(&api, &caller, [query.value(), None]).await?;
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(
        StatusCode::OK,
        &WalletExists { wallet_exists },
        timings,
    ))
}

async fn is_known(
    api: &Api,
    caller: &Caller,
    values: [Option<Destination>; 2],
) -> Result<bool, Problem> {
    let (tenant, mode) = (caller.tenant(), caller.mode());
    api.quota.admit_question((tenant, mode), caller.client)?;
    for value in values.iter().flatten() {
        let known = api.router.is_known(tenant, mode, value).await;
        if known.map_err(refused)? {
            return Ok(true);
        }
    }
    Ok(false)
}
