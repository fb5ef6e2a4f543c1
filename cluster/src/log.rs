//! What the log of one shard says: the only authority on who owns it and which records count.

use crate::{Epoch, NodeId, Seq};

/// One entry of a shard's log, as far as ownership is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// `node` asks for the shard.
    Claim {
        /// The ownership that it asks for.
        epoch: Epoch,
        /// Who asks.
        node: NodeId,
    },
    /// A record of whoever owns, or believes to own, `epoch`.
    Data {
        /// The ownership that it was written under.
        epoch: Epoch,
        /// Its number within the epoch.
        seq: Seq,
    },
}

/// What an entry comes to for every reader of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The claim's node owns the shard from here on.
    ClaimAccepted,
    /// The claim is not above the current epoch: it came too late, or lost a tie to an earlier one.
    ClaimRefused {
        /// The epoch that holds.
        current: Epoch,
    },
    /// The record counts.
    Accepted,
    /// The record's number was taken before in its epoch: the same record again.
    Duplicate {
        /// The number that would count.
        expected: Seq,
    },
    /// The record is of an older epoch: its writer lost the shard.
    StaleEpoch {
        /// The epoch that holds.
        current: Epoch,
    },
    /// The record is of an epoch that nobody has claimed in this log. No owner writes one: something is broken.
    UnclaimedEpoch {
        /// The epoch that holds.
        current: Epoch,
    },
    /// Records before this one are missing: it doesn't count, and nor does anything else before the next claim.
    Gap {
        /// The number that would have counted.
        expected: Seq,
    },
    /// A gap came earlier in this epoch.
    Poisoned,
}

impl Verdict {
    /// Whether the entry has an effect: an accepted claim or record. Every other entry is as if never written.
    #[must_use]
    pub const fn counts(self) -> bool {
        match self {
            Verdict::ClaimAccepted | Verdict::Accepted => true,
            Verdict::ClaimRefused { .. }
            | Verdict::Duplicate { .. }
            | Verdict::StaleEpoch { .. }
            | Verdict::UnclaimedEpoch { .. }
            | Verdict::Gap { .. }
            | Verdict::Poisoned => false,
        }
    }
}

/// All that must be known of a shard's log up to some point, to judge what comes after it.
///
/// [`ShardLog::default`] is an empty log. The three getters are the whole state, so they are what a checkpoint stores
/// beside its position; [`ShardLog::resume`] takes them back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShardLog {
    epoch: Epoch,
    owner: Option<NodeId>,
    /// None while no record can count: before the first claim, and from a gap to the next claim.
    next_seq: Option<Seq>,
}

impl ShardLog {
    /// The log as of a stored summary, for a reader that starts behind trimmed records.
    #[must_use]
    pub const fn resume(epoch: Epoch, next_seq: Option<Seq>, owner: Option<NodeId>) -> ShardLog {
        ShardLog {
            epoch,
            owner,
            next_seq,
        }
    }

    /// The current epoch: the highest of all claims so far, or [`Epoch::UNCLAIMED`].
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Who owns the shard, if anybody has claimed it.
    #[must_use]
    pub const fn owner(&self) -> Option<NodeId> {
        self.owner
    }

    /// The number of the next record that would count; none before the first claim, and none from a gap to the next
    /// claim.
    #[must_use]
    pub const fn next_seq(&self) -> Option<Seq> {
        self.next_seq
    }

    /// The epoch that the next claim should ask for: one above the highest so far.
    #[must_use]
    pub const fn next_claim(&self) -> Epoch {
        Epoch(self.epoch.0.saturating_add(1))
    }

    /// Takes the log's next entry and says what it comes to. Entries must come in the log's order, each one once.
    pub fn observe(&mut self, entry: &Entry) -> Verdict {
        let verdict = self.judge(entry);
        match (verdict, entry) {
            (Verdict::ClaimAccepted, &Entry::Claim { epoch, node }) => {
                *self = ShardLog::resume(epoch, Some(Seq::FIRST), Some(node));
            }
            (Verdict::Accepted, Entry::Data { seq, .. }) => {
                // After the last number there is none left: the epoch ends, as by a gap.
                self.next_seq = seq.0.checked_add(1).map(Seq);
            }
            (Verdict::Gap { .. }, Entry::Data { .. }) => self.next_seq = None,
            (_, Entry::Claim { .. } | Entry::Data { .. }) => {}
        }
        verdict
    }

    /// What `entry` would come to if it were next.
    #[must_use]
    pub fn judge(&self, entry: &Entry) -> Verdict {
        let current = self.epoch;
        match *entry {
            Entry::Claim { epoch, .. } if epoch > current => Verdict::ClaimAccepted,
            Entry::Claim { .. } => Verdict::ClaimRefused { current },
            Entry::Data { epoch, .. } if epoch < current => Verdict::StaleEpoch { current },
            Entry::Data { epoch, .. } if epoch > current || current == Epoch::UNCLAIMED => {
                Verdict::UnclaimedEpoch { current }
            }
            Entry::Data { seq, .. } => match self.next_seq {
                None => Verdict::Poisoned,
                Some(expected) if seq < expected => Verdict::Duplicate { expected },
                Some(expected) if seq > expected => Verdict::Gap { expected },
                Some(_) => Verdict::Accepted,
            },
        }
    }
}
