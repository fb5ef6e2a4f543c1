//! Whatever is written reads back as it was.

use std::sync::Arc;

use proptest::option;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{access, fixtures, offers, rewards, tokens, wallet};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::calendar::Zone;
use crate::domain::contact::{
    Amounts, Contact, ContactType, Given, KeptPurchase, Ledger, Lot, OfferOutcome, PendingChange,
    Private, Product, Propose, Purchase, PurchaseTexts, Released, SealedProfile, Spent, Stage,
    Wallet,
};
use crate::domain::directory_entry::{self, Claim, Holder, Standing, ValueHash};
use crate::domain::entity::{Effect, Entity, Event, Remember, State};
use crate::domain::lease::{self, Change, Movement};
use crate::domain::money::{Currency, Minor, Percent};
use crate::domain::offer::{
    self, Award, Cap, Caps, Conditions, Goal, Hours, Lending, LifeCycle, Loan, NoAward, Offer,
    Target,
};
use crate::domain::remembered::{Answered, FilterLayer, KeyHash, Outcome, Remembered, RequestHash};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{contact, tenant};
use crate::persistence::codec;

fn time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp)
}

fn minor() -> impl Strategy<Value = Minor> {
    any::<i64>().prop_map(Minor)
}

fn mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(vec![Mode::Live, Mode::Test, Mode::Shared])
}

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec!["EUR", "JPY", "BHD"])
        .prop_map(|code| Currency::from_code(code).unwrap())
}

fn text() -> impl Strategy<Value = Arc<str>> {
    any::<String>().prop_map(Arc::from)
}

fn value() -> impl Strategy<Value = ValueHash> {
    any::<[u8; 16]>().prop_map(ValueHash)
}

fn address() -> impl Strategy<Value = Address> {
    let kinds = vec![
        Kind::Tenant,
        Kind::Organisation,
        Kind::Offer,
        Kind::Contact,
        Kind::ApiKey,
        Kind::DirectoryEntry,
        Kind::Lease,
        Kind::Configuration,
        Kind::AuditLog,
        Kind::User,
        Kind::Media,
        Kind::Apps,
        Kind::Receipt,
    ];
    (
        any::<u64>(),
        mode(),
        prop::sample::select(kinds),
        any::<u64>(),
    )
        .prop_map(|(tenant, mode, kind, entity)| Address {
            tenant: TenantId(tenant),
            mode,
            kind,
            entity,
        })
}

fn lot() -> impl Strategy<Value = Lot> {
    (option::of(time()), any::<Option<u64>>(), minor()).prop_map(|(expires_at, bound_by, left)| {
        Lot {
            expires_at,
            bound_by,
            left,
        }
    })
}

fn lots() -> impl Strategy<Value = Vec<Lot>> {
    prop::collection::vec(lot(), 0..6)
}

fn outcome_of_offer() -> impl Strategy<Value = OfferOutcome> {
    let why = prop::sample::select(vec![
        NoAward::BelowMinimum,
        NoAward::OtherClassification,
        NoAward::OtherOrganisation,
        NoAward::RoundsToNothing,
        NoAward::WalletFull,
        NoAward::BudgetExhausted,
        NoAward::Inactive,
        NoAward::NotStarted,
        NoAward::Ended,
        NoAward::OtherHours,
        NoAward::OtherProducts,
        NoAward::ContactCapReached,
        NoAward::DayCapReached,
        NoAward::NotTheBest,
        NoAward::OtherSegment,
        NoAward::OtherTier,
        NoAward::GoalNotReached,
        NoAward::NotAMember,
    ]);
    let given = (lot(), option::of(time()), any::<(bool, bool)>());
    let given = given.prop_map(|(lot, unlocks_at, (counts_in_all, counts_in_day))| Given {
        lot,
        unlocks_at,
        counts_in_all,
        counts_in_day,
    });
    prop_oneof![given.prop_map(Ok), why.prop_map(Err)]
}

prop_compose! {
    fn amounts()(
        total in minor(),
        net in option::of(minor()),
        tax in option::of(minor()),
        discount in option::of(minor()),
    ) -> Amounts {
        Amounts { total, net, tax, discount }
    }
}

prop_compose! {
    fn product()(
        (sku, id) in (option::of(text()), option::of(text())),
        quantity: Option<i64>,
        (total, net, tax) in (option::of(minor()), option::of(minor()), option::of(minor())),
    ) -> Product {
        Product { sku, id, quantity, total, net, tax }
    }
}

