//! The world that the search moves through: a log, a network, and nodes that are the crate's own [`Owner`]s.

use std::collections::{BTreeMap, BTreeSet};

use clientele_cluster::{
    Confirmed, Entry, Epoch, NodeId, Offset, Owner, READ_LEASE_MS, Seq, ShardLog, Stamp, Standing,
    Tenure, Verdict,
};

/// What a run of the search may use up in all, so that it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    pub(crate) claims: u8,
    pub(crate) records: u8,
    /// Appends that land a second time, as a producer's retry does.
    pub(crate) second_landings: u8,
    pub(crate) crashes: u8,
}

impl Budget {
    /// The least that lets a shard move from one node to another.
    pub(crate) const ONE_MOVE: Budget = Budget {
        claims: 2,
        records: 2,
        second_landings: 0,
        crashes: 0,
    };
}

/// Whether nodes keep to what [`Owner::confirm`] tells them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Discipline {
    ReadsBack,
    /// The mistake that the search must find: taking a delivery report for an acceptance.
    AcknowledgesUnread,
}

/// One run of a node's process: a crash begins the next one, under the same node id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Run {
    pub(crate) node: NodeId,
    pub(crate) number: u8,
}

/// An entry, and who wrote it. A run never writes one entry for two purposes, so this stands for the payload too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Written {
    pub(crate) entry: Entry,
    pub(crate) by: Run,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) run: Run,
    pub(crate) owner: Owner,
    pub(crate) has_claimed: bool,
    pub(crate) acknowledged: BTreeSet<(Run, Epoch, Seq)>,
    /// What the caller was told not to count, ever, and so may do again elsewhere.
    pub(crate) refused: BTreeSet<(Run, Epoch, Seq)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) log: Vec<Written>,
    /// Appends on their way.
    pub(crate) sent: BTreeSet<Written>,
    /// Delivery reports on their way back.
    pub(crate) reports: BTreeSet<(Written, Offset)>,
    pub(crate) nodes: BTreeMap<NodeId, Node>,
    pub(crate) left: Budget,
}

impl Node {
    pub(crate) fn start(id: NodeId) -> Node {
        let tenure = Tenure::Shared {
            read_lease_ms: READ_LEASE_MS,
        };
        Node {
            run: Run {
                node: id,
                number: 0,
            },
            owner: Owner::new(id, tenure, ShardLog::default(), Offset(0)),
            has_claimed: false,
            acknowledged: BTreeSet::new(),
            refused: BTreeSet::new(),
        }
    }

    /// Forgets all but what callers were told, and starts again under the same id.
    pub(crate) fn crash(&mut self) {
        let fresh = Node::start(self.run.node);
        self.run.number += 1;
        self.owner = fresh.owner;
    }
}

impl World {
    pub(crate) fn entry_at(&self, offset: Offset) -> Option<Entry> {
        let index = usize::try_from(offset.0).ok()?;
        self.log.get(index).map(|written| written.entry)
    }

    /// Nodes differ only by their ids, so that who claims first, second and third may be fixed without missing a case.
    pub(crate) fn is_its_turn_to_claim(&self, id: NodeId) -> bool {
        self.nodes.range(..id).all(|(_, node)| node.has_claimed)
    }

    pub(crate) fn awaits_a_report(&self, run: Run) -> bool {
        self.sent.iter().any(|written| written.by == run)
            || self.reports.iter().any(|(written, _)| written.by == run)
    }

    pub(crate) fn land(&mut self, written: Written) {
        let offset = Offset(self.log.len() as u64);
        self.log.push(written);
        // A claim's report means nothing to a node that no longer waits for it.
        let is_awaited = self.nodes.values().any(|node| {
            node.run == written.by
                && match written.entry {
                    Entry::Claim { epoch, .. } => {
                        node.owner.standing() == Standing::Claiming { epoch }
                    }
                    Entry::Data { .. } => true,
                }
        });
        if is_awaited {
            self.reports.insert((written, offset));
        }
    }

    /// Tells the writer where its append landed. A report that must wait for a read-back stays.
    pub(crate) fn report(
        &mut self,
        written: Written,
        offset: Offset,
        discipline: Discipline,
    ) -> Option<()> {
        let node = self.nodes.get_mut(&written.by.node)?;
        let must_wait = match written.entry {
            Entry::Claim { epoch, .. } => {
                node.owner.claim_delivered(epoch, offset);
                false
            }
            Entry::Data { epoch, seq } => {
                let confirmed = node.owner.confirm(Stamp { epoch, seq }, offset);
                let record = (written.by, epoch, seq);
                match confirmed {
                    Confirmed::Acknowledge => node.acknowledged.insert(record),
                    Confirmed::ReadBackFirst { .. } => {
                        discipline == Discipline::AcknowledgesUnread
                            && node.acknowledged.insert(record)
                    }
                    Confirmed::Refused => node.refused.insert(record),
                    Confirmed::Unknown => false,
                };
                matches!(confirmed, Confirmed::ReadBackFirst { .. })
            }
        };
        if !must_wait {
            self.reports.remove(&(written, offset));
        }
        Some(())
    }

