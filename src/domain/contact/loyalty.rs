//! What a contact is to its tenant: its tags, what it buys by the month, and the tier that this reaches.
//!
//! Counted only where the tenant has set up something that goes by it. Months are those of the tenant's calendar, numbered as
//! [`calendar::month_of`] does.

use super::{Contact, ContactType, Event, GoalCount, Rejection, SchemeMember, SignUp, Stage};
use crate::domain::access::Guesses;
use crate::domain::calendar;
use crate::domain::configuration::ActivityRule;
use crate::domain::context::TenantView;
use crate::domain::money::Minor;
use crate::domain::time::Timestamp;

/// What is known of a contact's loyalty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loyalty {
    /// The tags that it has, by number.
    pub tags: Vec<u64>,
    /// What it bought in the newest months, oldest first.
    pub months: Vec<Month>,
    /// The units towards tiers that it has made in all, in minor parts.
    pub lifetime: Minor,
    /// The tier that it had at its newest purchase.
    pub reached: Option<Reached>,
    /// How far it has got with the goals of offers.
    pub goals: Vec<GoalCount>,
    /// The schemes that it has signed up to.
    pub schemes: Vec<SchemeMember>,
    /// Wrong sign-up codes of late.
    pub guesses: Guesses,
}

/// What a contact bought in a month. What is returned later than in its month may leave less than nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Month {
    /// Which month.
    pub month: i32,
    /// How often it bought.
    pub visits: u32,
    /// What it paid.
    pub paid: Minor,
    /// The units towards tiers that it made, in minor parts.
    pub units: Minor,
}

/// What a purchase counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// In which month.
    pub month: i32,
    /// What was paid.
    pub paid: Minor,
    /// The units towards tiers, in minor parts.
    pub units: Minor,
}

/// A tier that a contact got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Which, by number; none, if it is below all of them.
    pub tier: Option<u64>,
    /// When.
    pub at: Timestamp,
}

/// A contact's loyalty as it is shown, with all that offers look at of who buys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoyaltyView {
    /// What is known.
    pub loyalty: Loyalty,
    /// Who the contact is.
    pub contact_type: ContactType,
    /// The organisations that it has signed up to.
    pub sign_ups: Vec<SignUp>,
    /// When the contact was created.
    pub created_at: Timestamp,
    /// The time of business at which it is shown.
    pub now: Timestamp,
}

impl Loyalty {
    /// How many tags a contact may have: more than anybody keeps in mind.
    pub const TAGS_MAX: usize = 20;

    /// For how many months what a contact buys is kept: the year under way and the one before. At 22 bytes each, half a KiB of its
    /// row.
    pub const MONTHS_MAX: i32 = 24;

    /// Counts what was bought.
    fn count(&mut self, it: Activity) {
        self.change(it, |month| {
            month.visits = month.visits.saturating_add(1);
            month.paid = Minor(month.paid.0.saturating_add(it.paid.0));
            month.units = Minor(month.units.0.saturating_add(it.units.0));
        });
        self.lifetime = Minor(self.lifetime.0.saturating_add(it.units.0));
    }

    /// Counts it no longer; `visits` of it were visits.
    fn uncount(&mut self, it: Activity, visits: u32) {
        self.change(it, |month| {
            month.visits = month.visits.saturating_sub(visits);
            month.paid = Minor(month.paid.0.saturating_sub(it.paid.0));
            month.units = Minor(month.units.0.saturating_sub(it.units.0));
        });
        self.lifetime = Minor(self.lifetime.0.saturating_sub(it.units.0));
    }

    fn change(&mut self, it: Activity, change: impl FnOnce(&mut Month)) {
        let at = self.months.partition_point(|known| known.month < it.month);
        let is_known = self
            .months
            .get(at)
            .is_some_and(|known| known.month == it.month);
        if !is_known {
            let month = Month {
                month: it.month,
                ..Month::default()
            };
            self.months.insert(at, month);
        }
        if let Some(month) = self.months.get_mut(at) {
            change(month);
        }
        let newest = self.months.last().map_or(0, |newest| newest.month);
        let oldest = newest.saturating_sub(Self::MONTHS_MAX.saturating_sub(1));
        self.months.retain(|known| known.month >= oldest);
    }

    /// The units made in a period, in minor parts.
    fn units_in(&self, period: i32, tenant: &TenantView) -> Minor {
        let length = tenant.rewards.tiering.period;
        let months = self.months.iter();
        let within = months.filter(|it| length.of_month(it.month) == period);
        Minor(within.fold(0, |sum, it| sum.saturating_add(it.units.0)))
    }

    /// The units made in the period that is under way at `now`, in minor parts.
    pub fn units_of_now(&self, tenant: &TenantView, now: Timestamp) -> Minor {
        self.units_in(period_at(tenant, now), tenant)
    }

    /// The tier at a time of a period when `more` units than are counted had been made in it.
    fn tier_in(&self, period: i32, more: Minor, tenant: &TenantView) -> Option<u64> {
        let rewards = &tenant.rewards;
        let this = self.units_in(period, tenant).0.saturating_add(more.0);
        let before = self.units_in(period.saturating_sub(1), tenant).0;
        rewards.reached_by(Minor(this.max(before)), tenant.currency.decimals())
    }

    /// The tier at `now`, by number. No timer has to have fired.
    pub fn tier_at(&self, tenant: &TenantView, now: Timestamp) -> Option<u64> {
        if tenant.rewards.tiers.is_empty() {
            return None;
        }
        self.tier_in(period_at(tenant, now), Minor::ZERO, tenant)
    }

