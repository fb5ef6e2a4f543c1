//! `GET` and `POST /contacts/{id}/organisations`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::challenge::refused;
use super::signed_in::{WireRejoined, WireSwitched, moved, rejoined};
use super::wire::{not_built, organisation};
use crate::actors::router::Timings;
use crate::domain::contact::{self, SignUp};
use crate::domain::entity::Command;
use crate::domain::ids::{Named, PublicId};
use crate::domain::time::Timestamp;
use crate::http::auth::SignedInContact;
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::lenient::boolean;
use crate::http::extract::{Conditions, Faults, ValidJson, ValidQuery, Validate};
use crate::http::gateways::once::Once;
use crate::http::money_wire::WireAmount;
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::reached::Reached;
use crate::http::{Api, failure, reply};

/// Which organisations.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct JoinedQuery {
    name: Option<String>,
    #[serde(default)]
    include_wallet: bool,
    page: Option<u32>,
    size: Option<u32>,
}

impl Validate for JoinedQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
    }
}

/// An organisation that the contact has joined or is shared with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JoinedOrganisation)]
struct WireJoined {
    id: String,
    name: String,
    /// The contact's wallet, which is good in the whole network.
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet: Option<WireJoinedWallet>,
}

/// What the contact can spend.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JoinedWallet)]
struct WireJoinedWallet {
    wallet_id: String,
    balance: WireAmount,
    /// ISO 4217.
    currency_code: String,
}

/// A page of organisations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JoinedOrganisations)]
pub(super) struct JoinedPage {
    content: Vec<WireJoined>,
    paging: Paging,
}

/// List the organisations that the contact has joined, and then those that it is shared with.
#[utoipa::path(
    get, path = "/contacts/{id}/organisations", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("name" = Option<String>, Query, description = "Only those with this in their name"),
        ("include_wallet" = Option<bool>, Query, description = "Whether to show what the contact can spend"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
    ),
    responses(
        (status = 200, description = "A page", body = JoinedPage),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    query: ValidQuery<JoinedQuery>,
) -> Result<Response, Problem> {
    let view = token.named(&api, &name).await?;
    let tenant = token.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let wallet = PublicId::of(Named::Wallet, token.signed_in.contact.entity);
    let wanted = query.name.as_deref().map(str::to_lowercase);
    let joined = view.sign_ups.iter().map(|one| one.organisation);
    let all = joined.chain(tenant.shared_with(&view.sign_ups));
    let joined = all.filter_map(|number| {
        let organisation = tenant.organisations.get(&number)?;
        let is_wanted = |wanted: &str| organisation.name.to_lowercase().contains(wanted);
        wanted.as_deref().is_none_or(is_wanted).then(|| WireJoined {
            id: ids.write(PublicId::of(Named::Organisation, number)),
            name: organisation.name.clone(),
            wallet: query.include_wallet.then(|| WireJoinedWallet {
                wallet_id: ids.write(wallet),
                balance: WireAmount::from_minor(view.balance.0, tenant.currency.decimals()),
                currency_code: tenant.currency.code().to_owned(),
            }),
        })
    });
    let page = Page::of(query.page, query.size);
    let (content, paging) = page.cut(joined.collect(), true);
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(
        StatusCode::OK,
        &JoinedPage { content, paging },
        timings,
    ))
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = JoinAction)]
enum Action {
    /// Become a member of the organisation.
    SignUp,
    /// Be its member no longer.
    SignOff,
}

/// The contact joins an organisation, or leaves it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Join)]
pub(super) struct Join {
    action: Action,
    organisation_id: String,
    /// Whether the contact accepts the organisation's terms.
    #[serde(default = "accepts", deserialize_with = "boolean")]
    #[schema(value_type = bool)]
    service_acceptance: bool,
    /// Whether the contact wants no e-mail from the organisation.
    #[serde(default, deserialize_with = "boolean")]
    #[schema(value_type = bool)]
    email_opt_out: bool,
    /// Whether the contact wants no text messages from the organisation.
    #[serde(default, deserialize_with = "boolean")]
    #[schema(value_type = bool)]
    sms_opt_out: bool,
    /// Not built.
    referral_code: Option<String>,
}

/// What the contract takes for said.
const fn accepts() -> bool {
    true
}

impl Validate for Join {
    /// Which organisations there are is known to the tenant only.
    fn validate(&self, _: &mut Faults) {}
}

/// Join an organisation, or leave it.
///
/// Joining again changes the options and keeps the date; leaving where the contact is no member changes nothing. The answer has the tokens of the
/// session as they stand: no other ones are needed.
#[utoipa::path(
    post, path = "/contacts/{id}/organisations", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = Join,
    responses(
        (status = 200, description = "Done", body = WireRejoined),
        (status = 400, description = "Not JSON, or an unknown organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The contact has joined 64 organisations", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Referrals are not built", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn join(
    State(api): State<Api>,
    reached: Reached,
    token: ContactToken,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<Join>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    if body.referral_code.is_some() {
        return Err(not_built("referral_code", "joining without a referral"));
    }
    let tenant = token.tenant_view(&api).await?;
    let organisation = organisation(&api, &tenant, &body.organisation_id)?;
    let command = match body.action {
        Action::SignUp => contact::Command::SignUp(SignUp {
            organisation,
            email_opt_out: body.email_opt_out,
            sms_opt_out: body.sms_opt_out,
            has_consented: body.service_acceptance,
            at: Timestamp::default(),
        }),
        Action::SignOff => contact::Command::SignOut(organisation),
    };
    let contact = token.signed_in.contact;
    let place = Some(contact);
    let once = Once::of(&token, &headers, "contacts.join", place, &body.hash)?;
    let remember = Some(once.remember(&api));
    let command = Command::Contact(command);
    let told = api.router.command(contact, command, remember, None).await;
    told.result.map_err(failure::of_path)?;
    rejoined(&api, &reached, &token).await
}

/// Go on in another organisation.
///
/// One that the contact has joined, or is shared with. From then on the session's access tokens name it in their claim `org`; they open the same as
/// before, as a contact's token is good in the whole network. The refresh token stays.
#[utoipa::path(
    post, path = "/organisations/{id}/switch", tag = "Authentication", security(("access_token" = [])),
    params(("id" = String, Path, description = "The organisation's id")),
    responses(
        (status = 200, description = "The contact's organisation", body = WireSwitched),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No organisation that the contact has joined or is shared with", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn switch(
    State(api): State<Api>,
    reached: Reached,
    token: ContactToken,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let ids = api.router.secrets().public_ids();
    let read = ids.read_as(Named::Organisation, &id);
    let wanted = read.ok_or_else(failure::not_found)?.entity;
    let view = token.view(&api).await?;
    let tenant = token.tenant_view(&api).await?;
    if !tenant.is_joined(&view.sign_ups, wanted) {
        return Err(failure::not_found());
    }
    let SignedInContact { contact, session } = token.signed_in;
    let moved_session = api.router.move_session(contact, session, wanted).await;
    let session = moved_session.map_err(refused)?;
    moved(&api, &reached, &token, &session).await
}
