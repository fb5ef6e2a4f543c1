//! Money that moves without a purchase, and the repayment of what is owed from whatever comes in.

use std::sync::Arc;

use super::{Contact, Entry, Event, Lot, Movement, Reason, Rejection, Stage};
use crate::domain::context::Context;
use crate::domain::money::Minor;
use crate::domain::time::Timestamp;

impl Contact {
    /// Pays in, or changes the balance by hand.
    pub(super) fn move_money(
        &self,
        asked: &Movement,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        let tenant = match (self.stage, &context.tenant) {
            (Stage::Active, Some(tenant)) => tenant,
            (Stage::Active | Stage::Absent | Stage::Proposed | Stage::Void | Stage::Erased, _) => {
                return Err(Rejection::UnknownContact);
            }
        };
        if asked.currency.is_some_and(|named| named != tenant.currency) {
            return Err(Rejection::OtherCurrency {
                wallet: tenant.currency,
            });
        }
        // Those that expired and are not written off yet take their numbers when they are.
        let number = self
            .ledger
            .count
            .checked_add(1)
            .ok_or(Rejection::LinesExhausted)?;
        let now = context.now;
        let lots = match asked.reason {
            Reason::TopUp(_) | Reason::Credit(_) => {
                let held = self.wallet.lots.iter().map(|lot| lot.left);
                Minor::sum(held.chain([asked.amount])).ok_or(Rejection::BalanceTooHigh)?;
                vec![Lot {
                    expires_at: None,
                    left: asked.amount,
                }]
            }
            Reason::Debit(_) if self.wallet.balance(now) < asked.amount => {
                return Err(Rejection::DebitNotCovered);
            }
            Reason::Debit(_) => self.wallet.plan_spend(asked.amount, now),
        };
        let repaid = match asked.reason {
            Reason::TopUp(_) | Reason::Credit(_) => self.repay(lots.iter().copied(), now),
            Reason::Debit(_) => None,
        };
        let moved = Event::MoneyMoved(Arc::new(Entry {
            number,
            at: now,
            reason: asked.reason.clone(),
            lots,
        }));
        Ok(std::iter::once(moved).chain(repaid).collect())
    }

    /// Pays what is owed from lots that come in; nothing, mostly.
    pub(super) fn repay(
        &self,
        incoming: impl Iterator<Item = Lot>,
        now: Timestamp,
    ) -> Option<Event> {
        let mut owed = self.wallet.owed;
        if owed == Minor::ZERO {
            return None;
        }
        let mut lots = Vec::new();
        for lot in incoming {
            let left = owed.min(lot.left);
            if left > Minor::ZERO {
                owed = owed.less(left);
                lots.push(Lot { left, ..lot });
            }
        }
        (!lots.is_empty()).then_some(Event::OwedRepaid(now, lots))
    }
}
