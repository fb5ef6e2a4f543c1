//! The largest contact there can be fits its rows.

use std::sync::Arc;

use super::history::{History, NOW, SHARD, load, offer, open, purchase_command, tenant};
use crate::domain::contact::{Card, Field, Profile, SealedProfile, Wallet};
use crate::domain::entity::State;
use crate::domain::money::Minor;
use crate::domain::offer::Award;
use crate::domain::tenant::LISTED_MAX;
use crate::domain::time::{Span, Timestamp};
use crate::limits::{self, PROFILE_LISTS_BYTES_MAX, ROW_BYTES_MAX};
use crate::persistence::codec;
use crate::persistence::rows::{MemoryRows, Rows};
use futures_util::FutureExt;

/// Far more than an award may give, so that a lot takes its nine bytes.
const LARGE: i64 = 1 << 40;

/// As many bytes as the gateway lets through, and 100 for the seal.
fn largest_profile() -> SealedProfile {
    let name = || Some("\u{1F600}".repeat(limits::NAME_CHARS_MAX));
    let profile = Profile {
        title: name(),
        first_name: name(),
        middle_name: name(),
        last_name: name(),
        company_name: name(),
        email_address: Some("\u{1F600}".repeat(limits::EMAIL_CHARS_MAX)),
        custom_fields: vec![
            Field {
                key: String::new(),
                value: "x".repeat(PROFILE_LISTS_BYTES_MAX / limits::PROFILE_LIST_MAX),
            };
            limits::PROFILE_LIST_MAX
        ],
        cards: vec![
            Card {
                identifier: "x".repeat(limits::CODE_CHARS_MAX),
                added_at: Timestamp(i64::MAX),
            };
            limits::PROFILE_LIST_MAX
        ],
        ..Profile::default()
    };
    let mut sealed = codec::encode_profile(&profile);
    sealed.extend([0; 100]);
    assert!(sealed.len() < ROW_BYTES_MAX / 4, "{}", sealed.len());
    SealedProfile {
        slot: u32::MAX,
        sealed: sealed.into(),
    }
}

fn wallet(history: &History) -> &Wallet {
    match &history.live.state {
        State::Contact(contact) => &contact.wallet,
        other => panic!("{other:?}"),
    }
}

/// A contact whose wallet is full, of lots that each expire at another time.
fn with_full_wallet() -> History {
    let mut history = History::contact(largest_profile());
    let days = u32::try_from(LISTED_MAX).unwrap();
    history.tenant = tenant(
        (1..=days)
            .map(|days| offer(Award::Fixed(Minor(LARGE)), Some(Span::days(2_000 + days))))
            .collect(),
    );
    for _ in 0..4 {
        history.then(purchase_command(100, None), None);
        history.now = history.now.after(Span::days(days));
    }
    history
}

#[test]
fn a_wallet_never_holds_more_lots_than_it_may() {
    let history = with_full_wallet();
    assert_eq!(wallet(&history).lots.len(), Wallet::LOTS_MAX);
}

#[test]
fn one_purchase_never_overfills_a_wallet() {
    let mut history = with_full_wallet();
    // Three lots are spent: the next purchase finds room for three of its many awards.
    history.tenant = tenant(Vec::new());
    history.then(purchase_command(4 * LARGE, Some(3 * LARGE)), None);
    assert_eq!(wallet(&history).lots.len(), Wallet::LOTS_MAX - 3);
    history.now = history.now.after(Span::days(100));
    history.tenant = tenant(
        (1..=9)
            .map(|days| offer(Award::Fixed(Minor(1)), Some(Span::days(9_000 + days))))
            .collect(),
    );
    history.then(purchase_command(100, None), None);
    assert_eq!(wallet(&history).lots.len(), Wallet::LOTS_MAX);
}

#[test]
fn the_largest_contact_fits_its_rows() {
    let mut history = with_full_wallet();
    for number in 1..=200 {
        history.purchase(number);
    }
    // One more purchase takes from every lot.
    let all = i64::try_from(Wallet::LOTS_MAX).unwrap() * LARGE * 2;
    history.then(purchase_command(all, Some(all)), None);
    for effect in &history.effects {
        let bytes = codec::encode_effect(&history.address, effect).len();
        assert!(
            bytes < limits::RECORD_BYTES_MAX - 100,
            "a record of {bytes}"
        );
    }
    for every in [1_000, 40, 7] {
        let rows = Arc::new(MemoryRows::new());
        let store = open(Arc::clone(&rows) as Arc<dyn Rows>);
        for effects in history.effects.chunks(every) {
            history.note(&store, effects);
            store.checkpoint(History::position(effects.len())).unwrap();
        }
        history.assert_holds(load(&store, history.address));
        for number in [1, 4, 5, 100, 204, 205] {
            let found = store.purchase(SHARD, history.address, number);
            let found = found.now_or_never().unwrap().unwrap();
            assert_eq!(found.unwrap().number, number);
        }
        let largest = rows.scan(&[], None, usize::MAX).unwrap();
        let largest = largest.iter().map(|(_, row)| row.payload.len()).max();
        assert!(
            largest.is_some_and(|bytes| bytes > ROW_BYTES_MAX / 2),
            "a test of large rows"
        );
    }
    assert!(history.now > NOW);
}
