//! What leaves an entity's memory is found again: in rows, on the way there, and while a checkpoint moves it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use parking_lot::Mutex;

use super::history::{History, NOW, SHARD, key, load, open};
use crate::domain::contact::{self, CancelPurchase, SealedProfile};
use crate::domain::entity::{Command, Effect, State};
use crate::domain::remembered::{Answered, KEPT_FOR, Outcome, RequestHash, Traced};
use crate::domain::time::{Span, Timestamp};
use crate::persistence::codec;
use crate::persistence::rows::{Error, Keyed, MemoryRows, Row, Rows, Write};
use crate::persistence::store::{self, Store, keys};

const PURCHASES: u32 = 300;

/// As a filter would have it that says of every layer that it may hold the key.
fn everywhere(number: u32) -> Vec<Traced> {
    let (key, layers) = (key(number), (0..8).rev().collect());
    vec![Traced { key, layers }]
}

fn outcome(store: &Arc<Store>, history: &History, number: u32) -> Option<Outcome> {
    let found = store.answered(SHARD, history.address, everywhere(number), NOW);
    found
        .now_or_never()
        .unwrap()
        .unwrap()
        .map(|answered| answered.outcome)
}

fn total(store: &Arc<Store>, history: &History, number: u32) -> Option<i64> {
    let found = store.purchase(SHARD, history.address, number);
    found.now_or_never().unwrap().unwrap().map(|kept| {
        assert_eq!(kept.purchase.number, number);
        kept.purchase.amounts.total.0
    })
}

fn assert_all_found(store: &Arc<Store>, history: &History) {
    for number in 1..=PURCHASES {
        assert_eq!(
            outcome(store, history, number),
            Some(Outcome::Purchased(number))
        );
        assert_eq!(total(store, history, number), Some(i64::from(number) * 100));
    }
    assert_eq!(outcome(store, history, PURCHASES + 1), None);
    assert_eq!(total(store, history, PURCHASES + 1), None);
    assert_eq!(total(store, history, 0), None);
}

#[test]
fn every_purchase_and_key_is_found_however_checkpoints_cut_them() {
    for every in [1, 7, 37, 150, 1_000] {
        let mut history = History::contact(SealedProfile::default());
        let rows = Arc::new(MemoryRows::new());
        let store = open(Arc::clone(&rows) as Arc<dyn Rows>);
        history.note(&store, &history.effects);
        for number in 1..=PURCHASES {
            let effect = history.purchase(number);
            history.note(&store, &[effect]);
            if number % every == 0 {
                store
                    .checkpoint(History::position(history.effects.len()))
                    .unwrap();
            }
        }
        assert_all_found(&store, &history);
        store
            .checkpoint(History::position(history.effects.len()))
            .unwrap();
        rows.lose_unsynced();
        assert_all_found(&open(rows), &history);
    }
}

fn cancelled_at(store: &Arc<Store>, history: &History, number: u32) -> Option<Timestamp> {
    let found = store.purchase(SHARD, history.address, number);
    found.now_or_never().unwrap().unwrap().unwrap().cancelled_at
}

fn cancel(history: &mut History, number: u32) -> Arc<Effect> {
    let asked = CancelPurchase {
        number,
        found: None,
    };
    history.then(
        Command::Contact(contact::Command::CancelPurchase(asked)),
        None,
    )
}

#[test]
fn a_cancellation_is_found_wherever_its_purchase_lies() {
    for every in [1, 7, 37, 1_000] {
        let mut history = History::contact(SealedProfile::default());
        let rows = Arc::new(MemoryRows::new());
        let store = open(Arc::clone(&rows) as Arc<dyn Rows>);
        history.note(&store, &history.effects);
        let mut cancelled = BTreeSet::new();
        for number in 1..=PURCHASES {
            let effect = history.purchase(number);
            history.note(&store, &[effect]);
            // The newest, one that has left, and one beside it in the same row.
            let old = [number.saturating_sub(45), number.saturating_sub(44), number];
            if number % 50 == 0 {
                for number in old {
                    let effect = cancel(&mut history, number);
                    history.note(&store, &[effect]);
                    cancelled.insert(number);
                    assert_eq!(cancelled_at(&store, &history, number), Some(NOW));
                }
            }
            if number % every == 0 {
                let durable = History::position(history.effects.len());
                store.checkpoint(durable).unwrap();
            }
        }
        let holds = |store: &Arc<Store>| {
            for number in 1..=PURCHASES {
                let expected = cancelled.contains(&number).then_some(NOW);
                assert_eq!(cancelled_at(store, &history, number), expected, "{number}");
            }
            history.assert_holds(load(store, history.address));
        };
        holds(&store);
        let durable = History::position(history.effects.len());
        store.checkpoint(durable).unwrap();
        rows.lose_unsynced();
        holds(&open(rows));
    }
}

