//! The purchases of one contact, asked of the contact itself: by number, so that no list stands between.

use super::list::{Found, Wanted, fetch, too_broad, unknown_contact};
use crate::domain::address::Address;
use crate::domain::contact::{Purchase, Stage};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Query, Rejection};
use crate::http::problem::Problem;
use crate::http::{Api, failure};
use crate::limits;

/// The page that is wanted, newest first.
///
/// # Errors
/// The contact is unknown or does not answer, or more of its purchases had to be looked at than one request may.
pub(super) async fn list(
    api: &Api,
    contact: Address,
    tenant: &TenantView,
    wanted: &Wanted,
) -> Result<Found, Problem> {
    let recorded = match api.router.query(contact, Query::Contact).await.result {
        Ok(Answer::Contact(view)) if view.stage == Stage::Active => view.purchases,
        Ok(_) => return Err(unknown_contact()),
        Err(crate::actors::router::Failure::Rejected(Rejection::NotFound)) => {
            return Err(unknown_contact());
        }
        Err(why) => return Err(failure::problem(why)),
    };
    if is_all(wanted) {
        return by_number(api, contact, recorded, wanted).await;
    }
    let mut found = Found::default();
    let mut fitting = 0_u64;
    for (looked_at, number) in (0..).zip((1..=recorded).rev()) {
        if looked_at == limits::CONTACT_PURCHASES_LOOKED_AT_MAX {
            return Err(too_broad());
        }
        let Some((contact, view)) = fetch(api, contact, number).await? else {
            continue;
        };
        if !fits(&view.purchase, tenant, wanted) {
            continue;
        }
        if fitting >= wanted.page.skip() {
            if found.purchases.len() < wanted.page.take() {
                found.purchases.push((contact, view));
            } else {
                found.has_more = true;
            }
        }
        fitting = fitting.saturating_add(1);
        if found.has_more && !wanted.count {
            break;
        }
    }
    found.total = wanted.count.then_some(fitting);
    Ok(found)
}

fn is_all(wanted: &Wanted) -> bool {
    wanted.first.is_none()
        && wanted.last.is_none()
        && wanted.classification.is_none()
        && wanted.organisations.is_empty()
}

async fn by_number(
    api: &Api,
    contact: Address,
    recorded: u32,
    wanted: &Wanted,
) -> Result<Found, Problem> {
    let skip = u32::try_from(wanted.page.skip()).unwrap_or(u32::MAX);
    let newest = recorded.saturating_sub(skip);
    let oldest_before = newest.saturating_sub(wanted.page.size);
    let mut found = Found {
        has_more: oldest_before > 0,
        total: wanted.count.then_some(u64::from(recorded)),
        ..Found::default()
    };
    for number in (oldest_before.saturating_add(1)..=newest).rev() {
        found.purchases.extend(fetch(api, contact, number).await?);
    }
    Ok(found)
}

fn fits(purchase: &Purchase, tenant: &TenantView, wanted: &Wanted) -> bool {
    let at = purchase.performed_on.unwrap_or(purchase.recorded_at);
    let is_there = |one: &u64| tenant.is_within(purchase.organisation, *one);
    wanted.first.is_none_or(|first| at >= first)
        && wanted.last.is_none_or(|last| at <= last)
        && wanted
            .classification
            .as_deref()
            .is_none_or(|name| name == &*purchase.classification)
        && (wanted.organisations.is_empty() || wanted.organisations.iter().any(is_there))
}
