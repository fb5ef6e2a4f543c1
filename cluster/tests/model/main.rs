//! Tries every interleaving of a few nodes that race for one shard, through the crate's own functions.
//!
//! The network is as bad as it may be: an append lands at any later time, in any order, twice, after its writer has
//! crashed or given up, or never; its delivery report comes at any later time or never; a node reads as far as it
//! happens to. What bounds the search is how many claims, records, second landings and crashes there are in all.

mod world;

use std::collections::BTreeSet;

use clientele_cluster::{NodeId, Offset, Standing};
use stateright::{Checker, Model, Property};
use world::{Budget, Discipline, Node, World, Written};

/// One shard, and the nodes that race for it.
struct Race {
    nodes: u64,
    budget: Budget,
    discipline: Discipline,
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
            Property::always(REFUSED_NEVER_COUNTS, |_, world: &World| {
                world.accepts_nothing_that_was_refused()
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
const REFUSED_NEVER_COUNTS: &str = "no refused record is ever accepted";
const IN_ORDER: &str = "accepted epochs never fall and accepted seqs have no gap";
const ONE_ACKNOWLEDGER: &str = "no two runs acknowledge under one epoch";
const SAME_VIEW: &str = "every node knows of the log what a fresh reader knows";

const TAKEOVER: &str = "a takeover succeeds";
const ZOMBIE: &str = "a zombie's write lands and is ignored";
const BEHIND_FOREIGN: &str = "a node acknowledges behind a foreign entry";
const HEALED_GAP: &str = "a gap is healed by a claim";

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
        REFUSED_NEVER_COUNTS,
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