    /// The log as a reader sees it that starts at its beginning.
    fn judged(&self) -> impl Iterator<Item = (Written, Verdict)> {
        let mut log = ShardLog::default();
        self.log
            .iter()
            .map(move |written| (*written, log.observe(&written.entry)))
    }

    /// The records that count, in order.
    fn accepted(&self) -> impl Iterator<Item = (Run, Epoch, Seq)> {
        self.judged()
            .filter_map(|(written, verdict)| match written.entry {
                Entry::Data { epoch, seq } if verdict.counts() => Some((written.by, epoch, seq)),
                Entry::Data { .. } | Entry::Claim { .. } => None,
            })
    }

    fn acknowledged(&self) -> impl Iterator<Item = (Run, Epoch, Seq)> {
        self.nodes
            .values()
            .flat_map(|node| node.acknowledged.iter().copied())
    }

    pub(crate) fn accepts_one_record_a_stamp(&self) -> bool {
        let mut seen = BTreeSet::new();
        self.accepted()
            .all(|(_, epoch, seq)| seen.insert((epoch, seq)))
    }

    pub(crate) fn accepts_what_was_acknowledged(&self) -> bool {
        self.acknowledged()
            .all(|record| self.accepted().any(|accepted| accepted == record))
    }

    pub(crate) fn accepts_nothing_that_was_refused(&self) -> bool {
        self.accepted().all(|record| {
            self.nodes
                .values()
                .all(|node| !node.refused.contains(&record))
        })
    }

    pub(crate) fn accepts_epochs_and_seqs_in_order(&self) -> bool {
        let (mut claimed, mut last) = (Epoch::UNCLAIMED, Seq(0));
        self.judged()
            .filter(|(_, verdict)| verdict.counts())
            .all(|(written, _)| match written.entry {
                Entry::Claim { epoch, .. } => {
                    let rises = epoch > claimed;
                    (claimed, last) = (epoch, Seq(0));
                    rises
                }
                Entry::Data { epoch, seq } => {
                    let follows = epoch == claimed && seq == Seq(last.0 + 1);
                    last = seq;
                    follows
                }
            })
    }

    pub(crate) fn acknowledges_an_epoch_from_one_run(&self) -> bool {
        let mut runs = BTreeMap::new();
        self.acknowledged()
            .all(|(run, epoch, _)| *runs.entry(epoch).or_insert(run) == run)
    }

    pub(crate) fn nodes_know_what_a_fresh_reader_knows(&self) -> bool {
        self.nodes.values().all(|node| {
            let mut log = ShardLog::default();
            for written in self
                .log
                .iter()
                .zip(0..node.owner.unread().0)
                .map(|(written, _)| written)
            {
                log.observe(&written.entry);
            }
            log == *node.owner.log()
        })
    }

    pub(crate) fn has_a_takeover(&self) -> bool {
        let acknowledged: Vec<_> = self.acknowledged().collect();
        acknowledged.iter().any(|(one, ..)| {
            acknowledged
                .iter()
                .any(|(other, ..)| one.node != other.node)
        })
    }

    pub(crate) fn has_a_zombie(&self) -> bool {
        let owned: BTreeSet<_> = self
            .accepted()
            .map(|(run, epoch, _)| (run, epoch))
            .collect();
        self.judged()
            .any(|(written, verdict)| match (written.entry, verdict) {
                (Entry::Data { epoch, .. }, Verdict::StaleEpoch { .. }) => {
                    owned.contains(&(written.by, epoch))
                }
                (Entry::Data { .. } | Entry::Claim { .. }, _) => false,
            })
    }

    pub(crate) fn has_an_acknowledgement_behind_a_foreign_entry(&self) -> bool {
        let acknowledged: BTreeSet<_> = self.acknowledged().collect();
        self.log.windows(3).any(|entries| match entries {
            [own, foreign, next] => match next.entry {
                Entry::Data { epoch, seq } => {
                    own.by == next.by
                        && foreign.by != next.by
                        && acknowledged.contains(&(next.by, epoch, seq))
                }
                Entry::Claim { .. } => false,
            },
            _ => false,
        })
    }

    pub(crate) fn has_a_healed_gap(&self) -> bool {
        let mut gap = false;
        self.judged().any(|(_, verdict)| {
            gap |= matches!(verdict, Verdict::Gap { .. });
            gap && verdict == Verdict::Accepted
        })
    }
}
