//! An offer: a rule that awards open money for a purchase.

mod lending;

use super::money::{Minor, Percent};
use super::time::Span;

pub use lending::{Lending, Loan};

/// What an offer gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Award {
    /// A share of what the customer pays for the purchase.
    Percentage(Percent),
    /// The same for each purchase.
    Fixed(Minor),
}

/// What a purchase must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The least total that qualifies.
    pub minimum_total: Option<Minor>,
    /// The classification that qualifies, by name.
    pub classification: Option<String>,
    /// The organisation at or below which the purchase must be made, by entity number.
    pub organisation: Option<u64>,
}

/// An offer as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub name: String,
    /// What it gives.
    pub award: Award,
    /// When it gives.
    pub conditions: Conditions,
    /// For how long an award can be spent; for ever, if none.
    pub award_lasts: Option<Span>,
    /// What all its awards together may give; no end of it, if none.
    pub budget: Option<Minor>,
}

/// Why an offer gave nothing. The names are the wire's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAward {
    /// The purchase is below the offer's minimum.
    BelowMinimum,
    /// The purchase is classified otherwise.
    OtherClassification,
    /// The purchase was made elsewhere.
    OtherOrganisation,
    /// The share rounds to nothing.
    RoundsToNothing,
    /// The wallet holds as many lots as it may.
    WalletFull,
    /// What is left of the offer's budget does not cover the award.
    BudgetExhausted,
}

/// The facts of a purchase that an offer looks at.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The purchase's total.
    pub total: Minor,
    /// What is left to pay after what was spent from the wallet: rewards earn no rewards.
    pub paid: Minor,
    /// The classification's name.
    pub classification: &'a str,
}

impl Offer {
    /// What the offer gives for a purchase, or why not. `is_within` says whether the purchase was made at or below an
    /// organisation. `None` inside stands for an amount that does not fit and is treated as nothing.
    pub fn evaluate(
        &self,
        basis: Basis<'_>,
        is_within: impl FnOnce(u64) -> bool,
    ) -> Result<Minor, NoAward> {
        let Conditions {
            minimum_total,
            classification,
            organisation,
        } = &self.conditions;
        if minimum_total.is_some_and(|minimum| basis.total < minimum) {
            return Err(NoAward::BelowMinimum);
        }
        if classification
            .as_deref()
            .is_some_and(|name| name != basis.classification)
        {
            return Err(NoAward::OtherClassification);
        }
        if let Some(ancestor) = *organisation
            && !is_within(ancestor)
        {
            return Err(NoAward::OtherOrganisation);
        }
        let amount = match self.award {
            Award::Percentage(percent) => percent.of(basis.paid),
            Award::Fixed(amount) => Some(amount),
        };
        amount
            .filter(|amount| *amount > Minor::ZERO)
            .ok_or(NoAward::RoundsToNothing)
    }
}

/// What an offer can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Come into being.
    Create(Offer),
    /// Lend a part of the budget to a shard.
    Lend {
        /// Which shard.
        shard: u16,
        /// How many shards there are: each gets a slice of what there is.
        shards: u16,
        /// What is needed there: less is of no use.
        at_least: Minor,
    },
    /// Take back what shards have returned: each shard with what it has returned in all.
    TakeBack(Vec<(u16, Minor)>),
}

/// What happened to an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It came into being.
    Created(Offer),
    /// It has lent so much to a shard in all.
    Lent(u16, Minor),
    /// Each of these shards has returned so much in all.
    TakenBack(Vec<(u16, Minor)>),
}

/// Why an offer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It exists already.
    OfferExists,
    /// There is no such offer, or it has no budget.
    NoBudget,
    /// Less than what is needed is at hand. More may be lent out and idle.
    BudgetShort {
        /// What is at hand.
        available: Minor,
    },
}

/// An offer's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Absent until it is created.
    pub offer: Option<Offer>,
    /// Where its budget is.
    pub lending: Lending,
}

impl State {
    /// Decides `command`.
    pub fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Create(offer) => match self.offer {
                None => Ok(vec![Event::Created(offer.clone())]),
                Some(_) => Err(Rejection::OfferExists),
            },
            Command::Lend {
                shard,
                shards,
                at_least,
            } => {
                let available = self.available().ok_or(Rejection::NoBudget)?;
                let short = Rejection::BudgetShort { available };
                let slice = slice(available, *shards).max(*at_least);
                if slice > available {
                    return Err(short);
                }
                let total = self.lending.of(*shard).lent.plus(slice);
                let fits = total.filter(|total| *total <= Lending::TOTAL_MAX);
                Ok(vec![Event::Lent(*shard, fits.ok_or(short)?)])
            }
            Command::TakeBack(returned) => {
                let news: Vec<_> = returned
                    .iter()
                    .copied()
                    .map(|(shard, total)| (shard, total.min(self.lending.of(shard).lent)))
                    .filter(|(shard, total)| *total > self.lending.of(*shard).returned)
                    .collect();
                Ok(if news.is_empty() {
                    Vec::new()
                } else {
                    vec![Event::TakenBack(news)]
                })
            }
        }
    }

    /// What can be lent; `None` if the offer has no budget.
    pub fn available(&self) -> Option<Minor> {
        let budget = self.offer.as_ref()?.budget?;
        Some(budget.less(self.lending.out()))
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Created(offer) => self.offer = Some(offer.clone()),
            Event::Lent(shard, total) => self.lending.lent(*shard, *total),
            Event::TakenBack(returned) => {
                for (shard, total) in returned {
                    self.lending.returned(*shard, *total);
                }
            }
        }
    }
}

/// What a shard gets at a time: were all to ask at once, half of what there is would be lent.
fn slice(available: Minor, shards: u16) -> Minor {
    let shares = i64::from(shards.max(1)).saturating_mul(2);
    Minor(available.0.checked_div(shares).unwrap_or_default())
}

#[cfg(test)]
mod tests;
