//! A hint which node should claim which shard. It decides nothing: a node that follows a wrong hint costs a takeover,
//! never a record, since the log decides who owns.

use crate::mix::mix;
use crate::{NodeId, ShardId};

/// Who should hold one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Placement {
    /// The node that should claim it.
    pub owner: NodeId,
    /// The node that should tail it, ready to take over: the next owner if this one goes. None with a single node.
    pub standby: Option<NodeId>,
}

/// Where `shard` should be, given the `nodes` that are up; none if there are none. Their order, and repeats, make no
/// difference.
///
/// Rendezvous hashing (Thaler and Ravishankar, 1998): the two nodes with the highest weights for the shard. So a node
/// that leaves moves its own shards only, each to its standby, and a node that joins takes an even share from all.
#[must_use]
pub fn place(shard: ShardId, nodes: &[NodeId]) -> Option<Placement> {
    let owner = heaviest(shard, nodes.iter().copied())?;
    let others = nodes.iter().copied().filter(|node| *node != owner);
    Some(Placement {
        owner,
        standby: heaviest(shard, others),
    })
}

/// The node with the highest weight for `shard`; ties go to the highest id, so that all nodes agree.
fn heaviest(shard: ShardId, nodes: impl Iterator<Item = NodeId>) -> Option<NodeId> {
    nodes.max_by_key(|node| (mix(node.0, u64::from(shard.0)), *node))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ShardCount;

    fn placements(nodes: &[NodeId]) -> Vec<Placement> {
        let shards = ShardCount::DEFAULT.shards();
        shards.map(|shard| place(shard, nodes).unwrap()).collect()
    }

    proptest! {
        #[test]
        fn removing_a_node_moves_only_its_shards_and_each_to_its_standby(
            ids in prop::collection::btree_set(any::<u64>(), 2..12),
            gone: prop::sample::Index,
        ) {
            let nodes: Vec<NodeId> = ids.into_iter().map(NodeId).collect();
            let gone = *gone.get(&nodes);
            let rest: Vec<NodeId> = nodes.iter().copied().filter(|node| *node != gone).collect();
            for (before, after) in placements(&nodes).into_iter().zip(placements(&rest)) {
                if before.owner == gone {
                    prop_assert_eq!(Some(after.owner), before.standby);
                } else {
                    prop_assert_eq!(after.owner, before.owner);
                }
            }
        }

        #[test]
        fn the_order_and_repeats_of_nodes_make_no_difference(
            nodes in prop::collection::vec((0_u64..9).prop_map(NodeId), 1..12),
        ) {
            let mut sorted = nodes.clone();
            sorted.sort_unstable();
            sorted.dedup();
            prop_assert_eq!(placements(&nodes), placements(&sorted));
        }

        #[test]
        fn shards_spread_over_all_nodes(first: u64, count in 2_u64..=5) {
            let nodes: Vec<NodeId> = (0..count).map(|n| NodeId(first.wrapping_add(n))).collect();
            let placements = placements(&nodes);
            // Seven deviations round the mean of a binomial distribution, as owner and as standby.
            let share = 1.0 / f64::from(u32::try_from(count).unwrap());
            let (mean, deviation) = (256.0 * share, (256.0 * share * (1.0 - share)).sqrt());
            for node in nodes {
                let owned = placements.iter().filter(|placed| placed.owner == node).count();
                let tailed = placements.iter().filter(|placed| placed.standby == Some(node)).count();
                for held in [owned, tailed] {
                    let held = f64::from(u32::try_from(held).unwrap());
                    prop_assert!((held - mean).abs() < 7.0 * deviation, "{held} of {mean}");
                }
            }
        }
    }

    #[test]
    fn where_a_shard_is_placed_never_changes() {
        // Nodes of different versions must agree during a rolling upgrade. Computed apart from this code.
        let golden = [
            (2, 1),
            (3, 2),
            (1, 3),
            (2, 3),
            (3, 1),
            (2, 3),
            (2, 1),
            (3, 1),
        ];
        let nodes = [NodeId(1), NodeId(2), NodeId(3)];
        for (placed, (owner, standby)) in placements(&nodes).into_iter().zip(golden) {
            assert_eq!(placed.owner, NodeId(owner));
            assert_eq!(placed.standby, Some(NodeId(standby)));
        }
    }

    #[test]
    fn a_single_node_has_every_shard_and_no_standby() {
        let alone = Placement {
            owner: NodeId(7),
            standby: None,
        };
        assert_eq!(place(ShardId(3), &[NodeId(7), NodeId(7)]), Some(alone));
        assert_eq!(place(ShardId(3), &[]), None);
    }
}
