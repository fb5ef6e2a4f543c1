//! What time alone brings about, in the order of time.

use super::hold::given_back;
use super::movement::repay;
use super::{Contact, Event};
use crate::domain::time::Timestamp;

/// How much of what is due matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// What adds to the money that can be spent. What has expired cannot be spent whether or not it is written off.
    ToSpend,
    /// All of it.
    All,
}

impl Contact {
    /// What time has brought about up to `now`: money can be spent that could not be, and pays what is owed first; holds run
    /// out; money expires. In the order of time, whenever a timer fires.
    pub(super) fn due(&self, now: Timestamp, due: Due) -> Vec<Event> {
        let mut events = Vec::new();
        if self.wallet.next_due(due).is_none_or(|at| now < at) {
            return events;
        }
        let mut then = self.clone();
        while let Some(at) = then.wallet.next_due(due).filter(|at| *at <= now) {
            let news = then.due_at(at, due);
            news.iter().for_each(|event| then.apply(event));
            events.extend(news);
        }
        events
    }

    fn due_at(&self, at: Timestamp, due: Due) -> Vec<Event> {
        let mut events = Vec::new();
        let wallet = &self.wallet;
        let unlocked = wallet.locked.iter().take_while(|it| it.until <= at);
        let unlocked: Vec<_> = unlocked.copied().collect();
        if !unlocked.is_empty() {
            let open = unlocked.iter().map(|it| it.lot);
            let repaid = repay(wallet.owed, open.filter(|lot| lot.is_open(at)), at);
            events.push(Event::LotsUnlocked(unlocked));
            events.extend(repaid);
        }
        let run_out = wallet.holds.iter().filter(|hold| hold.until <= at);
        events.extend(
            run_out.map(|hold| Event::HoldReleased(hold.number, hold.until, given_back(hold, at))),
        );
        let expired = match due {
            Due::All => wallet.expired(at),
            Due::ToSpend => Vec::new(),
        };
        if !expired.is_empty() {
            events.push(Event::LotsExpired(expired));
        }
        events
    }
}
