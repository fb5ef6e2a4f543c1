//! The contacts of every world in memory: by age, and by the words of their names.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use super::names::NameQuery;
use super::{Listed, Refused, Wanted, World};
use crate::domain::time::Timestamp;

/// What a name takes beside its text, in bytes: its allocation and its part of the table of contacts.
const NAME_BYTES: usize = 32;
/// What a word takes beside its text, in bytes: two allocations and its part of a node of the tree.
const WORD_BYTES: usize = 96;
/// What a contact takes in the list of a word, in bytes, with the room that a list has left.
const POSTING_BYTES: usize = 12;

/// How much may be held.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many contacts.
    pub contacts: usize,
    /// How many bytes of names, about.
    pub names_bytes: usize,
}

/// What happened to a contact, as far as it is listed and found.
pub(super) enum Change {
    /// It was created then, under this folded name.
    Added(Timestamp, String),
    /// It has this folded name from now on.
    Renamed(String),
    /// It was erased.
    Removed,
}

struct Record {
    created_at: Timestamp,
    /// Folded; empty if names are not held.
    name: Box<str>,
}

#[derive(Default)]
struct Book {
    /// In the order of creation, then of numbers.
    by_age: Vec<(Timestamp, u64)>,
    records: HashMap<u64, Record>,
    /// The contacts of each word, in the order of numbers.
    words: BTreeMap<Box<str>, Vec<u64>>,
}

/// The contacts of every world.
pub(super) struct Books {
    bounds: Bounds,
    worlds: HashMap<World, Book>,
    contacts: usize,
    names_bytes: usize,
    has_names: bool,
    has_contacts: bool,
}

impl Books {
    pub(super) fn new(bounds: Bounds) -> Books {
        Books {
            bounds,
            worlds: HashMap::new(),
            contacts: 0,
            names_bytes: 0,
            has_names: true,
            has_contacts: true,
        }
    }

    pub(super) fn contacts(&self) -> usize {
        self.contacts
    }

    pub(super) fn names_bytes(&self) -> usize {
        self.names_bytes
    }

    /// Takes in a contact that is not there yet, in any order, until [`Books::settle`] puts all in order.
    pub(super) fn load(&mut self, world: World, contact: u64, created_at: Timestamp, name: String) {
        let Some(name) = self.admit(name) else { return };
        let book = self.worlds.entry(world).or_default();
        book.by_age.push((created_at, contact));
        let added = book.index(&name, |list| list.push(contact));
        book.records.insert(contact, Record { created_at, name });
        self.grow(added);
    }

    /// Puts what was loaded in order.
    pub(super) fn settle(&mut self) {
        for book in self.worlds.values_mut() {
            book.by_age.sort_unstable();
            for list in book.words.values_mut() {
                list.sort_unstable();
                list.shrink_to_fit();
            }
        }
    }

    /// Takes in what happened to a contact; nothing new, if it is known already.
    pub(super) fn apply(&mut self, world: World, contact: u64, change: Change) {
        match change {
            Change::Added(created_at, name) => {
                self.remove(world, contact);
                let Some(name) = self.admit(name) else { return };
                let book = self.worlds.entry(world).or_default();
                let entry = (created_at, contact);
                let at = book.by_age.partition_point(|other| *other < entry);
                book.by_age.insert(at, entry);
                let added = book.index(&name, |list| insert(list, contact));
                book.records.insert(contact, Record { created_at, name });
                self.grow(added);
            }
            Change::Renamed(name) => {
                let book = self.worlds.get(&world);
                let record = book.and_then(|book| book.records.get(&contact));
                if let Some(Record { created_at, .. }) = record {
                    let created_at = *created_at;
                    self.apply(world, contact, Change::Added(created_at, name));
                }
            }
            Change::Removed => self.remove(world, contact),
        }
    }

    /// The name as it is to be held; `None` if nothing is held at all.
    fn admit(&mut self, name: String) -> Option<Box<str>> {
        if !self.has_contacts {
            return None;
        }
        if self.contacts >= self.bounds.contacts {
            tracing::error!(
                contacts = self.contacts,
                "there are more contacts than this node lists; it lists none until its next start"
            );
            self.worlds.clear();
            self.names_bytes = 0;
            self.has_contacts = false;
            return None;
        }
        self.contacts = self.contacts.saturating_add(1);
        Some(if self.has_names {
            name.into_boxed_str()
        } else {
            Box::default()
        })
    }