#[test]
fn every_line_of_the_journal_is_found_however_checkpoints_cut_it() {
    for every in [1, 7, 150, 1_000] {
        let mut history = History::contact(SealedProfile::default());
        let rows = Arc::new(MemoryRows::new());
        let store = open(Arc::clone(&rows) as Arc<dyn Rows>);
        history.note(&store, &history.effects);
        for number in 1..=PURCHASES {
            let effect = history.purchase(number);
            history.note(&store, &[effect]);
            if number % every == 0 {
                let durable = History::position(history.effects.len());
                store.checkpoint(durable).unwrap();
            }
        }
        let live = match &history.live.state {
            State::Contact(contact) => &contact.ledger,
            other => panic!("{other:?}"),
        };
        // A third of the purchases spent as well.
        assert_eq!(live.count, PURCHASES + PURCHASES / 3);
        let holds = |store: &Arc<Store>| {
            for range in [(1, 3), (90, 200), (live.count - 40, live.count)] {
                let found = store.lines(SHARD, history.address, range);
                let mut found = found.now_or_never().unwrap().unwrap();
                found.sort_by_key(|line| line.number);
                found.dedup();
                let (oldest, newest) = (range.0 as usize, range.1 as usize);
                let expected: Vec<_> = live.lines.range(oldest - 1..newest).cloned().collect();
                assert_eq!(found, expected);
            }
        };
        holds(&store);
        let durable = History::position(history.effects.len());
        store.checkpoint(durable).unwrap();
        rows.lose_unsynced();
        holds(&open(rows));
    }
}

#[test]
fn a_spilled_key_is_forgotten_after_its_time() {
    let mut history = History::contact(SealedProfile::default());
    let store = open(Arc::new(MemoryRows::new()));
    (1..=PURCHASES).for_each(|number| drop(history.purchase(number)));
    history.note(&store, &history.effects);
    store.checkpoint(History::position(1)).unwrap();
    let end = NOW.after(KEPT_FOR);
    let found = |wall| {
        let found = store.answered(SHARD, history.address, everywhere(1), wall);
        found.now_or_never().unwrap().unwrap().is_some()
    };
    assert!(found(end.before(Span(1))));
    assert!(!found(end));
}

#[test]
fn a_key_in_a_row_of_its_own_is_found_as_older_builds_wrote_it() {
    let history = History::contact(SealedProfile::default());
    let rows = Arc::new(MemoryRows::new());
    let store = open(Arc::clone(&rows) as Arc<dyn Rows>);
    let answered = Answered {
        key: key(7),
        request: RequestHash([0; 16]),
        outcome: Outcome::Purchased(7),
        at: NOW,
    };
    let row = Row {
        entity_seq: 1,
        payload: codec::encode_answered(&answered),
    };
    let key = keys::answered(SHARD, &history.address, &answered.key);
    rows.write(vec![Write::Put { key, row }]).unwrap();
    assert_eq!(outcome(&store, &history, 7), Some(Outcome::Purchased(7)));
    assert_eq!(outcome(&store, &history, 8), None);
}

#[test]
fn a_false_hit_of_one_key_hides_no_other() {
    let mut history = History::contact(SealedProfile::default());
    let store = open(Arc::new(MemoryRows::new()));
    (1..=PURCHASES).for_each(|number| drop(history.purchase(number)));
    history.note(&store, &history.effects);
    store.checkpoint(History::position(1)).unwrap();
    let both = [everywhere(PURCHASES + 1), everywhere(5)].concat();
    let found = store.answered(SHARD, history.address, both, NOW);
    let found = found.now_or_never().unwrap().unwrap();
    assert_eq!(found.unwrap().outcome, Outcome::Purchased(5));
}

#[test]
fn answers_share_rows() {
    let mut history = History::contact(SealedProfile::default());
    let rows = Arc::new(MemoryRows::new());
    let store = open(Arc::clone(&rows) as Arc<dyn Rows>);
    (1..=PURCHASES).for_each(|number| drop(history.purchase(number)));
    history.note(&store, &history.effects);
    store.checkpoint(History::position(1)).unwrap();
    let all = rows.scan(&[], None, usize::MAX).unwrap();
    assert!(all.len() < 30, "{} rows for 300 purchases", all.len());
}

