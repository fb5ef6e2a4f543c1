//! Building a projection anew from the rows of the entities: for a stored version that is unknown, and wherever the
//! journal no longer reaches back to where the cursor stands.
//!
//! The rows know every purchase, but not the order of the journal between two contacts. So lines come in the order of the
//! times at which they were recorded, which is that of the journal but for what happened within the same milliseconds.
//! They are sorted by the store itself, as rows of their own that go away again: memory stays bounded.

use std::sync::Arc;

use super::blocks::{self, Keys};
use super::projector::State;
use super::{Line, Projection};
use crate::domain::address::Address;
use crate::domain::contact::{self, KeptPurchase};
use crate::domain::entity::{self, Event};
use crate::domain::organisation;
use crate::limits::{LIST_ENTRIES_UNWRITTEN_MAX, PROJECTION_ROWS_A_BATCH};
use crate::persistence::codec;
use crate::persistence::follower::Error;
use crate::persistence::rows::{self, Row, Rows, Write};
use crate::persistence::store::{self, Store};

/// Drops what is stored, builds everything from the rows of `store`, and leaves the state at its mark, written and synced.
pub(super) fn rebuild<P: Projection>(
    state: &mut State,
    keys: &Keys,
    rows: &Arc<dyn Rows>,
    store: &Store,
) -> Result<(), Error> {
    state.lists.clear();
    state.network.clear();
    // The cursor first: a crash from here on begins all over.
    rows.write(vec![Write::Delete {
        key: store::cursor_key(P::NAME),
    }])?;
    rows.sync()?;
    drop_all(&**rows, keys.all())?;
    let mut lines = Vec::new();
    store.entities::<Error>(&mut |address, entity| {
        let entity::State::Organisation(organisation::State(Some(organisation))) = entity.state
        else {
            return Ok(());
        };
        let created = Event::Organisation(organisation::Event::Created(organisation));
        P::project(&address, &[created], &mut state.network, &mut lines)
    })?;
    sort_purchases(&**rows, keys, store)?;
    list_sorted::<P>(state, &**rows, keys, &mut lines)?;
    state.position = store.mark();
    state.write::<P>(&**rows)?;
    rows.sync()?;
    Ok(())
}

fn drop_all(rows: &dyn Rows, prefix: &[u8]) -> Result<(), rows::Error> {
    loop {
        let page = rows.scan(prefix, None, PROJECTION_ROWS_A_BATCH)?;
        if page.is_empty() {
            return Ok(());
        }
        let deletes = page.into_iter().map(|(key, _)| Write::Delete { key });
        rows.write(deletes.collect())?;
    }
}

/// Writes a row for each purchase, under its time.
fn sort_purchases(rows: &dyn Rows, keys: &Keys, store: &Store) -> Result<(), Error> {
    store
        .contacts::<Error>(&mut |address, contact| sort(rows, keys, address, contact.purchases))?;
    store.older_purchases(&mut |address, purchases| sort(rows, keys, address, purchases))
}

fn sort(
    rows: &dyn Rows,
    keys: &Keys,
    address: Address,
    purchases: impl IntoIterator<Item = KeptPurchase>,
) -> Result<(), Error> {
    let writes = purchases.into_iter().map(|kept| {
        let mut key = keys.sorted_prefix();
        // Flipping the sign bit makes the order of the bytes that of the numbers.
        let purchase = &kept.purchase;
        key.extend((purchase.recorded_at.0 ^ i64::MIN).to_be_bytes());
        key.extend(address.to_bytes());
        key.extend(purchase.number.to_be_bytes());
        blocks::put(key, codec::encode_purchases(&vec![kept]))
    });
    Ok(rows.write(writes.collect())?)
}

/// Lists the purchases in the order of their rows, and removes the rows.
fn list_sorted<P: Projection>(
    state: &mut State,
    rows: &dyn Rows,
    keys: &Keys,
    lines: &mut Vec<Line>,
) -> Result<(), Error> {
    let prefix = keys.sorted_prefix();
    loop {
        let page = rows.scan(&prefix, None, PROJECTION_ROWS_A_BATCH)?;
        if page.is_empty() {
            return Ok(());
        }
        let mut writes = Vec::with_capacity(page.len());
        for (key, Row { payload, .. }) in page {
            let address = key
                .get(prefix.len().saturating_add(8)..)
                .and_then(Address::from_bytes);
            let purchases = codec::decode_purchases(&payload).map_err(store::Error::from)?;
            for (address, kept) in address.into_iter().zip(purchases) {
                lines.clear();
                let event = Event::Contact(contact::Event::PurchaseRecorded(kept.purchase));
                P::project(&address, &[event], &mut state.network, lines)?;
                state.lists.add(lines)?;
            }
            writes.push(Write::Delete { key });
        }
        rows.write(writes)?;
        if state.lists.unwritten() >= LIST_ENTRIES_UNWRITTEN_MAX {
            rows.write(state.lists.writes())?;
            state.lists.written();
        }
    }
}
