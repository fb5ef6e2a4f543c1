//! A contact's history: its older purchases, and the older lines of its wallet's journal.

use std::collections::BTreeMap;
use std::sync::Arc;

use clientele_cluster::ShardId;

use super::{Error, Store, codec, keys};
use crate::domain::address::Address;
use crate::domain::contact::{self, Contact, KeptPurchase, Line};
use crate::domain::entity::{Event, State};
use crate::domain::time::Timestamp;
use crate::limits::ROW_BYTES_MAX;
use crate::persistence::rows::{Row, Rows, Write};

/// Purchases that share a row, and its key.
type KeyedBlock = (Vec<u8>, Vec<KeptPurchase>);

impl Store {
    /// The purchase of this number that left the contact's memory, as it is durable.
    pub async fn purchase(
        self: &Arc<Self>,
        shard: ShardId,
        address: Address,
        number: u32,
    ) -> Result<Option<KeptPurchase>, Error> {
        self.off_thread(move |store| {
            // The tail first: a cancellation that a checkpoint folds in between is then in the purchase's row as well.
            let cancelled_at = store.cancelled_in_tail(shard, &address, number);
            let mut found = store.purchase_in_rows(shard, &address, number)?;
            if found.is_none() {
                let contact = store.contact(shard, &address)?;
                found = contact.and_then(|contact| contact.recent_purchase(number).cloned());
            }
            if found.is_none() {
                // A checkpoint may have moved it between the two looks.
                found = store.purchase_in_rows(shard, &address, number)?;
            }
            Ok(found.map(|kept| KeptPurchase {
                cancelled_at: kept.cancelled_at.or(cancelled_at),
                ..kept
            }))
        })
        .await
    }

    /// The lines from number `oldest` to `newest` of a wallet's journal that left the contact's memory, in any order.
    pub async fn lines(
        self: &Arc<Self>,
        shard: ShardId,
        address: Address,
        (oldest, newest): (u32, u32),
    ) -> Result<Vec<Line>, Error> {
        self.off_thread(move |store| {
            let is_wanted = |line: &Line| (oldest..=newest).contains(&line.number);
            let mut lines = store.lines_in_rows(shard, &address, oldest, newest)?;
            if let Some(contact) = store.contact(shard, &address)? {
                lines.extend(contact.ledger.lines.into_iter().filter(is_wanted));
            }
            // A checkpoint may have moved some between the two looks.
            lines.extend(store.lines_in_rows(shard, &address, oldest, newest)?);
            Ok(lines)
        })
        .await
    }

    fn contact(&self, shard: ShardId, address: &Address) -> Result<Option<Box<Contact>>, Error> {
        Ok(match self.load_now(shard, address)?.state {
            State::Contact(contact) => Some(contact),
            State::Tenant(_)
            | State::Organisation(_)
            | State::Offer(_)
            | State::ApiKey(_)
            | State::DirectoryEntry(_)
            | State::Lease(_)
            | State::AuditLog(_)
            | State::Media(_)
            | State::Apps(_)
            | State::Receipt(_)
            | State::User(_)
            | State::Configuration(_) => None,
        })
    }

    fn cancelled_in_tail(
        &self,
        shard: ShardId,
        address: &Address,
        number: u32,
    ) -> Option<Timestamp> {
        let tail = self.tail(shard, address);
        let mut events = tail.iter().flat_map(|effect| &effect.events);
        events.find_map(|event| match event {
            Event::Contact(contact::Event::PurchaseCancelled(it)) if it.number == number => {
                Some(it.at)
            }
            _ => None,
        })
    }

    fn purchase_in_rows(
        &self,
        shard: ShardId,
        address: &Address,
        number: u32,
    ) -> Result<Option<KeptPurchase>, Error> {
        let block = self.block_of(shard, address, number)?;
        let mut purchases = block.into_iter().flat_map(|(_, purchases)| purchases);
        Ok(purchases.find(|found| found.purchase.number == number))
    }

    /// The row in which a purchase of this number would be, if it left its contact.
    fn block_of(
        &self,
        shard: ShardId,
        address: &Address,
        number: u32,
    ) -> Result<Option<KeyedBlock>, Error> {
        let prefix = keys::purchases_prefix(shard, address);
        let key = keys::purchases(shard, address, number);
        let Some((key, row)) = self.rows.last_at_most(&prefix, &key)? else {
            return Ok(None);
        };
        Ok(Some((key, codec::decode_purchases(&row.payload)?)))
    }

