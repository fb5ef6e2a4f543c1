//! What an award costs the journal, and what an offer with a budget costs its row.

use std::sync::Arc;

use clientele_cluster::{ShardCount, ShardId};
use rust_decimal::Decimal;

use super::fixtures::{self, NOW, given};
use super::integrations;
use crate::domain::access::{
    self, Access, Challenge, Channel, CodeHash, Guesses, Identity, Provider, Purpose, Session,
};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::api_key::Scopes;
use crate::domain::audit;
use crate::domain::contact::{self, Amounts, Private, Purchase, PurchaseTexts};
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::{Effect, Event, State};
use crate::domain::lease::{Change, Movement};
use crate::domain::money::{Minor, Percent};
use crate::domain::offer::{
    self, Award, Cap, Caps, Conditions, Goal, Hours, Lending, Loan, NoAward, Offer,
    SpendConditions, Target, Texts,
};
use crate::domain::tenant::{
    self, Connector, INTEGRATION_NAME_BYTES_MAX, INTEGRATION_SEALED_BYTES_MAX, INTEGRATIONS_MAX,
    Integration, LISTED_MAX, ROLE_NAME_BYTES_MAX, ROLES_MAX, TAP_CODE_CHARS_MAX, USERS_MAX,
};
use crate::domain::time::{Span, Timestamp};
use crate::limits::{self, AWARD_RECORD_BYTES_MAX, RECORD_BYTES_MAX, ROW_BYTES_MAX};
use crate::persistence::codec;
use crate::persistence::keyring::Keyring;

fn bytes_of(purchase: Purchase) -> usize {
    bytes_with_leases(purchase, Vec::new())
}

fn bytes_with_leases(purchase: Purchase, leases: Vec<Movement>) -> usize {
    let address = Address {
        tenant: TenantId(1_000_000),
        mode: Mode::Live,
        kind: Kind::Contact,
        entity: u64::MAX,
    };
    let event = Event::Contact(contact::Event::PurchaseRecorded(Arc::new(purchase)));
    let effect = Effect {
        seq: 70_000,
        leases,
        ..fixtures::effect(event)
    };
    assert_eq!(
        effect.remember.as_ref().unwrap().keys.len(),
        2,
        "the header's and the own id's"
    );
    codec::encode_effect(&address, &effect).len()
}

/// As they are recorded.
fn sealed(texts: &PurchaseTexts) -> Private<PurchaseTexts> {
    let keyring = Keyring::in_memory(1);
    let shard = ShardId(0);
    let slot = keyring.allocate(shard).unwrap();
    let plain = codec::encode_texts(texts);
    let sealed = keyring.seal(shard, slot, b"", &plain).unwrap();
    let slot = slot.0.to_le_bytes();
    Private::Sealed(slot.into_iter().chain(sealed).collect())
}

/// Like the demo network's: four offers, of which two give.
fn typical() -> Purchase {
    Purchase {
        number: 12,
        amounts: Amounts {
            total: Minor(4_210),
            ..Amounts::default()
        },
        texts: sealed(&PurchaseTexts {
            reference_number: Some("2026-000417".into()),
            ..PurchaseTexts::default()
        }),
        performed_on: None,
        spent: None,
        products: Vec::new(),
        offers: vec![
            Ok(given(90, 211)),
            Err(NoAward::BelowMinimum),
            Err(NoAward::OtherClassification),
            Ok(given(365, 50)),
        ],
        activity: None,
        ..fixtures::purchase()
    }
}

#[test]
fn an_award_record_stays_under_its_limit() {
    let id: Arc<str> = "69691e1e-1d90-4355-8b78-acd41ef577f4".into();
    let large = Purchase {
        number: 70_000,
        organisation: u64::MAX,
        amounts: Amounts {
            total: Minor(999_999_999),
            net: Some(Minor(840_336_133)),
            tax: Some(Minor(159_663_866)),
            discount: Some(Minor(100_000_000)),
        },
        texts: sealed(&PurchaseTexts {
            own_id: Some(Arc::clone(&id)),
            reference_number: Some(Arc::clone(&id)),
            payment_medium_identifier: Some("9781234567890123456789012345".into()),
        }),
        performed_on: Some(NOW),
        offers: vec![Ok(given(90, 99_999_999)); 4],
        ..typical()
    };
    let each_on_a_budget = large.offers.iter().map(|_| Movement {
        offer: u64::MAX,
        seq: u64::MAX,
        change: Change::Debit(Minor(99_999_999)),
    });
    let on_budgets = bytes_with_leases(large.clone(), each_on_a_budget.collect());
    assert!(on_budgets < AWARD_RECORD_BYTES_MAX, "{on_budgets} bytes");
    let most = bytes_of(Purchase {
        offers: vec![Err(NoAward::Inactive); tenant::OFFERS_A_MODE_MAX],
        ..typical()
    });
    assert!(
        most < AWARD_RECORD_BYTES_MAX,
        "{most} bytes of as many offers as there may be"
    );
    let (typical, large) = (bytes_of(typical()), bytes_of(large));
    // What the notes on the journal's rate may count on: pinned, so that growth is a decision.
    assert_eq!(
        (typical, large),
        (222, 385),
        "a typical award, and a large one"
    );
}

