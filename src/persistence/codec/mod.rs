//! The one place that turns states and effects into bytes and back: bincode 2, under a leading version byte.
//!
//! The domain types carry no serde. What is stored is listed here, field by field in the order of the bytes (see
//! `layout`), and pinned by golden files: a field that is added to a domain type does not compile until it is
//! listed, and listing it means a new version with the old layout kept for reading.

mod layout;

use std::collections::VecDeque;
use std::sync::Arc;

use bincode::config;
use bincode::de::Decode;
use bincode::enc::Encode;
use bincode::error::DecodeError;

use crate::domain::access::PasswordHash;
use crate::domain::address::Address;
use crate::domain::contact::{KeptPurchase, Line, Profile, Texts};
use crate::domain::entity::{Effect, Entity};
use crate::domain::remembered::{Answered, FilterLayer};
use crate::domain::time::{Dues, Timestamp};
use crate::limits::DECODED_BYTES_MAX;
use crate::persistence::listing::{Cursor, Entry, Times};
use crate::persistence::undelivered::Message;

/// The version of every layout in this build.
const VERSION: u8 = 1;

/// Why bytes are not what they should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Written by another version.
    #[error("{what} has layout version {found:?}; this build reads version {VERSION}")]
    Version {
        /// What was to be read.
        what: &'static str,
        /// The version byte, if there is one.
        found: Option<u8>,
    },
    /// The bytes do not follow the layout.
    #[error("{what} does not follow its layout: {source}")]
    Layout {
        /// What was to be read.
        what: &'static str,
        /// Where it went wrong.
        source: DecodeError,
    },
}

type Config =
    config::Configuration<config::LittleEndian, config::Varint, config::Limit<DECODED_BYTES_MAX>>;

const CONFIG: Config = config::standard().with_limit::<DECODED_BYTES_MAX>();

fn encode<T: Encode>(value: &T) -> Vec<u8> {
    encode_within(value, 256)
}

/// The same for what is expected to take so many bytes: room that need not grow is not copied.
fn encode_within<T: Encode>(value: &T, bytes: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(bytes);
    bytes.push(VERSION);
    let written = bincode::encode_into_std_write(value, &mut bytes, config::standard());
    debug_assert!(written.is_ok(), "writing to memory does not fail");
    bytes
}

fn decode<T: Decode<()>>(what: &'static str, bytes: &[u8]) -> Result<T, Error> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => bincode::decode_from_slice(rest, CONFIG)
            .and_then(|(value, read)| match read == rest.len() {
                true => Ok(value),
                false => Err(DecodeError::Other("there are bytes after its end")),
            })
            .map_err(|source| Error::Layout { what, source }),
        other => Err(Error::Version {
            what,
            found: other.map(|(version, _)| *version),
        }),
    }
}

/// A journal record's payload: one effect on one entity.
pub fn encode_effect(address: &Address, effect: &Effect) -> Vec<u8> {
    encode(&(Arrived(*address), Borrowed(effect)))
}

/// The effect in a journal record's payload.
pub fn decode_effect(bytes: &[u8]) -> Result<(Address, Effect), Error> {
    decode::<(Arrived, Effect)>("a journal record", bytes)
        .map(|(address, effect)| (address.0, effect))
}

/// A row's payload: an entity's head, with all that is still in memory.
pub fn encode_entity(entity: &Entity) -> Vec<u8> {
    encode_within(&Borrowed(entity), 8 * 1_024)
}

/// The entity in a head row. Its large filter layers are empty: they have rows of their own.
pub fn decode_entity(bytes: &[u8]) -> Result<Entity, Error> {
    decode("an entity's row", bytes)
}

/// The newest answered requests in a head row, without the cost of the rest of it.
pub fn decode_recent_of_entity(bytes: &[u8]) -> Result<VecDeque<Answered>, Error> {
    let what = "the beginning of an entity's row";
    match bytes.split_first() {
        Some((&VERSION, rest)) => {
            bincode::decode_from_slice::<(u64, Timestamp, VecDeque<Answered>), _>(rest, CONFIG)
                .map(|((_seq, _last_time, recent), _)| recent)
                .map_err(|source| Error::Layout { what, source })
        }
        other => Err(Error::Version {
            what,
            found: other.map(|(version, _)| *version),
        }),
    }
}

/// A row's payload: purchases that left memory, in order.
pub fn encode_purchases(purchases: &Vec<KeptPurchase>) -> Vec<u8> {
    encode_within(&Borrowed(purchases), purchases.len().saturating_mul(200))
}

/// The purchases in a row.
pub fn decode_purchases(bytes: &[u8]) -> Result<Vec<KeptPurchase>, Error> {
    decode("a row of purchases", bytes)
}

/// A row's payload: lines of a wallet's journal that left memory, in order.
pub fn encode_lines(lines: &Vec<Line>) -> Vec<u8> {
    encode_within(&Borrowed(lines), lines.len().saturating_mul(50))
}

/// The lines in a row.
pub fn decode_lines(bytes: &[u8]) -> Result<Vec<Line>, Error> {
    decode("a row of a wallet's journal", bytes)
}

