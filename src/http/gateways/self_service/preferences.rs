//! `GET` and `POST /contacts/{id}/preferences`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::own;
use super::wire::{Changed, organisation};
use crate::actors::router::Timings;
use crate::domain::contact::{Preference, PreferredFor, Profile};
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::{Conditions, Faults, ValidJson, Validate};
use crate::http::gateways::once::Once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// What an organisation is liked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = PreferenceType)]
enum WirePurpose {
    /// To order there.
    Orders,
    /// To get rewards there.
    Rewards,
}

impl From<WirePurpose> for PreferredFor {
    fn from(of: WirePurpose) -> PreferredFor {
        match of {
            WirePurpose::Orders => PreferredFor::Orders,
            WirePurpose::Rewards => PreferredFor::Rewards,
        }
    }
}

impl From<PreferredFor> for WirePurpose {
    fn from(of: PreferredFor) -> WirePurpose {
        match of {
            PreferredFor::Orders => WirePurpose::Orders,
            PreferredFor::Rewards => WirePurpose::Rewards,
        }
    }
}

/// An organisation that the contact likes, in place of the one before.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPreference)]
pub(super) struct NewPreference {
    organisation_id: String,
    r#type: WirePurpose,
}

impl Validate for NewPreference {
    /// Which organisations there are is known to the tenant only.
    fn validate(&self, _: &mut Faults) {}
}

/// An organisation that the contact likes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnPreference)]
struct WirePreference {
    id: String,
    r#type: WirePurpose,
    name: String,
}

/// What the contact likes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnPreferences)]
pub(super) struct Preferences {
    organisations: Vec<WirePreference>,
}

/// Get the organisations that the contact likes.
#[utoipa::path(
    get, path = "/contacts/{id}/preferences", tag = "Contact", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact's own id or code")),
    responses(
        (status = 200, description = "One at most for each purpose", body = Preferences),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let (_, profile) = own::profile(&api, &token, &name).await?;
    let tenant = token.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let liked = profile.own.iter().flat_map(|own| &own.preferences);
    let known = liked.filter_map(|one| {
        let organisation = tenant.organisations.get(&one.organisation)?;
        Some(WirePreference {
            id: ids.write(PublicId::of(Named::Organisation, one.organisation)),
            r#type: one.purpose.into(),
            name: organisation.name.clone(),
        })
    });
    let preferences = Preferences {
        organisations: known.collect(),
    };
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &preferences, timings))
}

/// Say which organisation the contact likes, for one purpose.
#[utoipa::path(
    post, path = "/contacts/{id}/preferences", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = NewPreference,
    responses(
        (status = 200, description = "Set", body = Changed),
        (status = 400, description = "Not JSON, or an unknown organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn set(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<NewPreference>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    let tenant = token.tenant_view(&api).await?;
    let number = organisation(&api, &tenant, &body.organisation_id)?;
    let place = Some(token.signed_in.contact);
    let once = Once::of(&token, &headers, "contacts.preferences", place, &body.hash)?;
    let set = |profile: &mut Profile| {
        let purpose = body.r#type.into();
        let preferences = &mut profile.own_mut().preferences;
        preferences.retain(|one| one.purpose != purpose);
        preferences.push(Preference {
            purpose,
            organisation: number,
        });
        Ok(())
    };
    own::change(&api, &token, &once, set).await?;
    let id = body.organisation_id.clone();
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &Changed { id }, timings))
}