prop_compose! {
    fn purchase_texts()(
        own_id in option::of(text()),
        reference_number in option::of(text()),
        payment_medium_identifier in option::of(text()),
        sealed in option::of(any::<Vec<u8>>()),
    ) -> Private<PurchaseTexts> {
        match sealed {
            Some(sealed) => Private::Sealed(sealed.into()),
            None => Private::Clear(PurchaseTexts { own_id, reference_number, payment_medium_identifier }),
        }
    }
}

prop_compose! {
    fn purchase()(
        (number, organisation) in any::<(u32, u64)>(),
        amounts in amounts(),
        currency in currency(),
        (classification, texts) in (text(), purchase_texts()),
        recorded_at in time(),
        performed_on in option::of(time()),
        spent in option::of((minor(), lots(), minor())),
        products in prop::collection::vec(product(), 0..3),
        offers in prop::collection::vec(outcome_of_offer(), 0..6),
        is_counted: bool,
    ) -> Arc<Purchase> {
        Arc::new(Purchase {
            number, organisation, amounts, currency, classification, texts, recorded_at, performed_on,
            spent: spent.map(|(requested, from, owed)| Spent { requested, from, owed }),
            products,
            offers,
            activity: is_counted.then(rewards::activity),
        })
    }
}

prop_compose! {
    fn profile()(slot: u32, sealed: Vec<u8>) -> SealedProfile {
        SealedProfile { slot, sealed: sealed.into() }
    }
}

prop_compose! {
    fn propose()(
        is_person: bool,
        profile in profile(),
        own_id in option::of(text()),
        code in text(),
        claims in prop::collection::vec(value(), 0..5),
    ) -> Arc<Propose> {
        let contact_type = if is_person { ContactType::Person } else { ContactType::Company };
        Arc::new(Propose { contact_type, profile, own_id, code, claims })
    }
}

prop_compose! {
    fn kept()(purchase in purchase(), cancelled_at in option::of(time())) -> KeptPurchase {
        KeptPurchase { purchase, cancelled_at }
    }
}

prop_compose! {
    fn answered()(key: [u8; 16], request: [u8; 16], outcome in 0..7, number: u32, at in time()) -> Answered {
        let outcome = match outcome {
            0 => Outcome::Created,
            1 => Outcome::Done,
            2 => Outcome::Moved(number),
            3 => Outcome::Challenged(number),
            4 => Outcome::Proven,
            5 => Outcome::SignedIn(number),
            _ => Outcome::Purchased(number),
        };
        Answered { key: KeyHash(key), request: RequestHash(request), outcome, at }
    }
}

prop_compose! {
    fn remembered()(
        recent in prop::collection::vec(answered(), 0..5),
        filter in prop::collection::vec((any::<Vec<u8>>(), any::<u32>(), time()), 0..3),
    ) -> Remembered {
        let filter = filter.into_iter();
        Remembered {
            recent: recent.into_iter().collect(),
            filter: filter.map(|(bits, keys, newest)| FilterLayer { bits, keys, newest }).collect(),
            large_layers: Vec::new(),
        }
    }
}

fn cap() -> impl Strategy<Value = Cap> {
    (any::<Option<u32>>(), option::of(minor())).prop_map(|(awards, amount)| Cap { awards, amount })
}

fn goal() -> impl Strategy<Value = Goal> {
    let count =
        || (any::<u32>(), any::<bool>()).prop_map(|(amount, repeats)| Target { amount, repeats });
    prop_oneof![
        Just(Goal::Spend),
        count().prop_map(Goal::Visits),
        count().prop_map(Goal::Membership),
        (minor(), any::<bool>())
            .prop_map(|(amount, repeats)| Goal::Amount(Target { amount, repeats })),
        (count(), any::<Vec<String>>())
            .prop_map(|(target, products)| Goal::Products(target, products)),
    ]
}

