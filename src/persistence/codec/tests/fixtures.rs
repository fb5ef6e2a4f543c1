//! One value of every stored type, each field with a value of its own, so that two that change places are seen.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::parts::{self, key_details, sealed};
pub(super) use super::parts::{answered, profile, remembered};
use super::wallet::{self, kept, lines};
use super::{
    access, apps, budgets, integrations, offers, organisations, profiles, receipts, rewards,
    tokens, users,
};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::calendar::Zone;
use crate::domain::contact::{
    Amounts, Contact, ContactType, Given, Ledger, Lot, PendingChange, Private, Product, Propose,
    Purchase, PurchaseTexts, Released, Spent, Stage, Wallet,
};
use crate::domain::directory_entry::{Claim, Holder, Standing, ValueHash};
use crate::domain::entity::{Effect, Entity, Event, Remember, State};
use crate::domain::money::{Currency, Minor, Percent};
use crate::domain::offer::{Award, NoAward};
use crate::domain::remembered::{KeyHash, Remembered, RequestHash};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{api_key, contact, directory_entry, lease, media, offer, tenant};

/// A day in 2026.
pub(super) const NOW: Timestamp = Timestamp(1_780_000_000_123);

const HOLDER: Holder = Holder {
    contact: 12,
    attempt: 1,
};

pub(super) fn address(kind: Kind) -> Address {
    Address {
        tenant: TenantId(1),
        mode: Mode::Test,
        kind,
        entity: 0x1122_3344_5566_7788,
    }
}

pub(super) fn lot(days: u32, cents: i64) -> Lot {
    Lot {
        expires_at: Some(NOW.after(Span::days(days))),
        bound_by: None,
        left: Minor(cents),
    }
}

pub(super) fn given(days: u32, cents: i64) -> Given {
    Given {
        lot: lot(days, cents),
        unlocks_at: None,
        counts_in_all: false,
        counts_in_day: false,
    }
}

pub(super) fn purchase() -> Purchase {
    Purchase {
        number: 300,
        organisation: 4,
        amounts: Amounts {
            total: Minor(12_345),
            net: Some(Minor(10_374)),
            tax: Some(Minor(1_971)),
            discount: Some(Minor(55)),
        },
        currency: Currency::from_code("EUR").unwrap(),
        classification: "PURCHASE".into(),
        texts: Private::Clear(PurchaseTexts {
            own_id: Some("till-1".into()),
            reference_number: Some("R-17".into()),
            payment_medium_identifier: Some("4711".into()),
        }),
        recorded_at: NOW,
        performed_on: Some(Timestamp(NOW.0 - 7)),
        spent: Some(Spent {
            requested: Minor(900),
            from: vec![
                lot(1, 100),
                Lot {
                    left: Minor(800),
                    ..Lot::default()
                },
            ],
            owed: Minor(60),
        }),
        products: vec![
            Product {
                sku: Some("SKU-1".into()),
                quantity: Some(1_500),
                total: Some(Minor(900)),
                ..Product::default()
            },
            Product {
                id: Some("4006381333931".into()),
                net: Some(Minor(100)),
                tax: Some(Minor(19)),
                ..Product::default()
            },
        ],
        offers: vec![
            Ok(given(30, 617)),
            Err(NoAward::BelowMinimum),
            Err(NoAward::OtherClassification),
            Err(NoAward::OtherOrganisation),
            Err(NoAward::RoundsToNothing),
            Err(NoAward::WalletFull),
            Err(NoAward::BudgetExhausted),
            Ok(Given {
                lot: Lot {
                    bound_by: Some(8),
                    ..lot(60, 5)
                },
                unlocks_at: Some(Timestamp(NOW.0 + 3)),
                counts_in_all: true,
                counts_in_day: true,
            }),
        ],
        activity: Some(rewards::activity()),
    }
}

fn propose() -> Propose {
    Propose {
        contact_type: ContactType::Company,
        profile: sealed(),
        own_id: Some("crm-9".into()),
        code: "C-1001".into(),
        claims: vec![ValueHash([7; 16]), ValueHash([8; 16])],
    }
}

fn details() -> tenant::Details {
    tenant::Details {
        name: "Harbour".into(),
        currency: Currency::from_code("JPY").unwrap(),
        classifications: vec!["PURCHASE".into(), "FUEL".into()],
        time_zone: Zone::named("Asia/Tokyo").unwrap(),
    }
}

