//! Reading an export, and checking it.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use super::format::{
    BLOCK_FIELDS_BYTES, DIGEST_BYTES, FOOTER_FIELDS_BYTES, Fields, HEADER_BYTES, TAG_BLOCK,
    TAG_FOOTER, decode_header, encode_block, encode_footer, first_item,
};
use super::{Error, ExportSummary, Header, Item};
use crate::limits::EXPORT_BLOCK_BYTES_MAX;

/// Reads the whole export at `path` and checks everything in it.
///
/// # Errors
/// [`Error::Damaged`] if it was cut off or changed anywhere, [`Error::Io`] if it cannot be read.
pub fn verify(path: &Path) -> Result<(Header, ExportSummary), Error> {
    let mut reader = ExportReader::open(path)?;
    loop {
        if reader.next_item()?.is_none()
            && let Some(summary) = reader.summary()
        {
            return Ok((reader.header(), summary));
        }
    }
}

/// An export that is being read, in memory bounded by a block.
///
/// An item is handed out once its block's checksum is right; that nothing is missing is known only at the end, where
/// the digest is compared. So whoever must not begin with half an export calls [`verify`] first, and whoever reads one
/// takes an error at any point as an error of the whole.
pub struct ExportReader {
    path: PathBuf,
    file: BufReader<File>,
    header: Header,
    digest: blake3::Hasher,
    /// How much of the file is read.
    offset: u64,
    records: u64,
    blocks: u64,
    /// The items of the current block, of which `taken` bytes are handed out.
    items: Vec<u8>,
    taken: usize,
    /// Where the current block's items begin in the file.
    items_offset: u64,
    summary: Option<ExportSummary>,
}

impl ExportReader {
    /// Opens the export at `path` and checks its header.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| Error::Io {
            done: "opened",
            path: path.to_owned(),
            source,
        })?;
        let mut reader = Self {
            path: path.to_owned(),
            file: BufReader::new(file),
            header: Header {
                data_directory_id: [0; 16],
                journal_position: crate::persistence::journal::Position::START,
                created_at_ms: 0,
                shard_count: 0,
            },
            digest: blake3::Hasher::new(),
            offset: 0,
            records: 0,
            blocks: 0,
            items: Vec::new(),
            taken: 0,
            items_offset: 0,
            summary: None,
        };
        let bytes = reader.read::<HEADER_BYTES>()?;
        reader.header =
            decode_header(&bytes).map_err(|detail| reader.damaged(0, detail.to_owned()))?;
        reader.digest.update(&bytes);
        Ok(reader)
    }

    /// What the export was taken of.
    #[must_use]
    pub fn header(&self) -> Header {
        self.header
    }

    /// What the export came to, once it was read to its end.
    #[must_use]
    pub fn summary(&self) -> Option<ExportSummary> {
        self.summary
    }

    /// The next item; `None` at the end, and then the whole file is proven to be as it was written.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Io`].
    pub fn next_item(&mut self) -> Result<Option<Item>, Error> {
        while self.taken == self.items.len() {
            if self.summary.is_some() {
                return Ok(None);
            }
            self.next_part()?;
        }
        let rest = self.items.get(self.taken..).unwrap_or_default();
        let Some((item, bytes)) = first_item(rest) else {
            let at = self.items_offset.saturating_add(self.taken as u64);
            return Err(self.damaged(at, "an item goes past the end of its block".to_owned()));
        };
        self.taken = self.taken.saturating_add(bytes);
        self.records = self.records.saturating_add(1);
        Ok(Some(item))
    }

    /// Reads the next block, or the footer.
    fn next_part(&mut self) -> Result<(), Error> {
        let at = self.offset;
        let [tag] = self.read()?;
        match tag {
            TAG_BLOCK => self.read_block(at),
            TAG_FOOTER => self.read_footer(at),
            other => Err(self.damaged(at, format!("neither block nor footer begins with {other}"))),
        }
    }

    fn read_block(&mut self, at: u64) -> Result<(), Error> {
        let fields = self.read::<BLOCK_FIELDS_BYTES>()?;
        let length = Fields(&fields).take().map_or(0, u32::from_le_bytes);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length == 0 || length > EXPORT_BLOCK_BYTES_MAX {
            // Also keeps a changed length from asking for memory without bound.
            return Err(self.damaged(at, format!("no block has {length} bytes")));
        }
        self.items_offset = self.offset;
        self.items.clear();
        self.items.resize(length, 0);
        self.taken = 0;
        let mut items = std::mem::take(&mut self.items);
        self.fill(&mut items)?;
        self.items = items;
        let expected = encode_block(self.blocks, &self.items);
        if expected.get(1..) != Some(&fields) {
            let detail = format!("the checksum or number of block {} is wrong", self.blocks);
            return Err(self.damaged(at, detail));
        }
        self.digest.update(&expected);
        self.digest.update(&self.items);
        self.blocks = self.blocks.saturating_add(1);
        Ok(())
    }

    fn read_footer(&mut self, at: u64) -> Result<(), Error> {
        let fields = self.read::<FOOTER_FIELDS_BYTES>()?;
        let expected = encode_footer(self.records, self.blocks);
        if expected.get(1..) != Some(&fields) {
            let detail = format!(
                "the footer does not tell of the {} items in {} blocks that were read",
                self.records, self.blocks
            );
            return Err(self.damaged(at, detail));
        }
        self.digest.update(&expected);
        let digest_at = self.offset;
        let stored = self.read::<DIGEST_BYTES>()?;
        let digest = *self.digest.finalize().as_bytes();
        if stored != digest {
            return Err(self.damaged(digest_at, "the digest is wrong".to_owned()));
        }
        let end = self.offset;
        let mut beyond = [0];
        match self.file.read(&mut beyond) {
            Ok(0) => {}
            Ok(_) => return Err(self.damaged(end, "more follows after the end".to_owned())),
            Err(source) => return Err(self.failed(source)),
        }
        self.items.clear();
        self.taken = 0;
        self.summary = Some(ExportSummary {
            records: self.records,
            bytes: end,
            digest,
        });
        Ok(())
    }

    fn read<const BYTES: usize>(&mut self) -> Result<[u8; BYTES], Error> {
        let mut bytes = [0; BYTES];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        match self.file.read_exact(bytes) {
            Ok(()) => {
                self.offset = self.offset.saturating_add(bytes.len() as u64);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(self.damaged(self.offset, "the file is cut off".to_owned()))
            }
            Err(source) => Err(self.failed(source)),
        }
    }

    fn damaged(&self, offset: u64, detail: String) -> Error {
        Error::Damaged {
            path: self.path.clone(),
            offset,
            detail,
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Io {
            done: "read",
            path: self.path.clone(),
            source,
        }
    }
}
