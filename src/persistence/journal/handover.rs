//! What a caller hands to the one task or thread that appends.

use std::sync::Arc;

use clientele_cluster::{NodeId, ShardId};
use tokio::sync::oneshot;

use super::{Appended, Claimed, Completion, Error, Record};

/// Told how a claim went.
pub(super) type ClaimAnswer = oneshot::Sender<Result<Claimed, Error>>;

/// Something for the appender to do.
pub(super) enum Handover {
    /// Append the record.
    Append(Record, Arc<dyn Completion>),
    /// Claim the shard for the node.
    Claim(ShardId, NodeId, ClaimAnswer),
    /// Refuse an append that came too late, in its turn.
    Late(Arc<dyn Completion>),
}

impl Handover {
    /// What it becomes while the journal finishes what came before: a claim may still be won, nothing else.
    pub(super) fn after_close(self) -> Handover {
        match self {
            Handover::Append(_, completion) => Handover::Late(completion),
            Handover::Claim(..) | Handover::Late(_) => self,
        }
    }

    /// Answers that the journal doesn't do it.
    pub(super) fn refuse(self) {
        match self {
            Handover::Append(_, completion) | Handover::Late(completion) => {
                completion.resolve(Appended::Unknown);
            }
            Handover::Claim(_, _, answer) => {
                // A caller that no longer waits for its claim needs no answer.
                drop(answer.send(Err(Error::Stopped)));
            }
        }
    }
}

/// Asks for a claim, and gives what to wait for.
pub(super) fn claim(
    shard: ShardId,
    node: NodeId,
) -> (Handover, oneshot::Receiver<Result<Claimed, Error>>) {
    let (answer, claimed) = oneshot::channel();
    (Handover::Claim(shard, node, answer), claimed)
}
