//! The answer of whatever signs a contact in: its tokens, who it is, and where it has signed up.

use std::time::Instant;

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::wire::WireContactType;
use crate::actors::router::access::{SessionView, Trust};
use crate::actors::router::{OpenedProfile, Timings};
use crate::domain::address::Address;
use crate::domain::contact::{Profile, SignUp, Stage};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::http::auth::bearer::ContactToken;
use crate::http::problem::{Code, Problem};
use crate::http::reached::Reached;
use crate::http::shown::role::WireRole;
use crate::http::tokens::Grant;
use crate::http::{Api, failure, reply};

/// A contact that has signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub(super) struct WireSignedIn {
    /// For the `Authorization` header, until `expiration_date`.
    access_token: String,
    /// For `refresh`, once.
    refresh_token: String,
    /// When the access token expires: its `exp`, in Unix seconds.
    expiration_date: i64,
    contact: WireSelf,
    /// The organisations that the contact has joined, and then those that it is shared with.
    organisations: Vec<WireOrganisation>,
    /// None: communities are not built.
    communities: [WireCommunity; 0],
    /// Whether the contact was there before, and so what was sent to register it was dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    existing_contact: Option<bool>,
    /// Who has signed in, where it was asked to act as another contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_contact: Option<WireSelf>,
}

/// Who has signed in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SignedInContact)]
struct WireSelf {
    id: String,
    r#type: WireContactType,
    first_name: Option<String>,
    last_name: Option<String>,
    company_name: Option<String>,
    /// Whether it has proven that it is reached by anything: what it signs in by, or its e-mail address.
    is_verified: bool,
    /// Where its image is shown; null where it has none.
    avatar_url: Option<String>,
}

/// An organisation that the contact has signed up to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedUpOrganisation)]
struct WireOrganisation {
    id: String,
    r#type: WireRole,
    name: String,
}

/// A community of the contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedInCommunity)]
struct WireCommunity {
    id: String,
    name: String,
}

/// A contact whose organisations have changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rejoined)]
pub(super) struct WireRejoined {
    /// For the `Authorization` header, until `exp`.
    access_token: String,
    /// For `refresh`, once.
    refresh_token: String,
    /// When the access token expires, as RFC 3339 has it.
    exp: String,
    contact: WireSelf,
    /// The organisations that the contact has joined, and then those that it is shared with.
    organisations: Vec<WireOrganisation>,
}

/// A contact that goes on in another organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SwitchedOrganisation)]
pub(super) struct WireSwitched {
    /// For the `Authorization` header, until `expiration_date`.
    access_token: String,
    /// For `refresh`, once.
    refresh_token: String,
    /// When the access token expires, as RFC 3339 has it.
    expiration_date: String,
    contact: WireSelf,
    /// The organisations that the contact has joined, and then those that it is shared with.
    organisations: Vec<WireOrganisation>,
}

/// The tokens of the contact's session as they stand, and when they expire, as RFC 3339 has it.
async fn as_they_stand(
    api: &Api,
    reached: &Reached,
    token: &ContactToken,
) -> Result<(WireSignedIn, String), Problem> {
    let contact = token.signed_in.contact;
    let session = api.router.session(contact, token.signed_in.session);
    let session = session.await.map_err(failure::unavailable)?;
    // It ended a moment ago.
    let session = session.ok_or_else(failure::not_found)?;
    with_its_end(api, reached, contact, &session).await
}

/// The tokens of a session, and when they expire, as RFC 3339 has it.
async fn with_its_end(
    api: &Api,
    reached: &Reached,
    contact: Address,
    session: &SessionView,
) -> Result<(WireSignedIn, String), Problem> {
    let signed_in = answer(api, reached, contact, session).await?;
    let expires = jiff::Timestamp::from_second(signed_in.expiration_date);
    let expires = expires.map_or_else(|_| String::new(), |at| at.to_string());
    Ok((signed_in, expires))
}

/// The answer to a contact whose organisations have changed: the tokens of its session as they stand.
pub(super) async fn rejoined(
    api: &Api,
    reached: &Reached,
    token: &ContactToken,
) -> Result<Response, Problem> {
    let (signed_in, exp) = as_they_stand(api, reached, token).await?;
    let answer = WireRejoined {
        access_token: signed_in.access_token,
        refresh_token: signed_in.refresh_token,
        exp,
        contact: signed_in.contact,
        organisations: signed_in.organisations,
    };
    let timings = reply::timings(token, Timings::default());
    Ok(reply::json(StatusCode::OK, &answer, timings))
}

