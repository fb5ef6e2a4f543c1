//! Loans: how a shard gets the part of an offer's budget that an award there needs.
//!
//! In order: the offer lends a slice → the shard's lease takes it → the award is decided again. Where the offer is short, what lies
//! idle with other shards is recalled first, and only then the budget is exhausted. While one recalls, nothing is lent, so that no
//! idle money is overlooked. A loan counts as under way until its award is decided: nobody recalls what is about to be awarded.

use std::collections::BTreeMap;
use std::sync::Arc;

use dashmap::DashMap;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::envelope::{CommandEnvelope, Failure, Message, Unavailable};
use super::router::{Router, unexpected};
use super::shard::Shard;
use crate::domain::address::Address;
use crate::domain::entity::{Answer, BudgetView, Command, Query, Rejection};
use crate::domain::lease;
use crate::domain::money::Minor;
use crate::domain::offer;
use crate::limits;

/// What a command that waited for loans brings along when it comes again.
#[derive(Debug, Default)]
pub(super) struct Borrowed {
    /// What its awards need, by offer. In order: who needs several loans takes them in the same order as everybody.
    pub(super) needs: BTreeMap<u64, Minor>,
    /// The offers that have no more than this anywhere.
    pub(super) no_more_than: BTreeMap<u64, Minor>,
    /// How often it was sent for loans.
    pub(super) rounds: u32,
    /// Its loans, which nobody recalls until it is decided.
    loans: Vec<OwnedSemaphorePermit>,
}

/// The loans of this node's shards, by offer.
#[derive(Default)]
pub(super) struct Lender(DashMap<Address, Arc<Loans>>);

/// The loans of one offer.
struct Loans {
    under_way: Arc<Semaphore>,
    exhausted: Mutex<Exhausted>,
}

/// What was found when all idle money had been recalled. It spares purchases a recall each; awards of so much or less are
/// looked for all the same.
#[derive(Default)]
struct Exhausted {
    no_more_than: Option<Minor>,
    /// Counts what brings money back. A finding from before is worth nothing.
    came_back: u64,
}

impl Exhausted {
    fn found(&mut self, available: Minor, came_back: u64) {
        if self.came_back == came_back {
            self.no_more_than = Some(available);
        }
    }

    fn forget(&mut self) {
        self.no_more_than = None;
        self.came_back = self.came_back.wrapping_add(1);
    }
}

impl Default for Loans {
    fn default() -> Loans {
        Loans {
            under_way: Arc::new(Semaphore::new(limits::LOANS_UNDER_WAY_MAX)),
            exhausted: Mutex::default(),
        }
    }
}

impl Loans {
    fn no_more_than(&self) -> Option<Minor> {
        self.exhausted.lock().no_more_than
    }

    fn has_no(&self, amount: Minor) -> Option<Minor> {
        self.no_more_than().filter(|most| amount > *most)
    }

    /// Leave for `count` loans. The semaphore is never closed.
    async fn leave(&self, count: usize) -> Result<OwnedSemaphorePermit, Unavailable> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Arc::clone(&self.under_way)
            .acquire_many_owned(count)
            .await
            .map_err(|_closed| Unavailable::Draining)
    }
}

impl Lender {
    fn of(&self, offer: Address) -> Arc<Loans> {
        if let Some(loans) = self.0.get(&offer) {
            return Arc::clone(&loans);
        }
        Arc::clone(&self.0.entry(offer).or_default())
    }

    /// What an offer at most has left anywhere, if that was found out.
    pub(super) fn no_more_than(&self, offer: &Address) -> Option<Minor> {
        self.0.get(offer).and_then(|loans| loans.no_more_than())
    }

    /// Money of an offer came back: what was found exhausted may not be.
    pub(super) fn money_came_back(&self, offer: &Address) {
        if let Some(loans) = self.0.get(offer) {
            loans.exhausted.lock().forget();
        }
    }

    /// Awards were lost before they were durable: their money is there again, whatever the offer.
    pub(super) fn awards_were_lost(&self) {
        for loans in &self.0 {
            loans.exhausted.lock().forget();
        }
    }
}

/// What came of asking for a loan.
enum Asked {
    /// The lease holds what is needed.
    Held,
    /// The offer has no more than this at hand.
    Short(Minor),
}

/// What came of all that can be done for a loan.
enum Loan {
    Held(OwnedSemaphorePermit),
    /// There is no more than this anywhere.
    NoMoreThan(Minor),
}

impl Router {
    /// Gets what the awards of a command need, then sends the command again. The caller's permit is held throughout.
    pub(super) async fn lend_and_deliver(
        &self,
        shard: &Arc<Shard>,
        contact: Address,
        mut envelope: Box<CommandEnvelope>,
    ) {
        let Some(borrowed) = &mut envelope.borrowed else {
            self.deliver(shard, contact, Message::Command(envelope));
            return;
        };
        // In the order of offers, and none held from before: two that need each other's offers so never wait for each other.
        borrowed.loans.clear();
        for (offer, amount) in borrowed.needs.clone() {
            match self.loan(shard, contact.offer(offer), amount).await {
                Ok(Loan::Held(loan)) => borrowed.loans.push(loan),
                Ok(Loan::NoMoreThan(most)) => {
                    borrowed.no_more_than.insert(offer, most);
                }
                Err(failure) => {
                    tracing::debug!(?failure, "a shard cannot borrow from an offer");
                    // Nothing happened to the contact, whatever became of the loan.
                    envelope.caller.refuse(match failure {
                        Failure::Unavailable(Unavailable::Draining) => Unavailable::Draining,
                        Failure::Unavailable(_) | Failure::Rejected(_) => Unavailable::Overloaded,
                    });
                    return;
                }
            }
        }
        self.deliver(shard, contact, Message::Command(envelope));
    }

