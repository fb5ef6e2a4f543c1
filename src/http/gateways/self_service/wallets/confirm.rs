//! `POST /wallets/otp` and `POST /contacts/{id}/wallets`: a contact shows that a wallet is its own.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::challenge::{refused, send_to};
use super::super::otp::{reached, reached_at};
use super::super::own;
use super::view;
use crate::actors::router::Timings;
use crate::actors::router::access::Destination;
use crate::domain::access::Channel;
use crate::domain::contact::Profile;
use crate::domain::entity::{Answer, ContactView, Query};
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::text::check;
use crate::http::extract::{Conditions, Faults, ValidJson, Validate};
use crate::http::gateways::once::{self, Once};
use crate::http::phone::e164;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, email, failure, reply};
use crate::limits;

/// By what the contact is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = WalletIdentityType)]
enum WireType {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
}

/// A phone number or an e-mail address of the contact.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WalletIdentity)]
struct WireIdentity {
    r#type: WireType,
    value: String,
    /// ISO 3166-1 alpha-3: where a number without `+` is dialled.
    country_code: Option<String>,
}

impl WireIdentity {
    fn destination(&self) -> Option<Destination> {
        match self.r#type {
            WireType::Email => email::normal(&self.value).map(Destination::Email),
            WireType::Phone => {
                let number = e164(&self.value, self.country_code.as_deref());
                number.map(Destination::Phone)
            }
        }
    }

    fn validate(&self, faults: &mut Faults) {
        faults.require(
            self.destination().is_some(),
            "value",
            "not_a_destination",
            "must be a phone number, with + and country or with country_code, or an e-mail address, as type says",
        );
    }
}

/// Where the code is to go.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WalletOtpRequest)]
pub(in super::super) struct NewWalletOtp {
    /// A phone number or an e-mail address of the contact. Without it, its first phone, or else its e-mail address.
    identity: Option<WireIdentity>,
}

impl Validate for NewWalletOtp {
    fn validate(&self, faults: &mut Faults) {
        if let Some(identity) = &self.identity {
            faults.within("identity", |faults| identity.validate(faults));
        }
    }
}

/// What shows that a wallet is the contact's.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WalletProof)]
pub(in super::super) struct NewWallet {
    /// The one-time code that arrived.
    otp: String,
    /// The wallet's code: 16 digits, as `GET /wallets/{id}/code` shows them.
    code: String,
    /// Where the one-time code went.
    identity: WireIdentity,
}

impl Validate for NewWallet {
    fn validate(&self, faults: &mut Faults) {
        check(faults, "otp", Some(&self.otp), limits::CODE_CHARS_MAX);
        check(faults, "code", Some(&self.code), limits::CODE_CHARS_MAX);
        faults.within("identity", |faults| self.identity.validate(faults));
    }
}

/// The contact's wallet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnWalletId)]
pub(in super::super) struct WireWallet {
    id: String,
}

/// Have a code sent that shows, beside its wallet's code, whose wallet it is.
///
/// It goes to a phone number or an e-mail address of the contact itself. `POST /contacts/{id}/wallets` takes it, once, within ten minutes.
#[utoipa::path(
    post, path = "/wallets/otp", tag = "Wallet", security(("access_token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewWalletOtp,
    responses(
        (status = 204, description = "A code was sent"),
        (status = 400, description = "Not JSON, or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the contact is not reached so", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number or address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn ask(
    State(api): State<Api>,
    token: ContactToken,
    headers: Conditions,
    body: ValidJson<NewWalletOtp>,
) -> Result<Response, Problem> {
    let contact = token.signed_in.contact;
    let shown = api.router.query(contact, Query::Contact).await.result;
    let view = match shown.map_err(failure::problem)? {
        Answer::Contact(view) => view,
        _ => return Err(failure::not_found()),
    };
    let profile = own::opened(&api, &token, &view)?;
    let to = destination(&api, &token, &view, &profile, body.identity.as_ref())?;
    let once = Once::of(&token, &headers, "wallets.otp", Some(contact), &body.hash)?;
    let sent = async {
        let sent = api
            .router
            .challenge_for_wallet(contact, &to, once.remember(&api));
        sent.await.map_err(refused)
    };
    send_to(&api, &token, &to, |it| it.is_new, sent).await?;
    Ok(reply::no_content(reply::timings(
        &token,
        Timings::default(),
    )))
}

/// Show that a wallet is the contact's own.
///
/// Every contact has its wallet from the beginning: nothing new comes of it. The answer tells, for the app and for whoever looks on, that who is signed
/// in also reads the messages of `identity`, and holds this wallet.
#[utoipa::path(
    post, path = "/contacts/{id}/wallets", tag = "Wallet", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = NewWallet,
    responses(
        (status = 201, description = "It is", body = WireWallet),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work, or a wrong one-time code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the code is not of the contact's wallet", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "After five wrong codes, or fifty from one address: for 15 minutes, even for the right one", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn confirm(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<NewWallet>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    let contact = token.signed_in.contact;
    let (wallet, _) = view(&api, contact).await?;
    if api.router.wallet_code(&contact, wallet.code_slot) != body.code {
        return Err(failure::invalid_field(
            "/code",
            "of_another_wallet",
            "must be the code of the contact's own wallet, as GET /wallets/{id}/code shows it",
        ));
    }
    let to = body.identity.destination().ok_or_else(failure::not_found)?;
    let attempt = async {
        let place = ("contacts.wallets", Some(contact));
        let remember = once::remember_by_header(&api, &token, &headers, place, &body.hash)?;
        let confirmed = api.router.confirm_wallet(contact, &to, &body.otp, remember);
        confirmed.await.map_err(refused)
    };
    token.guess(&api, attempt).await?;
    let id = PublicId::of(Named::Wallet, contact.entity);
    let id = api.router.secrets().public_ids().write(id);
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(
        StatusCode::CREATED,
        &WireWallet { id },
        timings,
    ))
}

/// Where the code goes: what the request names, if that is the contact's, or the first that reaches it.
fn destination(
    api: &Api,
    token: &ContactToken,
    view: &ContactView,
    profile: &Profile,
    named: Option<&WireIdentity>,
) -> Result<Destination, Problem> {
    let Some(named) = named else {
        let first = reached(profile, Channel::Sms).or_else(|| reached(profile, Channel::Email));
        return first.ok_or_else(|| not_reached("/identity"));
    };
    let to = named.destination();
    let signs_in = |to: &Destination| {
        let router = &api.router;
        let value = router.identity_value(token.signed_in.contact, to);
        view.identities.contains(&value)
    };
    let own = to.filter(|to| signs_in(to) || reached_at(profile, to));
    own.ok_or_else(|| not_reached("/identity/value"))
}

fn not_reached(pointer: &str) -> Problem {
    failure::invalid_field(
        pointer,
        "not_reached",
        "must be a phone number or an e-mail address that the contact signs in by, or has in its profile",
    )
}
