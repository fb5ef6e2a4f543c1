//! What a purchase spends of a wallet: on what its money may be spent, within the wallet's limits.

use super::award::{InNetwork, made_at};
use super::purchase::total;
use super::{
    Contact, Direction, Lot, Product, RecordPurchase, Rejection, SpendRequest, Spent, Unbacked, Use,
};
use crate::domain::context::{Context, TenantView};
use crate::domain::money::Minor;
use crate::domain::time::Timestamp;

/// What is bought, as far as it is not paid for.
struct Basket<'a> {
    sale: InNetwork<'a>,
    made_at: Timestamp,
    /// Each line of the receipt, with what of it bound money has not paid for.
    lines: Vec<(&'a Product, Minor)>,
}

impl<'a> Basket<'a> {
    fn of(asked: &'a RecordPurchase, tenant: &'a TenantView, now: Timestamp) -> Basket<'a> {
        let lines = asked.products.iter();
        Basket {
            sale: InNetwork {
                organisation: asked.organisation,
                products: &asked.products,
                tenant,
            },
            made_at: made_at(asked.performed_on, now),
            lines: lines
                .map(|line| (line, line.total.unwrap_or_default()))
                .collect(),
        }
    }

    /// How much of `wanted` may be paid from money that is bound by an offer's conditions. It counts as paid from then on.
    fn pay(&mut self, bound_by: Option<u64>, wanted: Minor) -> Minor {
        let Some(offer) = bound_by else { return wanted };
        let mut offers = self.sale.tenant.offers.iter();
        let conditions = offers
            .find(|(number, _)| *number == offer)
            .and_then(|(_, offer)| offer.spend_conditions.as_ref());
        let Some(conditions) = conditions else {
            return Minor::ZERO;
        };
        if !conditions.allow(self.made_at, &self.sale) {
            return Minor::ZERO;
        }
        if conditions.products.is_empty() {
            return wanted;
        }
        let mut left = wanted;
        for (line, unpaid) in &mut self.lines {
            if conditions.products.iter().any(|product| line.is(product)) {
                let paid = left.min(*unpaid);
                *unpaid = unpaid.less(paid);
                left = left.less(paid);
            }
        }
        wanted.less(left)
    }
}

impl Contact {
    /// What `request` takes from the wallet, and what of it counts towards limits.
    pub(super) fn spend(
        &self,
        request: &SpendRequest,
        asked: &RecordPurchase,
        tenant: &TenantView,
        context: &Context,
    ) -> Result<(Spent, Option<Use>), Rejection> {
        let wanted = request.amount;
        if wanted > asked.amounts.total {
            return Err(Rejection::SpendExceedsTotal);
        }
        let now = context.now;
        let limits = &self.wallet.limits;
        let day = || tenant.time_zone.local(now).day;
        let within = if limits.rules.is_empty() {
            None
        } else {
            limits.left(Direction::Spend, day())
        };
        let granted = match (within, request.unbacked) {
            (Some(left), Unbacked::Refuse) if left < wanted => {
                return Err(Rejection::SpendLimitReached { left });
            }
            (Some(left), Unbacked::SpendWhatThereIs) => wanted.min(left),
            // What was sold offline was sold.
            (Some(_) | None, Unbacked::Refuse | Unbacked::SpendWhatThereIs | Unbacked::Owe) => {
                wanted
            }
        };
        let from = self.take(granted, asked, tenant, now);
        let covered = total(from.iter().copied());
        let owed = match request.unbacked {
            Unbacked::Refuse if covered < wanted => {
                return Err(Rejection::BalanceTooLow { balance: covered });
            }
            Unbacked::Refuse | Unbacked::SpendWhatThereIs => Minor::ZERO,
            Unbacked::Owe => wanted.less(covered),
        };
        let spent = Spent {
            requested: wanted,
            from,
            owed,
        };
        let amount = Minor(covered.0.saturating_add(owed.0));
        let counts = !limits.rules.is_empty() && amount > Minor::ZERO;
        let counted = counts.then(|| Use {
            direction: Direction::Spend,
            day: day(),
            amount,
        });
        Ok((spent, counted))
    }

    fn take(
        &self,
        amount: Minor,
        asked: &RecordPurchase,
        tenant: &TenantView,
        now: Timestamp,
    ) -> Vec<Lot> {
        let mut basket = Basket::of(asked, tenant, now);
        self.wallet
            .plan_spend(amount, now, |bound_by, wanted| basket.pay(bound_by, wanted))
    }
}