    async fn loan(
        &self,
        shard: &Arc<Shard>,
        offer: Address,
        amount: Minor,
    ) -> Result<Loan, Failure> {
        let loans = self.core().lender.of(offer);
        if let Some(most) = loans.has_no(amount) {
            return Ok(Loan::NoMoreThan(most));
        }
        let leave = loans.leave(1).await?;
        if let Asked::Held = self.ask(shard, offer, amount).await? {
            return Ok(Loan::Held(leave));
        }
        drop(leave);
        // Alone: every loan before is decided, and none begins. What is not awarded by now is idle.
        let mut alone = loans.leave(limits::LOANS_UNDER_WAY_MAX).await?;
        if let Some(most) = loans.has_no(amount) {
            return Ok(Loan::NoMoreThan(most));
        }
        let came_back = loans.exhausted.lock().came_back;
        let mut asked = self.ask(shard, offer, amount).await?;
        if let Asked::Short(_) = asked {
            metrics::counter!("clientele_budget_recalls_total").increment(1);
            self.recall(offer).await?;
            asked = self.ask(shard, offer, amount).await?;
        }
        match asked {
            Asked::Held => Ok(match alone.split(1) {
                Some(leave) => Loan::Held(leave),
                None => Loan::Held(alone),
            }),
            Asked::Short(available) => {
                loans.exhausted.lock().found(available, came_back);
                Ok(Loan::NoMoreThan(available))
            }
        }
    }

    /// Asks the offer for a slice, and puts it into the shard's lease.
    async fn ask(
        &self,
        shard: &Arc<Shard>,
        offer: Address,
        amount: Minor,
    ) -> Result<Asked, Failure> {
        let lease = offer.lease_of(offer.entity);
        // Another award's loan may have brought enough.
        match shard.lease_remaining(lease).await {
            Ok(held) if held >= amount => return Ok(Asked::Held),
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "a lease cannot be read");
                return Err(Unavailable::Unreadable.into());
            }
        }
        let lend = Command::Offer(offer::Command::Lend {
            shard: shard.id().0,
            shards: self.core().options.shards.get(),
            at_least: amount,
        });
        let lent = match self.internal_command(offer, lend).await.result {
            Ok(Answer::Budget(view)) => view.lending.of(shard.id().0).lent,
            Ok(other) => return Err(unexpected(&other)),
            Err(Failure::Rejected(Rejection::Offer(offer::Rejection::BudgetShort {
                available,
            }))) => return Ok(Asked::Short(available)),
            Err(failure) => return Err(failure),
        };
        // Its record comes before those of the awards that draw on it, so nobody has to wait for it.
        shard
            .change_lease(lease, lease::Command::Grant(lent))
            .await?;
        Ok(Asked::Held)
    }

    /// Brings back what lies idle with any shard.
    async fn recall(&self, offer: Address) -> Result<(), Failure> {
        let budget = self.budget(offer).await?;
        let lease = offer.lease_of(offer.entity);
        let mut visits = Vec::new();
        for (number, loan) in budget.lending.loans() {
            if loan.out() > Minor::ZERO
                && let Some(shard) = self.shard_at(number).map(Arc::clone)
            {
                visits.push(async move {
                    let returned = shard.return_lease(lease, loan.lent).await?;
                    Ok::<_, Failure>((number, returned))
                });
            }
        }
        let mut returned: Vec<(u16, Minor)> = stream::iter(visits)
            .buffer_unordered(limits::RECALLS_AT_A_TIME)
            .try_collect()
            .await?;
        returned.sort_unstable();
        let take_back = Command::Offer(offer::Command::TakeBack(returned));
        self.internal_command(offer, take_back).await.result?;
        Ok(())
    }

    async fn budget(&self, offer: Address) -> Result<Box<BudgetView>, Failure> {
        match self.internal_query(offer, Query::Budget).await.result? {
            Answer::Budget(view) => Ok(view),
            other => Err(unexpected(&other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_ends_when_money_comes_back_even_while_it_is_made() {
        let mut exhausted = Exhausted::default();
        exhausted.found(Minor(40), 0);
        assert_eq!(exhausted.no_more_than, Some(Minor(40)));
        let came_back = exhausted.came_back;
        exhausted.forget();
        assert_eq!(exhausted.no_more_than, None);
        exhausted.found(Minor(40), came_back);
        assert_eq!(exhausted.no_more_than, None, "it was found out before");
        exhausted.found(Minor(7), exhausted.came_back);
        assert_eq!(exhausted.no_more_than, Some(Minor(7)));
    }

    #[test]
    fn what_is_left_may_still_be_awarded() {
        let loans = Loans::default();
        loans.exhausted.lock().found(Minor(40), 0);
        assert_eq!(loans.has_no(Minor(41)), Some(Minor(40)));
        assert_eq!(loans.has_no(Minor(40)), None);
    }
}
