//! Which lines of a wallet's journal are asked for.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::address::Address;
use crate::domain::contact::Line;
use crate::domain::ids::Named;
use crate::domain::money::Minor;
use crate::http::Api;
use crate::http::dates::DateRange;
use crate::http::extract::{Faults, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::shown::journal::{self, Found, JournalEvent, Order, Walk, event_of};

use super::super::wire::not_built;

/// Whether money came in or went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = MovementType)]
pub(super) enum WireMovement {
    /// It came in.
    Credit,
    /// It went out.
    Debit,
}

impl WireMovement {
    pub(super) fn of(line: &Line) -> WireMovement {
        match line.amount < Minor::ZERO {
            true => WireMovement::Debit,
            false => WireMovement::Credit,
        }
    }
}

/// Which of a wallet's pockets money is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = WalletPocket)]
pub(super) enum WirePocket {
    /// What the platform backs: nothing is in it.
    Crmcom,
    /// What the business backs, and nothing binds.
    Business,
    /// What the business backs, and its offers bind.
    BusinessCommerce,
}

impl WirePocket {
    /// That of a line: of one that moved money of both, the commerce money's.
    pub(super) fn of(line: &Line) -> WirePocket {
        match line.has_commerce() {
            true => WirePocket::BusinessCommerce,
            false => WirePocket::Business,
        }
    }
}

/// The order of a list by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = ListOrder)]
pub(in super::super) enum WireOrder {
    /// The oldest first.
    Asc,
    /// The newest first.
    Desc,
}

impl From<Option<WireOrder>> for Order {
    fn from(order: Option<WireOrder>) -> Order {
        match order {
            Some(WireOrder::Asc) => Order::OldestFirst,
            Some(WireOrder::Desc) | None => Order::NewestFirst,
        }
    }
}

/// Demands the one way of sorting that there is.
pub(in super::super) fn validate_sort(faults: &mut Faults, sort: Option<&str>) {
    faults.require(
        sort.is_none_or(|sort| sort == "CREATED_DATE"),
        "sort",
        "unsupported",
        "must be CREATED_DATE, or be left out",
    );
}

/// Which lines.
#[derive(Clone, Debug, Deserialize)]
pub(in super::super) struct LinesQuery {
    r#type: Option<WireMovement>,
    transaction_type: Option<JournalEvent>,
    is_wallet_fee: Option<bool>,
    posted_on: Option<i64>,
    #[serde(rename = "posted_on[gt]")]
    after: Option<i64>,
    #[serde(rename = "posted_on[gte]")]
    from: Option<i64>,
    #[serde(rename = "posted_on[lt]")]
    before: Option<i64>,
    #[serde(rename = "posted_on[lte]")]
    to: Option<i64>,
    commerce_pool_id: Option<String>,
    is_commerce: Option<bool>,
    is_open: Option<bool>,
    // What is credited is the wallet's at once: with or without what is not allocated yet, the lines are the same.
    #[serde(rename = "include_unallocated_credit")]
    _include_unallocated_credit: Option<bool>,
    pocket: Option<WirePocket>,
    community_member_id: Option<String>,
    #[serde(rename = "before")]
    before_line: Option<String>,
    page: Option<u32>,
    size: Option<u32>,
    sort: Option<String>,
    order: Option<WireOrder>,
    #[serde(default)]
    include_total: bool,
}

impl Validate for LinesQuery {
    fn validate(&self, faults: &mut Faults) {
        self.page().validate(faults);
        self.dates().validate(faults, "posted_on");
        validate_sort(faults, self.sort.as_deref());
    }
}

impl LinesQuery {
    fn page(&self) -> Page {
        Page::of(self.page, self.size)
    }

    fn dates(&self) -> DateRange {
        DateRange::of(
            self.posted_on,
            [self.after, self.from, self.before, self.to],
        )
    }

    /// Refuses what a line does not say: to leave such a filter out would show the wrong lines.
    fn must_be_built(&self) -> Result<(), Problem> {
        self.community_member_id.as_ref().map_or(Ok(()), |_| {
            Err(not_built(
                "community_member_id",
                "a list of the contact's own movements",
            ))
        })
    }

    fn is_all(&self) -> bool {
        let kinds = [self.is_commerce, self.is_open, self.is_wallet_fee];
        self.r#type.is_none()
            && self.transaction_type.is_none()
            && kinds.iter().all(Option::is_none)
            && self.commerce_pool_id.is_none()
            && self.pocket.is_none()
            && self.before_line.is_none()
            && self.dates().first().is_none()
            && self.dates().last().is_none()
            && Order::from(self.order) == Order::NewestFirst
    }

    /// Whether a line is wanted, where `pool` is the offer that is to bind its money, by number.
    fn is_wanted(&self, line: &Line, pool: Option<u64>) -> bool {
        self.r#type
            .is_none_or(|wanted| wanted == WireMovement::of(line))
            && self
                .transaction_type
                .is_none_or(|wanted| wanted == event_of(&line.cause))
            // Nothing costs a fee.
            && self.is_wallet_fee != Some(true)
            && self.is_commerce.is_none_or(|wanted| wanted == line.has_commerce())
            && self.is_open.is_none_or(|wanted| wanted == line.has_open())
            && self.pocket.is_none_or(|wanted| wanted == WirePocket::of(line))
            && (self.commerce_pool_id.is_none() || pool.is_some_and(|it| line.is_of_pool(it)))
            && self.dates().holds(line.at)
    }

    /// The lines of the page, and where it lies.
    pub(super) async fn lines(&self, api: &Api, contact: Address) -> Result<Lines, Problem> {
        self.must_be_built()?;
        let page = self.page();
        let ids = api.router.secrets().public_ids();
        let walk = Walk {
            page,
            order: self.order.into(),
            before: journal::before(ids, contact, self.before_line.as_deref())?,
            count: self.include_total,
        };
        let pool = self.commerce_pool_id.as_deref();
        let pool = pool.and_then(|id| ids.read_as(Named::Offer, id));
        let pool = pool.map(|id| id.entity);
        let Found {
            lines,
            total,
            has_more,
            ended_at,
        } = match self.is_all() {
            true => journal::all(api, contact, page).await?,
            false => {
                let is_wanted = |line: &Line| self.is_wanted(line, pool);
                journal::fitting(api, contact, walk, is_wanted).await?
            }
        };
        Ok(Lines {
            lines,
            paging: Paging {
                page: page.page,
                size: page.size,
                total: self.include_total.then_some(total),
                has_more,
            },
            next_before: ended_at.map(|at| journal::line_id(ids, contact.entity, at)),
        })
    }
}

/// A page of lines.
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    pub(super) paging: Paging,
    /// The line to go on from, where not all were looked through.
    pub(super) next_before: Option<String>,
}
