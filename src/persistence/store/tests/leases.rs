//! A lease's rows follow the awards that draw on it, however often their records are read.

use std::sync::Arc;

use super::history::{History, NOW, SHARD, address, load, open};
use crate::domain::address::Kind;
use crate::domain::contact::SealedProfile;
use crate::domain::entity::{Effect, Event, State};
use crate::domain::lease::{self, Change, Movement};
use crate::domain::money::Minor;
use crate::persistence::rows::MemoryRows;

const OFFER: u64 = 5;

#[test]
fn an_award_read_again_debits_its_lease_once() {
    let store = open(Arc::new(MemoryRows::new()));
    let lease = address(Kind::Lease, OFFER);
    let granted = Effect {
        seq: 1,
        at: NOW,
        wall: NOW,
        events: vec![Event::Lease(lease::Event::Granted(Minor(1_000)))],
        remember: None,
        leases: Vec::new(),
    };
    let mut history = History::contact(SealedProfile::default());
    for (number, seq) in [(1, 2), (2, 3)] {
        let mut award = (*history.purchase(number)).clone();
        award.leases = vec![Movement {
            offer: OFFER,
            seq,
            change: Change::Debit(Minor(100)),
        }];
        *history.effects.last_mut().unwrap() = Arc::new(award);
    }
    // A checkpoint may fall between any two, and each start after it reads them all again.
    for noted in 0..=history.effects.len() {
        store.note(SHARD, lease, Arc::new(granted.clone()));
        history.note(&store, &history.effects[..noted]);
        store.checkpoint(History::position(0)).unwrap();
    }
    store.note(SHARD, lease, Arc::new(granted));
    history.note(&store, &history.effects);
    for _ in 0..2 {
        let held = load(&store, lease);
        assert_eq!(held.seq, 3);
        let expected = lease::State {
            granted: Minor(1_000),
            returned: Minor::ZERO,
            debited: Minor(200),
        };
        assert_eq!(held.state, State::Lease(expected));
        assert_eq!(expected.remaining(), Minor(800));
        history.assert_holds(load(&store, history.address));
        store.checkpoint(History::position(9)).unwrap();
        assert_eq!(store.waiting(), 0);
    }
}
