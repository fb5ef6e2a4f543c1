//! Which lines of a wallet's journal are asked for.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::address::Address;
use crate::domain::contact::Line;
use crate::domain::money::Minor;
use crate::http::Api;
use crate::http::dates::DateRange;
use crate::http::extract::{Faults, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::shown::journal::{self, Found, JournalEvent, Order, event_of};

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
    include_unallocated_credit: Option<bool>,
    pocket: Option<String>,
    community_member_id: Option<String>,
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
        let unknown = [
            ("commerce_pool_id", self.commerce_pool_id.is_some()),
            ("is_commerce", self.is_commerce.is_some()),
            ("is_open", self.is_open.is_some()),
            (
                "include_unallocated_credit",
                self.include_unallocated_credit.is_some(),
            ),
            ("pocket", self.pocket.is_some()),
            ("community_member_id", self.community_member_id.is_some()),
        ];
        let asked = unknown.into_iter().find(|(_, is_asked)| *is_asked);
        asked.map_or(Ok(()), |(member, _)| {
            Err(not_built(
                member,
                "a list without this filter, or with type, transaction_type and posted_on,",
            ))
        })
    }

    fn is_all(&self) -> bool {
        self.r#type.is_none()
            && self.transaction_type.is_none()
            && self.is_wallet_fee != Some(true)
            && self.dates().first().is_none()
            && self.dates().last().is_none()
            && Order::from(self.order) == Order::NewestFirst
    }

    fn is_wanted(&self, line: &Line) -> bool {
        self.r#type
            .is_none_or(|wanted| wanted == WireMovement::of(line))
            && self
                .transaction_type
                .is_none_or(|wanted| wanted == event_of(&line.cause))
            // Nothing costs a fee.
            && self.is_wallet_fee != Some(true)
            && self.dates().holds(line.at)
    }

    /// The lines of the page, and where it lies.
    pub(super) async fn lines(
        &self,
        api: &Api,
        contact: Address,
    ) -> Result<(Vec<Line>, Paging), Problem> {
        self.must_be_built()?;
        let page = self.page();
        let Found {
            lines,
            total,
            has_more,
        } = match self.is_all() {
            true => journal::all(api, contact, page).await?,
            false => {
                let is_wanted = |line: &Line| self.is_wanted(line);
                journal::fitting(api, contact, page, self.order.into(), is_wanted).await?
            }
        };
        let paging = Paging {
            page: page.page,
            size: page.size,
            total: self.include_total.then_some(total),
            has_more,
        };
        Ok((lines, paging))
    }
}