/// The answer to a contact that goes on in another organisation.
pub(super) async fn moved(
    api: &Api,
    reached: &Reached,
    token: &ContactToken,
    session: &SessionView,
) -> Result<Response, Problem> {
    let contact = token.signed_in.contact;
    let (signed_in, expiration_date) = with_its_end(api, reached, contact, session).await?;
    let answer = WireSwitched {
        access_token: signed_in.access_token,
        refresh_token: signed_in.refresh_token,
        expiration_date,
        contact: signed_in.contact,
        organisations: signed_in.organisations,
    };
    let timings = reply::timings(token, Timings::default());
    Ok(reply::json(StatusCode::OK, &answer, timings))
}

/// The answer to a contact in this session. `existing` tells what became of a registration, to whoever proved to own the phone.
pub(super) async fn signed_in(
    api: &Api,
    reached: &Reached,
    began: Instant,
    who: (Address, &SessionView, Option<bool>),
) -> Result<Response, Problem> {
    signed_in_as(api, reached, began, StatusCode::OK, who).await
}

/// The same, with another status.
pub(super) async fn signed_in_as(
    api: &Api,
    reached: &Reached,
    began: Instant,
    status: StatusCode,
    (contact, session, existing): (Address, &SessionView, Option<bool>),
) -> Result<Response, Problem> {
    let mut answer = answer(api, reached, contact, session).await?;
    answer.existing_contact = existing;
    let timings = reply::timings_since(began, Timings::default());
    Ok(reply::json(status, &answer, timings))
}

/// The answer to a contact that acts as itself from now on.
pub(super) async fn switched(
    api: &Api,
    reached: &Reached,
    began: Instant,
    (contact, session): (Address, &SessionView),
) -> Result<Response, Problem> {
    let mut answer = answer(api, reached, contact, session).await?;
    answer.initial_contact = Some(answer.contact.clone());
    let timings = reply::timings_since(began, Timings::default());
    Ok(reply::json(StatusCode::OK, &answer, timings))
}

async fn answer(
    api: &Api,
    reached: &Reached,
    contact: Address,
    session: &SessionView,
) -> Result<WireSignedIn, Problem> {
    let reply = api.router.query(contact, Query::Contact).await;
    let view = match reply.result.map_err(failure::problem)? {
        Answer::Contact(view) if view.stage == Stage::Active => view,
        _ => return Err(failure::not_found()),
    };
    let opened = api.router.open_profile(&contact, &view.profile);
    let profile = match opened.map_err(failure::problem)? {
        // Whoever imitates a device learns nobody's name.
        OpenedProfile::Plain(_) if session.trust == Trust::Recognised => Profile::default(),
        OpenedProfile::Plain(profile) => *profile,
        OpenedProfile::Erased => return Err(failure::not_found()),
    };
    let tenant = api.router.tenant_view(contact.tenant, contact.mode).await;
    let tenant = tenant.map_err(failure::problem)?;
    let secrets = api.router.secrets();
    let grant = Grant {
        contact,
        session: session.number,
        generation: session.generation,
        nonce: &session.nonce,
        issued_at: session.issued_at,
        organisation: session
            .organisation
            .filter(|number| tenant.is_joined(&view.sign_ups, *number)),
    };
    let access = api.tokens.issue(&grant).map_err(|error| {
        tracing::error!(%error, "a contact cannot be signed in");
        Problem::from(Code::Internal)
    })?;
    let own = PublicId::of(Named::Contact, contact.entity);
    let image = profile.own.and_then(|own| own.image);
    Ok(WireSignedIn {
        access_token: access.text,
        refresh_token: secrets.refresh_token(&contact, session),
        expiration_date: access.expires_at,
        contact: WireSelf {
            id: match view.own_id.as_deref() {
                Some(id) => id.to_owned(),
                None => secrets.public_ids().write(own),
            },
            r#type: view.contact_type.into(),
            first_name: profile.first_name,
            last_name: profile.last_name,
            company_name: profile.company_name,
            is_verified: view.is_verified,
            avatar_url: image.map(|image| super::image::url(api, reached, &contact, &image)),
        },
        organisations: match session.trust {
            Trust::Proven => organisations(secrets.public_ids(), &tenant, &view.sign_ups),
            Trust::Recognised => Vec::new(),
        },
        communities: [],
        existing_contact: None,
        initial_contact: None,
    })
}

fn organisations(
    ids: &PublicIds,
    tenant: &TenantView,
    sign_ups: &[SignUp],
) -> Vec<WireOrganisation> {
    let joined = sign_ups.iter().map(|one| one.organisation);
    let known = joined
        .chain(tenant.shared_with(sign_ups))
        .filter_map(|number| {
            let organisation = tenant.organisations.get(&number)?;
            Some(WireOrganisation {
                id: ids.write(PublicId::of(Named::Organisation, number)),
                r#type: organisation.role.into(),
                name: organisation.name.clone(),
            })
        });
    known.collect()
}
