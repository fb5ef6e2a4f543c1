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