fn contact() -> Contact {
    Contact {
        stage: Stage::Active,
        contact_type: ContactType::Person,
        profile: sealed(),
        own_id: None,
        code: "C-1002".into(),
        claims: vec![ValueHash([6; 16])],
        created_at: NOW,
        attempts: 1,
        pending: Some(PendingChange {
            attempt: 2,
            adds: vec![ValueHash([4; 16])],
        }),
        released: Released {
            values: vec![ValueHash([5; 16])],
            due: Timestamp(NOW.0 + 2),
        },
        sign_ups: vec![profiles::sign_up()],
        sign_up_version: 9,
        profile_version: 3,
        wallet: Wallet {
            lots: vec![
                lot(2, 250),
                Lot {
                    left: Minor(70_000),
                    ..Lot::default()
                },
            ],
            locked: vec![wallet::locked()],
            version: 301,
            code_slot: 71,
            owed: Minor(33),
            holds: vec![wallet::hold()],
            hold_count: 34,
            limits: wallet::limits(),
        },
        ledger: Ledger {
            lines: lines().into(),
            count: 12,
            balance: Minor(70_250),
        },
        purchases: [kept(None), kept(Some(NOW))].into(),
        counts: offers::counts(),
        purchase_count: 300,
        late_cancellations: vec![(7, NOW)],
        access: Some(Box::new(access::access())),
        spend_tokens: Some(Box::new(tokens::tokens())),
        loyalty: Some(Box::new(rewards::loyalty())),
    }
}

/// Every kind of event, with its name.
pub(super) fn events() -> Vec<(&'static str, Event)> {
    let percent = Percent(Decimal::new(525, 2));
    vec![
        (
            "tenant_created",
            Event::Tenant(tenant::Event::Created(details())),
        ),
        (
            "tenant_organisation_listed",
            Event::Tenant(tenant::Event::OrganisationListed(4)),
        ),
        (
            "tenant_tap_set",
            Event::Tenant(tenant::Event::TapSet(4, Some("T-17".into()))),
        ),
        (
            "tenant_offer_listed",
            Event::Tenant(tenant::Event::OfferListed(Mode::Live, 5)),
        ),
        (
            "tenant_api_key_listed",
            Event::Tenant(tenant::Event::ApiKeyListed(Mode::Test, 6)),
        ),
        (
            "offer_created_percentage",
            Event::Offer(offer::Event::Created(Box::new(offers::offer(
                Award::Percentage(percent),
            )))),
        ),
        (
            "offer_created_fixed",
            Event::Offer(offer::Event::Created(Box::new(offers::offer(
                Award::Fixed(Minor(200)),
            )))),
        ),
    ]
    .into_iter()
    .chain(budgets::events())
    .chain(users::events())
    .chain(profiles::events())
    .chain(offers::events())
    .chain(rewards::events())
    .chain(apps::events())
    .chain(receipts::events())
    .chain(events_of_others())
    .collect()
}

fn events_of_others() -> Vec<(&'static str, Event)> {
    let value = ValueHash([7; 16]);
    vec![
        (
            "api_key_created",
            Event::ApiKey(api_key::Event::Created(
                key_details(api_key::Visibility::Secret),
                NOW,
            )),
        ),
        (
            "api_key_revoked",
            Event::ApiKey(api_key::Event::Revoked(NOW)),
        ),
        ("api_key_expired", Event::ApiKey(api_key::Event::Expired)),
        (
            "api_key_changed",
            Event::ApiKey(api_key::Event::Changed("desk".into(), api_key::Scopes(3))),
        ),
        (
            "api_key_rolled_out",
            Event::ApiKey(api_key::Event::RolledOut(78, NOW)),
        ),
        (
            "directory_entry_reserved",
            Event::DirectoryEntry(directory_entry::Event::Reserved(value, HOLDER, NOW)),
        ),
        (
            "directory_entry_confirmed",
            Event::DirectoryEntry(directory_entry::Event::Confirmed(value, HOLDER)),
        ),
        (
            "directory_entry_released",
            Event::DirectoryEntry(directory_entry::Event::Released(value, HOLDER)),
        ),
        (
            "contact_proposed",
            Event::Contact(contact::Event::Proposed(Arc::new(propose()))),
        ),
        (
            "contact_created",
            Event::Contact(contact::Event::Created(NOW)),
        ),
        ("contact_refused", Event::Contact(contact::Event::Refused)),
        (
            "contact_reservation_voided",
            Event::Contact(contact::Event::ReservationVoided(value)),
        ),
        (
            "contact_purchase_recorded",
            Event::Contact(contact::Event::PurchaseRecorded(Arc::new(purchase()))),
        ),
        (
            "contact_lots_expired",
            Event::Contact(contact::Event::LotsExpired(vec![lot(1, 5), lot(2, 6)])),
        ),
    ]
    .into_iter()
    .chain(wallet::events())
    .chain(access::events())
    .chain(access::of_codes())
    .chain(access::accounts())
    .chain(tokens::events())
    .chain(integrations::events())
    .chain(organisations::events())
    .collect()
}

