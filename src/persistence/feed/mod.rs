//! The feed: every durable effect, in the order of the journal, for whoever follows it.
//!
//! The journal's thread pushes what has become durable into a bounded ring; each follower pulls from where it is, at its
//! own pace. One that has fallen behind the ring, or that starts, reads the journal itself until it is back in it. A push
//! wakes nobody: it is on the way of an answer, and a wake costs more than everything else that it does.
//!
//! Architecture invariant: the ring is a shortcut and never the authority. Where something may be missing from it (an
//! append of unknown outcome), it says so, and followers read the journal instead.

mod ring;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;

use clientele_cluster::ShardId;
use parking_lot::Mutex;

use self::ring::Ring;
use super::codec;
use super::journal::{self, Body, Journal, Position};
use crate::domain::address::Address;
use crate::domain::entity::Effect;
use crate::limits;

/// A durable effect.
#[derive(Clone, Debug)]
pub struct Fed {
    /// Where its record lies.
    pub position: Position,
    /// The shard of its entity: effects of one shard are in the order of its record numbers.
    pub shard: ShardId,
    /// Whose it is.
    pub address: Address,
    /// What happened.
    pub effect: Arc<Effect>,
}

/// What a pull found.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// The effects, in order.
    pub effects: Vec<Fed>,
    /// Everything up to here was handed out, now or before: where the next pull begins.
    pub reached: Position,
}

/// Why nothing can be pulled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// A record.
    #[error("the journal holds a record that cannot be read: {0}")]
    Record(#[from] codec::Error),
    /// Records after the follower's place were dropped: what followed there must be built anew.
    #[error("what follows position {after} was trimmed up to {trimmed_to}")]
    Trimmed {
        /// Where the follower is.
        after: u64,
        /// How far records were dropped.
        trimmed_to: u64,
    },
}

/// The durable effects of a journal.
pub struct Feed {
    journal: Arc<dyn Journal>,
    ring: Mutex<Ring>,
}

impl Feed {
    /// The feed of `journal`, made before anything is appended: what is durable by now is only in the journal.
    pub fn new(journal: Arc<dyn Journal>) -> Feed {
        Feed::with_capacity(journal, limits::FEED_EFFECTS_MAX)
    }

    /// The same, with room for so many effects.
    pub(crate) fn with_capacity(journal: Arc<dyn Journal>, capacity: usize) -> Feed {
        let ring = Mutex::new(Ring::new(journal.durable(), capacity));
        Feed { journal, ring }
    }

    /// Adds what has just become durable. Called by the journal's thread, in the order of positions, before any answer
    /// that rests on it is told.
    pub fn push(&self, fed: Fed) {
        self.ring.lock().push(fed);
    }

    /// Says that a record may lie at the present place which was not pushed: its append has no known outcome.
    pub fn skip(&self) {
        self.ring.lock().skip();
    }

    /// Everything that any answer told by now rests on lies at or before this position.
    pub fn durable(&self) -> Position {
        // The journal counts a record only after its answer was told; the ring has it before.
        let pushed = self.ring.lock().newest();
        pushed.max(self.journal.durable())
    }

    /// At most `max` effects after `after`. May read files: not for an async thread.
    ///
    /// # Errors
    /// The journal has failed, holds what cannot be read, or no longer has what follows `after`.
    pub fn pull(&self, after: Position, max: usize) -> Result<Pulled, Error> {
        // Asked first: whatever was durable by now is in the ring by the time that it is looked at.
        let durable = self.journal.durable();
        let found = self.ring.lock().after(after, max, durable);
        match found {
            Some(pulled) => Ok(pulled),
            None => self.replay(after, max, durable),
        }
    }

    fn replay(&self, after: Position, max: usize, durable: Position) -> Result<Pulled, Error> {
        let trimmed_to = self.journal.trimmed_to();
        if after < trimmed_to {
            return Err(Error::Trimmed {
                after: after.0,
                trimmed_to: trimmed_to.0,
            });
        }
        let mut effects = Vec::new();
        let mut reached = after;
        let mut unreadable = None;
        let mut is_full = false;
        self.journal.replay(after, &mut |position, record| {
            if let Body::Effect { payload, .. } = &record.body {
                match codec::decode_effect(payload) {
                    Ok((address, effect)) => effects.push(Fed {
                        position,
                        shard: record.shard,
                        address,
                        effect: Arc::new(effect),
                    }),
                    Err(error) => {
                        unreadable = Some(error);
                        return ControlFlow::Break(());
                    }
                }
            }
            reached = position;
            is_full = effects.len() >= max;
            if is_full {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        if let Some(error) = unreadable {
            return Err(error.into());
        }
        if !is_full {
            reached = reached.max(durable);
        }
        Ok(Pulled { effects, reached })
    }

    /// How far the journal has dropped records.
    pub fn trimmed_to(&self) -> Position {
        self.journal.trimmed_to()
    }
}