prop_compose! {
    fn offer()(
        name: String,
        (mantissa, scale) in (any::<i64>(), 0_u32..=28),
        fixed in option::of(minor()),
        minimum_total in option::of(minor()),
        (classifications, organisations, products) in any::<(Vec<String>, Vec<u64>, Vec<String>)>(),
        (starts_at, ends_at) in (option::of(time()), option::of(time())),
        hours in any::<Option<(u8, u16, u16)>>(),
        (segments, tiers, schemes) in any::<(Vec<u64>, Vec<u64>, Vec<u64>)>(),
        goal in goal(),
        is_active: bool,
        best_of: Option<String>,
        (in_all, a_day) in (cap(), cap()),
        (lasts, unlocks, is_bound) in any::<(Option<i64>, Option<i64>, bool)>(),
        budget in option::of(minor()),
    ) -> Offer {
        let share = Percent(Decimal::from_i128_with_scale(i128::from(mantissa), scale));
        Offer {
            name,
            award: fixed.map_or(Award::Percentage(share), Award::Fixed),
            conditions: Conditions {
                minimum_total, classifications, organisations, products, starts_at, ends_at,
                hours: hours.map(|(days, from, until)| Hours { days, from, until }).into_iter().collect(),
                segments, tiers, schemes,
            },
            goal,
            texts: rewards::texts(),
            life_cycle: if is_active { LifeCycle::Active } else { LifeCycle::Inactive },
            caps: Caps { in_all, a_day },
            best_of,
            unlocks_after: unlocks.map(Span),
            award_lasts: lasts.map(Span),
            spend_conditions: is_bound.then(offers::spend_conditions),
            budget,
        }
    }
}

prop_compose! {
    fn contact()(
        stage in prop::sample::select(vec![Stage::Absent, Stage::Proposed, Stage::Active, Stage::Void, Stage::Erased]),
        proposed in propose(),
        created_at in time(),
        (attempts, profile_version, version, purchase_count) in any::<(u32, u32, u32, u32)>(),
        (lots, code_slot, owed) in (lots(), any::<u32>(), minor()),
        (count, balance) in (any::<u32>(), minor()),
        purchases in prop::collection::vec(kept().boxed(), 0..4),
        pending in option::of((any::<u32>(), prop::collection::vec(value(), 0..3))),
        released in prop::collection::vec(value(), 0..3),
        has_access: bool,
    ) -> Contact {
        Contact {
            stage,
            contact_type: proposed.contact_type,
            profile: proposed.profile.clone(),
            own_id: proposed.own_id.clone(),
            code: Arc::clone(&proposed.code),
            claims: proposed.claims.clone(),
            created_at,
            attempts,
            pending: pending.map(|(attempt, adds)| PendingChange { attempt, adds }),
            sign_ups: Vec::new(),
            sign_up_version: attempts,
            released: Released { values: released, due: created_at },
            profile_version,
            wallet: Wallet {
                lots, version, code_slot, owed,
                locked: vec![wallet::locked()],
                holds: vec![wallet::hold()],
                hold_count: count,
                limits: wallet::limits(),
            },
            ledger: Ledger { lines: wallet::lines().into(), count, balance },
            purchases: purchases.into(),
            counts: offers::counts(),
            purchase_count,
            late_cancellations: vec![(count, created_at)],
            access: has_access.then(|| Box::new(access::access())),
            spend_tokens: has_access.then(|| Box::new(tokens::tokens())),
            loyalty: has_access.then(|| Box::new(rewards::loyalty())),
        }
    }
}

fn lending() -> impl Strategy<Value = Lending> {
    let amount = || (0..=Lending::TOTAL_MAX.0).prop_map(Minor);
    let loan = (any::<u16>(), amount(), amount())
        .prop_map(|(shard, lent, returned)| (shard, Loan { lent, returned }));
    prop::collection::vec(loan, 0..5).prop_map(|loans| loans.into_iter().collect())
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        minor().prop_map(Change::Debit),
        minor().prop_map(Change::Credit)
    ]
}

fn movement() -> impl Strategy<Value = Movement> {
    (any::<u64>(), any::<u64>(), change()).prop_map(|(offer, seq, change)| Movement {
        offer,
        seq,
        change,
    })
}

fn directory_entry() -> impl Strategy<Value = directory_entry::State> {
    let claim = (value(), any::<(u64, u32)>(), option::of(time())).prop_map(
        |(value, (contact, attempt), until)| Claim {
            value,
            holder: Holder { contact, attempt },
            standing: until.map_or(Standing::Confirmed, Standing::Reserved),
        },
    );
    prop::collection::vec(claim, 0..5).prop_map(|claims| directory_entry::State {
        destinations: claims.iter().map(|_| access::destination()).collect(),
        claims,
    })
}

fn listed() -> impl Strategy<Value = Vec<(Mode, u64)>> {
    prop::collection::vec((mode(), any::<u64>()), 0..5)
}

