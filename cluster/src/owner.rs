//! One node's side of one shard: claims it, numbers its appends, and says what may be acknowledged.

use std::fmt;

use crate::{Entry, Epoch, NodeId, Offset, Seq, ShardLog, Verdict};

/// How long, in milliseconds, an owner serves reads after the start of its newest confirmed append, where other nodes
/// may take the shard. A takeover takes seconds, so a zombie's reads end about when the new owner's writes begin; and
/// an idle owner renews with one small record every half of it, which costs 256 shards 171 records a second.
pub const READ_LEASE_MS: u64 = 3_000;

/// Whether other nodes can take the shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tenure {
    /// Only this process can write the log (it holds the data directory's lock): no foreign record can come between,
    /// and there is no lease to lose. Offsets may have holes.
    Sole,
    /// Any node can write the log. Offsets have no holes.
    Shared {
        /// How long reads are served after the start of the newest confirmed append, in milliseconds:
        /// [`READ_LEASE_MS`] unless a test says otherwise.
        read_lease_ms: u64,
    },
}

/// What a node is to a shard, as far as it has read the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It reads along: it never claimed, lost its claim or the shard, or gave up after a failed append.
    Bystander,
    /// It has claimed, and doesn't know yet whether it won.
    Claiming {
        /// What it asked for.
        epoch: Epoch,
    },
    /// It owns the shard.
    Owning {
        /// The epoch that it writes under.
        epoch: Epoch,
    },
}

/// What an owner's record carries in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// The ownership that it is written under.
    pub epoch: Epoch,
    /// Its number within the epoch.
    pub seq: Seq,
}

/// What reading an entry came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Observed {
    /// The entry was next, and this is its verdict. Look at [`Owner::standing`] after it.
    Judged(Verdict),
    /// The entry was judged before, or is an own append that was confirmed without reading it.
    AlreadyKnown,
    /// Entries before it were never read; nothing has changed. Read from `from`; if they were trimmed, start over from
    /// a checkpoint.
    Missing {
        /// The first entry that is missing.
        from: Offset,
    },
}

/// What a delivered append comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Confirmed {
    /// The record counts for every reader of the log: its effect may be acknowledged.
    Acknowledge,
    /// Other records came between: read `from` up to and with `to`, give each entry to [`Owner::observe`], then confirm
    /// again.
    ReadBackFirst {
        /// The first entry to read.
        from: Offset,
        /// The last entry to read: the append itself.
        to: Offset,
    },
    /// The record doesn't count and never will: another owner took over, or a gap came before it. Trying again there
    /// is safe.
    Refused,
    /// The record belongs to an ownership that this node gave up: it may or may not count.
    Unknown,
}

/// The node doesn't own the shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NotOwner;

/// One node's side of one shard's log.
///
/// The steps, in order: [`Owner::claim`] and append the entry; [`Owner::claim_delivered`] with its offset, and
/// [`Owner::observe`] with all that lies before it, until [`Owner::standing`] says how it went. Then for each record
/// [`Owner::assign`], append, and [`Owner::confirm`] with its offset. [`Owner::append_failed`] as soon as an append's
/// outcome is a failure or unknown: the entries then in flight may yet land, so the node must discard what it decided
/// since, and claim anew to fence them off.
///
/// Nothing here rests on delivery reports or entries being unique, timely or in order; a wrong order costs a read-back
/// or a claim.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    node: NodeId,
    tenure: Tenure,
    /// What the log says before `unread`.
    log: ShardLog,
    /// The first entry that is neither read nor proven to be an own append.
    unread: Offset,
    phase: Phase,
    /// The highest epoch that this node has asked for since it started: it never asks for one twice, so that an old
    /// claim that lands late cannot be taken for a new one.
    asked: Epoch,
    /// The epoch won last; records of all others are none of this tenure's.
    held: Epoch,
    /// The newest record of `held` that counts; all before it count too.
    proven: Seq,
    lease: Lease,
}

/// [`Standing`], with what only the owner itself needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Bystander,
    Claiming {
        epoch: Epoch,
        asked_at_ms: u64,
        /// Where the claim lies, once its delivery is known.
        delivered: Option<Offset>,
        /// Where a claim of this node and epoch was accepted. Only if that is `delivered` is it this one: an earlier
        /// run of the node may have asked for the same epoch.
        accepted: Option<Offset>,
    },
    Owning {
        epoch: Epoch,
        next: Seq,
    },
}

