//! A command whose awards draw on offers' budgets: decided with the shard's leases locked, and sent for a loan where they do not hold
//! enough.

use std::sync::Arc;

use super::entity::Arguments;
use super::envelope::{CommandEnvelope, Unavailable};
use super::leases::Held;
use super::turn::{Flow, Step, Turn};
use crate::domain::context::{Budget, Context};
use crate::domain::money::Minor;
use crate::limits;

impl Turn<'_> {
    /// Decides a command whose awards draw on budgets, with the leases that it asks for locked until its record is handed over.
    /// It is still short where a lease does not hold enough.
    pub(super) async fn decide_on_budgets(
        &mut self,
        envelope: Box<CommandEnvelope>,
        context: &mut Context,
        (mut offer, mut amount): (u64, Minor),
    ) -> Step {
        let place = self.place;
        let mut offers = Vec::new();
        let mut waiting = Some(envelope);
        while !offers.contains(&offer) {
            offers.push(offer);
            let leases: Vec<_> = offers
                .iter()
                .map(|offer| place.address.lease_of(*offer))
                .collect();
            let decided = place.shard.with_leases(&leases, |held| {
                let envelope = waiting.take()?;
                context.budgets = self.budgets(&offers, &envelope, held);
                Some(self.decide(envelope, context, Some(held)))
            });
            match decided.await {
                Ok(Some(Step::Short(envelope, at, needs))) => {
                    (offer, amount) = (at, needs);
                    waiting = Some(envelope);
                }
                Ok(Some(step)) => return step,
                Ok(None) => return Step::Over(Flow::Open),
                Err(error) => {
                    tracing::error!(%error, "a lease cannot be read");
                    if let Some(envelope) = waiting {
                        envelope.caller.refuse(Unavailable::Unreadable);
                    }
                    return Step::Over(Flow::Open);
                }
            }
        }
        match waiting {
            Some(envelope) => Step::Short(envelope, offer, amount),
            None => Step::Over(Flow::Open),
        }
    }

    /// What this shard holds of the offers' budgets, and what is known of the rest.
    fn budgets(&self, offers: &[u64], envelope: &CommandEnvelope, held: &mut Held) -> Vec<Budget> {
        let Arguments { shard, address, .. } = self.place;
        let lender = &shard.core().lender;
        let budget = |offer: &u64| {
            let (lease_seq, state) = held.lease(&address.lease_of(*offer))?;
            let borrowed = envelope.borrowed.as_ref();
            let told = borrowed.and_then(|borrowed| borrowed.no_more_than.get(offer).copied());
            let known = lender.no_more_than(&address.offer(*offer));
            Some(Budget {
                offer: *offer,
                lease_seq,
                held: state.remaining(),
                no_more_than: told.into_iter().chain(known).min(),
            })
        };
        offers.iter().filter_map(budget).collect()
    }

    /// What is known of the budgets that a purchase may draw on, without asking for any: those of which no more than so much
    /// is to be had.
    pub(super) fn known_budgets(&self, context: &Context) -> Vec<Budget> {
        let Arguments { shard, address, .. } = self.place;
        let offers = context.tenant.iter().flat_map(|tenant| &tenant.offers);
        let known = offers.filter_map(|(offer, _)| {
            let most = shard.core().lender.no_more_than(&address.offer(*offer))?;
            Some(Budget {
                offer: *offer,
                lease_seq: 0,
                held: most,
                no_more_than: Some(most),
            })
        });
        known.collect()
    }

    /// Has the shard borrow what the command needs; it then comes again. The actor goes on meanwhile.
    pub(super) fn borrow(&self, mut envelope: Box<CommandEnvelope>, offer: u64, amount: Minor) {
        let borrowed = envelope.borrowed.get_or_insert_default();
        borrowed.rounds = borrowed.rounds.saturating_add(1);
        borrowed.needs.insert(offer, amount);
        if borrowed.rounds > limits::LOAN_ROUNDS_MAX {
            envelope.caller.refuse(Unavailable::Overloaded);
            return;
        }
        let Arguments {
            router,
            shard,
            address,
            ..
        } = self.place;
        let (router, shard, address) = (router.clone(), Arc::clone(shard), *address);
        let spawner = shard.core().spawner.clone();
        // To its end even when the node stops: the caller was let in, and waits.
        spawner.spawn("loan", async move {
            router.lend_and_deliver(&shard, address, envelope).await;
        });
    }
}
