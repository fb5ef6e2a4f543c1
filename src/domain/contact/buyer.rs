//! A contact that buys, as offers look at it.

use super::{Contact, ContactType, Loyalty, LoyaltyView, SignUp};
use crate::domain::configuration::{Opening, Segment};
use crate::domain::context::TenantView;
use crate::domain::offer::{Buyer, Conditions};
use crate::domain::time::{Span, Timestamp};

/// A contact that buys in its tenant's network.
#[derive(Clone, Copy, Debug)]
pub struct BuyingContact<'a> {
    contact_type: ContactType,
    sign_ups: &'a [SignUp],
    created_at: Timestamp,
    loyalty: Option<&'a Loyalty>,
    tenant: &'a TenantView,
    now: Timestamp,
}

impl Buyer for BuyingContact<'_> {
    fn is_in_segment(&self, segment: u64) -> bool {
        let segment = self.tenant.rewards.segment(segment);
        segment.is_some_and(|segment| self.is_of(segment))
    }

    fn has_tier(&self, tier: u64) -> bool {
        self.tier() == Some(tier)
    }

    fn is_member_of(&self, scheme: u64) -> bool {
        self.member_of(scheme).is_some()
    }
}

impl<'a> BuyingContact<'a> {
    /// The contact that buys at `now`.
    pub(super) fn of(
        contact: &'a Contact,
        tenant: &'a TenantView,
        now: Timestamp,
    ) -> BuyingContact<'a> {
        BuyingContact {
            contact_type: contact.contact_type,
            sign_ups: &contact.sign_ups,
            created_at: contact.created_at,
            loyalty: contact.loyalty.as_deref(),
            tenant,
            now,
        }
    }

    /// The contact of a view, at the view's time.
    pub fn of_view(view: &'a LoyaltyView, tenant: &'a TenantView) -> BuyingContact<'a> {
        BuyingContact {
            contact_type: view.contact_type,
            sign_ups: &view.sign_ups,
            created_at: view.created_at,
            loyalty: Some(&view.loyalty),
            tenant,
            now: view.now,
        }
    }

    fn tier(&self) -> Option<u64> {
        let none = Loyalty::default();
        let loyalty = self.loyalty.unwrap_or(&none);
        loyalty.tier_at(self.tenant, self.now)
    }

    fn is_of(&self, segment: &Segment) -> bool {
        let Segment {
            name: _,
            description: _,
            tags,
            contact_types,
            organisations,
            tiers,
            registered_within_days,
            activity,
        } = segment;
        let none = Loyalty::default();
        let loyalty = self.loyalty.unwrap_or(&none);
        let is_tagged = |tag| loyalty.tags.contains(tag);
        let is_new = |days| self.now < self.created_at.after(Span::days(days));
        let bought = |rule| loyalty.meets(rule, self.tenant, self.now);
        (tags.is_empty() || tags.iter().any(is_tagged))
            && (contact_types.is_empty() || contact_types.contains(&self.contact_type))
            && (organisations.is_empty() || self.signed_up_below(organisations).is_some())
            && (tiers.is_empty() || self.tier().is_some_and(|tier| tiers.contains(&tier)))
            && registered_within_days.is_none_or(is_new)
            && activity.is_none_or(bought)
    }

    /// Since when it is signed up at or below one of the organisations.
    fn signed_up_below(&self, organisations: &[u64]) -> Option<Timestamp> {
        let is_meant = |it: &&SignUp| {
            let mut meant = organisations.iter();
            meant.any(|organisation| self.tenant.is_within(it.organisation, *organisation))
        };
        let meant = self.sign_ups.iter().filter(is_meant);
        meant.map(|it| it.at).min()
    }

    /// Since when it is a member of a scheme.
    pub fn member_of(&self, scheme: u64) -> Option<Timestamp> {
        let opening = &self.tenant.rewards.scheme(scheme)?.opening;
        if *opening == Opening::Auto {
            return Some(self.created_at);
        }
        let mut members = self.loyalty?.schemes.iter();
        let member = members.find(|member| member.scheme == scheme);
        member.map(|member| member.at)
    }

    /// Since when it is a member of what `conditions` demand: of schemes, or else of organisations, or else of the tenant's customers.
    pub fn member_since(&self, conditions: &Conditions) -> Option<Timestamp> {
        if !conditions.schemes.is_empty() {
            let schemes = conditions.schemes.iter();
            return schemes.filter_map(|it| self.member_of(*it)).min();
        }
        match conditions.organisations.as_slice() {
            [] => Some(self.created_at),
            organisations => self.signed_up_below(organisations),
        }
    }
}
