//! Checkpoints: folding what waits into rows, and marking how far the rows reach.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clientele_cluster::ShardId;

use super::answers::write_answers;
use super::history::spill_rows;
use super::tally::{self, Tally};
use super::{Error, Store, codec, keys};
use crate::domain::address::Address;
use crate::domain::entity::Effect;
use crate::domain::remembered::RECENT_IN_ROW;
use crate::limits::{self, ROW_BYTES_MAX};
use crate::persistence::follower::Follower;
use crate::persistence::journal::Position;
use crate::persistence::rows::{Row, Rows, Write};

/// How many entities are folded into one batch of writes: enough to keep the batch's bookkeeping small, and few enough that it takes a
/// millisecond or so, for which it may keep a processor from requests.
const ENTITIES_A_BATCH: usize = 64;

/// How many effects are folded into one batch: each may leave rows of its own, and whoever reads rows waits for the batch. So the entity of
/// a busy wallet goes into several.
const EFFECTS_A_BATCH: usize = 1_024;

/// How many times as long as each batch took a checkpoint then leaves the processor to requests: a quarter of a core instead of a half, for twice
/// as long, so that on two cores a node at 70% of its full speed stays below what is left.
const PAUSE: u32 = 3;

/// What a checkpoint did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpointed {
    /// How many entities were written.
    pub entities: usize,
    /// How many effects no longer wait.
    pub effects: usize,
}

impl Store {
    /// [`Store::checkpoint_with`] nobody who follows.
    pub fn checkpoint(&self, durable: Position) -> Result<Checkpointed, Error> {
        self.checkpoint_with(durable, &[])
    }

    /// Folds everything that waits into rows, writes API keys' last uses, has `followers` write what they built, syncs all of it, then writes and
    /// syncs the mark at `durable`: a position at which the journal had run every completion *before* this call. Blocks;
    /// one at a time.
    pub fn checkpoint_with(
        &self,
        durable: Position,
        followers: &[Arc<dyn Follower>],
    ) -> Result<Checkpointed, Error> {
        let mut folded: Vec<(ShardId, Address, u64)> = Vec::new();
        for (number, dirty) in (0_u16..).zip(&self.shards) {
            let shard = ShardId(number);
            // What comes in from now on waits for the next checkpoint.
            let mut ends = dirty.ends();
            let mut reached = 0;
            while !ends.is_empty() {
                self.rows.wait_for_room();
                let began = Instant::now();
                self.write_batch(shard, |tally| {
                    let mut writes = Vec::with_capacity(ENTITIES_A_BATCH.saturating_mul(2));
                    let mut room = EFFECTS_A_BATCH;
                    for _ in 0..ENTITIES_A_BATCH {
                        let Some((address, end)) = ends.front().copied().filter(|_| room > 0)
                        else {
                            break;
                        };
                        let part = dirty.part(&address, reached, room);
                        room = room.saturating_sub(part.len());
                        let seq = self.fold((shard, &address), &part, tally, &mut writes)?;
                        reached = seq;
                        if seq >= end || part.is_empty() {
                            folded.push((shard, address, seq));
                            ends.pop_front();
                            reached = 0;
                        }
                    }
                    Ok(writes)
                })?;
                self.give_way(began.elapsed(), PAUSE);
            }
        }
        let mut is_built = false;
        for follower in followers {
            self.rows.wait_for_room();
            is_built |= follower.flush()?;
        }
        let uses = self.write_uses()?;
        if folded.is_empty() && !is_built && uses.is_empty() && durable == self.mark() {
            return Ok(Checkpointed::default());
        }
        self.rows.sync()?;
        followers.iter().for_each(|follower| follower.synced());
        self.uses_synced(uses);
        self.rows.write(vec![Write::Put {
            key: keys::mark(),
            row: tally::mark_row(durable, self.batches()),
        }])?;
        self.rows.sync()?;
        self.mark.store(durable.0, Ordering::Release);

        let mut done = Checkpointed {
            entities: folded.len(),
            effects: 0,
        };
        for (shard, address, seq) in folded {
            if let Some(dirty) = self.shards.get(usize::from(shard.0)) {
                done.effects = done.effects.saturating_add(dirty.forget(&address, seq));
            }
        }
        self.waiting.fetch_sub(done.effects, Ordering::Relaxed);
        Ok(done)
    }

    /// Leaves the processor to requests for `times` as long as a checkpoint or an export had it: these have seconds, and a request has not. Where
    /// much waits for the checkpoint, for as long as it had it; where so much waits that memory matters more, not at all.
    pub(super) fn give_way(&self, had: Duration, times: u32) {
        let waiting = self.waiting();
        let times = match waiting < limits::DIRTY_EFFECTS_CHECKPOINT {
            true => times,
            false => times.min(1),
        };
        if self.rows.may_block() && waiting < limits::DIRTY_EFFECTS_MAX / 2 {
            std::thread::sleep(had.saturating_mul(times));
        }
    }

    /// The writes that bring an entity's rows up to the end of `effects`; the sequence that they reflect.
    fn fold(
        &self,
        (shard, address): (ShardId, &Address),
        effects: &[Arc<Effect>],
        tally: &mut Tally,
        writes: &mut Vec<Write>,
    ) -> Result<u64, Error> {
        let key = keys::head(shard, address);
        let before = self.rows.get(&key)?;
        let mut entity = self.entity_in(before.as_ref(), shard, address)?;
        let was_due = entity.next_due();
        let layers = entity.remembered.large_layers.len();
        for effect in effects {
            entity.apply(effect);
        }
        let spilled = entity.spill(RECENT_IN_ROW);
        if !spilled.answered.is_empty() {
            // The last one that there was may have taken more.
            let large_layers = entity.remembered.large_layers.iter().enumerate();
            let changed = large_layers.skip(layers.saturating_sub(1));
            writes.extend(changed.map(|(number, layer)| Write::Put {
                key: keys::filter(shard, address, number),
                row: Row {
                    entity_seq: entity.seq,
                    payload: codec::encode_filter_layer(layer),
                },
            }));
        }
        let place = (shard, address, entity.seq);
        write_answers(place, spilled.answered, writes);
        self.cancel_rows(place, &spilled.cancelled, writes)?;
        spill_rows(place, spilled.purchases, spilled.lines, writes);
        let mut payload = codec::encode_entity(&entity);
        if payload.len() > ROW_BYTES_MAX {
            // Large purchases or long notes: what remains without them fits, by the limits of each part.
            let history = entity.spill_history();
            spill_rows(place, history.purchases, history.lines, writes);
            payload = codec::encode_entity(&entity);
        }
        let due = entity.next_due();
        if was_due != due {
            writes.extend(was_due.first().map(|at| Write::Delete {
                key: keys::timer(shard, at, address),
            }));
            writes.extend(due.first().map(|at| Write::Put {
                key: keys::timer(shard, at, address),
                row: Row {
                    entity_seq: entity.seq,
                    payload: codec::encode_dues(&due),
                },
            }));
        }
        let row = Row {
            entity_seq: entity.seq,
            payload,
        };
        tally.replace(&key, before.as_ref(), &row);
        writes.push(Write::Put { key, row });
        Ok(entity.seq)
    }
}
