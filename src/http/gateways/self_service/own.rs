//! The contact's own profile: read, and changed in one way.

use crate::actors::router::OpenedProfile;
use crate::domain::contact::Profile;
use crate::domain::entity::ContactView;
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::bearer::ContactToken;
use crate::http::gateways::backoffice::contacts::{not_changed, with_profile};
use crate::http::gateways::once::Once;
use crate::http::problem::{Code, Problem};
use crate::http::{Api, failure};
use crate::limits::PROFILE_LIST_MAX;

/// The contact that the path names, if it is the token's, with its profile.
pub(super) async fn profile(
    api: &Api,
    token: &ContactToken,
    name: &str,
) -> Result<(Box<ContactView>, Profile), Problem> {
    let view = token.named(api, name).await?;
    let profile = opened(api, token, &view)?;
    Ok((view, profile))
}

/// The profile of the token's contact as `view` shows it.
pub(super) fn opened(
    api: &Api,
    token: &ContactToken,
    view: &ContactView,
) -> Result<Profile, Problem> {
    let contact = token.signed_in.contact;
    let opened = api.router.open_profile(&contact, &view.profile);
    match opened.map_err(failure::problem)? {
        OpenedProfile::Plain(profile) => Ok(*profile),
        OpenedProfile::Erased => Err(failure::not_found()),
    }
}

/// Changes the profile of the token's contact, once for each `once`. What it signs in by is no part of it. The edit may be made again,
/// where another change comes first.
pub(super) async fn change(
    api: &Api,
    token: &ContactToken,
    once: &Once,
    edit: impl Fn(&mut Profile) -> Result<(), Problem>,
) -> Result<Box<ContactView>, Problem> {
    let contact = token.signed_in.contact;
    let remember = Some(once.remember(api));
    let changed = api
        .router
        .change_contact(contact, remember, |view, mut profile| {
            edit(&mut profile)?;
            with_profile(api, token, view, view.code.clone(), profile)
        });
    changed.await.map_err(not_changed)
}

/// The number that a part of the contact gets which `once` adds: the same for each retry.
pub(super) fn part_number(api: &Api, once: &Once) -> u32 {
    let derived = api.router.secrets().derived_entity(&once.scope(), 0);
    let half = u32::try_from(derived >> 32).unwrap_or_default();
    half.max(1)
}

/// The id of a part of the token's contact.
pub(super) fn part_id(api: &Api, token: &ContactToken, named: Named, part: u32) -> String {
    api.router.secrets().public_ids().write(PublicId {
        named,
        entity: token.signed_in.contact.entity,
        part,
    })
}

/// The number of the part that `id` names, if it can be one of the token's contact.
pub(super) fn part(api: &Api, token: &ContactToken, named: Named, id: &str) -> Option<u32> {
    let ids = api.router.secrets().public_ids();
    ids.read_as(named, id)
        .filter(|id| id.entity == token.signed_in.contact.entity)
        .map(|id| id.part)
}

/// Demands room for one more in a list of the profile.
pub(super) fn require_room(entries: usize, what: &'static str) -> Result<(), Problem> {
    if entries < PROFILE_LIST_MAX {
        return Ok(());
    }
    Err(Problem::new(
        Code::LimitReached,
        format!("the contact has {PROFILE_LIST_MAX} {what}; remove one first"),
    ))
}
