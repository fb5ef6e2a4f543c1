//! Segments: contacts that belong together, by what they are and do.

use super::ContactType;
use crate::domain::money::Minor;

/// A group of contacts: those who are all that it names. Each list names alternatives; an empty one demands nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The tags of which a contact has one, by number.
    pub tags: Vec<u64>,
    /// Who a contact is.
    pub contact_types: Vec<ContactType>,
    /// The organisations at or below which a contact is signed up, by entity number.
    pub organisations: Vec<u64>,
    /// The tiers of which a contact has one, by number.
    pub tiers: Vec<u64>,
    /// For how many days after its creation a contact belongs to it; for ever, if none.
    pub registered_within_days: Option<u32>,
    /// What a contact has bought of late.
    pub activity: Option<ActivityRule>,
}

/// What a contact has bought in some months of the tenant's calendar: at least both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivityRule {
    /// How many months, the one that is under way among them.
    pub months: u8,
    /// How much it paid together.
    pub minimum_amount: Minor,
    /// How often it bought.
    pub minimum_visits: u32,
}

impl Segment {
    /// How many entries each of its lists may have: more alternatives make another segment.
    pub const LIST_MAX: usize = 10;
}