    /// Since when the contact has the tier that it has at `now`; not known, where the tiers were set up otherwise since.
    pub fn tier_since(&self, tenant: &TenantView, now: Timestamp) -> Option<Timestamp> {
        let tier = self.tier_at(tenant, now);
        if let Some(reached) = self.reached.filter(|reached| reached.tier == tier) {
            return Some(reached.at);
        }
        // Time has taken it down since the newest purchase: with the period after that, or the one after.
        let newest = self.months.last()?.month;
        let period = tenant.rewards.tiering.period.of_month(newest);
        let now = period_at(tenant, now);
        let mut after = [1, 2].into_iter().map(|more| period.saturating_add(more));
        let fell = after.find(|it| *it <= now && self.tier_in(*it, Minor::ZERO, tenant) == tier);
        fell.map(|period| begin_of(tenant, period))
    }

    /// That the contact has `tier` from now on, if it was told otherwise before.
    fn told(&self, tier: Option<u64>, tenant: &TenantView, now: Timestamp) -> Option<Event> {
        if tier == self.reached.and_then(|reached| reached.tier) {
            return None;
        }
        let at = match tier == self.tier_at(tenant, now) {
            // Not what is decided now brought it about, but time before it.
            true => self.tier_since(tenant, now).unwrap_or(now),
            false => now,
        };
        Some(Event::TierReached(Reached { tier, at }))
    }

    /// What a contact bought that `rule` asks for.
    pub(super) fn meets(&self, rule: ActivityRule, tenant: &TenantView, now: Timestamp) -> bool {
        let newest = calendar::month_of(tenant.time_zone.local(now).day);
        let oldest = newest.saturating_sub(i32::from(rule.months).saturating_sub(1));
        let months = self.months.iter();
        let within = months.filter(|it| (oldest..=newest).contains(&it.month));
        let (paid, visits) = within.fold((0_i64, 0_u32), |(paid, visits), it| {
            (
                paid.saturating_add(it.paid.0),
                visits.saturating_add(it.visits),
            )
        });
        paid >= rule.minimum_amount.0 && visits >= rule.minimum_visits
    }
}

/// The number of the period of tiers that is under way.
fn period_at(tenant: &TenantView, now: Timestamp) -> i32 {
    let month = calendar::month_of(tenant.time_zone.local(now).day);
    tenant.rewards.tiering.period.of_month(month)
}

fn begin_of(tenant: &TenantView, period: i32) -> Timestamp {
    let month = tenant.rewards.tiering.period.first_month(period);
    tenant.time_zone.begin_of(calendar::first_day_of(month))
}

/// When the period of tiers that is under way at `now` ends.
pub fn period_ends(tenant: &TenantView, now: Timestamp) -> Timestamp {
    begin_of(tenant, period_at(tenant, now).saturating_add(1))
}

impl Contact {
    /// The numbers of the tags that it is to have take the place of those that it has.
    pub(super) fn set_tags(&self, tags: &[u64]) -> Result<Vec<Event>, Rejection> {
        if self.stage != Stage::Active {
            return Err(Rejection::UnknownContact);
        }
        let has: &[u64] = self.loyalty.as_ref().map_or(&[], |loyalty| &loyalty.tags);
        Ok(if has == tags {
            Vec::new()
        } else {
            vec![Event::TagsSet(tags.to_vec())]
        })
    }

    /// What buying for `paid` at `now` and being awarded `awarded` counts for; nothing, where nothing goes by it.
    pub(super) fn activity(
        &self,
        paid: Minor,
        awarded: Minor,
        tenant: &TenantView,
        now: Timestamp,
    ) -> Option<Activity> {
        let rewards = &tenant.rewards;
        rewards.counts_activity().then(|| Activity {
            month: calendar::month_of(tenant.time_zone.local(now).day),
            paid,
            units: match rewards.tiers.is_empty() {
                true => Minor::ZERO,
                false => rewards
                    .tiering
                    .units(paid, awarded, tenant.currency.decimals()),
            },
        })
    }

    /// That `activity` at `now` leaves the contact in another tier than was told before, if it does.
    pub(super) fn tier_change(
        &self,
        activity: &Activity,
        tenant: &TenantView,
        now: Timestamp,
    ) -> Option<Event> {
        if tenant.rewards.tiers.is_empty() {
            return None;
        }
        let none = Loyalty::default();
        let loyalty = self.loyalty.as_deref().unwrap_or(&none);
        let tier = loyalty.tier_in(period_at(tenant, now), activity.units, tenant);
        loyalty.told(tier, tenant, now)
    }

    /// The same once `activity` is taken back.
    pub(super) fn tier_change_without(
        &self,
        activity: Activity,
        tenant: &TenantView,
        now: Timestamp,
    ) -> Option<Event> {
        if tenant.rewards.tiers.is_empty() {
            return None;
        }
        let loyalty = self.loyalty.as_deref()?;
        let mut after = loyalty.clone();
        after.uncount(activity, 0);
        loyalty.told(after.tier_at(tenant, now), tenant, now)
    }

    pub(super) fn apply_activity(&mut self, activity: Activity) {
        self.loyalty.get_or_insert_default().count(activity);
    }

    pub(super) fn apply_activity_taken_back(&mut self, activity: Activity, visits: u32) {
        let loyalty = self.loyalty.get_or_insert_default();
        loyalty.uncount(activity, visits);
    }

    /// What is known of its loyalty.
    pub fn loyalty_view(&self, now: Timestamp) -> LoyaltyView {
        LoyaltyView {
            loyalty: self.loyalty.as_deref().cloned().unwrap_or_default(),
            contact_type: self.contact_type,
            sign_ups: self.sign_ups.clone(),
            created_at: self.created_at,
            now,
        }
    }
}
