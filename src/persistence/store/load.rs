//! Reading: an entity for its activation.

use std::sync::Arc;

use clientele_cluster::ShardId;

use super::{Error, Store, codec, keys};
use crate::domain::address::Address;
use crate::domain::entity::{Effect, Entity};
use crate::domain::time::Dues;
use crate::persistence::rows::{Row, Rows};

/// Takes a row and its key.
type EachRow<'a> = dyn FnMut(&[u8], &Row) + 'a;

impl Store {
    /// The newest durable state of an entity; one to which nothing happened, if it is unknown.
    pub async fn load(self: &Arc<Self>, shard: ShardId, address: Address) -> Result<Entity, Error> {
        self.off_thread(move |store| store.load_now(shard, &address))
            .await
    }

    /// [`Store::check`], where it may wait for a disk.
    pub async fn checked(self: &Arc<Self>, shard: ShardId) -> Result<usize, Error> {
        self.off_thread(move |store| store.check(shard)).await
    }

    pub(super) fn load_now(&self, shard: ShardId, address: &Address) -> Result<Entity, Error> {
        self.check(shard)?;
        // The tail first: what a checkpoint folds in between is then in the row as well, and skipped by its sequence.
        let tail = self.tail(shard, address);
        let mut entity = self.head(shard, address)?;
        for effect in &tail {
            entity.apply(effect);
        }
        Ok(entity)
    }

    pub(super) fn tail(&self, shard: ShardId, address: &Address) -> Vec<Arc<Effect>> {
        self.shards
            .get(usize::from(shard.0))
            .map(|dirty| dirty.tail(address))
            .unwrap_or_default()
    }

    fn head(&self, shard: ShardId, address: &Address) -> Result<Entity, Error> {
        let row = self.rows.get(&keys::head(shard, address))?;
        self.entity_in(row.as_ref(), shard, address)
    }

    /// The entity whose head row is `row`.
    pub(super) fn entity_in(
        &self,
        row: Option<&Row>,
        shard: ShardId,
        address: &Address,
    ) -> Result<Entity, Error> {
        let Some(row) = row else {
            return Ok(Entity::new(address.kind));
        };
        let mut entity = codec::decode_entity(&row.payload)?;
        for (number, layer) in entity.remembered.large_layers.iter_mut().enumerate() {
            let row = self.rows.get(&keys::filter(shard, address, number))?;
            // Without it a key that had its effect would count as fresh.
            let row = row.ok_or(Error::FilterMissing)?;
            *layer = codec::decode_filter_layer(&row.payload)?;
        }
        Ok(entity)
    }

    /// What is due in a shard according to its rows, in the order of time. Complete right after a checkpoint.
    pub fn timers(&self, shard: ShardId, each: &mut dyn FnMut(Dues, Address)) -> Result<(), Error> {
        let prefix = keys::timers_prefix(shard);
        self.walk(&prefix, &mut |key, row| {
            if let Some(address) = keys::read_timer(key) {
                each(codec::decode_dues(&row.payload)?, address);
            }
            Ok(())
        })
    }

    pub(super) fn each_row(&self, prefix: &[u8], each: &mut EachRow<'_>) -> Result<(), Error> {
        self.walk(prefix, &mut |key, row| {
            each(key, row);
            Ok(())
        })
    }

    /// Runs `read` where it may wait for a disk.
    pub(super) async fn off_thread<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Store) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        if !self.rows.may_block() {
            return read(self);
        }
        let store = Arc::clone(self);
        match tokio::task::spawn_blocking(move || read(&store)).await {
            Ok(result) => result,
            Err(_cut_short) => Err(Error::Cancelled),
        }
    }
}
