//! The names of contacts' images: whoever has one sees the image, as an address in a page brings no token.

use data_encoding::BASE64URL_NOPAD;

use super::{Secrets, first_half};
use crate::domain::address::{Address, Kind, Mode, TenantId};

/// The contact's tenant, mode and number, and the image's.
const SAID: usize = 8 + 1 + 8 + 4;

impl Secrets {
    /// The name of an image of a contact. Nobody guesses it, and the contact's next image has another.
    pub fn image_name(&self, contact: &Address, number: u32) -> String {
        let mut name = Vec::with_capacity(SAID.saturating_add(16));
        name.extend_from_slice(&contact.tenant.0.to_be_bytes());
        name.push(contact.mode.number());
        name.extend_from_slice(&contact.entity.to_be_bytes());
        name.extend_from_slice(&number.to_be_bytes());
        let check = blake3::keyed_hash(&self.images, &name);
        name.extend_from_slice(&first_half(&check));
        BASE64URL_NOPAD.encode(&name)
    }

    /// The contact and the number of the image that has this name.
    pub fn read_image_name(&self, name: &str) -> Option<(Address, u32)> {
        let read = BASE64URL_NOPAD.decode(name.as_bytes()).ok()?;
        let (tenant, rest) = read.split_first_chunk::<8>()?;
        let (mode, rest) = rest.split_first()?;
        let (entity, rest) = rest.split_first_chunk::<8>()?;
        let (number, _) = rest.split_first_chunk::<4>()?;
        let contact = Address {
            tenant: TenantId(u64::from_be_bytes(*tenant)),
            mode: Mode::from_number(*mode)?,
            kind: Kind::Contact,
            entity: u64::from_be_bytes(*entity),
        };
        let number = u32::from_be_bytes(*number);
        // Hashes are compared, so that the time tells nothing of where two differ.
        let expected = self.image_name(&contact, number);
        (blake3::hash(expected.as_bytes()) == blake3::hash(name.as_bytes()))
            .then_some((contact, number))
    }
}
