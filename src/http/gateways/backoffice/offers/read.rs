//! From the wire to an offer: what takes the tenant's configuration to judge.

use rust_decimal::Decimal;

use super::super::rewards::{self, numbers};
use super::wire::{WireAmountType, WireAward, WireCap, WireHours, WrittenOffer};
use crate::domain::context::TenantView;
use crate::domain::ids::PublicIds;
use crate::domain::money::{Minor, Percent};
use crate::domain::offer::{
    Award, Cap, Caps, Conditions, Goal, Hours, LifeCycle, Offer, SpendConditions, Texts,
};
use crate::domain::time::{Span, Timestamp};
use crate::http::extract::Faults;
use crate::http::hours::{WireDay, minute_of};
use crate::http::money_wire::above_zero;
use crate::http::problem::{Code, Problem};

/// How many decimals a percentage has.
const PERCENT_DECIMALS: u32 = 4;

/// The offer that is written.
pub(super) fn offer(
    written: &WrittenOffer,
    tenant: &TenantView,
    ids: &PublicIds,
) -> Result<Offer, Problem> {
    let mut faults = Faults::new();
    let award = award(&mut faults, &written.awards, tenant)?;
    let decimals = tenant.currency.decimals();
    let mut read = Conditions::default();
    faults.within("conditions", |faults| {
        read = conditions(faults, written, tenant, ids);
    });
    let mut goal = Goal::default();
    if let Some(wire) = &written.goal {
        faults.within("goal", |faults| goal = wire.read(faults, decimals));
    }
    let mut spend_conditions = None;
    if let Some(wire) = &written.spend_conditions {
        faults.within("spend_conditions", |faults| {
            spend_conditions = Some(SpendConditions {
                organisations: organisations(faults, &wire.organisations, tenant, ids),
                products: wire.products.clone(),
                hours: wire.hours.iter().map(hours).collect(),
            });
        });
    }
    let mut caps = Caps::default();
    faults.within("caps", |faults| {
        faults.within("per_contact", |faults| {
            caps.in_all = cap(faults, written.caps.per_contact, decimals);
        });
        faults.within("per_contact_per_day", |faults| {
            caps.a_day = cap(faults, written.caps.per_contact_per_day, decimals);
        });
    });
    let budget = above_zero(&mut faults, "budget", written.budget, decimals);
    faults.into_result()?;
    Ok(Offer {
        name: written.name.trim().to_owned(),
        life_cycle: written
            .life_cycle_state
            .map_or(LifeCycle::Active, LifeCycle::from),
        award,
        conditions: read,
        goal,
        texts: Texts {
            short_description: written.short_description.clone(),
            long_description: written.long_description.clone(),
            terms_and_conditions: written.terms_and_conditions.clone(),
            is_featured: written.is_featured,
        },
        caps,
        best_of: written.best_of.clone(),
        unlocks_after: span(written.unlocks_after_s),
        award_lasts: span(written.expires_after_s),
        spend_conditions,
        budget,
    })
}

/// The one award that is written.
pub(super) fn award(
    faults: &mut Faults,
    awards: &[WireAward],
    tenant: &TenantView,
) -> Result<Award, Problem> {
    let nothing = Award::Fixed(Minor::ZERO);
    let Some(written) = awards.first() else {
        return Ok(nothing);
    };
    if let Some(code) = &written.currency
        && code != tenant.currency.code()
    {
        return Err(Problem::new(
            Code::CurrencyMismatch,
            format!(
                "awards.currency must be {}, the wallet's, or be left out",
                tenant.currency.code()
            ),
        ));
    }
    let mut award = nothing;
    faults.within("awards", |faults| {
        faults.at(0, |faults| match written.amount_type {
            WireAmountType::Fixed => {
                let decimals = tenant.currency.decimals();
                let amount = above_zero(faults, "amount", Some(written.amount), decimals);
                award = Award::Fixed(amount.unwrap_or_default());
            }
            WireAmountType::Percentage => {
                let share = above_zero(faults, "amount", Some(written.amount), PERCENT_DECIMALS);
                let share = Decimal::new(share.unwrap_or_default().0, PERCENT_DECIMALS);
                faults.require(
                    share <= Decimal::ONE_HUNDRED,
                    "amount",
                    "too_large",
                    "must be at most 100 percent",
                );
                award = Award::Percentage(Percent(share.normalize()));
            }
        });
    });
    Ok(award)
}

fn conditions(
    faults: &mut Faults,
    written: &WrittenOffer,
    tenant: &TenantView,
    ids: &PublicIds,
) -> Conditions {
    let wire = &written.conditions;
    let decimals = tenant.currency.decimals();
    faults.within("classifications", |faults| {
        for (index, name) in wire.classifications.iter().enumerate() {
            faults.at(index, |faults| {
                faults.require(
                    tenant.classifications.contains(name),
                    "",
                    "unknown_classification",
                    "must be one of the tenant's classifications",
                );
            });
        }
    });
    Conditions {
        minimum_total: above_zero(faults, "minimum_amount", wire.minimum_amount, decimals),
        classifications: wire.classifications.clone(),
        organisations: organisations(faults, &wire.organisations, tenant, ids),
        products: wire.products.clone(),
        starts_at: wire.valid_from.map(Timestamp::from_unix_seconds),
        ends_at: wire.valid_to.map(Timestamp::from_unix_seconds),
        hours: wire.hours.iter().map(hours).collect(),
        segments: numbers(
            faults,
            ("segments", "unknown_segment"),
            &wire.segments,
            |id| rewards::segment(ids, tenant, id),
        ),
        tiers: numbers(faults, ("tiers", "unknown_tier"), &wire.tiers, |id| {
            rewards::tier(ids, tenant, id)
        }),
        schemes: numbers(faults, ("schemes", "unknown_scheme"), &wire.schemes, |id| {
            rewards::scheme(ids, tenant, id)
        }),
    }
}

fn span(seconds: Option<i64>) -> Option<Span> {
    seconds.map(|seconds| Span(seconds.saturating_mul(1_000)))
}

fn organisations(
    faults: &mut Faults,
    written: &[String],
    tenant: &TenantView,
    ids: &PublicIds,
) -> Vec<u64> {
    numbers(
        faults,
        ("organisations", "unknown_organisation"),
        written,
        |id| rewards::organisation(ids, tenant, id),
    )
}

fn hours(wire: &WireHours) -> Hours {
    let bits = WireDay::ALL.iter().zip(0_u32..).map(|(day, bit)| {
        let is_named = wire.days.is_empty() || wire.days.contains(day);
        u8::from(is_named).wrapping_shl(bit)
    });
    Hours {
        days: bits.fold(0, |days, bit| days | bit),
        from: minute_of(&wire.from).unwrap_or_default(),
        until: minute_of(&wire.to).unwrap_or_default(),
    }
}

fn cap(faults: &mut Faults, wire: WireCap, decimals: u32) -> Cap {
    Cap {
        awards: wire.awards,
        amount: above_zero(faults, "amount", wire.amount, decimals),
    }
}
