//! Reads batches one after the other, in large pieces.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::format::{BATCH_HEADER_BYTES, BLOCK_BYTES, Batch, BatchHeader, SegmentHeader};

/// The bytes asked of the system at once: large enough that the calls don't count, small enough for the cache.
const READ_BYTES: usize = 1024 * 1024;

/// A window over a part of a segment.
pub(super) struct BatchReader {
    file: File,
    header: SegmentHeader,
    offset: u64,
    end: u64,
    window: Vec<u8>,
    window_at: u64,
    window_bytes: usize,
}

impl BatchReader {
    /// Reads from `start` on, never at or past `end`.
    pub(super) fn new(file: File, header: SegmentHeader, start: u64, end: u64) -> BatchReader {
        BatchReader {
            file,
            header,
            offset: start,
            end,
            window: Vec::new(),
            window_at: 0,
            window_bytes: 0,
        }
    }

    /// The segment's header.
    pub(super) fn header(&self) -> SegmentHeader {
        self.header
    }

    /// Where the next batch begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The batch that begins here, with its bytes on disk; none if none does. Moves past it.
    pub(super) fn next_batch(&mut self) -> io::Result<Option<(Batch<'_>, u64)>> {
        let at = self.offset;
        let Some(header) = self.header_at(at)? else {
            return Ok(None);
        };
        let Ok(bytes) = usize::try_from(header.padded) else {
            return Ok(None);
        };
        self.load(at, bytes)?;
        let whole = self.slice(at, bytes);
        if !whole.is_some_and(|bytes| header.is_borne_out_by(bytes)) {
            return Ok(None);
        }
        self.offset = at.saturating_add(header.padded);
        let batch = self.slice(at, bytes).and_then(|bytes| header.batch(bytes));
        Ok(batch.map(|batch| (batch, header.padded)))
    }

    /// Looks for any whole batch at or after `start`, block by block: its offset and number.
    pub(super) fn find_batch(&mut self, start: u64) -> io::Result<Option<(u64, u64)>> {
        let mut at = start;
        while at < self.end {
            if self.header_at(at)?.is_some() {
                self.offset = at;
                if let Some((batch, _)) = self.next_batch()? {
                    return Ok(Some((at, batch.number)));
                }
            }
            at = at.saturating_add(BLOCK_BYTES);
        }
        Ok(None)
    }

    /// Whether only zeros lie from `start` to the end.
    pub(super) fn is_zero_from(&mut self, start: u64) -> io::Result<bool> {
        let block = usize::try_from(BLOCK_BYTES).unwrap_or(usize::MAX);
        let mut at = start;
        while at < self.end {
            self.load(at, block)?;
            let rest = self.end.saturating_sub(at);
            let length = usize::try_from(rest).map_or(block, |rest| rest.min(block));
            // Bytes past the end of a file cut short count as zeros that were never used.
            if self.available(at, length).iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            at = at.saturating_add(BLOCK_BYTES);
        }
        Ok(true)
    }

    fn header_at(&mut self, at: u64) -> io::Result<Option<BatchHeader>> {
        self.load(at, BATCH_HEADER_BYTES)?;
        let bytes = self.slice(at, BATCH_HEADER_BYTES);
        let header = bytes.and_then(|bytes| BatchHeader::decode(bytes, &self.header));
        let end = self.end;
        Ok(header.filter(|header| at.saturating_add(header.padded) <= end))
    }

    /// The loaded bytes; none if the file or the part ends before.
    fn slice(&self, at: u64, bytes: usize) -> Option<&[u8]> {
        let slice = self.available(at, bytes);
        (slice.len() == bytes).then_some(slice)
    }

    fn available(&self, at: u64, bytes: usize) -> &[u8] {
        let loaded = self.window.get(..self.window_bytes).unwrap_or_default();
        let skipped = at.checked_sub(self.window_at).map(usize::try_from);
        let Some(Ok(skipped)) = skipped else {
            return &[];
        };
        let rest = loaded.get(skipped..).unwrap_or_default();
        rest.get(..bytes).unwrap_or(rest)
    }

    /// Makes the window cover `bytes` from `at` on, as far as the file goes.
    fn load(&mut self, at: u64, bytes: usize) -> io::Result<()> {
        if self.slice(at, bytes).is_some() {
            return Ok(());
        }
        let left = usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX);
        let wanted = bytes.max(READ_BYTES).min(left);
        if self.window.len() < wanted {
            self.window.resize(wanted, 0);
        }
        self.window_at = at;
        self.window_bytes = 0;
        let window = self.window.get_mut(..wanted).unwrap_or_default();
        let mut filled = 0;
        while let Some(space) = window.get_mut(filled..).filter(|space| !space.is_empty()) {
            let offset = at.saturating_add(u64::try_from(filled).unwrap_or(u64::MAX));
            match self.file.read_at(space, offset) {
                Ok(0) => break,
                Ok(read) => filled = filled.saturating_add(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.window_bytes = filled;
        Ok(())
    }
}
