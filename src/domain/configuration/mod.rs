//! What a tenant sets up about its customers in one mode, beside its offers: tags, segments, tiers and schemes.
//!
//! `segment` says who belongs together, `tier` what loyalty reaches, `scheme` what contacts are members of. Nothing is ever taken away: offers and contacts refer to it.

mod scheme;
mod segment;
mod tier;

use super::contact::ContactType;

pub use scheme::{Opening, Scheme};
pub use segment::{ActivityRule, Segment};
pub use tier::{Measure, Tier, TierPeriod, Tiering, whole_units};

/// What a tenant sets up in one mode. Each list is in order of creation, but for the tiers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The words that contacts may be tagged with.
    pub tags: Vec<(u64, String)>,
    /// Groups of contacts.
    pub segments: Vec<(u64, Segment)>,
    /// How units towards tiers are reckoned.
    pub tiering: Tiering,
    /// The tiers, lowest first.
    pub tiers: Vec<(u64, Tier)>,
    /// What contacts are members of.
    pub schemes: Vec<(u64, Scheme)>,
}

/// Something that is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A word that contacts may be tagged with.
    Tag(String),
    /// A group of contacts.
    Segment(Segment),
    /// A tier.
    Tier(Tier),
    /// A scheme.
    Scheme(Scheme),
}

/// What a configuration can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Set up something new under this number.
    Create(u64, Box<Item>),
    /// Set up otherwise what has this number.
    Change(u64, Box<Item>),
    /// Reckon units towards tiers otherwise, from the next purchase on.
    SetTiering(Tiering),
}

/// What happened to a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// What has this number is so from now on.
    Set(u64, Box<Item>),
    /// Units towards tiers are reckoned so from now on.
    TieringSet(Tiering),
}

/// Why a configuration refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There are as many as there may be.
    ListFull,
    /// There is nothing of this number.
    Unknown,
    /// There is something else of this number.
    Exists,
    /// Another tag has the name.
    NameTaken,
    /// Another tier begins at as many units.
    UnitsTaken,
}

impl Configuration {
    /// How many tags there may be. With [`Configuration::SEGMENTS_MAX`] segments, [`Configuration::TIERS_MAX`] tiers of the
    /// longest texts and [`Configuration::SCHEMES_MAX`] schemes, they fill under nine tenths of a row.
    pub const TAGS_MAX: usize = 100;

    /// How many segments there may be: every purchase may have to be held against each of them.
    pub const SEGMENTS_MAX: usize = 30;

    /// How many tiers there may be: people tell few apart.
    pub const TIERS_MAX: usize = 10;

    /// How many schemes there may be: a contact may be a member of all of them.
    pub const SCHEMES_MAX: usize = 15;

    /// Decides `command`.
    pub fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        let (number, item) = match command {
            Command::SetTiering(tiering) => {
                return Ok(if self.tiering == *tiering {
                    Vec::new()
                } else {
                    vec![Event::TieringSet(*tiering)]
                });
            }
            Command::Create(number, item) | Command::Change(number, item) => (*number, item),
        };
        let known = self.item(number, item);
        match (command, &known) {
            (Command::Change(..), None) => return Err(Rejection::Unknown),
            (Command::Create(..), None) if self.is_full(item) => return Err(Rejection::ListFull),
            (_, Some(known)) if **item == *known => return Ok(Vec::new()),
            (Command::Create(..), Some(_)) => return Err(Rejection::Exists),
            (Command::Create(..), None) | (Command::Change(..), Some(_)) => {}
            (Command::SetTiering(_), _) => return Ok(Vec::new()),
        }
        match &**item {
            Item::Tag(name) => {
                let mut others = self.tags.iter().filter(|(of, _)| *of != number);
                if others.any(|(_, known)| known == name) {
                    return Err(Rejection::NameTaken);
                }
            }
            Item::Tier(tier) => {
                let mut others = self.tiers.iter().filter(|(of, _)| *of != number);
                if others.any(|(_, known)| known.value_units == tier.value_units) {
                    return Err(Rejection::UnitsTaken);
                }
            }
            Item::Segment(_) | Item::Scheme(_) => {}
        }
        Ok(vec![Event::Set(number, item.clone())])
    }

    /// What of the kind of `like` has this number.
    fn item(&self, number: u64, like: &Item) -> Option<Item> {
        match like {
            Item::Tag(_) => find(&self.tags, number).cloned().map(Item::Tag),
            Item::Segment(_) => find(&self.segments, number).cloned().map(Item::Segment),
            Item::Tier(_) => find(&self.tiers, number).cloned().map(Item::Tier),
            Item::Scheme(_) => find(&self.schemes, number).cloned().map(Item::Scheme),
        }
    }

    fn is_full(&self, like: &Item) -> bool {
        match like {
            Item::Tag(_) => self.tags.len() >= Self::TAGS_MAX,
            Item::Segment(_) => self.segments.len() >= Self::SEGMENTS_MAX,
            Item::Tier(_) => self.tiers.len() >= Self::TIERS_MAX,
            Item::Scheme(_) => self.schemes.len() >= Self::SCHEMES_MAX,
        }
    }

    /// The segment of this number.
    pub fn segment(&self, number: u64) -> Option<&Segment> {
        find(&self.segments, number)
    }

    /// The tier of this number.
    pub fn tier(&self, number: u64) -> Option<&Tier> {
        find(&self.tiers, number)
    }

    /// The scheme of this number.
    pub fn scheme(&self, number: u64) -> Option<&Scheme> {
        find(&self.schemes, number)
    }

    /// The tag of this name, by number.
    pub fn tag(&self, name: &str) -> Option<u64> {
        let found = self.tags.iter().find(|(_, known)| known == name);
        found.map(|(number, _)| *number)
    }

    /// Whether what contacts buy is to be counted: only where something goes by it.
    pub fn counts_activity(&self) -> bool {
        let mut segments = self.segments.iter();
        !self.tiers.is_empty() || segments.any(|(_, segment)| segment.activity.is_some())
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::TieringSet(tiering) => self.tiering = *tiering,
            Event::Set(number, item) => match &**item {
                Item::Tag(name) => set(&mut self.tags, *number, name),
                Item::Segment(segment) => set(&mut self.segments, *number, segment),
                Item::Scheme(scheme) => set(&mut self.schemes, *number, scheme),
                Item::Tier(tier) => {
                    set(&mut self.tiers, *number, tier);
                    self.tiers.sort_by_key(|(_, tier)| tier.value_units);
                }
            },
        }
    }
}

fn find<T>(list: &[(u64, T)], number: u64) -> Option<&T> {
    let found = list.iter().find(|(known, _)| *known == number);
    found.map(|(_, item)| item)
}

fn set<T: Clone>(list: &mut Vec<(u64, T)>, number: u64, item: &T) {
    match list.iter_mut().find(|(known, _)| *known == number) {
        Some((_, known)) => known.clone_from(item),
        None => list.push((number, item.clone())),
    }
}

#[cfg(test)]
mod tests;
