//! Checkpoints and crashes: what was noted is loaded, before and after, and the mark never runs ahead of the rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::history::{History, load, open};
use crate::domain::contact::SealedProfile;
use crate::persistence::rows::{Error, Keyed, MemoryRows, Row, Rows, Write};

/// Rows that fail at one of their writes or syncs, and from then on, as after a power cut.
struct Failing {
    inner: MemoryRows,
    left: AtomicUsize,
}

impl Failing {
    fn goes_on(&self) -> Result<(), Error> {
        let left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        left.map(drop).map_err(|_none_left| Error::Store {
            action: "write",
            detail: "the power is out".into(),
        })
    }
}

impl Rows for Failing {
    fn may_block(&self) -> bool {
        false
    }

    fn get(&self, key: &[u8]) -> Result<Option<Row>, Error> {
        self.inner.get(key)
    }

    fn last_at_most(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Keyed>, Error> {
        self.inner.last_at_most(prefix, key)
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
        self.goes_on()?;
        self.inner.write(writes)
    }

    fn sync(&self) -> Result<(), Error> {
        self.goes_on()?;
        self.inner.sync()
    }
}

#[test]
fn what_was_noted_is_loaded_before_and_after_its_checkpoint() {
    let mut history = History::contact(SealedProfile::default());
    let store = open(Arc::new(MemoryRows::new()));
    (1..=5).for_each(|number| drop(history.purchase(number)));
    history.note(&store, &history.effects);
    history.assert_holds(load(&store, history.address));
    assert_eq!(store.waiting(), 7);

    let done = store.checkpoint(History::position(7)).unwrap();
    assert_eq!((done.entities, done.effects), (1, 7));
    assert_eq!((store.waiting(), store.mark()), (0, History::position(7)));
    history.assert_holds(load(&store, history.address));

    let effect = history.purchase(6);
    history.note(&store, &[effect]);
    history.assert_holds(load(&store, history.address));
    assert_eq!(store.waiting(), 1);
}

/// A crash after `steps` writes and syncs of the second checkpoint; `is_lost` says whether what was not synced is gone.
fn crash(steps: usize, is_lost: bool) -> bool {
    let mut history = History::contact(SealedProfile::default());
    let rows = Arc::new(Failing {
        inner: MemoryRows::new(),
        left: AtomicUsize::new(usize::MAX),
    });
    let store = open(Arc::clone(&rows) as Arc<dyn Rows>);
    (1..=40).for_each(|number| drop(history.purchase(number)));
    history.note(&store, &history.effects);
    let first = History::position(history.effects.len());
    store.checkpoint(first).unwrap();
    let more: Vec<_> = (41..=80).map(|number| history.purchase(number)).collect();
    history.note(&store, &more);
    let second = History::position(history.effects.len());

    rows.left.store(steps, Ordering::Relaxed);
    let survived = store.checkpoint(second).is_ok();
    assert_eq!(store.mark(), if survived { second } else { first });
    history.assert_holds(load(&store, history.address));
    drop(store);
    if is_lost {
        rows.inner.lose_unsynced();
    }
    rows.left.store(usize::MAX, Ordering::Relaxed);

    let store = open(rows);
    let mark = usize::try_from(store.mark().0).unwrap();
    assert!([first, second].contains(&store.mark()));
    let in_rows = usize::try_from(load(&store, history.address).seq).unwrap();
    assert!(
        in_rows >= mark,
        "the mark says {mark}, the rows hold {in_rows}"
    );
    history.note(&store, &history.effects[mark..]);
    history.assert_holds(load(&store, history.address));
    store.checkpoint(second).unwrap();
    history.assert_holds(load(&store, history.address));
    survived
}

#[test]
fn a_crash_at_any_step_of_a_checkpoint_loses_nothing_and_the_mark_never_runs_ahead() {
    for is_lost in [true, false] {
        let survived: Vec<_> = (0..=4).map(|steps| crash(steps, is_lost)).collect();
        assert_eq!(
            survived,
            [false, false, false, false, true],
            "write, sync, mark, sync"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_replay_cut_into_checkpoints_anywhere_is_the_live_state(
        purchases in 1_u32..120,
        checkpoints in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        restarts in any::<bool>(),
    ) {
        let mut history = History::contact(SealedProfile::default());
        (1..=purchases).for_each(|number| drop(history.purchase(number)));
        let mut cuts: Vec<_> = checkpoints.iter().map(|at| at.index(history.effects.len() + 1)).collect();
        cuts.sort_unstable();
        let rows = Arc::new(MemoryRows::new());
        let mut store = open(Arc::clone(&rows) as Arc<dyn Rows>);
        let mut noted = 0;
        for cut in cuts {
            history.note(&store, &history.effects[noted..cut]);
            noted = cut;
            store.checkpoint(History::position(cut)).unwrap();
            if restarts {
                rows.lose_unsynced();
                store = open(Arc::clone(&rows) as Arc<dyn Rows>);
                prop_assert_eq!(store.mark(), History::position(cut));
            }
        }
        history.note(&store, &history.effects[noted..]);
        history.assert_holds(load(&store, history.address));
    }
}