#[test]
fn the_filter_of_a_busy_contact_comes_back_whole_or_not_at_all() {
    const MANY: u32 = 5_000;
    let mut history = History::contact(SealedProfile::default());
    let rows = Arc::new(MemoryRows::new());
    let store = open(Arc::clone(&rows) as Arc<dyn Rows>);
    history.note(&store, &history.effects);
    for number in 1..=MANY {
        let effect = history.purchase(number);
        history.note(&store, &[effect]);
        if number % 900 == 0 {
            let durable = History::position(history.effects.len());
            store.checkpoint(durable).unwrap();
        }
    }
    store.checkpoint(History::position(6_000)).unwrap();
    rows.lose_unsynced();
    let store = open(Arc::clone(&rows) as Arc<dyn Rows>);
    let load = || store.load(SHARD, history.address).now_or_never().unwrap();
    let remembered = load().unwrap().remembered;
    assert_eq!(remembered.large_layers.len(), 1);
    for number in 1..=MANY {
        let key = key(number);
        if remembered.recent(&key, NOW).is_none() {
            let traced = remembered.traced(&key, NOW).unwrap();
            let found = store.answered(SHARD, history.address, vec![traced], NOW);
            let found = found.now_or_never().unwrap().unwrap().unwrap();
            assert_eq!(found.outcome, Outcome::Purchased(number));
        }
    }
    let layer = keys::filter(SHARD, &history.address, 0);
    rows.write(vec![Write::Delete { key: layer }]).unwrap();
    assert!(matches!(load(), Err(store::Error::FilterMissing)));
}

type Hook = Box<dyn FnOnce() + Send>;

/// Rows that let something happen right after the first look that finds nothing, and know their largest batch.
#[derive(Default)]
struct Interrupted {
    inner: MemoryRows,
    largest_batch: AtomicUsize,
    after_miss: Mutex<Option<Hook>>,
}

impl Interrupted {
    fn missed(&self) {
        let hook = self.after_miss.lock().take();
        if let Some(hook) = hook {
            hook();
        }
    }
}

impl Rows for Interrupted {
    fn may_block(&self) -> bool {
        false
    }

    fn get(&self, key: &[u8]) -> Result<Option<Row>, Error> {
        let found = self.inner.get(key)?;
        if found.is_none() {
            self.missed();
        }
        Ok(found)
    }

    fn last_at_most(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Keyed>, Error> {
        let found = self.inner.last_at_most(prefix, key)?;
        if found.is_none() {
            self.missed();
        }
        Ok(found)
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        max_rows: usize,
    ) -> Result<Vec<Keyed>, Error> {
        self.inner.scan(prefix, after, max_rows)
    }

    fn write(&self, writes: Vec<Write>) -> Result<(), Error> {
        self.largest_batch
            .fetch_max(writes.len(), Ordering::Relaxed);
        self.inner.write(writes)
    }

    fn sync(&self) -> Result<(), Error> {
        self.inner.sync()
    }
}

#[test]
fn a_busy_entity_goes_into_many_batches_and_all_of_it_is_in_the_rows() {
    const MANY: u32 = 5_000;
    let mut history = History::contact(SealedProfile::default());
    let rows = Arc::new(Interrupted::default());
    let store = open(Arc::clone(&rows) as Arc<dyn Rows>);
    (1..=MANY).for_each(|number| drop(history.purchase(number)));
    history.note(&store, &history.effects);
    store
        .checkpoint(History::position(history.effects.len()))
        .unwrap();
    assert_eq!(store.waiting(), 0);
    let largest = rows.largest_batch.load(Ordering::Relaxed);
    assert!((20..200).contains(&largest), "a batch had {largest} rows");
    history.assert_holds(load(&store, history.address));
    for number in [1, MANY / 2, MANY] {
        assert_eq!(
            outcome(&store, &history, number),
            Some(Outcome::Purchased(number))
        );
        assert!(total(&store, &history, number).is_some());
    }
}

/// A store whose head row has the first `in_head` purchases, and whose next look in vain is followed by a checkpoint that spills.
fn checkpointed_between_looks(in_head: u32) -> (Arc<Store>, History) {
    let mut history = History::contact(SealedProfile::default());
    let rows = Arc::new(Interrupted::default());
    let store = open(Arc::clone(&rows) as Arc<dyn Rows>);
    (1..=in_head).for_each(|number| drop(history.purchase(number)));
    history.note(&store, &history.effects);
    let noted = history.effects.len();
    store.checkpoint(History::position(noted)).unwrap();
    (in_head + 1..=PURCHASES).for_each(|number| drop(history.purchase(number)));
    history.note(&store, &history.effects[noted..]);
    let checkpointed = Arc::clone(&store);
    *rows.after_miss.lock() = Some(Box::new(move || {
        checkpointed.checkpoint(History::position(302)).unwrap();
    }));
    (store, history)
}

#[test]
fn a_key_is_found_while_a_checkpoint_moves_it() {
    let (store, history) = checkpointed_between_looks(20);
    assert_eq!(outcome(&store, &history, 1), Some(Outcome::Purchased(1)));
    assert_eq!(store.waiting(), 0, "the checkpoint came in between");
}

#[test]
fn a_purchase_is_found_while_a_checkpoint_moves_it() {
    let (store, history) = checkpointed_between_looks(0);
    assert_eq!(total(&store, &history, 1), Some(100));
    assert_eq!(store.waiting(), 0, "the checkpoint came in between");
}
