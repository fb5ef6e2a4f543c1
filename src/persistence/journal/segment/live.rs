//! What readers may read: the live segments up to the last synced batch.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::format::{BLOCK_BYTES, SegmentHeader};
use crate::persistence::journal::Position;

/// Every so many batches the place of one is remembered: a reader passes over at most so many it doesn't want, and an
/// index of the default segment takes 32 KiB at most.
const BATCHES_A_MARK: u64 = 16;

/// One live segment, as far as it is durable.
#[derive(Clone, Debug)]
pub(super) struct LiveSegment {
    /// Its header.
    pub(super) header: SegmentHeader,
    /// The number of its first batch.
    pub(super) first_batch: u64,
    /// The number of the batch after its last.
    pub(super) next_batch: u64,
    /// The offset after its last batch, in bytes.
    pub(super) end: u64,
    /// The last record in it or before it.
    pub(super) last: Position,
    /// The offsets of batches `first_batch`, `first_batch + BATCHES_A_MARK`, and so on.
    marks: Vec<u64>,
}

impl LiveSegment {
    /// A segment without batches; its first will be `first_batch`.
    pub(super) fn empty(header: SegmentHeader, first_batch: u64) -> LiveSegment {
        LiveSegment {
            header,
            first_batch,
            next_batch: first_batch,
            end: BLOCK_BYTES,
            last: Position::START,
            marks: Vec::new(),
        }
    }

    /// Adds the next batch.
    pub(super) fn push(&mut self, padded: u64, last: Position) {
        let passed = self.next_batch.saturating_sub(self.first_batch);
        if passed.is_multiple_of(BATCHES_A_MARK) {
            self.marks.push(self.end);
        }
        self.next_batch = self.next_batch.saturating_add(1);
        self.end = self.end.saturating_add(padded);
        self.last = self.last.max(last);
    }

    /// Where to begin to read, to see batch `wanted` and all after it.
    fn start(&self, wanted: u64) -> u64 {
        let passed = wanted.saturating_sub(self.first_batch) / BATCHES_A_MARK;
        let mark = usize::try_from(passed).unwrap_or(usize::MAX);
        self.marks.get(mark).copied().unwrap_or(BLOCK_BYTES)
    }
}

/// A part of a segment to read.
#[derive(Clone, Debug)]
pub(super) struct Extent {
    /// The segment.
    pub(super) header: SegmentHeader,
    /// The first byte: a batch begins there.
    pub(super) start: u64,
    /// The byte after the last.
    pub(super) end: u64,
    /// The number of the batch that follows.
    pub(super) next_batch: u64,
}

/// The live segments in order; the last is the active one.
pub(super) struct Live {
    segments: Mutex<VecDeque<LiveSegment>>,
}

impl Live {
    /// As a start found them.
    pub(super) fn new(segments: VecDeque<LiveSegment>) -> Live {
        let segments = Mutex::new(segments);
        Live { segments }
    }

    /// The writer has synced a batch of `padded` bytes.
    pub(super) fn synced(&self, header: &SegmentHeader, batch: u64, padded: u64, last: Position) {
        let mut segments = self.segments.lock();
        if segments
            .back()
            .is_none_or(|active| active.header.id != header.id)
        {
            segments.push_back(LiveSegment::empty(*header, batch));
        }
        if let Some(active) = segments.back_mut() {
            active.push(padded, last);
        }
    }

    /// What to read next, to see batch `wanted` and all after it; none if there are none yet.
    pub(super) fn extent(&self, wanted: u64) -> Option<Extent> {
        let segments = self.segments.lock();
        let segment = segments
            .iter()
            .find(|segment| segment.next_batch > wanted)?;
        Some(Extent {
            header: segment.header,
            start: segment.start(wanted),
            end: segment.end,
            next_batch: segment.next_batch,
        })
    }

    /// The segments that hold nothing after `to`, and the first that stays. The active one always stays.
    pub(super) fn behind(&self, to: Position) -> Option<(Vec<u64>, LiveSegment)> {
        let segments = self.segments.lock();
        let ids: Vec<u64> = segments
            .iter()
            .take(segments.len().saturating_sub(1))
            .take_while(|segment| segment.last <= to)
            .map(|segment| segment.header.id)
            .collect();
        let stays = segments.get(ids.len())?.clone();
        (!ids.is_empty()).then_some((ids, stays))
    }

    /// Forgets the segments before `id`.
    pub(super) fn forget_before(&self, id: u64) {
        self.segments
            .lock()
            .retain(|segment| segment.header.id >= id);
    }

    /// The number of the first batch that is still there.
    pub(super) fn first_batch(&self) -> u64 {
        let segments = self.segments.lock();
        segments.front().map_or(1, |segment| segment.first_batch)
    }

    /// Whether segment `id` is live.
    pub(super) fn contains(&self, id: u64) -> bool {
        let segments = self.segments.lock();
        segments.iter().any(|segment| segment.header.id == id)
    }
}
