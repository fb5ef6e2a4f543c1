//! A contact's image, over the places of its pieces.
//!
//! keep the pieces → doubt those of the image before → the contact names the image → clear the pieces of the one before. Pieces that no
//! contact names are never shown. Cut short in between, a retry of the same request finds them and goes on; and all that are in doubt ask
//! their contact after an hour, and are gone unless it names them.

use super::envelope::{Failure, Unavailable};
use super::router::{OpenedProfile, Router, unexpected};
use crate::domain::address::{Address, Kind};
use crate::domain::contact::{Image, Stage};
use crate::domain::entity::{Answer, Command, ContactView, Query};
use crate::domain::media::{self, PIECE_BYTES_MAX};
use crate::domain::time::Timestamp;
use crate::limits::IMAGE_PIECES_MAX;
use crate::persistence::keyring::{KeySlot, Opened};

impl Router {
    /// Keeps the pieces of a contact's image. Nobody sees it before the contact names it.
    ///
    /// # Errors
    /// There is no answer; some pieces may be kept.
    pub async fn keep_image(
        &self,
        contact: Address,
        slot: u32,
        number: u32,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        for (index, piece) in (0..).zip(bytes.chunks(PIECE_BYTES_MAX)) {
            let aad = place(contact, number, index).to_bytes();
            let sealed = self.seal_bytes(&contact, KeySlot(slot), &aad, piece);
            let sealed = sealed.map_err(|error| {
                tracing::error!(%error, "an image cannot be sealed");
                Failure::from(Unavailable::Unreadable)
            })?;
            let keep = Command::Media(media::Command::Keep {
                of: number,
                contact: contact.entity,
                sealed: sealed.into(),
            });
            let place = place(contact, number, index);
            self.command(place, keep, None, None).await.result?;
        }
        Ok(())
    }

    /// The image that the contact has now, and its bytes; none, if it has none or is gone.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn image(&self, contact: Address) -> Result<Option<(Image, Vec<u8>)>, Failure> {
        let Some((slot, image)) = self.named_image(contact).await? else {
            return Ok(None);
        };
        let mut bytes = Vec::with_capacity(usize::try_from(image.bytes).unwrap_or_default());
        for index in 0..IMAGE_PIECES_MAX {
            let place = place(contact, image.number, index);
            let piece = match self.query(place, Query::Media).await.result? {
                Answer::Media(piece) => piece.filter(|piece| piece.of == image.number),
                other => return Err(unexpected(&other)),
            };
            let Some(piece) = piece else {
                break;
            };
            let aad = place.to_bytes();
            match self.open_bytes(&contact, KeySlot(slot), &aad, &piece.sealed) {
                Ok(Opened::Plain(plain)) => bytes.extend_from_slice(&plain),
                Ok(Opened::Erased) => return Ok(None),
                Err(error) => {
                    tracing::error!(%error, "an image cannot be opened");
                    return Err(Unavailable::Unreadable.into());
                }
            }
        }
        // A piece less, and it was replaced meanwhile.
        Ok((image.hash == Image::hash_of(&bytes)).then_some((image, bytes)))
    }

    /// Has the pieces of the contact's image ask, in an hour, whether they are still named; before the contact names it no longer.
    ///
    /// # Errors
    /// There is no answer: what is in doubt already asks in vain.
    pub async fn doubt_image(&self, contact: Address) -> Result<(), Failure> {
        let Some((_, image)) = self.named_image(contact).await? else {
            return Ok(());
        };
        for index in 0..IMAGE_PIECES_MAX {
            let doubt = Command::Media(media::Command::Doubt(image.number));
            let place = place(contact, image.number, index);
            self.command(place, doubt, None, None).await.result?;
        }
        Ok(())
    }

    /// What a place's timer does about a piece in doubt: it stays if the contact names what it is of.
    pub(super) async fn ask_of_piece(
        &self,
        place: Address,
        contact: u64,
        of: u32,
        asked_at: Timestamp,
    ) {
        let contact = Address {
            kind: Kind::Contact,
            entity: contact,
            ..place
        };
        let named = match self.internal_query(contact, Query::Contact).await.result {
            Ok(Answer::Contact(view)) => self.image_of(contact, &view),
            Ok(other) => Err(unexpected(&other)),
            Err(Failure::Rejected(_)) => Ok(None),
            Err(failure) => Err(failure),
        };
        let settled = match named {
            Ok(named) => {
                let settle = media::Command::Settle {
                    of,
                    asked_at,
                    is_named: named.is_some_and(|(_, image)| image.number == of),
                };
                let told = self.internal_command(place, Command::Media(settle)).await;
                told.result.map(drop)
            }
            Err(failure) => Err(failure),
        };
        if let Err(failure) = settled {
            tracing::debug!(?failure, "a piece of an image asks again");
        }
    }

    /// Clears the pieces of an image that its contact no longer names.
    pub async fn clear_image(&self, contact: Address, number: u32) {
        for index in 0..IMAGE_PIECES_MAX {
            let clear = Command::Media(media::Command::Clear(number));
            let place = place(contact, number, index);
            if let Err(failure) = self.command(place, clear, None, None).await.result {
                // Unseen and sealed, and in doubt.
                tracing::debug!(?failure, "a piece of an image stays for an hour");
            }
        }
    }

    /// The key and the image that a contact names.
    pub(super) async fn named_image(
        &self,
        contact: Address,
    ) -> Result<Option<(u32, Image)>, Failure> {
        match self.query(contact, Query::Contact).await.result? {
            Answer::Contact(view) => self.image_of(contact, &view),
            other => Err(unexpected(&other)),
        }
    }

    fn image_of(
        &self,
        contact: Address,
        view: &ContactView,
    ) -> Result<Option<(u32, Image)>, Failure> {
        if view.stage != Stage::Active {
            return Ok(None);
        }
        Ok(match self.open_profile(&contact, &view.profile)? {
            OpenedProfile::Plain(opened) => {
                let image = opened.own.and_then(|own| own.image);
                image.map(|image| (view.profile.slot, image))
            }
            OpenedProfile::Erased => None,
        })
    }
}

/// Where a piece of a contact's image is.
fn place(contact: Address, number: u32, index: u32) -> Address {
    let mut hasher = blake3::Hasher::new_derive_key("clientele places of media v1");
    hasher
        .update(&contact.to_bytes())
        .update(&number.to_be_bytes())
        .update(&index.to_be_bytes());
    let digest = hasher.finalize();
    let bytes = digest.as_bytes().first_chunk::<8>();
    Address {
        kind: Kind::Media,
        entity: u64::from_be_bytes(bytes.copied().unwrap_or_default()),
        ..contact
    }
}
