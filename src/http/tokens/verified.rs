//! The tokens that were verified lately, by their hash: a signature costs more than all else that a read does.
//!
//! Two halves. A token goes into the young one; when that is full it becomes the old one, and what was old is forgotten. So it is bounded
//! without a search for what to forget, and what is used all the time stays.

use std::collections::HashMap;
use std::mem;

use parking_lot::RwLock;

use crate::domain::time::Timestamp;
use crate::http::auth::SignedIn;
use crate::limits::TOKENS_VERIFIED_MAX;

/// Whose a token is, and when it ends.
type Read = (SignedIn, Timestamp);
/// A hash of a token, which nobody can choose.
type Hash = [u8; 32];

#[derive(Default)]
struct Halves {
    young: HashMap<Hash, Read, foldhash::fast::RandomState>,
    old: HashMap<Hash, Read, foldhash::fast::RandomState>,
}

/// The tokens that were verified lately.
#[derive(Default)]
pub(super) struct Verified(RwLock<Halves>);

impl Verified {
    /// What the token of this hash says, if it was verified lately.
    pub(super) fn find(&self, hash: &Hash) -> Option<Read> {
        let halves = self.0.read();
        if let Some(read) = halves.young.get(hash) {
            return Some(*read);
        }
        let read = *halves.old.get(hash)?;
        drop(halves);
        self.keep(*hash, read);
        Some(read)
    }

    /// Keeps what the token of this hash says.
    pub(super) fn keep(&self, hash: Hash, read: Read) {
        let mut halves = self.0.write();
        if halves.young.len() >= TOKENS_VERIFIED_MAX / 2 {
            halves.old = mem::take(&mut halves.young);
        }
        halves.young.insert(hash, read);
    }

    /// How many are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let halves = self.0.read();
        halves.young.len() + halves.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::{Address, Kind, Mode, TenantId};
    use crate::http::auth::SignedInContact;

    fn read(session: u32) -> Read {
        let contact = Address {
            tenant: TenantId(1),
            mode: Mode::Test,
            kind: Kind::Contact,
            entity: 7,
        };
        let signed_in = SignedIn::Contact(SignedInContact { contact, session });
        (signed_in, Timestamp(9))
    }

    fn hash(number: u32) -> Hash {
        *blake3::hash(&number.to_be_bytes()).as_bytes()
    }

    #[test]
    fn so_many_are_kept_and_what_is_used_stays() {
        let verified = Verified::default();
        let half = u32::try_from(TOKENS_VERIFIED_MAX / 2).unwrap();
        verified.keep(hash(0), read(0));
        for number in 1..=half * 3 {
            verified.keep(hash(number), read(number));
            if number % 1_000 == 0 {
                assert_eq!(verified.find(&hash(0)), Some(read(0)), "{number}");
            }
        }
        assert!(verified.len() <= TOKENS_VERIFIED_MAX, "{}", verified.len());
        assert_eq!(verified.find(&hash(1)), None);
        assert_eq!(verified.find(&hash(half * 3)), Some(read(half * 3)));
    }
}
