//! Pages of a wallet's journal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(in crate::http) use super::purchases::Order;
use crate::domain::address::Address;
use crate::domain::contact::{Cause, JournalPage, JournalView, Line};
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::time::Timestamp;
use crate::http::paging::Page;
use crate::http::problem::Problem;
use crate::http::{Api, failure};
use crate::limits::{JOURNAL_LINES_LOOKED_AT_MAX, PAGE_SIZE_MAX};

/// A page of lines.
pub(in crate::http) struct Found {
    /// The lines.
    pub(in crate::http) lines: Vec<Line>,
    /// How many there are in all, of those that were looked at.
    pub(in crate::http) total: u64,
    /// Whether more follow.
    pub(in crate::http) has_more: bool,
    /// Where looking ended although there are older lines: at the line of this number.
    pub(in crate::http) ended_at: Option<u32>,
}

/// Which part of the journal is looked through, and how.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Walk {
    /// The page of what is found.
    pub(in crate::http) page: Page,
    /// In which order.
    pub(in crate::http) order: Order,
    /// Only lines of a lower number.
    pub(in crate::http) before: Option<u32>,
    /// Whether all of it is counted.
    pub(in crate::http) count: bool,
}

/// The id of a line of a contact's journal.
pub(in crate::http) fn line_id(ids: &PublicIds, contact: u64, number: u32) -> String {
    ids.write(PublicId {
        named: Named::JournalLine,
        entity: contact,
        part: number,
    })
}

/// The number of the line that all lines are to be older than, from the id that a request gives for it.
pub(in crate::http) fn before(
    ids: &PublicIds,
    contact: Address,
    id: Option<&str>,
) -> Result<Option<u32>, Problem> {
    let Some(id) = id else {
        return Ok(None);
    };
    let line = ids.read_as(Named::JournalLine, id);
    let own = line.filter(|line| line.entity == contact.entity);
    own.map(|line| Some(line.part)).ok_or_else(|| {
        failure::invalid_field(
            "before",
            "unknown",
            "must be next_before of an answer about this wallet, or be left out",
        )
    })
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

/// A page of all lines, newest first.
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
        ended_at: None,
    })
}

