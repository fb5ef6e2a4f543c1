//! Money that moves without a purchase, and the repayment of what is owed from whatever comes in.

use std::sync::Arc;

use super::{
    Contact, Direction, Entry, Event, LimitRule, Lot, Movement, Reason, Rejection, Stage, Use,
};
use crate::domain::context::{Context, TenantView};
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
                self.wallet
                    .sum_with(asked.amount)
                    .ok_or(Rejection::BalanceTooHigh)?;
                vec![Lot {
                    left: asked.amount,
                    ..Lot::default()
                }]
            }
            Reason::Debit(_) if self.wallet.balance(now) < asked.amount => {
                return Err(Rejection::DebitNotCovered);
            }
            Reason::Debit(_) => self
                .wallet
                .plan_spend(asked.amount, now, |_, wanted| wanted),
        };
        let used = match asked.reason {
            Reason::TopUp(_) => self.within_limits(Direction::TopUp, asked.amount, tenant, now)?,
            Reason::Credit(_) => {
                self.within_limits(Direction::Credit, asked.amount, tenant, now)?
            }
            Reason::Debit(_) => None,
        };
        let repaid = match asked.reason {
            Reason::TopUp(_) | Reason::Credit(_) => {
                repay(self.wallet.owed, lots.iter().copied(), now)
            }
            Reason::Debit(_) => None,
        };
        let moved = Event::MoneyMoved(Arc::new(Entry {
            number,
            at: now,
            reason: asked.reason.clone(),
            lots,
        }));
        let used = used.map(Event::LimitsUsed);
        Ok(std::iter::once(moved).chain(used).chain(repaid).collect())
    }

    fn within_limits(
        &self,
        direction: Direction,
        amount: Minor,
        tenant: &TenantView,
        now: Timestamp,
    ) -> Result<Option<Use>, Rejection> {
        let limits = &self.wallet.limits;
        if limits.rules.is_empty() {
            return Ok(None);
        }
        let day = tenant.time_zone.local(now).day;
        match limits.left(direction, day) {
            Some(left) if left < amount => Err(Rejection::InflowLimitReached { left }),
            Some(_) | None => Ok(Some(Use {
                direction,
                day,
                amount,
            })),
        }
    }

    /// Sets the bounds on what moves in and out.
    pub(super) fn set_limits(
        &self,
        rules: &[LimitRule],
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        if self.stage != Stage::Active {
            return Err(Rejection::UnknownContact);
        }
        Ok(if *self.wallet.limits.rules == *rules {
            Vec::new()
        } else {
            vec![Event::LimitsSet(context.now, rules.to_vec())]
        })
    }
}

/// Pays what is owed from lots that come in; nothing, mostly.
pub(super) fn repay(
    owed: Minor,
    incoming: impl Iterator<Item = Lot>,
    now: Timestamp,
) -> Option<Event> {
    if owed == Minor::ZERO {
        return None;
    }
    let mut owed = owed;
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