#[test]
fn an_offer_that_has_lent_to_every_shard_fits_its_row_and_its_largest_record() {
    let loan = Loan {
        lent: Lending::TOTAL_MAX,
        returned: Lending::TOTAL_MAX,
    };
    let shards = 0..ShardCount::MAX.get();
    let cap = Cap {
        awards: Some(u32::MAX),
        amount: Some(Minor(i64::MAX)),
    };
    let state = State::Offer(offer::State {
        offer: Some(Box::new(Offer {
            conditions: Conditions {
                minimum_total: Some(Minor(i64::MAX)),
                organisations: vec![u64::MAX; limits::OFFER_LIST_MAX],
                // The rest of the text: two bytes tell the length of each.
                products: vec![
                    "x".repeat(limits::OFFER_TEXT_BYTES_MAX / limits::OFFER_LIST_MAX);
                    limits::OFFER_LIST_MAX
                ],
                starts_at: Some(Timestamp(i64::MAX)),
                ends_at: Some(Timestamp(i64::MAX)),
                hours: vec![
                    Hours {
                        days: 127,
                        from: 1_439,
                        until: 1_439
                    };
                    limits::OFFER_LIST_MAX
                ],
                segments: vec![u64::MAX; limits::OFFER_LIST_MAX],
                tiers: vec![u64::MAX; limits::OFFER_LIST_MAX],
                schemes: vec![u64::MAX; limits::OFFER_LIST_MAX],
                ..Conditions::default()
            },
            caps: Caps {
                in_all: cap,
                a_day: cap,
            },
            best_of: Some(String::new()),
            texts: Texts {
                short_description: Some(String::new()),
                long_description: Some("x".repeat(limits::OFFER_DESCRIPTION_BYTES_MAX)),
                terms_and_conditions: Some(String::new()),
                is_featured: true,
            },
            goal: Goal::Products(
                Target {
                    amount: u32::MAX,
                    repeats: true,
                },
                vec![String::new(); limits::OFFER_LIST_MAX],
            ),
            unlocks_after: Some(Span(i64::MAX)),
            award_lasts: Some(Span(i64::MAX)),
            spend_conditions: Some(SpendConditions {
                organisations: vec![u64::MAX; limits::OFFER_LIST_MAX],
                products: vec![String::new(); limits::OFFER_LIST_MAX],
                hours: vec![
                    Hours {
                        days: 127,
                        from: 1_439,
                        until: 1_439
                    };
                    limits::OFFER_LIST_MAX
                ],
            }),
            budget: Some(Minor(i64::MAX)),
            ..Offer::new("", Award::Percentage(Percent(Decimal::MAX)))
        })),
        lending: shards.clone().map(|shard| (shard, loan)).collect(),
    });
    let row = codec::encode_entity(&fixtures::entity(state, fixtures::remembered()));
    assert!(row.len() < ROW_BYTES_MAX, "{} bytes", row.len());
    assert!(codec::decode_entity(&row).is_ok());

    let taken_back = shards.map(|shard| (shard, Lending::TOTAL_MAX)).collect();
    let effect = fixtures::effect(Event::Offer(offer::Event::TakenBack(taken_back)));
    let record = codec::encode_effect(&fixtures::address(Kind::Offer), &effect);
    assert!(record.len() < RECORD_BYTES_MAX / 10 * 9, "{}", record.len());
    assert!(codec::decode_effect(&record).is_ok());
}

