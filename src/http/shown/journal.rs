//! Pages of a wallet's journal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(in crate::http) use super::purchases::Order;
use crate::domain::address::Address;
use crate::domain::contact::{Cause, JournalPage, JournalView, Line};
use crate::domain::entity::{Answer, Query};
use crate::domain::time::Timestamp;
use crate::http::paging::Page;
use crate::http::problem::Problem;
use crate::http::{Api, failure};
use crate::limits;

/// A page of lines, newest first.
pub(in crate::http) struct Found {
    /// The lines.
    pub(in crate::http) lines: Vec<Line>,
    /// How many there are in all, of those that were looked at.
    pub(in crate::http) total: u64,
    /// Whether more follow.
    pub(in crate::http) has_more: bool,
}

/// A part of the journal.
pub(in crate::http) async fn ask(
    api: &Api,
    contact: Address,
    page: JournalPage,
) -> Result<JournalView, Problem> {
    match api.router.query(contact, Query::Journal(page)).await.result {
        Ok(Answer::Journal(view)) => Ok(view),
        Ok(_) => Err(failure::not_found()),
        Err(why) => Err(failure::problem(why)),
    }
}

/// A page of all lines.
pub(in crate::http) async fn all(
    api: &Api,
    contact: Address,
    page: Page,
) -> Result<Found, Problem> {
    let skip = u32::try_from(page.skip()).unwrap_or(u32::MAX);
    let asked = JournalPage {
        newest: None,
        skip,
        take: page.size,
    };
    let view = ask(api, contact, asked).await?;
    Ok(Found {
        lines: view.lines,
        total: u64::from(view.count),
        has_more: skip.saturating_add(page.size) < view.count,
    })
}

/// A page of those that are wanted among the newest lines.
pub(in crate::http) async fn fitting(
    api: &Api,
    contact: Address,
    page: Page,
    order: Order,
    is_wanted: impl Fn(&Line) -> bool,
) -> Result<Found, Problem> {
    let mut lines = look(api, contact, None, is_wanted).await?.lines;
    if order == Order::OldestFirst {
        lines.reverse();
    }
    let (lines, paging) = page.cut(lines, true);
    Ok(Found {
        lines,
        total: paging.total.unwrap_or_default(),
        has_more: paging.has_more,
    })
}

/// What was found among the newest lines.
pub(in crate::http) struct Looked {
    /// Those that are wanted, newest first.
    pub(in crate::http) lines: Vec<Line>,
    /// Whether every line was looked at that can be one of them.
    pub(in crate::http) is_complete: bool,
}

/// Looks through the newest lines for those that are wanted; back to `first`, if all that are lie there or later.
pub(in crate::http) async fn look(
    api: &Api,
    contact: Address,
    first: Option<Timestamp>,
    is_wanted: impl Fn(&Line) -> bool,
) -> Result<Looked, Problem> {
    let mut looked = Looked {
        lines: Vec::new(),
        is_complete: false,
    };
    let mut newest = None;
    for _ in 0..limits::JOURNAL_LINES_LOOKED_AT_MAX.div_ceil(limits::PAGE_SIZE_MAX) {
        let asked = JournalPage {
            newest,
            skip: 0,
            take: limits::PAGE_SIZE_MAX,
        };
        let view = ask(api, contact, asked).await?;
        let oldest = view.lines.last().map_or(0, |line| line.number);
        let is_before = |line: &Line| first.is_some_and(|first| line.at < first);
        looked.is_complete = oldest <= 1
            || view
                .lines
                .iter()
                .any(|line| is_before(line) && is_prompt(line));
        looked
            .lines
            .extend(view.lines.into_iter().filter(&is_wanted));
        if looked.is_complete {
            break;
        }
        newest = Some(oldest.saturating_sub(1));
    }
    Ok(looked)
}

/// Whether a line was written when it says that it happened, so that none before it is later. What time brings about may be
/// written after what came later.
fn is_prompt(line: &Line) -> bool {
    match line.cause {
        Cause::Award(_)
        | Cause::Spend(_)
        | Cause::TopUp(_)
        | Cause::Credit(_)
        | Cause::Debit(_)
        | Cause::Hold(_)
        | Cause::Cancel(_)
        | Cause::Restore(_)
        | Cause::ReturnedSpend(_)
        | Cause::ReturnedAward(_) => true,
        Cause::Unlock
        | Cause::Expiry
        | Cause::Release(_)
        | Cause::Owed(_)
        | Cause::ReturnOwed(_)
        | Cause::Repaid => false,
    }
}

/// Why money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::http) enum JournalEvent {
    /// A purchase awarded it.
    Award,
    /// A purchase spent it.
    Spend,
    /// A purchase awarded it earlier, and it can be spent from now on.
    Unlock,
    /// It expired unspent.
    Expiry,
    /// A purchase was cancelled: what it awarded is taken back.
    Cancel,
    /// A purchase was cancelled: what it spent is given back.
    Restore,
    /// What a purchase spends, or its cancellation takes back, beyond the balance: owed from then on. Below 0, owed no longer.
    Owed,
    /// What was owed is paid.
    Repaid,
    /// Goods were returned: what was spent on them is given back.
    ReturnedSpend,
    /// Goods were returned: what they had earned is taken back.
    ReturnedAward,
    /// It was paid in.
    TopUp,
    /// It is held for a purchase to come.
    Hold,
    /// A hold gave it back.
    Release,
    /// Somebody added it by hand.
    Credit,
    /// Somebody took it by hand.
    Debit,
}

/// The event of a line's cause.
pub(in crate::http) fn event_of(cause: &Cause) -> JournalEvent {
    match cause {
        Cause::Award(_) => JournalEvent::Award,
        Cause::Spend(_) => JournalEvent::Spend,
        Cause::Unlock => JournalEvent::Unlock,
        Cause::Expiry => JournalEvent::Expiry,
        Cause::Cancel(_) => JournalEvent::Cancel,
        Cause::Restore(_) => JournalEvent::Restore,
        Cause::Owed(_) | Cause::ReturnOwed(_) => JournalEvent::Owed,
        Cause::ReturnedSpend(_) => JournalEvent::ReturnedSpend,
        Cause::ReturnedAward(_) => JournalEvent::ReturnedAward,
        Cause::Repaid => JournalEvent::Repaid,
        Cause::TopUp(_) => JournalEvent::TopUp,
        Cause::Hold(_) => JournalEvent::Hold,
        Cause::Release(_) => JournalEvent::Release,
        Cause::Credit(_) => JournalEvent::Credit,
        Cause::Debit(_) => JournalEvent::Debit,
    }
}
