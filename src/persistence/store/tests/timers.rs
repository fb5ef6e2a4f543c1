//! The rows of timers say when each entity is due next, and nothing else.

use std::sync::Arc;

use super::history::{History, NOW, SHARD, offer, open, purchase_command, tenant};
use crate::domain::address::{Address, Kind};
use crate::domain::contact::SealedProfile;
use crate::domain::directory_entry::{self, RESERVED_FOR, ValueHash};
use crate::domain::entity::Command;
use crate::domain::money::Minor;
use crate::domain::offer::Award;
use crate::domain::time::{Dues, Span, Timestamp};
use crate::persistence::rows::MemoryRows;
use crate::persistence::store::Store;

fn by_business(at: Timestamp) -> Dues {
    Dues::of_business(Some(at))
}

fn timers(store: &Store) -> Vec<(Dues, Address)> {
    let mut found = Vec::new();
    store
        .timers(SHARD, &mut |due, address| found.push((due, address)))
        .unwrap();
    found
}

/// Folds the newest effect; the timers after it.
fn folded(store: &Store, history: &History) -> Vec<(Dues, Address)> {
    let effects = history.effects.len();
    let known = usize::try_from(store.mark().0).unwrap();
    history.note(store, &history.effects[known..]);
    store.checkpoint(History::position(effects)).unwrap();
    timers(store)
}

#[test]
fn a_reservations_timer_is_set_and_removed() {
    let store = open(Arc::new(MemoryRows::new()));
    let mut history = History::new(Kind::DirectoryEntry);
    let value = ValueHash([1; 16]);
    let holder = directory_entry::Holder {
        contact: 5,
        attempt: 1,
    };
    history.then(
        Command::DirectoryEntry(directory_entry::Command::Reserve(value, holder)),
        None,
    );
    assert_eq!(
        folded(&store, &history),
        [(by_business(NOW.after(RESERVED_FOR)), history.address)]
    );
    history.then(
        Command::DirectoryEntry(directory_entry::Command::Confirm(value, holder)),
        None,
    );
    assert_eq!(folded(&store, &history), []);
}

#[test]
fn a_wallets_timer_moves_with_its_first_expiry() {
    let store = open(Arc::new(MemoryRows::new()));
    let mut history = History::contact(SealedProfile::default());
    assert_eq!(folded(&store, &history), []);
    let due = |history: &History| history.live.next_due().business.unwrap();

    let lasting = |days| tenant(vec![offer(Award::Fixed(Minor(10)), Some(Span::days(days)))]);
    history.tenant = lasting(50);
    history.then(purchase_command(100, None), None);
    let late = due(&history);
    assert_eq!(
        folded(&store, &history),
        [(by_business(late), history.address)]
    );

    history.tenant = lasting(30);
    history.then(purchase_command(100, None), None);
    let early = due(&history);
    assert!(early < late);
    assert_eq!(
        folded(&store, &history),
        [(by_business(early), history.address)]
    );

    history.now = early;
    history.then(Command::FireTimers, None);
    assert_eq!(
        folded(&store, &history),
        [(by_business(late), history.address)]
    );

    history.now = late;
    history.then(Command::FireTimers, None);
    assert_eq!(folded(&store, &history), []);
}
