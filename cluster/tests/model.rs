//! Tries every interleaving of a few nodes that race for one shard, through the crate's own functions.
//!
//! The network is as bad as it may be: an append lands at any later time, in any order, twice, after its writer has
//! crashed or given up, or never; its delivery report comes at any later time or never; a node reads as far as it
//! happens to. What bounds the search is how many claims, records, second landings and crashes there are in all.

use std::collections::{BTreeMap, BTreeSet};

use clientele_cluster::{
    Confirmed, Entry, Epoch, NodeId, Offset, Owner, READ_LEASE_MS, Seq, ShardLog, Stamp, Standing,
    Tenure, Verdict,
};
use stateright::{Checker, Model, Property};

/// What a run of the search may use up in all, so that it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Budget {
    claims: u8,
    records: u8,
    /// Appends that land a second time, as a producer's retry does.
    second_landings: u8,
    crashes: u8,
}

/// Whether nodes keep to what [`Owner::confirm`] tells them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Discipline {
    ReadsBack,
    /// The mistake that the search must find: taking a delivery report for an acceptance.
    AcknowledgesUnread,
}

/// One shard, and the nodes that race for it.
struct Race {
    nodes: u64,
    budget: Budget,
    discipline: Discipline,
}

/// One run of a node's process: a crash begins the next one, under the same node id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Run {
    node: NodeId,
    number: u8,
}

/// An entry, and who wrote it. A run never writes one entry for two purposes, so this stands for the payload too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Written {
    entry: Entry,
    by: Run,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    run: Run,
    owner: Owner,
    acknowledged: BTreeSet<(Run, Epoch, Seq)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    log: Vec<Written>,
    /// Appends on their way.
    sent: BTreeSet<Written>,
    /// Delivery reports on their way back.
    reports: BTreeSet<(Written, Offset)>,
    nodes: BTreeMap<NodeId, Node>,
    left: Budget,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Claim(NodeId),
    Append(NodeId),
    Land(Written),
    LandAndSendAgain(Written),
    Report(Written, Offset),
    Read(NodeId),
    /// The node hears nothing of an append for too long.
    GiveUp(NodeId),
    Crash(NodeId),
}

