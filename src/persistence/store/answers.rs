//! What an entity answered, once it has left its memory: rows of many answers, and how one is found again.
//!
//! An entity's filter says which of its layers may trace a key. The answers of a layer lie together, those that left memory at the same time
//! next to each other and in the order of their keys: to find one, a row of each such time is read at most. So a checkpoint writes a row where
//! it wrote one for each answer, and few retries come so late that they have to look.

use std::sync::Arc;

use clientele_cluster::ShardId;

use super::{Error, Store, codec, keys};
use crate::domain::address::Address;
use crate::domain::remembered::{Answered, KeyHash, SpilledAnswers, Traced};
use crate::domain::time::Timestamp;
use crate::persistence::rows::{Row, Rows, Write};

/// At most 50 bytes each: to find one, 3 KiB are read.
const ANSWERS_A_ROW: usize = 64;

impl Store {
    /// The first answer among those that left the entity's memory under one of these keys.
    pub async fn answered(
        self: &Arc<Self>,
        shard: ShardId,
        address: Address,
        traced: Vec<Traced>,
        wall: Timestamp,
    ) -> Result<Option<Answered>, Error> {
        self.off_thread(move |store| {
            for traced in &traced {
                let found = store.answered_under(shard, &address, traced)?;
                if let Some(answered) = found.filter(|answered| answered.is_kept(wall)) {
                    return Ok(Some(answered));
                }
            }
            Ok(None)
        })
        .await
    }

    fn answered_under(
        &self,
        shard: ShardId,
        address: &Address,
        traced: &Traced,
    ) -> Result<Option<Answered>, Error> {
        // In the order in which a key moves on, with another look at the end for one that moved in between.
        let mut found = self.answered_waiting(shard, address, &traced.key);
        if found.is_none() {
            found = self.answered_in_rows(shard, address, traced)?;
        }
        if found.is_none() {
            found = self.answered_in_head(shard, address, &traced.key)?;
        }
        if found.is_none() {
            found = self.answered_in_rows(shard, address, traced)?;
        }
        Ok(found)
    }

    fn answered_waiting(
        &self,
        shard: ShardId,
        address: &Address,
        key: &KeyHash,
    ) -> Option<Answered> {
        let effect = self
            .shards
            .get(usize::from(shard.0))?
            .by_key(address, key)?;
        effect.answered().find(|answered| answered.key == *key)
    }

    fn answered_in_head(
        &self,
        shard: ShardId,
        address: &Address,
        key: &KeyHash,
    ) -> Result<Option<Answered>, Error> {
        let Some(row) = self.rows.get(&keys::head(shard, address))? else {
            return Ok(None);
        };
        let recent = codec::decode_recent_of_entity(&row.payload)?;
        Ok(recent.into_iter().find(|answered| answered.key == *key))
    }

    fn answered_in_rows(
        &self,
        shard: ShardId,
        address: &Address,
        traced: &Traced,
    ) -> Result<Option<Answered>, Error> {
        for layer in &traced.layers {
            let of_layer = keys::answers_of_layer(shard, address, *layer);
            let found = self.answered_in_layer(&of_layer, &traced.key)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        let row = self
            .rows
            .get(&keys::answered(shard, address, &traced.key))?;
        Ok(match row {
            Some(row) => Some(codec::decode_answered(&row.payload)?),
            None => None,
        })
    }

    /// The newest answer under `key` in the rows that begin with `of_layer`.
    fn answered_in_layer(&self, of_layer: &[u8], key: &KeyHash) -> Result<Option<Answered>, Error> {
        let end = keys::answers_written(of_layer.to_vec(), u64::MAX);
        let mut end = keys::answers(end, &KeyHash([u8::MAX; 16]));
        while let Some((last, _)) = self.rows.last_at_most(of_layer, &end)? {
            // All that were written together, without the first key of this row.
            let written = last.get(..last.len().saturating_sub(key.0.len()));
            let written = written.unwrap_or_default();
            let place = keys::answers(written.to_vec(), key);
            if let Some((_, row)) = self.rows.last_at_most(written, &place)? {
                let answers = codec::decode_answers(&row.payload)?;
                let found = answers
                    .into_iter()
                    .rev()
                    .find(|answered| answered.key == *key);
                if found.is_some() {
                    return Ok(found);
                }
            }
            // A key of a row is longer: those that were written together come after this.
            end = written.to_vec();
        }
        Ok(None)
    }
}

/// Writes answers that left memory to rows.
pub(super) fn write_answers(
    (shard, address, entity_seq): (ShardId, &Address, u64),
    spilled: Vec<SpilledAnswers>,
    writes: &mut Vec<Write>,
) {
    for SpilledAnswers {
        layer,
        mut answered,
    } in spilled
    {
        let of_layer = keys::answers_of_layer(shard, address, layer);
        let written = keys::answers_written(of_layer, entity_seq);
        // A stable order: of two answers under one key, which the first was too old for, the newer comes last.
        answered.sort_by_key(|answered| answered.key);
        writes.extend(answered.chunks(ANSWERS_A_ROW).filter_map(|answers| {
            let first = answers.first()?;
            let key = keys::answers(written.clone(), &first.key);
            let payload = codec::encode_answers(&answers.to_vec());
            Some(Write::Put {
                key,
                row: Row {
                    entity_seq,
                    payload,
                },
            })
        }));
    }
}
