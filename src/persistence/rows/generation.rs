//! The file `synced`: which generation of the rows is known to be durable.
//!
//! Two slots of a disk sector each, written in turn, so that a torn write leaves the other one whole. A slot: magic
//! (8), generation (8, little-endian), CRC-32C of both (4).

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::Error;
use super::sled::lost;
use crate::persistence::durable;

const MAGIC: [u8; 8] = *b"CLROWS\0\x01";
const SLOT_BYTES: usize = 20;
/// A sector: what a disk writes whole or not at all.
const SLOT_STRIDE: u64 = 512;
const SLOTS: u64 = 2;

pub(super) struct Synced {
    file: Option<File>,
    path: std::path::PathBuf,
    generation: Option<u64>,
}

impl Synced {
    /// Reads the file in `directory`, if there is one.
    ///
    /// # Errors
    /// [`Error::Store`] if it cannot be read, or if it is there and neither slot is whole.
    pub(super) fn open(directory: &Path) -> Result<Self, Error> {
        let path = directory.join("synced");
        let file = match durable::open_file(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self {
                    file: None,
                    path,
                    generation: None,
                });
            }
            Err(error) => {
                return Err(lost(
                    directory,
                    &format!("`synced` cannot be read ({error})"),
                ));
            }
        };
        let newest = (0..SLOTS).filter_map(|slot| read_slot(&file, slot)).max();
        let Some(generation) = newest else {
            return Err(lost(directory, "its file `synced` is damaged"));
        };
        Ok(Self {
            file: Some(file),
            path,
            generation: Some(generation),
        })
    }

    /// The newest durable generation; `None` in a new directory.
    pub(super) fn generation(&self) -> Option<u64> {
        self.generation
    }

    /// Records that `generation` is durable in the store.
    pub(super) fn record(&mut self, generation: u64) -> io::Result<()> {
        let slot = encode(generation);
        match &self.file {
            Some(file) => {
                file.write_all_at(&slot, (generation % SLOTS) * SLOT_STRIDE)?;
                file.sync_data()?;
            }
            None => {
                let mut bytes = vec![0; usize::try_from(SLOTS * SLOT_STRIDE).unwrap_or(1024)];
                let at = usize::try_from((generation % SLOTS) * SLOT_STRIDE).unwrap_or(0);
                for (to, from) in bytes.iter_mut().skip(at).zip(slot) {
                    *to = from;
                }
                durable::replace_file(&self.path, &bytes)?;
                self.file = Some(durable::open_file(&self.path)?);
            }
        }
        self.generation = Some(generation);
        Ok(())
    }
}

fn encode(generation: u64) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    let (content, sum) = slot.split_at_mut(16);
    let (magic, number) = content.split_at_mut(8);
    magic.copy_from_slice(&MAGIC);
    number.copy_from_slice(&generation.to_le_bytes());
    sum.copy_from_slice(&crc32c::crc32c(content).to_le_bytes());
    slot
}

fn read_slot(file: &File, slot: u64) -> Option<u64> {
    let mut bytes = [0; SLOT_BYTES];
    file.read_exact_at(&mut bytes, slot * SLOT_STRIDE).ok()?;
    let number = bytes.get(8..16)?;
    let generation = u64::from_le_bytes(number.try_into().ok()?);
    (bytes == encode(generation)).then_some(generation)
}
