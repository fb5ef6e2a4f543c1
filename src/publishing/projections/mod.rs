//! Projections: lists over many entities, built from the feed and kept as blocks of rows.
//!
//! A [`Projection`] says which lists an effect adds a line to; [`Projector`] follows the feed for it, keeps the lists'
//! ends in memory, and writes them with the cursor; a list is read newest first (`select`). What a line shows is asked
//! of its owner, so a list holds no personal field and never tells of something that the owner doesn't know.
//!
//! Architecture invariant: everything here can be thrown away and built again, from the journal or from the rows of the
//! entities. So a stored version that this build doesn't know is dropped, never migrated.

mod blocks;
mod lists;
mod network;
mod projector;
pub mod purchases;
mod rebuild;
mod select;
#[cfg(test)]
mod tests;

use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::entity::Event;
use crate::persistence::follower::Error;
use crate::persistence::listing::Entry;

pub use self::network::Network;
pub use self::projector::Projector;
pub use self::select::{Listed, Refused, Selection};
pub use super::brake::{Brake, Braked};
pub use super::progress::Freshness;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListKey {
    /// Whose.
    pub tenant: TenantId,
    /// Of which world.
    pub mode: Mode,
    /// Of this organisation and all below it; of the whole tenant, if none.
    pub organisation: Option<u64>,
}

/// A line that is to be added to lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The list.
    pub list: ListKey,
    /// What is added to it.
    pub entry: Entry,
}

/// What is listed, and where.
pub trait Projection: Send + Sync + 'static {
    /// Names its cursor and its rows. Stable, since it is stored.
    const NAME: &'static str;

    /// Counts the changes of what [`Projection::project`] means: rows of another version are built anew.
    const VERSION: u16;

    /// Adds to `lines` what `events` of `address` list. The same events in the same order must give the same lines.
    ///
    /// # Errors
    /// The network's rows cannot be read; then nothing was added.
    fn project(
        address: &Address,
        events: &[Event],
        network: &mut Network,
        lines: &mut Vec<Line>,
    ) -> Result<(), Error>;
}
