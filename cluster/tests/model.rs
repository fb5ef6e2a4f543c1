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

impl Budget {
    /// The least that lets a shard move from one node to another.
    const ONE_MOVE: Budget = Budget {
        claims: 2,
        records: 2,
        second_landings: 0,
        crashes: 0,
    };
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
    has_claimed: bool,
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
            let may_claim = world.left.claims > 0 && world.is_its_turn_to_claim(id);
            match node.owner.standing() {
                Standing::Bystander if may_claim => steps.push(Step::Claim(id)),
                Standing::Owning { .. } if world.left.records > 0 => steps.push(Step::Append(id)),
                Standing::Bystander | Standing::Claiming { .. } | Standing::Owning { .. } => {}
            }
            if waits && node.owner.standing() != Standing::Bystander {
                steps.push(Step::GiveUp(id));
            }
            // What a bystander reads makes a difference only to a claim or report that is yet to come.
            let is_idle =
                node.owner.standing() == Standing::Bystander && !waits && world.left.claims == 0;
            if !is_idle && world.entry_at(node.owner.unread()).is_some() {
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
                node.has_claimed = true;
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
            Property::sometimes(TAKEOVER, |_, world: &World| world.has_a_takeover()),
            Property::sometimes(ZOMBIE, |_, world: &World| world.has_a_zombie()),
            Property::sometimes(BEHIND_FOREIGN, |_, world: &World| {
                world.has_an_acknowledgement_behind_a_foreign_entry()
            }),
            Property::sometimes(HEALED_GAP, |_, world: &World| world.has_a_healed_gap()),
        ]
    }
}

const ONE_RECORD_A_STAMP: &str = "at most one record is accepted for an epoch and seq";
const ACKNOWLEDGED_COUNTS: &str = "every acknowledged record is accepted by a fresh reader";
const IN_ORDER: &str = "accepted epochs never fall and accepted seqs have no gap";
const ONE_ACKNOWLEDGER: &str = "no two runs acknowledge under one epoch";
const SAME_VIEW: &str = "every node knows of the log what a fresh reader knows";

const TAKEOVER: &str = "a takeover succeeds";
const ZOMBIE: &str = "a zombie's write lands and is ignored";
const BEHIND_FOREIGN: &str = "a node acknowledges behind a foreign entry";
const HEALED_GAP: &str = "a gap is healed by a claim";

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
            has_claimed: false,
            acknowledged: BTreeSet::new(),
        }
    }

    /// Forgets all but what callers were told, and starts again under the same id.
    fn crash(&mut self) {
        let acknowledged = std::mem::take(&mut self.acknowledged);
        let number = self.run.number + 1;
        *self = Node {
            acknowledged,
            has_claimed: self.has_claimed,
            ..Node::start(self.run.node)
        };
        self.run.number = number;
    }
}

impl World {
    fn entry_at(&self, offset: Offset) -> Option<Entry> {
        let index = usize::try_from(offset.0).ok()?;
        self.log.get(index).map(|written| written.entry)
    }

    /// Nodes differ only by their ids, so that who claims first, second and third may be fixed without missing a case.
    fn is_its_turn_to_claim(&self, id: NodeId) -> bool {
        self.nodes.range(..id).all(|(_, node)| node.has_claimed)
    }

    fn awaits_a_report(&self, run: Run) -> bool {
        self.sent.iter().any(|written| written.by == run)
            || self.reports.iter().any(|(written, _)| written.by == run)
    }

    fn land(&mut self, written: Written) {
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
    fn report(&mut self, written: Written, offset: Offset, discipline: Discipline) -> Option<()> {
        let node = self.nodes.get_mut(&written.by.node)?;
        let must_wait = match written.entry {
            Entry::Claim { epoch, .. } => {
                node.owner.claim_delivered(epoch, offset);
                false
            }
            Entry::Data { epoch, seq } => {
                let confirmed = node.owner.confirm(Stamp { epoch, seq }, offset);
                let must_wait = matches!(confirmed, Confirmed::ReadBackFirst { .. });
                let errs = must_wait && discipline == Discipline::AcknowledgesUnread;
                if errs || confirmed == Confirmed::Acknowledge {
                    node.acknowledged.insert((written.by, epoch, seq));
                }
                must_wait
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

/// Searches the whole of the race: no rule is ever broken, and each of `reached` comes about, so that the search is
/// known to have gone where it matters.
fn check(nodes: u64, budget: Budget, reached: &[&'static str]) {
    let race = Race {
        nodes,
        budget,
        discipline: Discipline::ReadsBack,
    };
    let checker = race.checker().threads(2).spawn_bfs().join();
    for rule in [
        ONE_RECORD_A_STAMP,
        ACKNOWLEDGED_COUNTS,
        IN_ORDER,
        ONE_ACKNOWLEDGER,
        SAME_VIEW,
    ] {
        checker.assert_no_discovery(rule);
    }
    for example in reached {
        checker.assert_any_discovery(example);
    }
}

#[test]
fn two_nodes_keep_every_rule_through_a_crash_and_a_second_landing() {
    let budget = Budget {
        second_landings: 1,
        crashes: 1,
        ..Budget::ONE_MOVE
    };
    check(2, budget, &[TAKEOVER, ZOMBIE, BEHIND_FOREIGN]);
}

#[test]
fn two_nodes_keep_every_rule_when_records_overtake_each_other() {
    let budget = Budget {
        records: 3,
        ..Budget::ONE_MOVE
    };
    check(2, budget, &[TAKEOVER, ZOMBIE, BEHIND_FOREIGN, HEALED_GAP]);
}

#[test]
fn two_nodes_keep_every_rule_when_the_shard_moves_there_and_back() {
    let budget = Budget {
        claims: 3,
        ..Budget::ONE_MOVE
    };
    check(2, budget, &[TAKEOVER, ZOMBIE, BEHIND_FOREIGN]);
}

#[test]
fn three_nodes_keep_every_rule_when_they_claim_at_once() {
    let budget = Budget {
        claims: 3,
        records: 1,
        ..Budget::ONE_MOVE
    };
    check(3, budget, &[BEHIND_FOREIGN]);
}

#[test]
fn acknowledging_without_reading_back_is_found_out() {
    let race = Race {
        nodes: 2,
        budget: Budget::ONE_MOVE,
        discipline: Discipline::AcknowledgesUnread,
    };
    let checker = race.checker().spawn_bfs().join();
    checker.assert_any_discovery(ACKNOWLEDGED_COUNTS);
}
