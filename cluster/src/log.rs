//! What the log of one shard says: the only authority on who owns it and which records count.

use crate::{Epoch, NodeId, Seq};

/// One entry of a shard's log, as far as ownership is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claim(epoch: u64, node: u64) -> Entry {
        Entry::Claim {
            epoch: Epoch(epoch),
            node: NodeId(node),
        }
    }

    fn data(epoch: u64, seq: u64) -> Entry {
        Entry::Data {
            epoch: Epoch(epoch),
            seq: Seq(seq),
        }
    }

    /// Gives the entries to an empty log and checks each verdict.
    fn check(entries: &[(Entry, Verdict)]) -> ShardLog {
        let mut log = ShardLog::default();
        for (index, (entry, verdict)) in entries.iter().enumerate() {
            assert_eq!(log.observe(entry), *verdict, "entry {index}: {entry:?}");
        }
        log
    }

    fn refused(current: u64) -> Verdict {
        Verdict::ClaimRefused {
            current: Epoch(current),
        }
    }

    fn stale(current: u64) -> Verdict {
        Verdict::StaleEpoch {
            current: Epoch(current),
        }
    }

    fn unclaimed(current: u64) -> Verdict {
        Verdict::UnclaimedEpoch {
            current: Epoch(current),
        }
    }

    fn duplicate(expected: u64) -> Verdict {
        Verdict::Duplicate {
            expected: Seq(expected),
        }
    }

    fn gap(expected: u64) -> Verdict {
        Verdict::Gap {
            expected: Seq(expected),
        }
    }

    #[test]
    fn nothing_counts_before_the_first_claim() {
        let log = check(&[
            (data(0, 1), unclaimed(0)),
            (data(1, 1), unclaimed(0)),
            (claim(0, 1), refused(0)),
        ]);
        assert_eq!(log, ShardLog::default());
        assert_eq!(log.next_claim(), Epoch(1));
    }

    #[test]
    fn records_count_in_the_order_of_their_seq() {
        let log = check(&[
            (claim(1, 7), Verdict::ClaimAccepted),
            (data(1, 1), Verdict::Accepted),
            (data(1, 2), Verdict::Accepted),
        ]);
        assert_eq!(log.epoch(), Epoch(1));
        assert_eq!(log.owner(), Some(NodeId(7)));
        assert_eq!(log.next_seq(), Some(Seq(3)));
        assert_eq!(log.next_claim(), Epoch(2));
    }

    #[test]
    fn a_claim_counts_only_above_the_current_epoch() {
        let log = check(&[
            (claim(3, 1), Verdict::ClaimAccepted),
            (claim(2, 2), refused(3)),
            (claim(3, 2), refused(3)),
            (claim(3, 1), refused(3)),
            (claim(5, 2), Verdict::ClaimAccepted),
        ]);
        assert_eq!(log.owner(), Some(NodeId(2)));
    }

    #[test]
    fn a_seq_counts_once() {
        check(&[
            (claim(1, 1), Verdict::ClaimAccepted),
            (data(1, 0), duplicate(1)),
            (data(1, 1), Verdict::Accepted),
            (data(1, 1), duplicate(2)),
            (data(1, 2), Verdict::Accepted),
            (data(1, 1), duplicate(3)),
        ]);
    }

    #[test]
    fn a_zombies_records_are_ignored() {
        check(&[
            (claim(1, 1), Verdict::ClaimAccepted),
            (data(1, 1), Verdict::Accepted),
            (claim(2, 2), Verdict::ClaimAccepted),
            (data(1, 2), stale(2)),
            (data(2, 1), Verdict::Accepted),
            (data(1, 3), stale(2)),
            (data(2, 2), Verdict::Accepted),
        ]);
    }

    #[test]
    fn a_gap_poisons_its_epoch_until_the_next_claim() {
        let log = check(&[
            (claim(1, 1), Verdict::ClaimAccepted),
            (data(1, 1), Verdict::Accepted),
            (data(1, 3), gap(2)),
            (data(1, 2), Verdict::Poisoned),
            (data(1, 4), Verdict::Poisoned),
            (claim(1, 2), refused(1)),
            (data(1, 2), Verdict::Poisoned),
        ]);
        assert_eq!(log.next_seq(), None);
        let log = check(&[
            (claim(1, 1), Verdict::ClaimAccepted),
            (data(1, 2), gap(1)),
            (claim(2, 2), Verdict::ClaimAccepted),
            (data(2, 1), Verdict::Accepted),
        ]);
        assert_eq!(log.next_seq(), Some(Seq(2)));
    }

    #[test]
    fn a_record_of_an_unclaimed_epoch_changes_nothing() {
        let log = check(&[
            (claim(1, 1), Verdict::ClaimAccepted),
            (data(2, 1), unclaimed(1)),
            (data(1, 1), Verdict::Accepted),
        ]);
        assert_eq!(log.next_claim(), Epoch(2));
    }

    #[test]
    fn the_last_seq_ends_its_epoch() {
        let mut log = ShardLog::resume(Epoch(1), Some(Seq(u64::MAX)), Some(NodeId(1)));
        assert_eq!(log.observe(&data(1, u64::MAX)), Verdict::Accepted);
        assert_eq!(log.observe(&data(1, u64::MAX)), Verdict::Poisoned);
        assert_eq!(log.observe(&claim(2, 1)), Verdict::ClaimAccepted);
    }

    prop_compose! {
        fn any_entry()(is_claim: bool, epoch in 0_u64..5, number in 0_u64..5) -> Entry {
            if is_claim { claim(epoch, number) } else { data(epoch, number) }
        }
    }

    proptest! {
        #[test]
        fn a_reader_that_resumes_anywhere_comes_to_the_same_verdicts(
            entries in prop::collection::vec(any_entry(), 0..40),
            resume_at: prop::sample::Index,
        ) {
            let resume_at = resume_at.index(entries.len() + 1);
            let mut log = ShardLog::default();
            for entry in &entries[..resume_at] {
                log.observe(entry);
            }
            let mut resumed = ShardLog::resume(log.epoch(), log.next_seq(), log.owner());
            for entry in &entries[resume_at..] {
                prop_assert_eq!(resumed.observe(entry), log.observe(entry));
            }
        }

        #[test]
        fn only_what_counts_or_leaves_a_gap_changes_the_log(entries in prop::collection::vec(any_entry(), 0..40)) {
            let mut log = ShardLog::default();
            for entry in &entries {
                let before = log;
                let verdict = log.observe(entry);
                prop_assert_eq!(log != before, verdict.counts() || matches!(verdict, Verdict::Gap { .. }));
            }
        }
    }
}