#[test]
fn the_fullest_tenant_fits_a_row() {
    let numbers = || (0..LISTED_MAX).map(|_| u64::MAX);
    let integration = |connector| Integration {
        number: u32::MAX,
        name: "x".repeat(INTEGRATION_NAME_BYTES_MAX),
        sealed: vec![0; INTEGRATION_SEALED_BYTES_MAX].into(),
        ..integrations::integration(connector)
    };
    // Messages in live mode, and who vouches in both.
    let services = [Connector::Smtp, Connector::Oidc, Connector::Oidc];
    let integrations = services
        .into_iter()
        .flat_map(|connector| (0..INTEGRATIONS_MAX).map(move |_| integration(connector)));
    let state = State::Tenant(tenant::Tenant {
        organisations: numbers().collect(),
        taps: numbers()
            .map(|number| (number, "x".repeat(TAP_CODE_CHARS_MAX)))
            .collect(),
        offers: numbers().map(|number| (Mode::Live, number)).collect(),
        api_keys: numbers().map(|number| (Mode::Live, number)).collect(),
        integrations: integrations.collect(),
        roles: (0..ROLES_MAX)
            .map(|_| tenant::Role {
                number: u32::MAX,
                organisation: u64::MAX,
                name: "x".repeat(ROLE_NAME_BYTES_MAX),
                permissions: Scopes(u32::MAX),
            })
            .collect(),
        users: (0..USERS_MAX).map(|_| u64::MAX).collect(),
        ..tenant::Tenant::default()
    });
    let row = codec::encode_entity(&fixtures::entity(state, fixtures::remembered()));
    assert!(row.len() < ROW_BYTES_MAX / 20 * 19, "{} bytes", row.len());
}

#[test]
fn whoever_never_signs_in_takes_one_byte_for_it_and_the_fullest_access_under_three_kib() {
    let row = |access| {
        let contact = contact::Contact {
            access,
            ..contact::Contact::default()
        };
        let state = State::Contact(Box::new(contact));
        codec::encode_entity(&fixtures::entity(state, fixtures::remembered())).len()
    };
    let sealed: Arc<[u8]> = vec![0; 100].into();
    let identity = Identity {
        number: u32::MAX,
        provider: Provider::Phone,
        value: ValueHash([1; 16]),
        sealed: Arc::clone(&sealed),
        verified_at: NOW,
    };
    let challenge = Challenge {
        number: u32::MAX,
        purpose: Purpose::SignIn,
        channel: Channel::Sms,
        destination: ValueHash([1; 16]),
        nonce: [1; 16],
        code: CodeHash([1; 16]),
        issued_at: NOW,
        expires_at: NOW,
        wrong: access::TRIES_MAX,
    };
    let session = Session {
        number: u32::MAX,
        nonce: [1; 16],
        generation: u32::MAX,
        rotated_at: NOW,
        began_at: NOW,
        expires_at: NOW,
        trust: access::Trust::Recognised,
        organisation: Some(u64::MAX),
    };
    let full = Access {
        identities: vec![identity; access::IDENTITIES_MAX],
        identity_count: u32::MAX,
        password: Some(access::SealedPassword {
            number: u32::MAX,
            sealed: [1; 100].into(),
            notices: access::Notices {
                since: NOW,
                count: u32::MAX,
            },
        }),
        challenges: vec![challenge; access::CHALLENGES_MAX],
        challenge_count: u32::MAX,
        guesses: Guesses {
            wrong: access::TRIES_MAX,
            last_at: NOW,
        },
        sessions: vec![session; access::SESSIONS_MAX + access::RECOGNISED_SESSIONS_MAX],
        session_count: u32::MAX,
        registering: None,
        to_shred: None,
        adding: Some(access::Adding {
            add: access::ToAdd {
                session: u32::MAX,
                provider: access::Provider::Email,
                sealed: [1; 100].into(),
                password: Some([1; 100].into()),
            },
            value: ValueHash([1; 16]),
            lapses_at: NOW,
            is_proven: true,
        }),
        on_file: Some(access::OnFile {
            value: ValueHash([1; 16]),
            sealed: [1; 100].into(),
        }),
        verified: Some(ValueHash([1; 16])),
    };
    let none = row(None);
    let most = row(Some(Box::new(full))) - none;
    assert!(most < 3 * 1_024, "{most} bytes");
    let entity = State::Contact(Box::default());
    let mut bytes = codec::encode_entity(&fixtures::entity(entity, fixtures::remembered()));
    assert_eq!(bytes.len(), none);
    assert_eq!(bytes.pop(), Some(0), "none, in the last byte");
}

#[test]
fn the_fullest_page_of_an_audit_log_takes_under_two_thirds_of_a_row() {
    let text = || "x".repeat(audit::TEXT_BYTES_MAX);
    let entry = || audit::Entry {
        actor: text(),
        masquerader: Some(text()),
        operation: text(),
        target: Some(text()),
        outcome: audit::Outcome::Unknown,
    };
    let line = || audit::Line::after(u64::MAX - 1, &[0xff; 32], NOW, entry());
    let state = State::AuditLog(audit::Page {
        start: Some(audit::Start {
            lines: u64::MAX,
            hash: [0xff; 32],
        }),
        lines: (0..audit::PAGE_LINES).map(|_| line()).collect(),
    });
    let row = codec::encode_entity(&fixtures::entity(state, fixtures::remembered()));
    assert!(row.len() < ROW_BYTES_MAX / 3 * 2, "{} bytes", row.len());
}