/// How fresh the proof is that the node still owned the shard.
///
/// It dates from the *start* of an append: the log cannot have had a newer owner then, whatever delays the answer. To
/// stay tiny under pipelining only one append at a time is watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Lease {
    proven_at_ms: u64,
    watched: Option<(Seq, u64)>,
}

impl Owner {
    /// A bystander that knows the log before `unread` to be `log`: [`ShardLog::default`] at the log's start, or a
    /// checkpoint's summary.
    #[must_use]
    pub fn new(node: NodeId, tenure: Tenure, log: ShardLog, unread: Offset) -> Owner {
        Owner {
            node,
            tenure,
            log,
            unread,
            phase: Phase::Bystander,
            asked: Epoch::UNCLAIMED,
            held: Epoch::UNCLAIMED,
            proven: Seq::default(),
            lease: Lease::default(),
        }
    }

    /// Asks for the shard: append the entry that this returns. An ownership or claim before it is given up.
    pub fn claim(&mut self, now_ms: u64) -> Entry {
        let epoch = self
            .log
            .next_claim()
            .max(Epoch(self.asked.0.saturating_add(1)));
        self.asked = epoch;
        self.phase = Phase::Claiming {
            epoch,
            asked_at_ms: now_ms,
            delivered: None,
            accepted: None,
        };
        Entry::Claim {
            epoch,
            node: self.node,
        }
    }

    /// The claim for `epoch` is in the log at `offset`. If nothing came between, that is the verdict; otherwise it is
    /// known once everything up to and with `offset` is observed.
    pub fn claim_delivered(&mut self, epoch: Epoch, offset: Offset) -> Standing {
        if let Phase::Claiming {
            epoch: asked,
            delivered,
            ..
        } = &mut self.phase
            && *asked == epoch
        {
            *delivered = Some(offset);
            if self.is_next(offset) {
                let node = self.node;
                self.take(offset, &Entry::Claim { epoch, node });
            }
            self.settle_claim();
        }
        self.standing()
    }

    /// Reads the entry at `offset`. The caller applies what counts ([`Verdict::counts`]) to its copy of the shard.
    pub fn observe(&mut self, offset: Offset, entry: &Entry) -> Observed {
        if offset < self.unread {
            return Observed::AlreadyKnown;
        }
        if !self.is_next(offset) {
            return Observed::Missing { from: self.unread };
        }
        let verdict = self.take(offset, entry);
        self.settle_claim();
        Observed::Judged(verdict)
    }

    /// The stamp of the next record: append it under this stamp, in the order of the stamps.
    ///
    /// # Errors
    ///
    /// [`NotOwner`]; and in the end after 2^64 records under one epoch.
    pub fn assign(&mut self, now_ms: u64) -> Result<Stamp, NotOwner> {
        let Phase::Owning { epoch, next } = &mut self.phase else {
            return Err(NotOwner);
        };
        let stamp = Stamp {
            epoch: *epoch,
            seq: *next,
        };
        *next = Seq(next.0.checked_add(1).ok_or(NotOwner)?);
        self.lease.watched.get_or_insert((stamp.seq, now_ms));
        Ok(stamp)
    }

    /// The record with `stamp` is in the log at `offset`: may its effect be acknowledged?
    pub fn confirm(&mut self, stamp: Stamp, offset: Offset) -> Confirmed {
        if stamp.epoch != self.held {
            return Confirmed::Unknown;
        }
        if stamp.seq > self.proven && self.is_next(offset) {
            self.take(offset, &stamp.entry());
        }
        if stamp.seq <= self.proven {
            Confirmed::Acknowledge
        } else if self.held_is_over() || offset < self.unread {
            Confirmed::Refused
        } else if matches!(self.phase, Phase::Owning { .. }) {
            Confirmed::ReadBackFirst {
                from: self.unread,
                to: offset,
            }
        } else {
            Confirmed::Unknown
        }
    }

    /// An append, of a claim or a record, failed or has an unknown outcome. What is in flight may yet land, and a
    /// record after a missing one would not count, so the ownership is given up.
    pub fn append_failed(&mut self) {
        self.phase = Phase::Bystander;
    }

