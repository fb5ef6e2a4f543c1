//! What a tenant sets up about its customers, what is known of their loyalty, and how much room both take.

use std::sync::Arc;

use super::fixtures::{self, NOW};
use crate::domain::access::Guesses;
use crate::domain::configuration::{
    self, ActivityRule, Configuration, Item, Measure, Opening, Scheme, Segment, Tier, TierPeriod,
    Tiering,
};
use crate::domain::contact::{
    self, Activity, Contact, ContactType, GOALS_MAX, GoalCount, GoalStep, Loyalty, Month, Reached,
    SchemeMember,
};
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::{Event, State};
use crate::domain::money::Minor;
use crate::domain::offer::{Progress, Step, Texts};
use crate::limits::{EMAIL_DOMAIN_CHARS_MAX, REWARD_TEXT_BYTES_MAX, ROW_BYTES_MAX, TAG_CHARS_MAX};
use crate::persistence::codec;

pub(super) fn activity() -> Activity {
    Activity {
        month: 24_315,
        paid: Minor(4_200),
        units: Minor(8_400),
    }
}

pub(super) fn loyalty() -> Loyalty {
    let month = |month, visits| Month {
        month,
        visits,
        paid: Minor(-5),
        units: Minor(70_000),
    };
    Loyalty {
        tags: vec![6, 70_000],
        months: vec![month(24_314, 1), month(24_315, 300)],
        lifetime: Minor(80_000),
        reached: Some(Reached {
            tier: Some(11),
            at: NOW,
        }),
        goals: vec![GoalCount {
            offer: 6,
            progress: Progress {
                current: -3,
                reached: 2,
            },
        }],
        schemes: vec![member()],
        guesses: Guesses {
            wrong: 3,
            last_at: NOW,
        },
    }
}

fn member() -> SchemeMember {
    SchemeMember {
        scheme: 12,
        at: NOW,
        sealed: Some(vec![1, 2, 3].into()),
    }
}

fn scheme(opening: Opening) -> Scheme {
    Scheme {
        name: "Club".into(),
        description: Some("For friends".into()),
        terms_and_conditions: Some("Be kind".into()),
        opening,
    }
}

pub(super) fn goal_step() -> GoalStep {
    GoalStep {
        offer: 6,
        step: Step {
            by: -2_000,
            reaches: true,
        },
    }
}

pub(super) fn texts() -> Texts {
    Texts {
        short_description: Some("Every fourth one".into()),
        long_description: Some("Buy three, and the fourth is on us".into()),
        terms_and_conditions: Some("Not on Sundays".into()),
        is_featured: true,
    }
}

fn segment() -> Segment {
    Segment {
        name: "Regulars".into(),
        description: Some("Twice a month".into()),
        tags: vec![6],
        contact_types: vec![ContactType::Person, ContactType::Company],
        organisations: vec![7],
        tiers: vec![11],
        registered_within_days: Some(30),
        activity: Some(ActivityRule {
            months: 2,
            minimum_amount: Minor(5_000),
            minimum_visits: 4,
        }),
    }
}

fn tier() -> Tier {
    Tier {
        name: "Gold".into(),
        description: Some("The best".into()),
        colour: Some("#ffd700".into()),
        value_units: 1_000,
    }
}

const TIERING: Tiering = Tiering {
    measure: Measure::Award,
    conversion_rate: 3,
    period: TierPeriod::Quarter,
};

pub(super) fn configuration() -> Configuration {
    Configuration {
        tags: vec![(6, "vip".into())],
        segments: vec![(9, segment())],
        tiering: TIERING,
        tiers: vec![(11, tier())],
        schemes: vec![
            (12, scheme(Opening::Auto)),
            (13, scheme(Opening::SelfSignUp)),
            (14, scheme(Opening::Code(ValueHash([5; 16])))),
            (
                15,
                scheme(Opening::EmailDomains(vec!["example.test".into()])),
            ),
        ],
    }
}

pub(super) fn state() -> (&'static str, State) {
    (
        "configuration",
        State::Configuration(Box::new(configuration())),
    )
}

