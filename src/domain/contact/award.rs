//! What a tenant's offers make of a purchase.

use super::{
    BuyingContact, Contact, Counted, Counts, Given, Lot, OfferOutcome, Product, Purchase,
    Rejection, expiry_at_grain,
};
use crate::domain::calendar::Zone;
use crate::domain::context::{Context, TenantView};
use crate::domain::money::Minor;
use crate::domain::offer::{Basis, NoAward, Offer, Sale};
use crate::domain::time::Timestamp;

/// A purchase in its tenant's network.
pub(super) struct InNetwork<'a> {
    pub(super) organisation: u64,
    pub(super) products: &'a [Product],
    pub(super) tenant: &'a TenantView,
}

impl Sale for InNetwork<'_> {
    fn is_within(&self, organisation: u64) -> bool {
        self.tenant.is_within(self.organisation, organisation)
    }

    fn has_product(&self, product: &str) -> bool {
        self.products.iter().any(|bought| bought.is(product))
    }

    fn zone(&self) -> &Zone {
        self.tenant.zone_of(self.organisation)
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
            made_at: made_at(purchase.performed_on, context.now),
        };
        let sale = InNetwork {
            organisation: purchase.organisation,
            products: &purchase.products,
            tenant,
        };
        let buyer = BuyingContact::of(self, tenant, context.now);
        let mut outcomes: Vec<OfferOutcome> = Vec::with_capacity(tenant.offers.len());
        // With what this purchase adds to them.
        let mut counts = self.counts.clone();
        // Of offers in groups: where each stands, and what it would give.
        let mut grouped = Vec::new();
        for (number, offer) in &tenant.offers {
            let evaluated = offer
                .evaluate(basis, &sale, &buyer)
                .and_then(|amount| {
                    let of = (*number, &**offer);
                    self.reaches_goal(of, basis, &purchase.products, &buyer, context.now)?;
                    Ok(amount)
                })
                .and_then(|amount| self.within_caps((*number, offer), amount, tenant, context));
            outcomes.push(match evaluated {
                Ok(amount) if offer.best_of.is_some() => {
                    grouped.push((outcomes.len(), amount));
                    Err(NoAward::NotTheBest)
                }
                Ok(amount) => {
                    let of = (*number, &**offer);
                    self.give(of, amount, &outcomes, &mut counts, tenant, context)?
                }
                Err(why) => Err(why),
            });
        }
        self.give_the_best(grouped, &mut outcomes, &mut counts, tenant, context)?;
        let counted = counted(&outcomes, tenant, context.now);
        Ok((outcomes, counted))
    }

    /// In each group, the offer that gives most gives it, the earlier listed of equals; where its budget is exhausted, the next.
    fn give_the_best(
        &self,
        mut grouped: Vec<(usize, Minor)>,
        outcomes: &mut [OfferOutcome],
        counts: &mut Counts,
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
            let of = (*number, &**offer);
            let result = self.give(of, amount, outcomes, counts, tenant, context)?;
            if result.is_ok() {
                given.push(offer.best_of.as_deref());
            }
            if let Some(outcome) = outcomes.get_mut(at) {
                *outcome = result;
            }
        }
        Ok(())
    }

    fn within_caps(
        &self,
        (number, offer): (u64, &Offer),
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
        }
        Ok(amount)
    }

    /// The award, if the wallet has room beside what `before` gave, `counts` have room for it, and the budget covers it.
    fn give(
        &self,
        (number, offer): (u64, &Offer),
        amount: Minor,
        before: &[OfferOutcome],
        counts: &mut Counts,
        tenant: &TenantView,
        context: &Context,
    ) -> Result<OfferOutcome, Rejection> {
        let unlocks_at = offer
            .unlocks_after
            .map(|after| expiry_at_grain(context.now, after));
        // Its term begins when it can be spent.
        let begins_at = unlocks_at.unwrap_or(context.now);
        let given = Given {
            lot: Lot {
                expires_at: offer
                    .award_lasts
                    .map(|lasts| expiry_at_grain(begins_at, lasts)),
                bound_by: offer.spend_conditions.as_ref().map(|_| number),
                left: amount,
            },
            unlocks_at,
            counts_in_all: offer.caps.in_all.is_some(),
            counts_in_day: offer.caps.a_day.is_some(),
        };
        let counted = Counted::of(number, &given, || tenant.time_zone.local(context.now).day);
        let is_counted = counted.is_none_or(|counted| counts.have_room_for(&counted));
        if !is_counted || !self.wallet.has_room_for(given, before) {
            return Ok(Err(NoAward::WalletFull));
        }
        let outcome = match offer.budget {
            Some(_) => within_budget(number, given, context)?,
            None => Ok(given),
        };
        if let (Ok(_), Some(counted)) = (outcome, counted) {
            counts.add(&counted);
        }
        Ok(outcome)
    }
}

/// When a purchase was made. A till that was offline tells later when it sold; one whose clock is ahead doesn't shop in the
/// future.
pub(super) fn made_at(performed_on: Option<Timestamp>, now: Timestamp) -> Timestamp {
    performed_on.map_or(now, |at| at.min(now))
}

/// What of the awards counts towards caps.
fn counted(outcomes: &[OfferOutcome], tenant: &TenantView, now: Timestamp) -> Vec<Counted> {
    let given = outcomes.iter().zip(&tenant.offers);
    given
        .filter_map(|(outcome, (number, _))| {
            Counted::of(*number, &outcome.ok()?, || tenant.time_zone.local(now).day)
        })
        .collect()
}

/// The whole award, if the shard holds it of the offer's budget; nothing, if it is not to be had anywhere.
fn within_budget(offer: u64, given: Given, context: &Context) -> Result<OfferOutcome, Rejection> {
    let amount = given.lot.left;
    match context.budget(offer) {
        Some(budget) if amount <= budget.held => Ok(Ok(given)),
        Some(budget) if budget.no_more_than.is_some_and(|most| amount > most) => {
            Ok(Err(NoAward::BudgetExhausted))
        }
        Some(_) | None => Err(Rejection::LeaseShort { offer, amount }),
    }
}