/// A page of those lines that are wanted.
pub(in crate::http) async fn fitting(
    api: &Api,
    contact: Address,
    walk: Walk,
    is_wanted: impl Fn(&Line) -> bool,
) -> Result<Found, Problem> {
    let mut looking = Looking::new(JOURNAL_LINES_LOOKED_AT_MAX, walk.before);
    // Nothing older can be on the page, unless it begins with the oldest or all are counted.
    if walk.order == Order::NewestFirst && !walk.count {
        let skipped = usize::try_from(walk.page.skip()).unwrap_or(usize::MAX);
        looking.enough = Some(skipped.saturating_add(walk.page.take()).saturating_add(1));
    }
    while let Some(asked) = looking.next() {
        let view = ask(api, contact, asked).await?;
        looking.take_in(view.lines, |_| false, &is_wanted);
    }
    let ended_at = looking.ended_at();
    let mut lines = looking.found;
    if walk.order == Order::OldestFirst {
        lines.reverse();
    }
    let (lines, paging) = walk.page.cut(lines, true);
    Ok(Found {
        lines,
        total: paging.total.unwrap_or_default(),
        has_more: paging.has_more || ended_at.is_some(),
        ended_at,
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
    let mut looking = Looking::new(JOURNAL_LINES_LOOKED_AT_MAX, None);
    let is_before = |line: &Line| first.is_some_and(|first| line.at < first) && is_prompt(line);
    while let Some(asked) = looking.next() {
        let view = ask(api, contact, asked).await?;
        looking.take_in(view.lines, is_before, &is_wanted);
    }
    Ok(Looked {
        is_complete: looking.ended_at().is_none(),
        lines: looking.found,
    })
}

/// A walk from the newest line to the oldest, a question after the other.
struct Looking {
    found: Vec<Line>,
    /// How many are enough.
    enough: Option<usize>,
    /// How many lines may still be looked at.
    left: u32,
    /// The newest that was not looked at; none before the first question, unless the walk begins further back.
    next: Option<u32>,
    is_over: bool,
}

impl Looking {
    fn new(most: u32, before: Option<u32>) -> Looking {
        Looking {
            found: Vec::new(),
            enough: None,
            left: most,
            next: before.map(|number| number.saturating_sub(1)),
            is_over: before.is_some_and(|number| number <= 1),
        }
    }

    /// What to ask for next; nothing, once enough is known or may be.
    fn next(&self) -> Option<JournalPage> {
        let is_enough = self.enough.is_some_and(|enough| self.found.len() >= enough);
        let goes_on = !self.is_over && !is_enough && self.left > 0;
        goes_on.then(|| JournalPage {
            newest: self.next,
            skip: 0,
            take: PAGE_SIZE_MAX.min(self.left),
        })
    }

    /// Takes in what was answered. No line older than one that `is_last` is wanted.
    fn take_in(
        &mut self,
        lines: Vec<Line>,
        is_last: impl Fn(&Line) -> bool,
        is_wanted: impl Fn(&Line) -> bool,
    ) {
        let looked_at = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        self.left = self.left.saturating_sub(looked_at);
        let oldest = lines.last().map_or(0, |line| line.number);
        self.is_over = oldest <= 1 || lines.iter().any(is_last);
        self.next = Some(oldest.saturating_sub(1));
        self.found.extend(lines.into_iter().filter(is_wanted));
    }

    /// The last line that was looked at, where there are others that were not and may be wanted.
    fn ended_at(&self) -> Option<u32> {
        let is_cut = !self.is_over && self.left == 0;
        self.next
            .filter(|_| is_cut)
            .map(|next| next.saturating_add(1))
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::Composition;
    use crate::domain::money::Minor;

    /// The lines that a journal of `count` answers.
    fn answer(count: u32, asked: JournalPage) -> Vec<Line> {
        let newest = asked.newest.map_or(count, |newest| newest.min(count));
        let line = |number| Line {
            number,
            at: Timestamp(i64::from(number)),
            cause: Cause::Unlock,
            amount: Minor(1),
            balance: Minor(i64::from(number)),
            of: Composition::default(),
        };
        let take = usize::try_from(asked.take).unwrap();
        (1..=newest).rev().take(take).map(line).collect()
    }

    /// The numbers of every tenth line, as they are found by walks of at most `most` lines, each from where the last one ended.
    fn walked(count: u32, most: u32) -> (Vec<u32>, u32) {
        let (mut numbers, mut before, mut walks) = (Vec::new(), None, 0);
        loop {
            let mut looking = Looking::new(most, before);
            while let Some(asked) = looking.next() {
                let lines = answer(count, asked);
                assert!(lines.len() <= 100);
                looking.take_in(lines, |_| false, |line| line.number % 10 == 0);
            }
            walks += 1;
            numbers.extend(looking.found.iter().map(|line| line.number));
            before = looking.ended_at();
            if before.is_none() {
                return (numbers, walks);
            }
        }
    }

    #[test]
    fn no_line_is_out_of_reach_however_short_a_walk_is() {
        let every_tenth: Vec<u32> = (1..=2_345)
            .rev()
            .filter(|number| number % 10 == 0)
            .collect();
        for (most, walks) in [(100_000, 1), (1_000, 3), (2_345, 1), (250, 10), (7, 335)] {
            assert_eq!(walked(2_345, most), (every_tenth.clone(), walks), "{most}");
        }
        assert_eq!(walked(0, 10), (Vec::new(), 1));
    }

    #[test]
    fn a_walk_ends_where_enough_is_found_or_no_older_line_is_wanted() {
        let mut looking = Looking::new(1_000, None);
        looking.enough = Some(3);
        let mut asked = 0;
        while let Some(page) = looking.next() {
            asked += 1;
            looking.take_in(answer(900, page), |_| false, |line| line.number % 100 == 0);
        }
        assert_eq!((asked, looking.ended_at()), (3, None));
        let mut looking = Looking::new(1_000, None);
        while let Some(page) = looking.next() {
            looking.take_in(
                answer(900, page),
                |line| line.number < 750,
                |line| line.number >= 750,
            );
        }
        assert_eq!((looking.found.len(), looking.ended_at()), (151, None));
    }
}
