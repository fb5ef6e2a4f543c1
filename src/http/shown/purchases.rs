//! The purchases of one contact, asked of the contact itself: by number, so that no list stands between.

use crate::actors::router::Failure;
use crate::domain::address::Address;
use crate::domain::contact::{Purchase, Stage};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, PurchaseView, Query, Rejection};
use crate::http::dates::DateRange;
use crate::http::paging::Page;
use crate::http::problem::Problem;
use crate::http::{Api, failure};
use crate::limits;

/// What is asked for, in the domain's terms.
pub(in crate::http) struct Wanted {
    pub(in crate::http) page: Page,
    pub(in crate::http) dates: DateRange,
    pub(in crate::http) classification: Option<String>,
    /// The organisations that are named, or else the one that the key acts for; all, if none.
    pub(in crate::http) organisations: Vec<u64>,
    pub(in crate::http) count: bool,
    pub(in crate::http) order: Order,
}

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Order {
    /// The newest first.
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// The purchases of a page, with their contacts.
#[derive(Default)]
pub(in crate::http) struct Found {
    pub(in crate::http) purchases: Vec<(Address, Box<PurchaseView>)>,
    pub(in crate::http) has_more: bool,
    pub(in crate::http) total: Option<u64>,
}

/// The page that is wanted; none, if the contact is unknown.
///
/// # Errors
/// The contact does not answer, or more of its purchases had to be looked at than one request may.
pub(in crate::http) async fn of_contact(
    api: &Api,
    contact: Address,
    tenant: &TenantView,
    wanted: &Wanted,
) -> Result<Option<Found>, Problem> {
    let recorded = match api.router.query(contact, Query::Contact).await.result {
        Ok(Answer::Contact(view)) if view.stage == Stage::Active => view.purchases,
        Ok(_) | Err(Failure::Rejected(Rejection::NotFound)) => return Ok(None),
        Err(why) => return Err(failure::problem(why)),
    };
    if is_all(wanted) {
        let found = by_number(api, contact, recorded, wanted).await?;
        return Ok(Some(found));
    }
    let mut found = Found::default();
    let mut fitting = 0_u64;
    for (looked_at, number) in (0..).zip(numbers(1, recorded, wanted.order)) {
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
    Ok(Some(found))
}

fn is_all(wanted: &Wanted) -> bool {
    wanted.dates.first().is_none()
        && wanted.dates.last().is_none()
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
    let take = wanted.page.size;
    let left = recorded.saturating_sub(skip);
    let (from, to) = match wanted.order {
        Order::NewestFirst => (left.saturating_sub(take).saturating_add(1), left),
        Order::OldestFirst => (
            skip.saturating_add(1),
            skip.saturating_add(take).min(recorded),
        ),
    };
    let mut found = Found {
        has_more: left > take,
        total: wanted.count.then_some(u64::from(recorded)),
        ..Found::default()
    };
    for number in numbers(from, to, wanted.order) {
        found.purchases.extend(fetch(api, contact, number).await?);
    }
    Ok(found)
}

/// The numbers from one to another, in this order.
fn numbers(from: u32, to: u32, order: Order) -> impl Iterator<Item = u32> {
    (from..=to).map(move |number| match order {
        Order::NewestFirst => to.saturating_sub(number).saturating_add(from),
        Order::OldestFirst => number,
    })
}

fn fits(purchase: &Purchase, tenant: &TenantView, wanted: &Wanted) -> bool {
    let at = purchase.performed_on.unwrap_or(purchase.recorded_at);
    let is_there = |one: &u64| tenant.is_within(purchase.organisation, *one);
    wanted.dates.holds(at)
        && wanted
            .classification
            .as_deref()
            .is_none_or(|name| name == &*purchase.classification)
        && (wanted.organisations.is_empty() || wanted.organisations.iter().any(is_there))
}

/// A purchase, asked of its contact.
pub(in crate::http) async fn fetch(
    api: &Api,
    contact: Address,
    number: u32,
) -> Result<Option<(Address, Box<PurchaseView>)>, Problem> {
    let answer = api.router.query(contact, Query::Purchase(number)).await;
    match answer.result {
        Ok(Answer::Purchase(view)) => Ok(Some((contact, view))),
        Ok(_) | Err(Failure::Rejected(Rejection::NotFound)) => {
            tracing::debug!(
                number,
                "a list names a purchase whose contact does not show it: it was erased"
            );
            Ok(None)
        }
        Err(why) => Err(failure::problem(why)),
    }
}

/// More would have to be looked at than one request may.
pub(in crate::http) fn too_broad() -> Problem {
    failure::invalid_field(
        "date[gte]",
        "too_broad",
        "too few of the newest purchases fit the filters; give dates that are closer together",
    )
}
