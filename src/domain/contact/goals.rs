//! How far a contact has got with the goals of offers.

use super::{BuyingContact, Contact, Loyalty, Product, Purchase};
use crate::domain::context::TenantView;
use crate::domain::offer::{Basis, Counted, NoAward, Offer, Progress, Step};
use crate::domain::time::Timestamp;

/// How many offers with goals a contact has got somewhere with at most: at 23 bytes each, 1.5 KiB of its row.
pub const GOALS_MAX: usize = 64;

/// How far a contact has got with the goal of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoalCount {
    /// The offer, by entity number.
    pub offer: u64,
    /// How far.
    pub progress: Progress,
}

/// What a purchase does towards the goal of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoalStep {
    /// The offer, by entity number.
    pub offer: u64,
    /// What it does.
    pub step: Step,
}

/// A purchase of a contact, as goals look at it.
struct TowardsGoal<'a> {
    products: &'a [Product],
    member_since: Option<Timestamp>,
}

impl Counted for TowardsGoal<'_> {
    fn quantity_of(&self, products: &[String]) -> i64 {
        const ONE: i64 = 1_000;
        let bought = self.products.iter();
        let meant = bought.filter(|bought| products.iter().any(|product| bought.is(product)));
        meant.fold(0, |sum, bought| {
            sum.saturating_add(bought.quantity.unwrap_or(ONE))
        })
    }

    fn member_since(&self) -> Option<Timestamp> {
        self.member_since
    }
}

impl Loyalty {
    /// How far the contact has got with the goal of an offer; none, if nowhere.
    pub fn goal(&self, offer: u64) -> Option<Progress> {
        let known = self.goals.iter().find(|count| count.offer == offer);
        known.map(|count| count.progress)
    }
}

impl Contact {
    /// Whether a purchase that qualifies reaches the goal of an offer.
    pub(super) fn reaches_goal(
        &self,
        (number, offer): (u64, &Offer),
        basis: Basis<'_>,
        products: &[Product],
        buyer: &BuyingContact<'_>,
        now: Timestamp,
    ) -> Result<(), NoAward> {
        if !offer.goal.is_counted() {
            return Ok(());
        }
        let none = Loyalty::default();
        let loyalty = self.loyalty.as_deref().unwrap_or(&none);
        let known = loyalty.goal(number);
        if known.is_none() && loyalty.goals.len() >= GOALS_MAX {
            return Err(NoAward::WalletFull);
        }
        let towards = TowardsGoal {
            products,
            member_since: buyer.member_since(&offer.conditions),
        };
        let progress = known.unwrap_or_default();
        match offer.goal.step(progress, basis, &towards, now)? {
            Some(step) if !step.reaches => Err(NoAward::GoalNotReached),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn apply_goals(&mut self, steps: &[GoalStep], take: fn(&mut Progress, Step)) {
        let counts = &mut self.loyalty.get_or_insert_default().goals;
        for GoalStep { offer, step } in steps {
            match counts.iter_mut().find(|count| count.offer == *offer) {
                Some(count) => take(&mut count.progress, *step),
                None => {
                    let mut progress = Progress::default();
                    take(&mut progress, *step);
                    counts.push(GoalCount {
                        offer: *offer,
                        progress,
                    });
                }
            }
        }
        counts.retain(|count| count.progress != Progress::default());
    }
}

impl Purchase {
    /// What it does, or did, towards goals: it counts where it was given the award, or nothing but the goal was missing.
    pub(super) fn goal_steps(&self, tenant: &TenantView) -> Vec<GoalStep> {
        let outcomes = self.offers.iter().zip(&tenant.offers);
        let steps = outcomes.filter_map(|(outcome, (number, offer))| {
            let reaches = match outcome {
                _ if !offer.goal.is_counted() => return None,
                Ok(_) => true,
                Err(NoAward::GoalNotReached) => false,
                Err(_) => return None,
            };
            let basis = Basis {
                total: self.amounts.total,
                paid: self.amount_due(),
                classification: &self.classification,
                made_at: self.recorded_at,
            };
            let towards = TowardsGoal {
                products: &self.products,
                member_since: None,
            };
            Some(GoalStep {
                offer: *number,
                step: offer.goal.step_of(reaches, basis, &towards),
            })
        });
        steps.collect()
    }
}
