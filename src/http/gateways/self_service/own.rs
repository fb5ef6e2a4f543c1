//! The contact's own profile: read, and changed in one way.

use crate::actors::router::OpenedProfile;
use crate::actors::router::contact_change::NotChanged;
use crate::domain::address::Address;
use crate::domain::contact::{Profile, Stage};
use crate::domain::entity::{Answer, ContactView, Query, Remember};
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::Caller;
use crate::http::auth::bearer::ContactToken;
use crate::http::gateways::backoffice::contacts::{Word, has_unclaimed, not_changed, with_profile};
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

/// Changes the profile of the token's contact, once for each `once`. What it signs in by is no part of it, and nobody finds it by an address that it has
/// not proven. The edit may be made again, where another change comes first.
pub(super) async fn change(
    api: &Api,
    token: &ContactToken,
    once: &Once,
    edit: impl Fn(&mut Profile) -> Result<(), Problem>,
) -> Result<Box<ContactView>, Problem> {
    let contact = token.signed_in.contact;
    change_of(api, token, contact, Some(once.remember(api)), edit).await
}

/// Lets `contact` be known by what its profile says and it has proven since. What another contact is known by stays that one's.
pub(super) async fn know_by_proven(api: &Api, caller: &Caller, contact: Address) {
    let known = async {
        let reply = api.router.query(contact, Query::Contact).await;
        let view = match reply.result.map_err(failure::problem)? {
            Answer::Contact(view) if view.stage == Stage::Active => view,
            _ => return Ok(()),
        };
        let opened = api.router.open_profile(&contact, &view.profile);
        let OpenedProfile::Plain(profile) = opened.map_err(failure::problem)? else {
            return Ok(());
        };
        if has_unclaimed(api, caller, &view, &profile) {
            change_of(api, caller, contact, None, |_| Ok(())).await?;
        }
        Ok::<_, Problem>(())
    };
    if let Err(problem) = known.await {
        // Whoever proved it is signed in whatever comes of this.
        let code = problem.code();
        tracing::debug!(
            ?code,
            "a contact is known by what it has proven from its next code on"
        );
    }
}

async fn change_of(
    api: &Api,
    caller: &Caller,
    contact: Address,
    remember: Option<Remember>,
    edit: impl Fn(&mut Profile) -> Result<(), Problem>,
) -> Result<Box<ContactView>, Problem> {
    let mut taken = Vec::new();
    loop {
        let changed = api
            .router
            .change_contact(contact, remember.clone(), |view, mut profile| {
                let before = profile.clone();
                edit(&mut profile)?;
                let changed = (&before, profile, Word::Own(&taken));
                with_profile(api, caller, view, view.code.clone(), changed)
            });
        match changed.await {
            // Proven to be its own, and another contact is known by it: that one stays so, and it is a text here.
            Err(NotChanged::ValueTaken(field)) if !taken.contains(&field) => taken.push(field),
            changed => return changed.map_err(not_changed),
        }
    }
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
