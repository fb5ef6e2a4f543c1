//! What a purchase must be like.

use super::NoAward;
use crate::domain::calendar::{Local, Zone};
use crate::domain::money::Minor;
use crate::domain::time::Timestamp;

/// What a purchase must be like. Each list names alternatives; an empty one demands nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The least total that qualifies.
    pub minimum_total: Option<Minor>,
    /// The classifications that qualify, by name.
    pub classifications: Vec<String>,
    /// The organisations at or below which the purchase must be made, by entity number.
    pub organisations: Vec<u64>,
    /// The products of which one must be bought, by SKU or id.
    pub products: Vec<String>,
    /// From when on.
    pub starts_at: Option<Timestamp>,
    /// Until when, excluded.
    pub ends_at: Option<Timestamp>,
    /// The days and hours that qualify, on the calendar of the organisation that sells.
    pub hours: Vec<Hours>,
    /// The segments of which the contact is in one, by number.
    pub segments: Vec<u64>,
    /// The tiers of which the contact has one, by number.
    pub tiers: Vec<u64>,
    /// The schemes of which the contact is a member of one, by number.
    pub schemes: Vec<u64>,
}

/// What money may be spent on. Each list names alternatives; an empty one demands nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpendConditions {
    /// The organisations at or below which it may be spent, by entity number.
    pub organisations: Vec<u64>,
    /// The products that it may pay for, by SKU or id, each up to what its lines cost.
    pub products: Vec<String>,
    /// The days and hours at which it may be spent, on the calendar of the organisation that sells.
    pub hours: Vec<Hours>,
}

/// Some hours of some days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The days on which they begin: bit 0 is Monday, bit 6 Sunday.
    pub days: u8,
    /// The first minute of the day.
    pub from: u16,
    /// The minute at which they end; at or before `from`, it is on the next day.
    pub until: u16,
}

/// The facts of a purchase that every offer looks at.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The purchase's total.
    pub total: Minor,
    /// What is left to pay after what was spent from the wallet: rewards earn no rewards.
    pub paid: Minor,
    /// The classification's name.
    pub classification: &'a str,
    /// When it was made.
    pub made_at: Timestamp,
}

/// The facts of a purchase that take looking up, and that few offers look at.
pub trait Sale {
    /// Whether it was made at or below an organisation.
    fn is_within(&self, organisation: u64) -> bool;

    /// Whether a product was bought, by SKU or id.
    fn has_product(&self, product: &str) -> bool;

    /// The time zone of the organisation that sold.
    fn zone(&self) -> &Zone;
}

/// The facts of who buys, which take looking up too.
pub trait Buyer {
    /// Whether the contact is in a segment.
    fn is_in_segment(&self, segment: u64) -> bool;

    /// Whether the contact has a tier.
    fn has_tier(&self, tier: u64) -> bool;

    /// Whether the contact is a member of a scheme.
    fn is_member_of(&self, scheme: u64) -> bool;
}

impl Hours {
    /// Whether they have begun and not ended at `local`.
    pub fn contain(&self, local: Local) -> bool {
        let begin_on = |weekday: u8| self.days.checked_shr(weekday.into()).unwrap_or(0) & 1 == 1;
        let yesterday = local.weekday.checked_sub(1).unwrap_or(6);
        if self.from < self.until {
            return begin_on(local.weekday) && (self.from..self.until).contains(&local.minute);
        }
        (begin_on(local.weekday) && local.minute >= self.from)
            || (begin_on(yesterday) && local.minute < self.until)
    }
}

impl SpendConditions {
    /// Whether a purchase made at `made_at` is one to spend on, whatever was bought.
    pub fn allow(&self, made_at: Timestamp, sale: &impl Sale) -> bool {
        is_at_one_of(&self.organisations, sale) && is_in_one_of(&self.hours, made_at, sale)
    }
}

/// Whether a purchase was made at or below one of the organisations; anywhere, if there are none.
fn is_at_one_of(organisations: &[u64], sale: &impl Sale) -> bool {
    organisations.is_empty() || organisations.iter().any(|it| sale.is_within(*it))
}

/// Whether it was made in one of the hours; at any time, if there are none.
fn is_in_one_of(hours: &[Hours], made_at: Timestamp, sale: &impl Sale) -> bool {
    if hours.is_empty() {
        return true;
    }
    let local = sale.zone().local(made_at);
    hours.iter().any(|hours| hours.contain(local))
}

impl Conditions {
    /// Whether a purchase is so, or the first thing that it is not.
    pub(super) fn check(
        &self,
        basis: Basis<'_>,
        sale: &impl Sale,
        buyer: &impl Buyer,
    ) -> Result<(), NoAward> {
        let Conditions {
            minimum_total,
            classifications,
            organisations,
            products,
            starts_at,
            ends_at,
            hours,
            segments,
            tiers,
            schemes,
        } = self;
        if starts_at.is_some_and(|starts_at| basis.made_at < starts_at) {
            return Err(NoAward::NotStarted);
        }
        if ends_at.is_some_and(|ends_at| basis.made_at >= ends_at) {
            return Err(NoAward::Ended);
        }
        if minimum_total.is_some_and(|minimum| basis.total < minimum) {
            return Err(NoAward::BelowMinimum);
        }
        if !classifications.is_empty()
            && !classifications.iter().any(|it| it == basis.classification)
        {
            return Err(NoAward::OtherClassification);
        }
        if !is_at_one_of(organisations, sale) {
            return Err(NoAward::OtherOrganisation);
        }
        if !products.is_empty() && !products.iter().any(|it| sale.has_product(it)) {
            return Err(NoAward::OtherProducts);
        }
        if !is_in_one_of(hours, basis.made_at, sale) {
            return Err(NoAward::OtherHours);
        }
        if !schemes.is_empty() && !schemes.iter().any(|it| buyer.is_member_of(*it)) {
            return Err(NoAward::NotAMember);
        }
        if !tiers.is_empty() && !tiers.iter().any(|it| buyer.has_tier(*it)) {
            return Err(NoAward::OtherTier);
        }
        if !segments.is_empty() && !segments.iter().any(|it| buyer.is_in_segment(*it)) {
            return Err(NoAward::OtherSegment);
        }
        Ok(())
    }
}
