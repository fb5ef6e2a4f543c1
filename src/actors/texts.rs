//! The texts that others write about what a contact did: sealed by the contact's actor before a command is decided, with the key
//! of its profile, and opened once an answer is there, for whoever asked. So one shredding erases them wherever they lie. Whoever
//! wrote them is answered from the request itself, without the key.

use std::cell::Cell;
use std::convert::Infallible;
use std::sync::Arc;

use clientele_cluster::ShardId;

use super::envelope::{Reply, Unavailable};
use super::router::Router;
use super::turn::Turn;
use crate::domain::address::Address;
use crate::domain::contact::{Private, Purchase, Rewrite, Stage, Texts};
use crate::domain::entity::{Answer, Command, State};
use crate::persistence::codec;
use crate::persistence::keyring::{self, KeySlot, Keyring, Opened};

/// Why texts cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The key, or what it seals.
    #[error(transparent)]
    Keyring(#[from] keyring::Error),
    /// What was sealed.
    #[error(transparent)]
    Codec(#[from] codec::Error),
    /// They name no key.
    #[error("sealed texts name no key")]
    NoSlot,
}

/// Where a contact's texts are sealed and opened.
struct Place<'a> {
    keyring: &'a Keyring,
    shard: ShardId,
    address: &'a Address,
}

impl Place<'_> {
    /// What the seal is bound to beside shard and key.
    fn bound<T: Texts>(&self) -> Vec<u8> {
        let mut bound = self.address.to_bytes().to_vec();
        bound.extend_from_slice(T::OF);
        bound
    }
}

struct Seal<'a> {
    place: Place<'a>,
    slot: KeySlot,
    sealed: Cell<Option<JustSealed>>,
}

impl<'a> Seal<'a> {
    fn with(place: Place<'a>, slot: KeySlot) -> Seal<'a> {
        let sealed = Cell::default();
        Seal {
            place,
            slot,
            sealed,
        }
    }
}

impl Rewrite for Seal<'_> {
    type Error = Error;

    fn rewrite<T: Texts>(&self, texts: &mut Private<T>) -> Result<(), Error> {
        if let Some(clear) = texts.to_seal() {
            let Place { keyring, shard, .. } = self.place;
            let plain = codec::encode_texts(clear);
            let bound = self.place.bound::<T>();
            let sealed = keyring.seal(shard, self.slot, &bound, &plain)?;
            let slot = self.slot.0.to_le_bytes();
            let sealed: Arc<[u8]> = [&slot[..], &sealed].concat().into();
            *texts = Private::Sealed(Arc::clone(&sealed));
            self.sealed.set(Some(JustSealed { sealed, plain }));
        }
        Ok(())
    }
}

/// The texts that a command brought: a command has those of one thing at most.
pub(super) struct JustSealed {
    sealed: Arc<[u8]>,
    /// What it seals.
    plain: Vec<u8>,
}

impl JustSealed {
    /// Shows them in the answer to the command.
    pub(super) fn recall(&self, answer: &mut Answer) {
        let Ok(()) = rewrite(answer, self);
    }
}

impl Rewrite for JustSealed {
    type Error = Infallible;

    fn rewrite<T: Texts>(&self, texts: &mut Private<T>) -> Result<(), Infallible> {
        if let Private::Sealed(sealed) = texts
            && *sealed == self.sealed
            && let Ok(clear) = codec::decode_texts(&self.plain)
        {
            *texts = Private::Clear(clear);
        }
        Ok(())
    }
}

/// Rewrites the texts of an answer.
fn rewrite<R: Rewrite>(answer: &mut Answer, how: &R) -> Result<(), R::Error> {
    match answer {
        Answer::Purchase(view) => Purchase::rewrite_texts(&mut view.purchase, how),
        Answer::Journal(view) => {
            let mut lines = view.lines.iter_mut();
            lines.try_for_each(|line| line.rewrite_texts(how))
        }
        _ => Ok(()),
    }
}

struct Open<'a>(Place<'a>);

