//! A contact's image, over the places of its pieces.
//!
//! keep the pieces → the contact names the image → clear the pieces of the one before. Pieces that no contact names are never shown: cut short in
//! between, they stay sealed, and a retry of the same request finds them and goes on.

use super::envelope::{Failure, Unavailable};
use super::router::{OpenedProfile, Router, unexpected};
use crate::domain::address::{Address, Kind};
use crate::domain::contact::{Image, Stage};
use crate::domain::entity::{Answer, Command, Query};
use crate::domain::media::{self, PIECE_BYTES_MAX, Piece};
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
            let piece = Piece {
                of: number,
                sealed: sealed.into(),
            };
            let keep = Command::Media(media::Command::Keep(piece));
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

    /// Clears the pieces of an image that its contact no longer names.
    pub async fn clear_image(&self, contact: Address, number: u32) {
        for index in 0..IMAGE_PIECES_MAX {
            let clear = Command::Media(media::Command::Clear(number));
            let place = place(contact, number, index);
            if let Err(failure) = self.command(place, clear, None, None).await.result {
                // Unseen and sealed, and unreadable with its contact.
                tracing::warn!(?failure, "a piece of an image stays");
            }
        }
    }

    /// The key and the image that a contact names.
    pub(super) async fn named_image(
        &self,
        contact: Address,
    ) -> Result<Option<(u32, Image)>, Failure> {
        let profile = match self.query(contact, Query::Contact).await.result? {
            Answer::Contact(view) if view.stage == Stage::Active => view.profile,
            Answer::Contact(_) => return Ok(None),
            other => return Err(unexpected(&other)),
        };
        Ok(match self.open_profile(&contact, &profile)? {
            OpenedProfile::Plain(opened) => {
                let image = opened.own.and_then(|own| own.image);
                image.map(|image| (profile.slot, image))
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
