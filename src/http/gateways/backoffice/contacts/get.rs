//! `GET /contacts/{id}`

use axum::extract::{Path, State};
use axum::response::Response;

use super::wire::{WalletReference, WireContact, WireMembership, lists};
use super::{ContactName, contact_id, resolve};
use crate::actors::router::OpenedProfile;
use crate::domain::api_key::Scope;
use crate::domain::contact::{Demographics, SignUp, Stage};
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::Authorized;
use crate::http::extract::Conditions;
use crate::http::gateways::demographics::WireDemographics;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Get a contact by id or code.
#[utoipa::path(
    get, path = "/contacts/{id}", tag = "Contacts", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The contact's id or code"),
        ("If-None-Match" = Option<String>, Header, description = "An ETag: 304 if it is still the newest"),
    ),
    responses(
        (status = 200, description = "The contact", body = WireContact),
        (status = 304, description = "Unchanged"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsRead.bit() }>,
    Path(name): Path<String>,
    headers: Conditions,
) -> Result<Response, Problem> {
    let address = resolve(&api, &caller, ContactName::IdOrCode(&name))
        .await
        .map_err(failure::problem)?
        .ok_or_else(failure::not_found)?;
    let answer = api.router.query(address, Query::Contact).await;
    let timings = reply::timings(&caller, answer.timings);
    let view = match answer.result {
        Ok(Answer::Contact(view)) if view.stage == Stage::Active => view,
        Ok(_) => return Err(failure::not_found()),
        Err(why) => return Ok(reply::refused(failure::problem(why), timings)),
    };
    let opened = api
        .router
        .open_profile(&address, &view.profile)
        .map_err(failure::problem)?;
    let mut profile = match opened {
        OpenedProfile::Plain(profile) => *profile,
        OpenedProfile::Erased => return Err(failure::not_found()),
    };
    let tenant = caller.tenant_view(&api).await?;
    let sign_ups = view.sign_ups.iter();
    let visible = sign_ups.filter(|one| caller.acts_for(&tenant, Some(one.organisation)));
    let (phones, addresses, custom_fields) = lists(&mut profile);
    let about = profile.own.as_ref().map(|own| &own.demographics);
    let about = about.filter(|about| **about != Demographics::default());
    let wallet = PublicId::of(Named::Wallet, address.entity);
    let contact = WireContact {
        id: contact_id(&api, view.own_id.as_deref(), address.entity),
        code: view.code.to_string(),
        contact_type: view.contact_type.into(),
        name: profile.display_name(),
        title: profile.title,
        first_name: profile.first_name,
        middle_name: profile.middle_name,
        last_name: profile.last_name,
        company_name: profile.company_name,
        email_address: profile.email_address,
        phones,
        addresses,
        custom_fields,
        demographics: about.map(WireDemographics::of),
        organisations: memberships(&api, visible),
        wallet: WalletReference {
            id: api.router.secrets().public_ids().write(wallet),
        },
        created_date: view.created_at.unix_seconds(),
    };
    let etag = format!("\"{}.{}\"", view.version, view.sign_up_version);
    Ok(reply::representation(&contact, &etag, &headers, timings))
}

fn memberships<'a>(api: &Api, sign_ups: impl Iterator<Item = &'a SignUp>) -> Vec<WireMembership> {
    let ids = api.router.secrets().public_ids();
    let shown = sign_ups.map(|one| WireMembership {
        id: ids.write(PublicId::of(Named::Organisation, one.organisation)),
        email_opt_out: one.email_opt_out,
        sms_opt_out: one.sms_opt_out,
        consent_state: one.has_consented.then_some("ACCEPTED"),
        sign_up_date: one.at.unix_seconds(),
    });
    shown.collect()
}
