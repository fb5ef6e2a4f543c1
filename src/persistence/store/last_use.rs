//! When API keys were last used: a row beside each key's head, written with the next checkpoint.
//!
//! A use is no effect and in no journal record, so that it costs a request nothing. What a crash takes is what came after
//! the last checkpoint.

use std::sync::Arc;

use clientele_cluster::ShardId;

use super::{Error, Store, codec, keys};
use crate::domain::address::Address;
use crate::domain::time::Timestamp;
use crate::persistence::rows::{Row, Rows, Write};

/// How many rows are written at a time.
const USES_A_BATCH: usize = 1_000;

/// Uses that are written, but not synced.
pub(super) type Uses = Vec<((ShardId, Address), Timestamp)>;

impl Store {
    /// Has the next checkpoint write that the API key at `address` was last used at `at`.
    pub fn note_use(&self, shard: ShardId, address: Address, at: Timestamp) {
        self.uses.lock().insert((shard, address), at);
    }

    /// When the API key at `address` was last used, as far as it was noted.
    ///
    /// # Errors
    /// The row cannot be read.
    pub async fn last_use(
        self: &Arc<Self>,
        shard: ShardId,
        address: Address,
    ) -> Result<Option<Timestamp>, Error> {
        let noted = self.uses.lock().get(&(shard, address)).copied();
        if noted.is_some() {
            return Ok(noted);
        }
        self.off_thread(move |store| {
            let row = store.rows.get(&keys::last_use(shard, &address))?;
            let at = row.map(|row| codec::decode_last_use(&row.payload));
            Ok(at.transpose()?)
        })
        .await
    }

    /// Writes what was noted; it is kept until [`Store::uses_synced`].
    pub(super) fn write_uses(&self) -> Result<Uses, Error> {
        let noted = self
            .uses
            .lock()
            .iter()
            .map(|(key, at)| (*key, *at))
            .collect::<Uses>();
        for batch in noted.chunks(USES_A_BATCH) {
            let writes = batch.iter().map(|((shard, address), at)| Write::Put {
                key: keys::last_use(*shard, address),
                row: Row {
                    entity_seq: 0,
                    payload: codec::encode_last_use(*at),
                },
            });
            self.rows.write(writes.collect())?;
        }
        Ok(noted)
    }

    /// The rows were synced after these were written.
    pub(super) fn uses_synced(&self, written: Uses) {
        let mut uses = self.uses.lock();
        for (key, at) in written {
            if uses.get(&key) == Some(&at) {
                uses.remove(&key);
            }
        }
    }
}