impl Model for Race {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let nodes = (1..=self.nodes).map(NodeId);
        vec![World {
            log: Vec::new(),
            sent: BTreeSet::new(),
            reports: BTreeSet::new(),
            nodes: nodes.map(|node| (node, Node::start(node))).collect(),
            left: self.budget,
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        for (&id, node) in &world.nodes {
            let waits = world.awaits_a_report(node.run);
            match node.owner.standing() {
                Standing::Bystander if world.left.claims > 0 => steps.push(Step::Claim(id)),
                Standing::Owning { .. } if world.left.records > 0 => steps.push(Step::Append(id)),
                Standing::Bystander | Standing::Claiming { .. } | Standing::Owning { .. } => {}
            }
            if waits && node.owner.standing() != Standing::Bystander {
                steps.push(Step::GiveUp(id));
            }
            if world.entry_at(node.owner.unread()).is_some() {
                steps.push(Step::Read(id));
            }
            if world.left.crashes > 0 && node.owner.standing() != Standing::Bystander {
                steps.push(Step::Crash(id));
            }
        }
        for &written in &world.sent {
            steps.push(Step::Land(written));
            if world.left.second_landings > 0 {
                steps.push(Step::LandAndSendAgain(written));
            }
        }
        steps.extend(
            world
                .reports
                .iter()
                .map(|&(written, offset)| Step::Report(written, offset)),
        );
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        match step {
            Step::Claim(node) => {
                next.left.claims = next.left.claims.checked_sub(1)?;
                let node = next.nodes.get_mut(&node)?;
                let entry = node.owner.claim(0);
                next.sent.insert(Written {
                    entry,
                    by: node.run,
                });
            }
            Step::Append(node) => {
                next.left.records = next.left.records.checked_sub(1)?;
                let node = next.nodes.get_mut(&node)?;
                let entry = node.owner.assign(0).ok()?.entry();
                next.sent.insert(Written {
                    entry,
                    by: node.run,
                });
            }
            Step::Land(written) => {
                next.sent.remove(&written);
                next.land(written);
            }
            Step::LandAndSendAgain(written) => {
                next.left.second_landings = next.left.second_landings.checked_sub(1)?;
                next.land(written);
            }
            Step::Report(written, offset) => next.report(written, offset, self.discipline)?,
            Step::Read(node) => {
                let offset = next.nodes.get(&node)?.owner.unread();
                let entry = next.entry_at(offset)?;
                next.nodes.get_mut(&node)?.owner.observe(offset, &entry);
            }
            Step::GiveUp(node) => next.nodes.get_mut(&node)?.owner.append_failed(),
            Step::Crash(node) => {
                next.left.crashes = next.left.crashes.checked_sub(1)?;
                next.nodes.get_mut(&node)?.crash();
                next.reports.retain(|(written, _)| written.by.node != node);
            }
        }
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE_RECORD_A_STAMP, |_, world: &World| {
                world.accepts_one_record_a_stamp()
            }),
            Property::always(ACKNOWLEDGED_COUNTS, |_, world: &World| {
                world.accepts_what_was_acknowledged()
            }),
            Property::always(IN_ORDER, |_, world: &World| {
                world.accepts_epochs_and_seqs_in_order()
            }),
            Property::always(ONE_ACKNOWLEDGER, |_, world: &World| {
                world.acknowledges_an_epoch_from_one_run()
            }),
            Property::always(SAME_VIEW, |_, world: &World| {
                world.nodes_know_what_a_fresh_reader_knows()
            }),
            Property::sometimes("a takeover succeeds", |_, world: &World| {
                world.has_a_takeover()
            }),
            Property::sometimes(
                "a zombie's write lands and is ignored",
                |_, world: &World| world.has_a_zombie(),
            ),
            Property::sometimes(
                "a node acknowledges behind a foreign entry",
                |_, world: &World| world.has_an_acknowledgement_behind_a_foreign_entry(),
            ),
            Property::sometimes("a gap is healed by a claim", |_, world: &World| {
                world.has_a_healed_gap()
            }),
        ]
    }
}

const ONE_RECORD_A_STAMP: &str = "at most one record is accepted for an epoch and seq";
const ACKNOWLEDGED_COUNTS: &str = "every acknowledged record is accepted by a fresh reader";
const IN_ORDER: &str = "accepted epochs never fall and accepted seqs have no gap";
const ONE_ACKNOWLEDGER: &str = "no two runs acknowledge under one epoch";
const SAME_VIEW: &str = "every node knows of the log what a fresh reader knows";

impl Node {
    fn start(id: NodeId) -> Node {
        let tenure = Tenure::Shared {
            read_lease_ms: READ_LEASE_MS,
        };
        Node {
            run: Run {
                node: id,
                number: 0,
            },
            owner: Owner::new(id, tenure, ShardLog::default(), Offset(0)),
            acknowledged: BTreeSet::new(),
        }
    }

    /// Forgets all but what callers were told, and starts again under the same id.
    fn crash(&mut self) {
        let acknowledged = std::mem::take(&mut self.acknowledged);
        let number = self.run.number + 1;
        *self = Node::start(self.run.node);
        self.run.number = number;
        self.acknowledged = acknowledged;
    }
}

impl World {
    fn entry_at(&self, offset: Offset) -> Option<Entry> {
        let index = usize::try_from(offset.0).ok()?;
        self.log.get(index).map(|written| written.entry)
    }

    fn awaits_a_report(&self, run: Run) -> bool {
        self.sent.iter().any(|written| written.by == run)
            || self.reports.iter().any(|(written, _)| written.by == run)
    }

    fn land(&mut self, written: Written) {
        let offset = Offset(self.log.len() as u64);
        self.log.push(written);
        let writer_still_runs = self.nodes.values().any(|node| node.run == written.by);
        if writer_still_runs {
            self.reports.insert((written, offset));
        }
    }

