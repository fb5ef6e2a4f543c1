//! `POST /contacts/{id}/organisations`

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::named;
use crate::domain::api_key::Scope;
use crate::domain::contact::{self, SignUp};
use crate::domain::entity::Command;
use crate::domain::time::Timestamp;
use crate::http::auth::Authorized;
use crate::http::extract::lenient::boolean;
use crate::http::extract::{Conditions, Faults, ValidJson, Validate};
use crate::http::gateways::once::Once;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = MembershipAction)]
enum Action {
    /// Become a member of the organisation.
    SignUp,
    /// Be its member no longer.
    SignOut,
}

/// Whether the contact has accepted the organisation's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum ConsentState {
    /// It has.
    Accepted,
}

/// A contact signs up to an organisation, or out.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactMembership)]
pub(in super::super) struct Membership {
    organisation_id: String,
    action: Action,
    /// The same as `consent_state: ACCEPTED`, in older clients.
    #[serde(default, deserialize_with = "boolean")]
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
    consent_state: Option<ConsentState>,
}

impl Validate for Membership {
    /// Which organisations there are is known to the tenant only.
    fn validate(&self, _: &mut Faults) {}
}

/// Sign a contact up to an organisation, or out.
///
/// Signing up again changes the options and keeps the date; signing out where it is no member changes nothing.
#[utoipa::path(
    post, path = "/contacts/{id}/organisations", tag = "Contacts", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The contact's id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = Membership,
    responses(
        (status = 204, description = "Done"),
        (status = 400, description = "Not JSON, or an unknown organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The contact is signed up to 64 organisations", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn sign(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsWrite.bit() }>,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<Membership>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let address = named(&api, &caller, &name).await?;
    let ids = api.router.secrets().public_ids();
    let organisation = caller
        .organisation(ids, &tenant, &body.organisation_id)
        .ok_or_else(|| {
            Problem::new(
                Code::UnknownOrganisation,
                "organisation_id names none that is known under this key",
            )
        })?;
    let command = match body.action {
        Action::SignUp => contact::Command::SignUp(SignUp {
            organisation,
            email_opt_out: body.email_opt_out,
            sms_opt_out: body.sms_opt_out,
            has_consented: body.service_acceptance || body.consent_state.is_some(),
            at: Timestamp::default(),
        }),
        Action::SignOut => contact::Command::SignOut(organisation),
    };
    let once = Once::of(
        &caller,
        &headers,
        "contacts.organisations",
        Some(address),
        &body.hash,
    )?;
    let remember = Some(once.remember(&api));
    let answer = api
        .router
        .command(address, Command::Contact(command), remember, None)
        .await;
    let timings = reply::timings(&caller, answer.timings);
    Ok(match answer.result {
        Ok(_) => reply::no_content(timings),
        Err(why) => reply::refused(failure::of_path(why), timings),
    })
}