/// Every kind of state, with its name.
pub(super) fn states() -> Vec<(&'static str, State)> {
    let claim = |standing| Claim {
        value: ValueHash([7; 16]),
        holder: HOLDER,
        standing,
    };
    let key = |stage| {
        State::ApiKey(api_key::State(Some(api_key::ApiKey {
            details: key_details(api_key::Visibility::Public),
            stage,
            created_at: NOW,
            successor: Some(78),
        })))
    };
    vec![
        (
            "tenant",
            State::Tenant(tenant::Tenant {
                details: Some(details()),
                organisations: vec![1, 2],
                taps: vec![(2, "T-17".into())],
                offers: vec![(Mode::Live, 3)],
                api_keys: vec![(Mode::Test, 4), (Mode::Shared, 5)],
                owes_offline: vec![Mode::Test],
                rate_limits: vec![(Mode::Live, rate_limits())],
                roles: vec![users::role()],
                users: vec![413],
                test_clock_ahead: Span::days(3),
                integrations: vec![integrations::integration(tenant::Connector::Smtp)],
            }),
        ),
        (
            "offer",
            State::Offer(offer::State {
                offer: Some(Box::new(offers::offer(Award::Fixed(Minor(200))))),
                lending: budgets::lending(),
            }),
        ),
        ("contact", State::Contact(Box::new(contact()))),
        rewards::state(),
        (
            "contact_proposed",
            State::Contact(Box::new(Contact {
                stage: Stage::Proposed,
                ..Contact::default()
            })),
        ),
        (
            "contact_erased",
            State::Contact(Box::new(Contact {
                stage: Stage::Erased,
                ..Contact::default()
            })),
        ),
        (
            "contact_void",
            State::Contact(Box::new(Contact {
                stage: Stage::Void,
                ..Contact::default()
            })),
        ),
        ("api_key_active", key(api_key::Stage::Active)),
        ("api_key_revoked", key(api_key::Stage::Revoked(NOW))),
        ("api_key_expired", key(api_key::Stage::Expired)),
        (
            "lease",
            State::Lease(lease::State {
                granted: Minor(600),
                returned: Minor(200),
                debited: Minor(300),
            }),
        ),
        ("audit_log", State::AuditLog(parts::audit_page())),
        (
            "directory_entry",
            State::DirectoryEntry(directory_entry::State {
                claims: vec![
                    claim(Standing::Reserved(NOW)),
                    claim(Standing::Confirmed),
                    claim(Standing::ReservedOnWall(NOW)),
                    claim(Standing::HeldUntil(NOW)),
                ],
                destinations: vec![access::destination()],
            }),
        ),
        ("user", State::User(Box::new(users::state()))),
        (
            "user_with_recovery_codes",
            State::User(Box::new(users::state_with_recovery_codes())),
        ),
        ("media", State::Media(media::State(Some(parts::piece())))),
        apps::state(),
        ("receipt", State::Receipt(receipts::state())),
    ]
    .into_iter()
    .chain(organisations::states())
    .collect()
}

pub(super) fn rate_limits() -> tenant::RateLimits {
    tenant::RateLimits {
        secret_key: Some(tenant::Rate {
            requests: 100,
            seconds: 60,
        }),
        public_codes: Some(tenant::Rate {
            requests: 7,
            seconds: 3_600,
        }),
        ..tenant::RateLimits::default()
    }
}

pub(super) fn effect(event: Event) -> Effect {
    Effect {
        seq: 300,
        at: NOW,
        wall: Timestamp(NOW.0 + 50),
        events: vec![event],
        remember: Some(Remember {
            keys: vec![KeyHash([1; 16]), KeyHash([2; 16])],
            request: RequestHash([3; 16]),
        }),
        leases: Vec::new(),
    }
}

pub(super) fn entity(state: State, remembered: Remembered) -> Entity {
    Entity {
        seq: 301,
        last_time: NOW,
        remembered,
        state,
    }
}