    fn grow(&mut self, bytes: usize) {
        self.names_bytes = self.names_bytes.saturating_add(bytes);
        if self.names_bytes <= self.bounds.names_bytes {
            return;
        }
        tracing::error!(
            bytes = self.names_bytes,
            "the names of the contacts take more memory than they may; none is searched until the next start"
        );
        self.has_names = false;
        self.names_bytes = 0;
        for book in self.worlds.values_mut() {
            book.words.clear();
            for record in book.records.values_mut() {
                record.name = Box::default();
            }
        }
    }

    fn remove(&mut self, world: World, contact: u64) {
        let Some(book) = self.worlds.get_mut(&world) else {
            return;
        };
        let Some(record) = book.records.remove(&contact) else {
            return;
        };
        self.contacts = self.contacts.saturating_sub(1);
        if let Ok(at) = book.by_age.binary_search(&(record.created_at, contact)) {
            book.by_age.remove(at);
        }
        let freed = book.forget(&record.name, contact);
        self.names_bytes = self.names_bytes.saturating_sub(freed);
    }

    pub(super) fn find(&self, world: World, wanted: &Wanted) -> Result<Listed, Refused> {
        if !self.has_contacts {
            return Err(Refused::TooManyContacts);
        }
        if wanted.name.is_some() && !self.has_names {
            return Err(Refused::TooManyNames);
        }
        let Some(book) = self.worlds.get(&world) else {
            return Ok(wanted.page(&[]));
        };
        Ok(match &wanted.name {
            None => wanted.page(&book.by_age),
            Some(name) => wanted.page(&book.named(name, &wanted.first)),
        })
    }
}

/// What the words of a name are, each once.
fn distinct(name: &str) -> Vec<&str> {
    let mut words: Vec<&str> = name.split(' ').filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn insert(list: &mut Vec<u64>, contact: u64) {
    let at = list.partition_point(|other| *other < contact);
    list.insert(at, contact);
}

impl Book {
    /// Has `add` put a contact into the list of each word of its name; how many bytes that takes.
    fn index(&mut self, name: &str, add: impl Fn(&mut Vec<u64>)) -> usize {
        let mut bytes = 0_usize;
        for word in distinct(name) {
            match self.words.get_mut(word) {
                Some(list) => add(list),
                None => {
                    let mut list = Vec::with_capacity(1);
                    add(&mut list);
                    self.words.insert(word.into(), list);
                    bytes = bytes.saturating_add(WORD_BYTES).saturating_add(word.len());
                }
            }
            bytes = bytes.saturating_add(POSTING_BYTES);
        }
        if bytes > 0 {
            bytes = bytes.saturating_add(NAME_BYTES).saturating_add(name.len());
        }
        bytes
    }

    /// Takes a contact out of the lists of its words; how many bytes that frees.
    fn forget(&mut self, name: &str, contact: u64) -> usize {
        let mut bytes = 0_usize;
        for word in distinct(name) {
            let Some(list) = self.words.get_mut(word) else {
                continue;
            };
            if let Ok(at) = list.binary_search(&contact) {
                list.remove(at);
            }
            bytes = bytes.saturating_add(POSTING_BYTES);
            if list.is_empty() {
                self.words.remove(word);
                bytes = bytes.saturating_add(WORD_BYTES).saturating_add(word.len());
            }
        }
        if bytes > 0 {
            bytes = bytes.saturating_add(NAME_BYTES).saturating_add(name.len());
        }
        bytes
    }

    /// The lists of all words that begin so.
    fn lists<'a>(&'a self, beginning: &'a str) -> impl Iterator<Item = &'a Vec<u64>> {
        let from = (Bound::Included(beginning), Bound::Unbounded);
        self.words
            .range::<str, _>(from)
            .take_while(move |(word, _)| word.starts_with(beginning))
            .map(|(_, list)| list)
    }

    /// The contacts whose names fit, but for `others`, in the order of age.
    fn named(&self, name: &NameQuery, others: &[u64]) -> Vec<(Timestamp, u64)> {
        let words = name.words();
        // All words must fit: the one with the fewest contacts says whom to look at.
        let rarest = words
            .iter()
            .min_by_key(|word| self.lists(word).map(Vec::len).sum::<usize>());
        let Some(rarest) = rarest else {
            return Vec::new();
        };
        let mut found: Vec<(Timestamp, u64)> = self
            .lists(rarest)
            .flatten()
            .filter(|contact| !others.contains(contact))
            .filter_map(|contact| {
                let record = self.records.get(contact)?;
                (words.len() == 1 || name.fits_folded(&record.name))
                    .then_some((record.created_at, *contact))
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}
