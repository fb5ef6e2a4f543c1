//! Pages of a wallet's journal.

use crate::domain::address::Address;
use crate::domain::contact::{JournalPage, JournalView, Line};
use crate::domain::entity::{Answer, Query};
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

async fn ask(api: &Api, contact: Address, page: JournalPage) -> Result<JournalView, Problem> {
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

/// Looks through the newest lines for those that are wanted.
pub(in crate::http) async fn fitting(
    api: &Api,
    contact: Address,
    page: Page,
    is_wanted: impl Fn(&Line) -> bool,
) -> Result<Found, Problem> {
    let mut found = Found {
        lines: Vec::new(),
        total: 0,
        has_more: false,
    };
    let mut newest = None;
    for _ in 0..limits::JOURNAL_LINES_LOOKED_AT_MAX.div_ceil(limits::PAGE_SIZE_MAX) {
        let asked = JournalPage {
            newest,
            skip: 0,
            take: limits::PAGE_SIZE_MAX,
        };
        let view = ask(api, contact, asked).await?;
        let Some(oldest) = view.lines.last().map(|line| line.number) else {
            break;
        };
        for line in view.lines {
            if !is_wanted(&line) {
                continue;
            }
            if found.total >= page.skip() && found.lines.len() < page.take() {
                found.lines.push(line);
            } else if found.total >= page.skip() {
                found.has_more = true;
            }
            found.total = found.total.saturating_add(1);
        }
        if oldest <= 1 {
            break;
        }
        newest = Some(oldest.saturating_sub(1));
    }
    Ok(found)
}