prop_compose! {
    fn tenant_state()(
        details in option::of((any::<String>(), currency(), any::<Vec<String>>())),
        (organisations, taps) in any::<(Vec<u64>, Vec<(u64, String)>)>(),
        offers in listed(),
        api_keys in listed(),
    ) -> tenant::Tenant {
        let details = details.map(|(name, currency, classifications)| tenant::Details {
            name, currency, classifications, time_zone: Zone::named("Europe/Athens").unwrap(),
        });
        tenant::Tenant {
            details, organisations, taps, offers, api_keys, test_clock_ahead: Span::days(2),
            owes_offline: vec![Mode::Live],
            ..tenant::Tenant::default()
        }
    }
}

/// Boxed, so that drawing one fits the stack of a test's thread. Fixed fixtures stand beside drawn ones where a kind has little to draw.
fn state() -> impl Strategy<Value = State> {
    let fixed: Vec<State> = fixtures::states()
        .into_iter()
        .map(|(_, state)| state)
        .collect();
    prop_oneof![
        4 => contact().prop_map(|contact| State::Contact(Box::new(contact))).boxed(),
        1 => directory_entry().prop_map(State::DirectoryEntry).boxed(),
        1 => tenant_state().prop_map(State::Tenant).boxed(),
        1 => (option::of(offer()), lending())
            .prop_map(|(offer, lending)| State::Offer(offer::State { offer: offer.map(Box::new), lending })).boxed(),
        1 => (minor(), minor(), minor()).prop_map(|(granted, returned, debited)| {
            State::Lease(lease::State { granted, returned, debited })
        }).boxed(),
        1 => prop::sample::select(fixed).boxed(),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let fixed: Vec<Event> = fixtures::events()
        .into_iter()
        .map(|(_, event)| event)
        .collect();
    prop_oneof![
        purchase().prop_map(|it| Event::Contact(contact::Event::PurchaseRecorded(it))),
        prop::collection::vec(value(), 0..3)
            .prop_map(|it| Event::Contact(contact::Event::ReleasesTold(it))),
        propose().prop_map(|it| Event::Contact(contact::Event::Proposed(it))),
        lots().prop_map(|it| Event::Contact(contact::Event::LotsExpired(it))),
        offer().prop_map(|it| Event::Offer(offer::Event::Created(Box::new(it)))),
        change().prop_map(|it| Event::Lease(lease::Event::Moved(it))),
        prop::sample::select(fixed),
    ]
}

prop_compose! {
    fn effect()(
        seq: u64,
        at in time(),
        wall in time(),
        events in prop::collection::vec(event(), 0..4),
        remember in option::of((any::<Vec<[u8; 16]>>(), any::<[u8; 16]>())),
        leases in prop::collection::vec(movement(), 0..3),
    ) -> Effect {
        let remember = remember.map(|(keys, request)| Remember {
            keys: keys.into_iter().map(KeyHash).collect(),
            request: RequestHash(request),
        });
        Effect { seq, at, wall, events, remember, leases }
    }
}

prop_compose! {
    fn entity()(seq: u64, last_time in time(), remembered in remembered(), state in state()) -> Entity {
        Entity { seq, last_time, remembered, state }
    }
}

proptest! {
    #[test]
    fn an_effect_reads_back_as_written(address in address(), effect in effect()) {
        let bytes = codec::encode_effect(&address, &effect);
        let (read_address, read) = codec::decode_effect(&bytes).unwrap();
        prop_assert_eq!(read_address, address);
        // Events cannot be compared; what they print tells every field.
        prop_assert_eq!(format!("{read:?}"), format!("{effect:?}"));
        prop_assert_eq!(codec::encode_effect(&address, &read), bytes);
    }

    #[test]
    fn an_entity_reads_back_as_written(entity in entity()) {
        let bytes = codec::encode_entity(&entity);
        prop_assert_eq!(codec::decode_entity(&bytes).unwrap(), entity);
    }

    #[test]
    fn purchases_read_back_as_written(purchases in prop::collection::vec(kept(), 0..10)) {
        let bytes = codec::encode_purchases(&purchases);
        prop_assert_eq!(codec::decode_purchases(&bytes).unwrap(), purchases);
    }

    #[test]
    fn answered_requests_read_back_as_written(answers in prop::collection::vec(answered(), 1..5)) {
        let bytes = codec::encode_answers(&answers);
        prop_assert_eq!(codec::decode_answers(&bytes).unwrap(), answers.clone());
        let bytes = codec::encode_answered(&answers[0]);
        prop_assert_eq!(codec::decode_answered(&bytes).unwrap(), answers[0]);
    }
}
