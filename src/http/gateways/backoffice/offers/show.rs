//! From an offer to the wire.

use super::goal::WireGoal;
use super::wire::{
    WireAmountType, WireAward, WireBudget, WireCap, WireCaps, WireConditions, WireHours, WireOffer,
    WireSpendConditions, percentage,
};
use crate::domain::address::Address;
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::{Named, PublicId};
use crate::domain::money::Minor;
use crate::domain::offer::{Award, Cap, Conditions, Hours, Offer};
use crate::http::hours::{WireDay, text_of};
use crate::http::money_wire::WireAmount;
use crate::http::problem::Problem;
use crate::http::{Api, failure};

/// An offer as it is shown. One with a budget is asked where that is.
pub(super) async fn shown(
    api: &Api,
    tenant: &TenantView,
    address: Address,
    offer: &Offer,
) -> Result<WireOffer, Problem> {
    let ids = api.router.secrets().public_ids();
    let budget = match offer.budget {
        Some(_) => budget(api, tenant, address).await?,
        None => None,
    };
    let amount = |minor: Minor| WireAmount::from_minor(minor.0, tenant.currency.decimals());
    let cap = |cap: Cap| WireCap {
        awards: cap.awards,
        amount: cap.amount.map(amount),
    };
    let organisation = |entity: &u64| ids.write(PublicId::of(Named::Organisation, *entity));
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
    } = &offer.conditions;
    let named = |named: Named, numbers: &[u64]| {
        let numbers = numbers.iter();
        numbers
            .map(|number| ids.write(PublicId::of(named, *number)))
            .collect()
    };
    Ok(WireOffer {
        id: ids.write(PublicId::of(Named::Offer, address.entity)),
        name: offer.name.clone(),
        life_cycle_state: offer.life_cycle.into(),
        awards: awards(offer, tenant),
        conditions: WireConditions {
            minimum_amount: minimum_total.map(amount),
            classifications: classifications.clone(),
            organisations: organisations.iter().map(organisation).collect(),
            products: products.clone(),
            valid_from: starts_at.map(|at| at.unix_seconds()),
            valid_to: ends_at.map(|at| at.unix_seconds()),
            hours: hours.iter().map(wire_hours).collect(),
            segments: named(Named::Segment, segments),
            tiers: named(Named::Tier, tiers),
            schemes: named(Named::Scheme, schemes),
        },
        goal: WireGoal::of(&offer.goal, tenant.currency.decimals()),
        short_description: offer.texts.short_description.clone(),
        long_description: offer.texts.long_description.clone(),
        terms_and_conditions: offer.texts.terms_and_conditions.clone(),
        is_featured: offer.texts.is_featured,
        caps: WireCaps {
            per_contact: cap(offer.caps.in_all),
            per_contact_per_day: cap(offer.caps.a_day),
        },
        best_of: offer.best_of.clone(),
        unlocks_after_s: offer.unlocks_after.map(|after| after.0 / 1_000),
        expires_after_s: offer.award_lasts.map(|lasts| lasts.0 / 1_000),
        spend_conditions: offer
            .spend_conditions
            .as_ref()
            .map(|conditions| WireSpendConditions {
                organisations: conditions.organisations.iter().map(organisation).collect(),
                products: conditions.products.clone(),
                hours: conditions.hours.iter().map(wire_hours).collect(),
            }),
        budget,
    })
}

/// The awards of an offer.
pub(super) fn awards(offer: &Offer, tenant: &TenantView) -> Vec<WireAward> {
    vec![match offer.award {
        Award::Fixed(amount) => WireAward {
            amount: WireAmount::from_minor(amount.0, tenant.currency.decimals()),
            amount_type: WireAmountType::Fixed,
            currency: Some(tenant.currency.code().to_owned()),
        },
        Award::Percentage(share) => WireAward {
            amount: percentage(share),
            amount_type: WireAmountType::Percentage,
            currency: None,
        },
    }]
}

fn wire_hours(hours: &Hours) -> WireHours {
    let days = WireDay::ALL.into_iter().zip(0_u32..);
    WireHours {
        days: days
            .filter(|(_, bit)| hours.days.wrapping_shr(*bit) & 1 == 1)
            .map(|(day, _)| day)
            .collect(),
        from: text_of(hours.from),
        to: text_of(hours.until),
    }
}

async fn budget(
    api: &Api,
    tenant: &TenantView,
    address: Address,
) -> Result<Option<WireBudget>, Problem> {
    let amount = |minor: Minor| WireAmount::from_minor(minor.0, tenant.currency.decimals());
    let answer = api.router.query(address, Query::Budget).await;
    match answer.result {
        Ok(Answer::Budget(view)) => Ok(Some(WireBudget {
            total: amount(view.budget),
            lent: amount(view.lending.out()),
            available: amount(view.available),
        })),
        Ok(_) => Ok(None),
        Err(why) => Err(failure::problem(why)),
    }
}