impl Rewrite for Open<'_> {
    type Error = Error;

    fn rewrite<T: Texts>(&self, texts: &mut Private<T>) -> Result<(), Error> {
        let Open(place) = self;
        if let Private::Sealed(sealed) = &*texts {
            let (slot, sealed) = sealed.split_first_chunk().ok_or(Error::NoSlot)?;
            let slot = KeySlot(u32::from_le_bytes(*slot));
            let bound = place.bound::<T>();
            let opened = place
                .keyring
                .open_sealed(place.shard, slot, &bound, sealed)?;
            *texts = match opened {
                Opened::Plain(plain) => Private::Clear(codec::decode_texts(&plain)?),
                Opened::Erased => Private::default(),
            };
        }
        Ok(())
    }
}

impl Turn<'_> {
    /// Seals the texts that `command` would have recorded. Those for a contact that is not there stay as they are: it records
    /// nothing.
    pub(super) fn seal_texts(&mut self, command: &mut Command) -> Result<(), Error> {
        self.just_sealed = None;
        match (command, &self.entity.state) {
            (Command::Contact(command), State::Contact(contact))
                if contact.stage == Stage::Active =>
            {
                let place = Place {
                    keyring: &self.place.shard.core().keyring,
                    shard: self.place.shard.id(),
                    address: &self.place.address,
                };
                let seal = Seal::with(place, KeySlot(contact.profile.slot));
                command.rewrite_texts(&seal)?;
                self.just_sealed = seal.sealed.into_inner();
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Router {
    /// The same answer with its texts opened; without those of a contact that was erased.
    pub(super) fn open_texts(&self, address: &Address, mut reply: Reply) -> Reply {
        let open = Open(Place {
            keyring: &self.core().keyring,
            shard: self.shard_of(address),
            address,
        });
        if let Ok(answer) = &mut reply.result
            && let Err(error) = rewrite(answer, &open)
        {
            tracing::error!(%error, "what was written about a contact cannot be opened");
            reply.result = Err(Unavailable::Unreadable.into());
        }
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::{Kind, Mode, TenantId};
    use crate::domain::contact::{Note, PurchaseTexts, TopUpTexts};

    fn address(entity: u64) -> Address {
        Address {
            tenant: TenantId(1),
            mode: Mode::Test,
            kind: Kind::Contact,
            entity,
        }
    }

    fn place<'a>(keyring: &'a Keyring, address: &'a Address) -> Place<'a> {
        Place {
            keyring,
            shard: ShardId(3),
            address,
        }
    }

    #[test]
    fn texts_open_for_their_own_contact_as_what_they_were_until_its_key_is_gone() {
        let keyring = Keyring::in_memory(1);
        let slot = keyring.allocate(ShardId(3)).unwrap();
        let (own, other) = (address(7), address(8));
        let written = Private::Clear(TopUpTexts {
            payment_method: None,
            code: Some("T-1".into()),
        });
        let mut sealed = written.clone();
        Seal::with(place(&keyring, &own), slot)
            .rewrite(&mut sealed)
            .unwrap();
        assert!(matches!(sealed, Private::Sealed(_)), "{sealed:?}");
        let opened = |address: &Address| {
            let mut texts = sealed.clone();
            Open(place(&keyring, address))
                .rewrite(&mut texts)
                .map(|()| texts)
        };
        assert_eq!(opened(&own).unwrap(), written);
        assert!(opened(&other).is_err());
        let Private::Sealed(bytes) = &sealed else {
            panic!("not sealed");
        };
        let mut elsewhere = Private::<PurchaseTexts>::Sealed(Arc::clone(bytes));
        let opened_elsewhere = Open(place(&keyring, &own)).rewrite(&mut elsewhere);
        assert!(opened_elsewhere.is_err());
        keyring.shred(ShardId(3), slot).unwrap();
        assert_eq!(opened(&own).unwrap(), Private::default());
    }

    #[test]
    fn what_says_nothing_costs_no_seal() {
        let keyring = Keyring::in_memory(1);
        let own = address(7);
        // There is no such key: sealing would fail.
        let mut nothing = Private::<Note>::default();
        Seal::with(place(&keyring, &own), KeySlot(9))
            .rewrite(&mut nothing)
            .unwrap();
        assert_eq!(nothing, Private::default());
    }
}
