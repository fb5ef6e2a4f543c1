//! A reward offer, as contacts see it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::offer::{Award, Goal, Offer};

/// An offer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VisibleOffer)]
pub(super) struct WireOffer {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) short_description: Option<String>,
    pub(super) long_description: Option<String>,
    pub(super) terms_and_conditions: Option<String>,
    pub(super) scheme: Option<Scheme>,
    pub(super) goal: WireGoal,
    pub(super) r#type: WireType,
    pub(super) owner: Owner,
    pub(super) is_featured: bool,
    /// Whether there is a goal to get on with.
    pub(super) performance_enabled: bool,
    creatives: BTreeMap<String, serde_json::Value>,
}

/// What a contact has to be a member of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SchemeOfOffer)]
pub(super) struct Scheme {
    id: String,
    name: String,
}

/// Who makes an offer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferOwner)]
pub(super) struct Owner {
    pub(super) id: String,
    pub(super) name: String,
    creatives: Vec<serde_json::Value>,
}

/// What has to be reached before an offer gives anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = VisibleGoal)]
pub(super) enum WireGoal {
    /// So much paid, or so many products bought.
    Achievement,
    /// Nothing: a purchase that meets the conditions is enough.
    Spend,
    /// So many purchases.
    Visits,
    /// So long a membership.
    Membership,
}

/// What kind of offer it is, as far as its terms tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = OfferType)]
pub(super) enum WireType {
    /// For reaching a goal.
    Achievement,
    /// A sum of money.
    Gift,
    /// A share of what is paid.
    Discount,
    /// For buying certain products.
    Bundle,
    /// For members.
    Signup,
    /// At certain hours.
    Happyhour,
    /// For a tier.
    ReachTier,
}

impl WireGoal {
    pub(super) fn of(goal: &Goal) -> WireGoal {
        match goal {
            Goal::Spend => WireGoal::Spend,
            Goal::Visits(_) => WireGoal::Visits,
            Goal::Amount(_) | Goal::Products(..) => WireGoal::Achievement,
            Goal::Membership(_) => WireGoal::Membership,
        }
    }
}

impl WireType {
    pub(super) fn of(offer: &Offer) -> WireType {
        let conditions = &offer.conditions;
        match (&offer.goal, offer.award) {
            (Goal::Visits(_) | Goal::Amount(_) | Goal::Products(..), _) => WireType::Achievement,
            (Goal::Membership(_), _) => WireType::Signup,
            (Goal::Spend, _) if !conditions.tiers.is_empty() => WireType::ReachTier,
            (Goal::Spend, _) if !conditions.hours.is_empty() => WireType::Happyhour,
            (Goal::Spend, _) if !conditions.products.is_empty() => WireType::Bundle,
            (Goal::Spend, Award::Percentage(_)) => WireType::Discount,
            (Goal::Spend, Award::Fixed(_)) => WireType::Gift,
        }
    }
}

impl Scheme {
    /// The first of the schemes that open an offer.
    pub(super) fn of(offer: &Offer, tenant: &TenantView, ids: &PublicIds) -> Option<Scheme> {
        let number = *offer.conditions.schemes.first()?;
        Some(Scheme {
            id: ids.write(PublicId::of(Named::Scheme, number)),
            name: tenant.rewards.scheme(number)?.name.clone(),
        })
    }
}

impl Owner {
    /// The owner of the network, who makes its offers.
    pub(super) fn of(tenant: &TenantView, ids: &PublicIds) -> Owner {
        let number = tenant.owner();
        let owner = tenant.organisations.get(&number);
        Owner {
            id: ids.write(PublicId::of(Named::Organisation, number)),
            name: owner.map(|owner| owner.name.clone()).unwrap_or_default(),
            creatives: Vec::new(),
        }
    }
}

impl WireOffer {
    pub(super) fn of(
        number: u64,
        offer: &Offer,
        tenant: &TenantView,
        ids: &PublicIds,
    ) -> WireOffer {
        let texts = &offer.texts;
        WireOffer {
            id: ids.write(PublicId::of(Named::Offer, number)),
            name: offer.name.clone(),
            short_description: texts.short_description.clone(),
            long_description: texts.long_description.clone(),
            terms_and_conditions: texts.terms_and_conditions.clone(),
            scheme: Scheme::of(offer, tenant, ids),
            goal: WireGoal::of(&offer.goal),
            r#type: WireType::of(offer),
            owner: Owner::of(tenant, ids),
            is_featured: texts.is_featured,
            performance_enabled: offer.goal.is_counted(),
            creatives: BTreeMap::new(),
        }
    }
}
