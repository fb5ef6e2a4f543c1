//! An offer: a rule that awards open money for a purchase.
//!
//! `conditions` is what a purchase must be like, `caps` what one contact may be given, `lending` where a budget is.

mod caps;
mod conditions;
mod goal;
mod lending;

use super::money::{Minor, Percent};
use super::time::Span;

pub use caps::{Cap, Caps};
pub use conditions::{Basis, Buyer, Conditions, Hours, Sale, SpendConditions};
pub use goal::{Counted, Goal, Progress, Standing, Step, Target};
pub use lending::{Lending, Loan};

/// What an offer gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Award {
    /// A share of what the customer pays for the purchase.
    Percentage(Percent),
    /// The same for each purchase.
    Fixed(Minor),
}

/// Whether an offer gives anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifeCycle {
    /// It applies to every purchase that meets its conditions.
    Active,
    /// It gives nothing until it is active again.
    Inactive,
}

/// An offer as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub name: String,
    /// Whether it gives anything.
    pub life_cycle: LifeCycle,
    /// What it gives.
    pub award: Award,
    /// When it gives.
    pub conditions: Conditions,
    /// What a contact has to reach before. Fixed when the offer is created.
    pub goal: Goal,
    /// What one contact may be given.
    pub caps: Caps,
    /// How it is shown to contacts.
    pub texts: Texts,
    /// Of the offers of one group, only the one that gives most gives anything.
    pub best_of: Option<String>,
    /// How long after the purchase an award can be spent; at once, if none.
    pub unlocks_after: Option<Span>,
    /// For how long an award can be spent, from when it can be; for ever, if none.
    pub award_lasts: Option<Span>,
    /// What an award may be spent on: it is commerce money then, else open money. Fixed when the offer is created: it is a
    /// promise about money that was given.
    pub spend_conditions: Option<SpendConditions>,
    /// What all its awards together may give; no end of it, if none. Fixed when the offer is created: shards hold parts of it.
    pub budget: Option<Minor>,
}

/// How an offer is shown to contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// In a few words.
    pub short_description: Option<String>,
    /// In more.
    pub long_description: Option<String>,
    /// Its small print.
    pub terms_and_conditions: Option<String>,
    /// Whether it is to be seen before others.
    pub is_featured: bool,
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
    /// The wallet holds as many lots, or counts as many offers with caps, as it may.
    WalletFull,
    /// What is left of the offer's budget does not cover the award.
    BudgetExhausted,
    /// The offer is not active.
    Inactive,
    /// The offer had not begun.
    NotStarted,
    /// The offer had ended.
    Ended,
    /// The purchase was made on another day of the week or at another hour.
    OtherHours,
    /// None of the offer's products was bought.
    OtherProducts,
    /// The contact was given as much of the offer as it may be in all.
    ContactCapReached,
    /// The contact was given as much of the offer as it may be in a day.
    DayCapReached,
    /// Another offer of its group gives more.
    NotTheBest,
    /// The contact is in none of the offer's segments.
    OtherSegment,
    /// The contact has none of the offer's tiers.
    OtherTier,
    /// The purchase counts towards the offer's goal, which is not reached yet.
    GoalNotReached,
    /// The contact is no member of the offer's schemes, or of what its goal goes by.
    NotAMember,
}

impl Offer {
    /// An active offer that gives `award` for every purchase.
    pub fn new(name: impl Into<String>, award: Award) -> Offer {
        Offer {
            name: name.into(),
            life_cycle: LifeCycle::Active,
            award,
            conditions: Conditions::default(),
            goal: Goal::default(),
            caps: Caps::default(),
            texts: Texts::default(),
            best_of: None,
            unlocks_after: None,
            award_lasts: None,
            spend_conditions: None,
            budget: None,
        }
    }

    /// What the offer gives for a purchase, or why not, as far as the purchase and who buys decide it.
    pub fn evaluate(
        &self,
        basis: Basis<'_>,
        sale: &impl Sale,
        buyer: &impl Buyer,
    ) -> Result<Minor, NoAward> {
        match self.life_cycle {
            LifeCycle::Active => {}
            LifeCycle::Inactive => return Err(NoAward::Inactive),
        }
        self.conditions.check(basis, sale, buyer)?;
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
    Create(Box<Offer>),
    /// Become another, but for the life cycle, the goal, the budget and the conditions of spending.
    Change(Box<Offer>),
    /// Give something else.
    ChangeAward(Award),
    /// Give something, or nothing, from now on.
    ChangeLifeCycle(LifeCycle),
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
    Created(Box<Offer>),
    /// It became another, but for the life cycle, the goal, the budget and the conditions of spending.
    Changed(Box<Offer>),
    /// It gives something else.
    AwardChanged(Award),
    /// It gives something, or nothing, from now on.
    LifeCycleChanged(LifeCycle),
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
    /// There is no such offer.
    UnknownOffer,
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
    pub offer: Option<Box<Offer>>,
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
            Command::Change(wanted) => {
                let now = self.offer.as_deref().ok_or(Rejection::UnknownOffer)?;
                let mut changed = wanted.clone();
                (changed.life_cycle, changed.budget) = (now.life_cycle, now.budget);
                changed.spend_conditions.clone_from(&now.spend_conditions);
                changed.goal.clone_from(&now.goal);
                Ok(if *changed == *now {
                    Vec::new()
                } else {
                    vec![Event::Changed(changed)]
                })
            }
            Command::ChangeAward(award) => {
                let now = self.offer.as_deref().ok_or(Rejection::UnknownOffer)?;
                Ok(if now.award == *award {
                    Vec::new()
                } else {
                    vec![Event::AwardChanged(*award)]
                })
            }
            Command::ChangeLifeCycle(life_cycle) => {
                let now = self.offer.as_deref().ok_or(Rejection::UnknownOffer)?;
                Ok(if now.life_cycle == *life_cycle {
                    Vec::new()
                } else {
                    vec![Event::LifeCycleChanged(*life_cycle)]
                })
            }
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
            Event::Created(offer) | Event::Changed(offer) => self.offer = Some(offer.clone()),
            Event::AwardChanged(award) => {
                if let Some(offer) = &mut self.offer {
                    offer.award = *award;
                }
            }
            Event::LifeCycleChanged(life_cycle) => {
                if let Some(offer) = &mut self.offer {
                    offer.life_cycle = *life_cycle;
                }
            }
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