/// A row's payload: answered requests that left memory together.
pub fn encode_answers(answers: &Vec<Answered>) -> Vec<u8> {
    encode_within(&Borrowed(answers), answers.len().saturating_mul(50))
}

/// The answered requests in a row.
pub fn decode_answers(bytes: &[u8]) -> Result<Vec<Answered>, Error> {
    decode("a row of answered requests", bytes)
}

/// As builds before answers shared rows wrote each.
#[cfg(test)]
pub fn encode_answered(answered: &Answered) -> Vec<u8> {
    encode(&Borrowed(answered))
}

/// The answered request in a row of its own, as builds before answers shared rows wrote it.
pub fn decode_answered(bytes: &[u8]) -> Result<Answered, Error> {
    decode("an idempotency row", bytes)
}

/// A row's payload: a large layer of the filter of keys that left memory.
pub fn encode_filter_layer(layer: &FilterLayer) -> Vec<u8> {
    encode(&Borrowed(layer))
}

/// The filter layer in a row.
pub fn decode_filter_layer(bytes: &[u8]) -> Result<FilterLayer, Error> {
    decode("a row of a filter", bytes)
}

/// A contact's personal fields, before they are sealed.
pub fn encode_profile(profile: &Profile) -> Vec<u8> {
    encode(&Borrowed(profile))
}

/// A contact's personal fields, after they are opened.
pub fn decode_profile(bytes: &[u8]) -> Result<Profile, Error> {
    decode("a profile", bytes)
}

/// Texts about what a contact did, before they are sealed.
pub fn encode_texts<T: Texts>(texts: &T) -> Vec<u8> {
    encode(&texts.each().collect::<Vec<_>>())
}

/// Texts about what a contact did, after they are opened.
pub fn decode_texts<T: Texts>(bytes: &[u8]) -> Result<T, Error> {
    let texts: Vec<Option<Arc<str>>> = decode("texts", bytes)?;
    let mut texts = texts.into_iter();
    T::read(|| {
        let missing = DecodeError::Other("fewer texts than there are");
        texts.next().ok_or(missing)
    })
    .map_err(|source| Error::Layout {
        what: "texts",
        source,
    })
}

/// The hash of a password, before it is sealed.
pub fn encode_password(hash: &PasswordHash) -> Vec<u8> {
    encode(&Borrowed(hash))
}

/// The hash of a password, after it is opened.
pub fn decode_password(bytes: &[u8]) -> Result<PasswordHash, Error> {
    decode("the hash of a password", bytes)
}

/// A row's payload: a full or last block of a list.
pub fn encode_entries(entries: &Vec<Entry>) -> Vec<u8> {
    encode_within(&Borrowed(entries), entries.len().saturating_mul(42))
}

/// The entries in a block of a list.
pub fn decode_entries(bytes: &[u8]) -> Result<Vec<Entry>, Error> {
    decode("a block of a list", bytes)
}

/// A row's payload: the times of a full block.
pub fn encode_times(times: &Times) -> Vec<u8> {
    encode(&Borrowed(times))
}

/// The times of a full block.
pub fn decode_times(bytes: &[u8]) -> Result<Times, Error> {
    decode("the times of a list's block", bytes)
}

/// A row's payload: the organisation above another, if there is one.
pub fn encode_parent(parent: Option<u64>) -> Vec<u8> {
    encode(&parent)
}

/// The organisation above another.
pub fn decode_parent(bytes: &[u8]) -> Result<Option<u64>, Error> {
    decode("an organisation's place", bytes)
}

/// A row's payload: a follower's place.
pub fn encode_cursor(cursor: &Cursor) -> Vec<u8> {
    encode(&Borrowed(cursor))
}

/// A follower's place.
pub fn decode_cursor(bytes: &[u8]) -> Result<Cursor, Error> {
    decode("a cursor", bytes)
}

/// A row's payload: a message that is still to be delivered, as a reference.
pub fn encode_undelivered(message: &Message) -> Vec<u8> {
    encode(&Borrowed(message))
}

/// A message that is still to be delivered.
pub fn decode_undelivered(bytes: &[u8]) -> Result<Message, Error> {
    decode("a message to be delivered", bytes)
}

/// A row's payload: when an entity is due.
pub fn encode_dues(dues: &Dues) -> Vec<u8> {
    encode(&Borrowed(dues))
}

/// When an entity is due.
pub fn decode_dues(bytes: &[u8]) -> Result<Dues, Error> {
    decode("a timer", bytes)
}

/// A row's payload: when an API key was last used.
pub fn encode_last_use(at: Timestamp) -> Vec<u8> {
    encode(&at)
}

/// When an API key was last used.
pub fn decode_last_use(bytes: &[u8]) -> Result<Timestamp, Error> {
    decode("an API key's last use", bytes)
}

struct Borrowed<'a, T>(&'a T);

impl<T: Encode> Encode for Borrowed<'_, T> {
    fn encode<E: bincode::enc::Encoder>(
        &self,
        encoder: &mut E,
    ) -> Result<(), bincode::error::EncodeError> {
        self.0.encode(encoder)
    }
}

/// An address in variable-length numbers: a tenant's is small.
struct Arrived(Address);

#[cfg(test)]
mod tests;
