//! What a tenant's offers make of a purchase.

use super::{Contact, Counted, Lot, OfferOutcome, Purchase, expiry_at_grain};
use crate::domain::calendar::Zone;
use crate::domain::contact::Rejection;
use crate::domain::context::{Context, TenantView};
use crate::domain::money::Minor;
use crate::domain::offer::{Basis, NoAward, Offer, Sale};

/// A purchase in its tenant's network.
struct InNetwork<'a> {
    purchase: &'a Purchase,
    tenant: &'a TenantView,
}

impl Sale for InNetwork<'_> {
    fn is_within(&self, organisation: u64) -> bool {
        self.tenant
            .is_within(self.purchase.organisation, organisation)
    }

    fn has_product(&self, _product: &str) -> bool {
        false
    }

    fn zone(&self) -> &Zone {
        self.tenant.zone_of(self.purchase.organisation)
    }
}

impl Contact {
    /// What each of the tenant's offers gives for `purchase`, or why not, in the order in which they are listed; and what of it
    /// counts towards caps.
    pub(super) fn awards(
        &self,
        purchase: &Purchase,
        tenant: &TenantView,
        context: &Context,
    ) -> Result<(Vec<OfferOutcome>, Vec<Counted>), Rejection> {
        let basis = Basis {
            total: purchase.amounts.total,
            paid: purchase.amount_due(),
            classification: &purchase.classification,
            // A till that was offline tells later when it sold; one whose clock is ahead doesn't shop in the future.
            made_at: purchase
                .performed_on
                .map_or(context.now, |at| at.min(context.now)),
        };
        let sale = InNetwork { purchase, tenant };
        let mut outcomes: Vec<OfferOutcome> = Vec::with_capacity(tenant.offers.len());
        // Of offers in groups: where each stands, and what it would give.
        let mut grouped = Vec::new();
        for (number, offer) in &tenant.offers {
            let evaluated = offer
                .evaluate(basis, &sale)
                .and_then(|amount| self.within_caps(*number, offer, amount, tenant, context));
            let result = match evaluated {
                Ok(amount) if offer.best_of.is_some() => {
                    grouped.push((outcomes.len(), amount));
                    Err(NoAward::NotTheBest)
                }
                Ok(amount) => self.give(*number, offer, amount, &outcomes, context)?,
                Err(why) => Err(why),
            };
            outcomes.push(OfferOutcome {
                offer: *number,
                result,
            });
        }
        self.give_the_best(grouped, &mut outcomes, tenant, context)?;
        let mut counted = Vec::new();
        for (outcome, (_, offer)) in outcomes.iter().zip(&tenant.offers) {
            if let Ok(lot) = outcome.result
                && offer.caps.is_some()
            {
                counted.push(Counted::of(outcome.offer, offer.caps, lot.left, || {
                    tenant.time_zone.local(context.now).day
                }));
            }
        }
        Ok((outcomes, counted))
    }

    /// In each group, the offer that gives most gives it, the earlier listed of equals; where its budget is exhausted, the next.
    fn give_the_best(
        &self,
        mut grouped: Vec<(usize, Minor)>,
        outcomes: &mut [OfferOutcome],
        tenant: &TenantView,
        context: &Context,
    ) -> Result<(), Rejection> {
        grouped.sort_by_key(|(_, amount)| std::cmp::Reverse(*amount));
        let mut given = Vec::new();
        for (at, amount) in grouped {
            let Some((number, offer)) = tenant.offers.get(at) else {
                continue;
            };
            if given.contains(&offer.best_of.as_deref()) {
                continue;
            }
            let result = self.give(*number, offer, amount, outcomes, context)?;
            if result.is_ok() {
                given.push(offer.best_of.as_deref());
            }
            if let Some(outcome) = outcomes.get_mut(at) {
                outcome.result = result;
            }
        }
        Ok(())
    }

    fn within_caps(
        &self,
        number: u64,
        offer: &Offer,
        amount: Minor,
        tenant: &TenantView,
        context: &Context,
    ) -> Result<Minor, NoAward> {
        if offer.caps.is_some() {
            let today = if offer.caps.a_day.is_some() {
                let day = tenant.time_zone.local(context.now).day;
                self.counts.on_day(number, day)
            } else {
                Default::default()
            };
            let in_all = self.counts.in_all(number);
            offer.caps.check(amount, in_all, today)?;
            if !self.counts.have_room_for(number) {
                return Err(NoAward::WalletFull);
            }
        }
        Ok(amount)
    }

    /// The award as a lot, if the wallet has room beside what `before` gave and the budget covers it.
    fn give(
        &self,
        number: u64,
        offer: &Offer,
        amount: Minor,
        before: &[OfferOutcome],
        context: &Context,
    ) -> Result<Result<Lot, NoAward>, Rejection> {
        let lasts = offer.award_lasts;
        let lot = Lot {
            expires_at: lasts.map(|lasts| expiry_at_grain(context.now, lasts)),
            left: amount,
        };
        let pending: Vec<_> = before
            .iter()
            .filter_map(|before| before.result.ok())
            .map(|lot| lot.expires_at)
            .collect();
        if !self.wallet.has_room_for(lot.expires_at, &pending) {
            return Ok(Err(NoAward::WalletFull));
        }
        match offer.budget {
            Some(_) => within_budget(number, lot, context),
            None => Ok(Ok(lot)),
        }
    }
}

/// The whole award, if the shard holds it of the offer's budget; nothing, if it is not to be had anywhere.
fn within_budget(
    offer: u64,
    lot: Lot,
    context: &Context,
) -> Result<Result<Lot, NoAward>, Rejection> {
    let amount = lot.left;
    match context.budget(offer) {
        Some(budget) if amount <= budget.held => Ok(Ok(lot)),
        Some(budget) if budget.no_more_than.is_some_and(|most| amount > most) => {
            Ok(Err(NoAward::BudgetExhausted))
        }
        Some(_) | None => Err(Rejection::LeaseShort { offer, amount }),
    }
}