pub(super) fn events() -> Vec<(&'static str, Event)> {
    let set =
        |number, item| Event::Configuration(configuration::Event::Set(number, Box::new(item)));
    vec![
        ("configuration_tag_set", set(6, Item::Tag("vip".into()))),
        (
            "configuration_segment_set",
            set(9, Item::Segment(segment())),
        ),
        ("configuration_tier_set", set(11, Item::Tier(tier()))),
        (
            "configuration_scheme_set",
            set(12, Item::Scheme(scheme(Opening::SelfSignUp))),
        ),
        (
            "contact_scheme_signed_up",
            Event::Contact(contact::Event::SchemeSignedUp(Arc::new(member()))),
        ),
        (
            "contact_scheme_signed_out",
            Event::Contact(contact::Event::SchemeSignedOut(12)),
        ),
        (
            "contact_scheme_code_wrong",
            Event::Contact(contact::Event::SchemeCodeWrong(NOW)),
        ),
        (
            "configuration_tiering_set",
            Event::Configuration(configuration::Event::TieringSet(TIERING)),
        ),
        (
            "contact_tags_set",
            Event::Contact(contact::Event::TagsSet(vec![6, 70_000])),
        ),
        (
            "contact_goals_counted",
            Event::Contact(contact::Event::GoalsCounted(vec![goal_step()])),
        ),
        (
            "contact_tier_reached",
            Event::Contact(contact::Event::TierReached(Reached {
                tier: Some(11),
                at: NOW,
            })),
        ),
    ]
}

fn row(state: State) -> usize {
    codec::encode_entity(&fixtures::entity(state, fixtures::remembered())).len()
}

#[test]
fn the_fullest_configuration_takes_under_nine_tenths_of_a_row() {
    let text = || "x".repeat(REWARD_TEXT_BYTES_MAX);
    let numbers = vec![u64::MAX; Segment::LIST_MAX];
    let segment = Segment {
        name: text(),
        description: Some(String::new()),
        tags: numbers.clone(),
        organisations: numbers.clone(),
        tiers: numbers,
        registered_within_days: Some(u32::MAX),
        activity: Some(ActivityRule {
            months: 24,
            minimum_amount: Minor(i64::MAX),
            minimum_visits: u32::MAX,
        }),
        ..segment()
    };
    let tier = Tier {
        name: text(),
        ..tier()
    };
    let domains = vec!["x".repeat(EMAIL_DOMAIN_CHARS_MAX); Scheme::EMAIL_DOMAINS_MAX];
    let scheme = Scheme {
        name: text(),
        ..scheme(Opening::EmailDomains(domains))
    };
    let configuration = Configuration {
        tags: vec![(u64::MAX, "\u{1F3C5}".repeat(TAG_CHARS_MAX)); Configuration::TAGS_MAX],
        segments: vec![(u64::MAX, segment); Configuration::SEGMENTS_MAX],
        tiers: vec![(u64::MAX, tier); Configuration::TIERS_MAX],
        schemes: vec![(u64::MAX, scheme); Configuration::SCHEMES_MAX],
        ..configuration()
    };
    let bytes = row(State::Configuration(Box::new(configuration)));
    assert!(bytes < ROW_BYTES_MAX / 10 * 9, "{bytes} bytes");
}

#[test]
fn the_fullest_loyalty_takes_eight_kib_of_a_contact_and_none_takes_one_byte() {
    let month = Month {
        month: i32::MAX,
        visits: u32::MAX,
        paid: Minor(i64::MAX),
        units: Minor(i64::MAX),
    };
    let goal = GoalCount {
        offer: u64::MAX,
        progress: Progress {
            current: i64::MAX,
            reached: u32::MAX,
        },
    };
    // The longest address, and what the seal takes.
    let sealed = SchemeMember {
        scheme: u64::MAX,
        sealed: Some(vec![0; 254 + 60].into()),
        ..member()
    };
    let months = usize::try_from(Loyalty::MONTHS_MAX).unwrap();
    let full = Loyalty {
        tags: vec![u64::MAX; Loyalty::TAGS_MAX],
        months: vec![month; months],
        lifetime: Minor(i64::MAX),
        goals: vec![goal; GOALS_MAX],
        schemes: vec![sealed; Configuration::SCHEMES_MAX],
        ..loyalty()
    };
    let of = |loyalty| {
        row(State::Contact(Box::new(Contact {
            loyalty,
            ..Contact::default()
        })))
    };
    let most = of(Some(Box::new(full))) - of(None);
    assert!(most < 8 * 1_024, "{most} bytes");
}