    /// What the node is to the shard.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match self.phase {
            Phase::Bystander => Standing::Bystander,
            Phase::Claiming { epoch, .. } => Standing::Claiming { epoch },
            Phase::Owning { epoch, .. } => Standing::Owning { epoch },
        }
    }

    /// Whether reads may be answered from this node's copy at `now_ms`. A sole owner always may; with other nodes
    /// about, not once the newest confirmed append *started* longer ago than the read lease.
    #[must_use]
    pub fn may_serve_reads(&self, now_ms: u64) -> bool {
        match (self.phase, self.tenure) {
            (Phase::Bystander | Phase::Claiming { .. }, _) => false,
            (Phase::Owning { .. }, Tenure::Sole) => true,
            (Phase::Owning { .. }, Tenure::Shared { read_lease_ms }) => {
                self.lease_age_ms(now_ms) <= read_lease_ms
            }
        }
    }

    /// Whether an idle owner should append an empty record, to go on serving reads: half of its lease is over, and no
    /// append is on its way.
    #[must_use]
    pub fn renewal_is_due(&self, now_ms: u64) -> bool {
        match (self.phase, self.tenure) {
            (Phase::Owning { .. }, Tenure::Shared { read_lease_ms }) => {
                self.lease.watched.is_none() && self.lease_age_ms(now_ms) >= read_lease_ms / 2
            }
            (Phase::Bystander | Phase::Claiming { .. } | Phase::Owning { .. }, _) => false,
        }
    }

    /// What the log says up to [`Owner::unread`].
    #[must_use]
    pub const fn log(&self) -> &ShardLog {
        &self.log
    }

    /// The first entry that the node hasn't read, nor proven to be its own.
    #[must_use]
    pub const fn unread(&self) -> Offset {
        self.unread
    }

    /// Whether nothing unread can lie before `offset`.
    fn is_next(&self, offset: Offset) -> bool {
        match self.tenure {
            Tenure::Sole => offset >= self.unread,
            Tenure::Shared { .. } => offset == self.unread,
        }
    }

    /// Takes the entry at `offset`, which must be next.
    fn take(&mut self, offset: Offset, entry: &Entry) -> Verdict {
        let verdict = self.log.observe(entry);
        self.unread = offset.next();
        match (verdict, *entry) {
            (Verdict::ClaimAccepted, Entry::Claim { epoch: won, node }) => {
                if let Phase::Claiming {
                    epoch, accepted, ..
                } = &mut self.phase
                    && *epoch == won
                    && self.node == node
                {
                    *accepted = Some(offset);
                }
            }
            (Verdict::Accepted, Entry::Data { epoch, seq }) if epoch == self.held => {
                self.proven = seq;
                self.lease.confirm(seq);
            }
            (_, Entry::Claim { .. } | Entry::Data { .. }) => {}
        }
        if matches!(self.phase, Phase::Owning { .. }) && self.held_is_over() {
            self.phase = Phase::Bystander;
        }
        verdict
    }

    /// Ends a claim whose verdict is known.
    fn settle_claim(&mut self) {
        let Phase::Claiming {
            epoch,
            asked_at_ms,
            delivered: Some(delivered),
            accepted,
        } = self.phase
        else {
            return;
        };
        if accepted == Some(delivered) && self.log.epoch() == epoch {
            self.phase = Phase::Owning {
                epoch,
                next: Seq::FIRST,
            };
            self.held = epoch;
            self.proven = Seq::default();
            self.lease = Lease {
                proven_at_ms: asked_at_ms,
                watched: None,
            };
        } else if delivered < self.unread {
            self.phase = Phase::Bystander;
        }
    }

    /// Whether no further record of the held epoch can count: the log has a newer owner, or a gap.
    fn held_is_over(&self) -> bool {
        self.log.epoch() != self.held || self.log.next_seq().is_none()
    }

    fn lease_age_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.lease.proven_at_ms)
    }
}

impl Stamp {
    /// The entry of a record with this stamp.
    #[must_use]
    pub const fn entry(self) -> Entry {
        Entry::Data {
            epoch: self.epoch,
            seq: self.seq,
        }
    }
}

impl Lease {
    /// The record `seq`, and with it all before it, counts.
    fn confirm(&mut self, seq: Seq) {
        if let Some((watched, started_at_ms)) = self.watched
            && watched <= seq
        {
            self.proven_at_ms = started_at_ms;
            self.watched = None;
        }
    }
}

impl fmt::Display for NotOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this node doesn't own the shard")
    }
}

impl std::error::Error for NotOwner {}

#[cfg(test)]
mod tests;