    fn lines_in_rows(
        &self,
        shard: ShardId,
        address: &Address,
        oldest: u32,
        newest: u32,
    ) -> Result<Vec<Line>, Error> {
        let prefix = keys::lines_prefix(shard, address);
        let mut lines = Vec::new();
        let mut next = newest;
        while next >= oldest {
            let key = keys::lines(shard, address, next);
            let Some((_, row)) = self.rows.last_at_most(&prefix, &key)? else {
                break;
            };
            let block = codec::decode_lines(&row.payload)?;
            let Some(first) = block.first().map(|line| line.number) else {
                break;
            };
            lines.extend(
                block
                    .into_iter()
                    .filter(|line| (oldest..=newest).contains(&line.number)),
            );
            next = first.saturating_sub(1);
        }
        Ok(lines)
    }

    /// Writes the rows of purchases anew of which some were cancelled.
    pub(super) fn cancel_rows(
        &self,
        (shard, address, entity_seq): (ShardId, &Address, u64),
        cancelled: &[(u32, Timestamp)],
        writes: &mut Vec<Write>,
    ) -> Result<(), Error> {
        let mut blocks: BTreeMap<Vec<u8>, Vec<KeptPurchase>> = BTreeMap::new();
        for (number, at) in cancelled {
            let block = self.block_of(shard, address, *number)?;
            let (key, purchases) = block.ok_or(Error::PurchaseMissing)?;
            let purchases = blocks.entry(key).or_insert(purchases);
            let kept = purchases
                .iter_mut()
                .find(|kept| kept.purchase.number == *number)
                .ok_or(Error::PurchaseMissing)?;
            kept.cancelled_at = Some(*at);
        }
        writes.extend(blocks.into_iter().map(|(key, purchases)| Write::Put {
            key,
            row: Row {
                entity_seq,
                payload: codec::encode_purchases(&purchases),
            },
        }));
        Ok(())
    }
}

/// Writes older purchases and lines to rows of their own.
pub(super) fn spill_rows(
    (shard, address, entity_seq): (ShardId, &Address, u64),
    purchases: Vec<KeptPurchase>,
    lines: Vec<Line>,
    writes: &mut Vec<Write>,
) {
    /// At most 300 bytes each with a few offers: to find one, a few KiB are read.
    const PURCHASES_A_ROW: usize = 48;
    /// The mark of a cancellation, which may come later.
    const MARK_BYTES: usize = 10;
    /// At most 30 bytes each without a note.
    const LINES_A_ROW: usize = 256;
    let row = |payload| Row {
        entity_seq,
        payload,
    };
    let one = |kept: &KeptPurchase| {
        let alone = codec::encode_purchases(&vec![kept.clone()]);
        alone.len().saturating_add(MARK_BYTES)
    };
    for block in blocks(purchases, PURCHASES_A_ROW, one) {
        writes.extend(block.first().map(|first| Write::Put {
            key: keys::purchases(shard, address, first.purchase.number),
            row: row(codec::encode_purchases(&block)),
        }));
    }
    let one = |line: &Line| codec::encode_lines(&vec![line.clone()]).len();
    for block in blocks(lines, LINES_A_ROW, one) {
        writes.extend(block.first().map(|first| Write::Put {
            key: keys::lines(shard, address, first.number),
            row: row(codec::encode_lines(&block)),
        }));
    }
}

/// Cuts what is in order into blocks that fit a row each.
fn blocks<T>(all: Vec<T>, a_row: usize, bytes_of: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut blocks: Vec<Vec<T>> = Vec::new();
    let mut block_bytes = 0_usize;
    for one in all {
        let bytes = bytes_of(&one);
        match blocks.last_mut() {
            Some(block)
                if block.len() < a_row && block_bytes.saturating_add(bytes) <= ROW_BYTES_MAX =>
            {
                block.push(one);
                block_bytes = block_bytes.saturating_add(bytes);
            }
            Some(_) | None => {
                blocks.push(vec![one]);
                block_bytes = bytes;
            }
        }
    }
    blocks
}
