//! The names of the keys that sign tokens.

use data_encoding::BASE64URL_NOPAD;

/// How many bytes of a public key's hash name it: no two of one deployment ever meet.
pub const KEY_ID_BYTES: usize = 12;

/// What tokens call a signing key: the `kid` of their headers and of `/.well-known/jwks.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyId(String);

impl KeyId {
    /// The ids in a list with commas between them.
    ///
    /// # Errors
    /// The first that is none.
    pub fn list(text: &str) -> Result<Vec<KeyId>, NotAKeyId> {
        let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
        ids.map(|id| match BASE64URL_NOPAD.decode(id.as_bytes()) {
            Ok(bytes) if bytes.len() == KEY_ID_BYTES => Ok(KeyId(id.to_owned())),
            Ok(_) | Err(_) => Err(NotAKeyId(id.to_owned())),
        })
        .collect()
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no key's id.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no id of a signing key")]
pub struct NotAKeyId(String);