    /// Tells the writer where its append landed. A report that must wait for a read-back stays.
    fn report(&mut self, written: Written, offset: Offset, discipline: Discipline) -> Option<()> {
        let node = self.nodes.get_mut(&written.by.node)?;
        let confirmed = match written.entry {
            Entry::Claim { epoch, .. } => {
                node.owner.claim_delivered(epoch, offset);
                None
            }
            Entry::Data { epoch, seq } => {
                Some((epoch, seq, node.owner.confirm(Stamp { epoch, seq }, offset)))
            }
        };
        match confirmed {
            None | Some((_, _, Confirmed::Refused | Confirmed::Unknown)) => {
                self.reports.remove(&(written, offset));
            }
            Some((epoch, seq, Confirmed::Acknowledge)) => {
                node.acknowledged.insert((written.by, epoch, seq));
                self.reports.remove(&(written, offset));
            }
            Some((epoch, seq, Confirmed::ReadBackFirst { .. })) => match discipline {
                Discipline::ReadsBack => {}
                Discipline::AcknowledgesUnread => {
                    node.acknowledged.insert((written.by, epoch, seq));
                }
            },
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

    fn accepts_one_record_a_stamp(&self) -> bool {
        let mut seen = BTreeSet::new();
        self.accepted()
            .all(|(_, epoch, seq)| seen.insert((epoch, seq)))
    }

    fn accepts_what_was_acknowledged(&self) -> bool {
        let accepted: BTreeSet<_> = self.accepted().collect();
        self.acknowledged().all(|record| accepted.contains(&record))
    }

    fn accepts_epochs_and_seqs_in_order(&self) -> bool {
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

    fn acknowledges_an_epoch_from_one_run(&self) -> bool {
        let mut runs = BTreeMap::new();
        self.acknowledged()
            .all(|(run, epoch, _)| *runs.entry(epoch).or_insert(run) == run)
    }

    fn nodes_know_what_a_fresh_reader_knows(&self) -> bool {
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

    fn has_a_takeover(&self) -> bool {
        let acknowledged: Vec<_> = self.acknowledged().collect();
        acknowledged.iter().any(|(one, ..)| {
            acknowledged
                .iter()
                .any(|(other, ..)| one.node != other.node)
        })
    }

    fn has_a_zombie(&self) -> bool {
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

    fn has_an_acknowledgement_behind_a_foreign_entry(&self) -> bool {
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

    fn has_a_healed_gap(&self) -> bool {
        let mut gap = false;
        self.judged().any(|(_, verdict)| {
            gap |= matches!(verdict, Verdict::Gap { .. });
            gap && verdict == Verdict::Accepted
        })
    }
}

fn check(race: Race) {
    let checker = race.checker().threads(2).spawn_bfs().join();
    println!(
        "{} states, {} deep",
        checker.unique_state_count(),
        checker.max_depth()
    );
    checker.assert_properties();
}

#[test]
fn two_nodes_with_a_crash_and_a_second_landing_keep_every_rule() {
    check(Race {
        nodes: 2,
        budget: Budget {
            claims: 3,
            records: 3,
            second_landings: 1,
            crashes: 1,
        },
        discipline: Discipline::ReadsBack,
    });
}

#[test]
fn three_nodes_keep_every_rule() {
    check(Race {
        nodes: 3,
        budget: Budget {
            claims: 3,
            records: 3,
            second_landings: 0,
            crashes: 0,
        },
        discipline: Discipline::ReadsBack,
    });
}

#[test]
fn acknowledging_without_reading_back_is_found_out() {
    let race = Race {
        nodes: 2,
        budget: Budget {
            claims: 2,
            records: 1,
            second_landings: 0,
            crashes: 0,
        },
        discipline: Discipline::AcknowledgesUnread,
    };
    let checker = race.checker().spawn_bfs().join();
    checker.assert_any_discovery(ACKNOWLEDGED_COUNTS);
}
