//! What projections store: blocks of entries, and cursors.

use super::journal::Position;
use crate::domain::time::Timestamp;

/// One line of a list: enough to choose by and to find its owner. Deliberately without personal fields and amounts: what
/// is shown is asked of the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The time that the list's dates mean.
    pub at: Timestamp,
    /// The entity that owns what is listed, by number.
    pub owner: u64,
    /// Which part of the owner: a purchase's number.
    pub part: u32,
    /// The organisation where it happened, by number.
    pub organisation: u64,
    /// A hash of its class (a classification's name), for choosing by.
    pub class: u64,
}

/// The least and the greatest time in a block, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The least.
    pub first: Timestamp,
    /// The greatest.
    pub last: Timestamp,
}

impl Times {
    /// The times of `entries`; none if there are none.
    pub fn of(entries: &[Entry]) -> Option<Times> {
        let times = || entries.iter().map(|entry| entry.at);
        Some(Times {
            first: times().min()?,
            last: times().max()?,
        })
    }
}

/// A follower's durable place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Which layout and meaning the follower's own rows have: another one is built anew.
    pub version: u16,
    /// Everything up to here is built.
    pub position: Position,
}
