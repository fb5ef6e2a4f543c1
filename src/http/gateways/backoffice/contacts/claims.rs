//! By what a contact is known: tills find it so, and no other contact may have it.
//!
//! What the business writes of a contact is what it is known by. What a contact writes itself is a text of its profile until it has proven that it is
//! reached there: anybody could write anybody's address.

use std::sync::Arc;

use super::identity::{self, Reach, reaches};
use crate::actors::router::contact_change::Edited;
use crate::domain::contact::Profile;
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::ContactView;
use crate::http::auth::Caller;
use crate::http::problem::Problem;
use crate::http::{Api, failure};
use crate::limits::PROFILE_LISTS_BYTES_MAX;

/// The field of a card.
pub(super) const CARD: &str = "card";
/// The field of an e-mail address.
pub(super) const EMAIL_ADDRESS: &str = "email_address";
/// The field of a phone number.
pub(super) const PHONE: &str = "phone";
/// What a contact has already is no duplicate.
const KEPT: &str = "";

/// Whose word it is what a changed profile says of where its contact is reached.
#[derive(Clone, Copy, Debug)]
pub(in crate::http::gateways) enum Word<'a> {
    /// The business's, in these fields: the contact is known by what they say. In the others nothing was written.
    Business(&'a [&'static str]),
    /// The contact's own: it is known by what it has proven, except in these fields, where another contact is known by it already.
    Own(&'a [&'static str]),
}

impl Word<'_> {
    /// Whether the contact is to be known by what is new in its profile.
    fn claims(self, view: &ContactView, reach: &Reach) -> bool {
        match self {
            Word::Business(written) => written.contains(&reach.field),
            Word::Own(taken) => {
                view.identities.contains(&reach.identity) && !taken.contains(&reach.field)
            }
        }
    }

    /// Whether the contact stays known by what its profile no longer says.
    fn keeps(self, view: &ContactView, reach: &Reach) -> bool {
        match self {
            Word::Business(_) => false,
            Word::Own(_) => view.identities.contains(&reach.identity),
        }
    }
}

/// All unique values of a new contact, most telling first, each with the name of the field that a duplicate is reported for.
pub(super) fn of_new(
    api: &Api,
    caller: &Caller,
    own_id: Option<&str>,
    code: &str,
    profile: &Profile,
) -> Vec<(ValueHash, &'static str)> {
    let reaches = reaches(api, caller, profile);
    let reached = reaches.iter().map(|reach| (reach.detail, reach.field));
    let mut claims = Vec::with_capacity(4);
    for claim in named(api, caller, own_id, code).into_iter().chain(reached) {
        claim_once(&mut claims, claim);
    }
    claims.extend(cards(api, caller, profile));
    claims
}

/// What a contact is to be stored as that has this code and profile, and is as it was in all else: before, its profile said what `before` does.
///
/// # Errors
/// Its lists hold more text together than they may.
pub(in crate::http::gateways) fn with_profile(
    api: &Api,
    caller: &Caller,
    view: &ContactView,
    code: Arc<str>,
    (before, profile, word): (&Profile, Profile, Word<'_>),
) -> Result<Edited, Problem> {
    if profile.lists_bytes() > PROFILE_LISTS_BYTES_MAX {
        return Err(failure::invalid_field(
            "",
            "too_long",
            "must have less text: phones, addresses, devices and custom fields together at most 8 KiB",
        ));
    }
    let own_id = view.own_id.as_deref();
    let reached_before = reaches(api, caller, before);
    let mut claims = named(api, caller, own_id, &code);
    for reach in reaches(api, caller, &profile) {
        if view.claims.contains(&reach.detail) || word.claims(view, &reach) {
            claim_once(&mut claims, (reach.detail, reach.field));
        }
    }
    claims.extend(cards(api, caller, &profile));
    // It may be known by more than its profile says now: by what it has proven, and its profile said once.
    let said = of_new(api, caller, own_id, &view.code, before);
    let is_said = |value: &ValueHash| said.iter().any(|(known, _)| known == value);
    let unsaid = view.claims.iter().filter(|value| !is_said(value));
    let kept = reached_before.iter().filter(|it| word.keeps(view, it));
    let kept = kept.map(|reach| &reach.detail);
    let kept = kept.filter(|value| view.claims.contains(value));
    for value in unsaid.chain(kept) {
        claim_once(&mut claims, (*value, KEPT));
    }
    Ok(Edited {
        contact_type: view.contact_type,
        claims,
        code,
        profile,
    })
}

/// Whether the contact has proven something that its profile says, and is not known by it yet.
pub(in crate::http::gateways) fn has_unclaimed(
    api: &Api,
    caller: &Caller,
    view: &ContactView,
    profile: &Profile,
) -> bool {
    let reaches = reaches(api, caller, profile);
    let mut unclaimed = reaches
        .iter()
        .filter(|it| !view.claims.contains(&it.detail));
    unclaimed.any(|it| Word::Own(&[]).claims(view, it))
}

fn named(
    api: &Api,
    caller: &Caller,
    own_id: Option<&str>,
    code: &str,
) -> Vec<(ValueHash, &'static str)> {
    let own_id = own_id.map(|id| (identity::own_id(api, caller, id), "id"));
    let code = (identity::code(api, caller, code), "code");
    own_id.into_iter().chain([code]).collect()
}

fn cards(
    api: &Api,
    caller: &Caller,
    profile: &Profile,
) -> impl Iterator<Item = (ValueHash, &'static str)> {
    let cards = profile.cards.iter();
    cards.map(|card| (identity::card(api, caller, &card.identifier), CARD))
}

/// One number may be said twice.
fn claim_once(claims: &mut Vec<(ValueHash, &'static str)>, claim: (ValueHash, &'static str)) {
    if !claims.iter().any(|(known, _)| *known == claim.0) {
        claims.push(claim);
    }
}
