//! The node's root secret, from which every key that is not a contact's derives: HMACs of directory entries, ids.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use super::Error;
use super::seal::wipe;
use crate::persistence::durable;

const MAGIC: [u8; 8] = *b"CLROOT\0\x01";
const SECRET_BYTES: usize = 32;
/// Magic (8), the secret (32), CRC-32C of both (4, little-endian).
const FILE_BYTES: usize = 8 + SECRET_BYTES + 4;

/// 32 random bytes, made once for a data directory and never changed: what derives from them is stored.
pub struct RootSecret([u8; SECRET_BYTES]);

impl fmt::Debug for RootSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RootSecret(..)")
    }
}

impl Drop for RootSecret {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl RootSecret {
    /// Reads the secret at `path`, or makes it, synced, for the owner's eyes alone, if there is no such file.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the file is not as it was written: it is never made anew, since everything that was
    /// derived from it would be lost. [`Error::Io`] if the system refuses.
    pub fn open_or_create(path: &Path) -> Result<Self, Error> {
        let io = |action| {
            move |source| Error::Io {
                action,
                path: path.to_owned(),
                source,
            }
        };
        match std::fs::File::open(path) {
            Ok(file) => {
                let mut bytes = Vec::with_capacity(FILE_BYTES);
                // One more than there should be, so that a longer file is noticed.
                file.take(FILE_BYTES as u64 + 1)
                    .read_to_end(&mut bytes)
                    .map_err(io("read"))?;
                let secret = decode(&bytes).ok_or_else(|| Error::Damaged {
                    path: path.to_owned(),
                    offset: 0,
                    detail: "this is not a whole root secret".to_owned(),
                });
                wipe(&mut bytes);
                secret
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut secret = Self([0; SECRET_BYTES]);
                getrandom::fill(&mut secret.0)
                    .map_err(io::Error::from)
                    .map_err(io("get random bytes for"))?;
                let mut bytes = encode(&secret);
                durable::replace_file(path, &bytes).map_err(io("write"))?;
                wipe(&mut bytes);
                Ok(secret)
            }
            Err(source) => Err(io("open")(source)),
        }
    }

    /// The secret that an operator keeps outside of the data directory: 32 random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    /// A secret that follows from `seed`, for tests and simulation only.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(blake3::derive_key(
            "clientele root secret simulation v1",
            &seed.to_le_bytes(),
        ))
    }

    /// The key for one purpose. The same purpose gives the same key for ever; no two give related ones.
    #[must_use]
    pub fn subkey(&self, purpose: &'static str) -> [u8; 32] {
        blake3::derive_key(&format!("clientele root secret v1: {purpose}"), &self.0)
    }
}

fn encode(secret: &RootSecret) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FILE_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&secret.0);
    let sum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<RootSecret> {
    let secret = RootSecret(*bytes.get(8..8 + SECRET_BYTES)?.as_array()?);
    let mut whole = encode(&secret);
    let matches = whole == bytes;
    wipe(&mut whole);
    matches.then_some(secret)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_root_secret_is_made_once_for_the_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets");
        let made = RootSecret::open_or_create(&path).unwrap();
        let read = RootSecret::open_or_create(&path).unwrap();
        assert_eq!(made.subkey("ids"), read.subkey("ids"));
        assert_ne!(made.subkey("ids"), made.subkey("phones"));
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = RootSecret::open_or_create(&directory.path().join("other")).unwrap();
        assert_ne!(made.subkey("ids"), other.subkey("ids"));
    }

    #[test]
    fn a_damaged_root_secret_is_refused_never_remade() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets");
        RootSecret::open_or_create(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut worn = whole.clone();
            worn[at] ^= 1;
            std::fs::write(&path, &worn).unwrap();
            let refused = RootSecret::open_or_create(&path);
            assert!(matches!(refused, Err(Error::Damaged { .. })), "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            let refused = RootSecret::open_or_create(&path);
            assert!(matches!(refused, Err(Error::Damaged { .. })), "length {at}");
        }
        std::fs::write(&path, [whole.as_slice(), b"x"].concat()).unwrap();
        assert!(RootSecret::open_or_create(&path).is_err());
    }

    #[test]
    fn subkeys_are_pinned() {
        // What is stored derives from these: another value would orphan every directory entry.
        let subkey = RootSecret::from_seed(1).subkey("directory");
        assert_eq!(
            blake3::Hash::from(subkey).to_hex().as_str(),
            "4220feaf6e9b6d2901d205680313ab76dace82503bd9f3217d82e0cfe1066171"
        );
    }

    #[test]
    fn a_root_secret_does_not_print_itself() {
        assert_eq!(format!("{:?}", RootSecret::from_seed(1)), "RootSecret(..)");
    }
}
