//! Offers with everything that they can have, and what contacts were given of them.

use super::fixtures::NOW;
use super::{parts, rewards};
use crate::domain::address::Mode;
use crate::domain::audit;
use crate::domain::contact::{self, Count, Counted, Counts};
use crate::domain::entity::Event;
use crate::domain::money::Minor;
use crate::domain::offer::{
    self, Award, Cap, Caps, Conditions, Goal, Hours, LifeCycle, Offer, SpendConditions, Target,
};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{media, tenant};

pub(super) fn offer(award: Award) -> Offer {
    Offer {
        name: "Five back".into(),
        award,
        conditions: Conditions {
            minimum_total: Some(Minor(5_000)),
            classifications: vec!["FUEL".into()],
            organisations: vec![6, 7],
            products: vec!["SKU-1".into()],
            starts_at: Some(NOW),
            ends_at: Some(Timestamp(NOW.0 + 2)),
            hours: vec![Hours {
                days: 0b001_1111,
                from: 17 * 60,
                until: 19 * 60,
            }],
            segments: vec![9, 10],
            tiers: vec![11],
            schemes: vec![12],
        },
        goal: Goal::Products(
            Target {
                amount: 4,
                repeats: true,
            },
            vec!["SKU-3".into()],
        ),
        texts: rewards::texts(),
        life_cycle: LifeCycle::Inactive,
        caps: Caps {
            in_all: Cap {
                awards: Some(3),
                amount: None,
            },
            a_day: Cap {
                awards: None,
                amount: Some(Minor(500)),
            },
        },
        best_of: Some("spring".into()),
        unlocks_after: Some(Span::days(2)),
        award_lasts: Some(Span::days(90)),
        spend_conditions: Some(spend_conditions()),
        budget: Some(Minor(100_000)),
    }
}

pub(super) fn spend_conditions() -> SpendConditions {
    SpendConditions {
        organisations: vec![8],
        products: vec!["SKU-2".into()],
        hours: vec![Hours {
            days: 1,
            from: 0,
            until: 60,
        }],
    }
}

pub(super) fn counts() -> Counts {
    let count = |offer, awards, amount| Count {
        offer,
        awards,
        amount: Minor(amount),
    };
    Counts {
        in_all: vec![count(6, 3, 1_500), count(7, 1, 50)],
        day: 20_600,
        today: vec![count(6, 1, 500)],
    }
}

pub(super) fn events() -> Vec<(&'static str, Event)> {
    vec![
        (
            "tenant_test_clock_advanced",
            Event::Tenant(tenant::Event::TestClockAdvanced(Span::days(2))),
        ),
        (
            "tenant_uncovered_offline_set",
            Event::Tenant(tenant::Event::UncoveredOfflineSet(
                Mode::Test,
                tenant::Uncovered::Owe,
            )),
        ),
        (
            "tenant_rate_limits_set",
            Event::Tenant(tenant::Event::RateLimitsSet(
                Mode::Test,
                tenant::RateLimits {
                    address: Some(tenant::Rate {
                        requests: 100,
                        seconds: 60,
                    }),
                    ..tenant::RateLimits::default()
                },
            )),
        ),
        (
            "audit_log_begun",
            Event::AuditLog(audit::Event::Begun(audit::Start {
                lines: 100,
                hash: [7; 32],
            })),
        ),
        (
            "media_kept",
            Event::Media(media::Event::Kept(parts::piece())),
        ),
        ("media_cleared", Event::Media(media::Event::Cleared)),
        ("media_doubted", Event::Media(media::Event::Doubted(NOW))),
        ("media_settled", Event::Media(media::Event::Settled)),
        (
            "audit_log_appended",
            Event::AuditLog(audit::Event::Appended(parts::audit_page().lines.remove(0))),
        ),
        (
            "contact_awards_counted",
            Event::Contact(contact::Event::AwardsCounted(vec![Counted {
                offer: 6,
                amount: Minor(50),
                in_all: true,
                on_day: Some(20_600),
            }])),
        ),
        (
            "offer_changed",
            Event::Offer(offer::Event::Changed(Box::new(offer(Award::Fixed(Minor(
                300,
            )))))),
        ),
        (
            "offer_award_changed",
            Event::Offer(offer::Event::AwardChanged(Award::Fixed(Minor(300)))),
        ),
        (
            "offer_life_cycle_changed",
            Event::Offer(offer::Event::LifeCycleChanged(LifeCycle::Inactive)),
        ),
    ]
}
