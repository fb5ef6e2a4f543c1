//! What the tests of the store have in common: an entity that lives through commands, and a store that is told of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use clientele_cluster::{ShardCount, ShardId};
use futures_util::FutureExt;
use rust_decimal::Decimal;

use super::super::Store;
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::contact::{
    self, Amounts, ContactType, Private, Propose, PurchaseTexts, RecordPurchase, SealedProfile,
    SpendRequest, Unbacked,
};
use crate::domain::context::{Context, TenantView};
use crate::domain::entity::{Command, Effect, Entity, Remember, State};
use crate::domain::money::{Currency, Minor, Percent};
use crate::domain::offer::{Award, Offer};
use crate::domain::organisation::{Organisation, Role};
use crate::domain::remembered::{KeyHash, RequestHash};
use crate::domain::time::{Span, Timestamp};
use crate::persistence::journal::Position;
use crate::persistence::rows::Rows;

pub(super) const SHARD: ShardId = ShardId(1);
pub(super) const NOW: Timestamp = Timestamp(1_780_000_000_000);
pub(super) const VENUE: u64 = 9;

pub(super) fn address(kind: Kind, entity: u64) -> Address {
    Address {
        tenant: TenantId(1),
        mode: Mode::Live,
        kind,
        entity,
    }
}

pub(super) fn offer(award: Award, award_lasts: Option<Span>) -> Arc<Offer> {
    Arc::new(Offer {
        award_lasts,
        ..Offer::new("Back", award)
    })
}

pub(super) fn tenant(offers: Vec<Arc<Offer>>) -> Arc<TenantView> {
    let venue = Organisation {
        name: "Harbour Street".into(),
        role: Role::Venue,
        parent: None,
        time_zone: None,
        shares_contacts: false,
        profile: Default::default(),
    };
    Arc::new(TenantView {
        currency: Currency::from_code("EUR").unwrap(),
        classifications: vec!["PURCHASE".into()],
        time_zone: crate::domain::calendar::Zone::utc(),
        organisations: BTreeMap::from([(VENUE, venue)]),
        taps: BTreeMap::new(),
        uncovered_offline: Default::default(),
        rate_limits: Default::default(),
        roles: Vec::new(),
        offers: (1..).zip(offers).collect(),
        rewards: Arc::default(),
        apps: Arc::default(),
    })
}

/// Five per cent that never expire, and one cent that does after a day.
pub(super) fn two_offers() -> Arc<TenantView> {
    tenant(vec![
        offer(Award::Percentage(Percent(Decimal::from(5))), None),
        offer(Award::Fixed(Minor(1)), Some(Span::days(1))),
    ])
}

pub(super) fn key(number: u32) -> KeyHash {
    let digest = blake3::hash(&number.to_be_bytes());
    KeyHash(digest.as_bytes()[..16].try_into().unwrap())
}

pub(super) fn open(rows: Arc<dyn Rows>) -> Arc<Store> {
    Arc::new(Store::open(rows, ShardCount::new(4).unwrap()).unwrap())
}

pub(super) fn load(store: &Arc<Store>, address: Address) -> Entity {
    store.load(SHARD, address).now_or_never().unwrap().unwrap()
}

pub(super) fn purchase_command(total: i64, spend: Option<i64>) -> Command {
    Command::Contact(contact::Command::RecordPurchase(RecordPurchase {
        organisation: VENUE,
        amounts: Amounts {
            total: Minor(total),
            ..Amounts::default()
        },
        currency: None,
        classification: None,
        texts: Private::Clear(PurchaseTexts {
            reference_number: Some("2026-000417".into()),
            ..PurchaseTexts::default()
        }),
        performed_on: None,
        products: Vec::new(),
        estimate: None,
        token: None,
        spend: spend.map(|cents| SpendRequest {
            amount: Minor(cents),
            unbacked: Unbacked::SpendWhatThereIs,
        }),
    }))
}

/// An entity and all its effects: what an actor and the journal hold.
pub(super) struct History {
    pub(super) address: Address,
    pub(super) live: Entity,
    pub(super) effects: Vec<Arc<Effect>>,
    pub(super) now: Timestamp,
    pub(super) tenant: Arc<TenantView>,
}

impl History {
    pub(super) fn new(kind: Kind) -> History {
        History {
            address: address(kind, 77),
            live: Entity::new(kind),
            effects: Vec::new(),
            now: NOW,
            tenant: two_offers(),
        }
    }

    /// A contact that exists.
    pub(super) fn contact(profile: SealedProfile) -> History {
        let mut history = History::new(Kind::Contact);
        let propose = Propose {
            contact_type: ContactType::Person,
            profile,
            own_id: None,
            code: "C1".into(),
            claims: Vec::new(),
        };
        history.then(Command::Contact(contact::Command::Propose(propose)), None);
        history.then(Command::Contact(contact::Command::Confirm), None);
        history
    }

    /// The entity accepts `command`; its effect.
    pub(super) fn then(&mut self, command: Command, key: Option<KeyHash>) -> Arc<Effect> {
        let context = Context {
            now: self.now,
            wall: self.now,
            tenant: Some(Arc::clone(&self.tenant)),
            budgets: Vec::new(),
        };
        let remember = key.map(|key| Remember {
            keys: vec![key],
            request: RequestHash([1; 16]),
        });
        let effect = Arc::new(self.live.decide(&command, remember, &context).unwrap());
        assert!(!effect.events.is_empty(), "{command:?} changed nothing");
        self.live.apply(&effect);
        self.effects.push(Arc::clone(&effect));
        effect
    }

    pub(super) fn purchase(&mut self, number: u32) -> Arc<Effect> {
        let spend = number.is_multiple_of(3).then_some(7);
        self.then(
            purchase_command(i64::from(number) * 100, spend),
            Some(key(number)),
        )
    }

    /// Tells `store` what it does not know yet.
    pub(super) fn note(&self, store: &Store, effects: &[Arc<Effect>]) {
        for effect in effects {
            store.note(SHARD, self.address, Arc::clone(effect));
        }
    }

    /// The journal position after the effect with this number: one record each.
    pub(super) fn position(effects: usize) -> Position {
        Position(u64::try_from(effects).unwrap())
    }

    /// Compares all but what may have been spilled at other times.
    pub(super) fn assert_holds(&self, mut entity: Entity) {
        let mut live = self.live.clone();
        for entity in [&mut live, &mut entity] {
            entity.remembered.filter.clear();
            entity.remembered.large_layers.clear();
            let recent = entity.remembered.recent.len().saturating_sub(1);
            entity.remembered.recent.take_oldest(recent);
            if let State::Contact(contact) = &mut entity.state {
                contact.purchases.clear();
                contact.ledger.lines.clear();
                contact.late_cancellations.clear();
            }
        }
        assert_eq!(entity, live);
    }
}
