//! The start: reads every live segment, tells a torn tail from damage, and leaves a journal that is safe to append to.
//!
//! Only one batch is ever unsynced, so a crash can tear the very last one and no other: that one was never
//! acknowledged, and is cut. A bad batch with any whole batch behind it, a missing or foreign file, or a tail that is
//! shorter than a close in good order left it, is damage: the start is refused and nothing is changed.
//!
//! Unless the journal was closed in good order, the newest segment is copied to a new, synced file: after a sync error
//! what can be read of it need not be on disk. The mark of good order is durable only after the last successful sync,
//! so no error can forge it, and a failing disk need not be asked to keep a mark of its failure.

use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io;

use clientele_cluster::{ShardId, ShardLog};

use super::directory::{Directory, damaged, failed, new_header, random};
use super::format::{BLOCK_BYTES, Batch, Item, SegmentHeader};
use super::live::LiveSegment;
use super::manifest::Manifest;
use super::read::BatchReader;
use crate::persistence::journal::shards::Shards;
use crate::persistence::journal::{Error, Position};

/// What a start found.
pub(super) struct Recovered {
    /// The manifest as it is on disk now: not closed.
    pub(super) manifest: Manifest,
    /// The live segments; the last is the active one.
    pub(super) segments: VecDeque<LiveSegment>,
    /// The newest segment, open for writing.
    pub(super) file: File,
    /// What the whole journal says of the shards.
    pub(super) shards: Shards,
    /// The last record of each shard.
    pub(super) lasts: HashMap<ShardId, Position>,
    /// The last record of all.
    pub(super) last: Position,
}

/// Reads the journal in `directory`, or creates it.
pub(super) fn recover(directory: &Directory, segment_bytes: u64) -> Result<Recovered, Error> {
    let ids = directory.segment_ids()?;
    match Manifest::load(directory)? {
        None => create(directory, &ids, segment_bytes),
        Some(manifest) => reopen(directory, &ids, manifest),
    }
}

fn create(directory: &Directory, ids: &[u64], segment_bytes: u64) -> Result<Recovered, Error> {
    for id in ids {
        if !is_unused(directory, *id)? {
            let path = directory.manifest();
            let detail = format!("{} is missing, but there are segments", path.display());
            return Err(damaged(detail));
        }
    }
    directory.remove_segments(ids.iter().copied())?;
    let header = new_header(1, random()?, segment_bytes)?;
    let file = directory.create_segment(&header)?;
    let manifest = Manifest {
        directory: header.directory,
        first: 1,
        first_batch: 1,
        last: 1,
        closed_after: None,
    };
    manifest.store(directory)?;
    Ok(Recovered {
        manifest,
        segments: VecDeque::from([LiveSegment::empty(header, 1)]),
        file,
        shards: Shards::default(),
        lasts: HashMap::new(),
        last: Position::START,
    })
}

fn reopen(directory: &Directory, ids: &[u64], mut manifest: Manifest) -> Result<Recovered, Error> {
    for id in ids.iter().filter(|id| **id > manifest.last) {
        if !is_unused(directory, *id)? {
            let path = directory.segment(*id);
            let detail = format!("{} is newer than the manifest", path.display());
            return Err(damaged(detail));
        }
    }
    let mut scan = Scan::new(directory, manifest.clone());
    for id in manifest.first..=manifest.last {
        scan.segment(id)?;
    }
    scan.check_end()?;
    let Some(tail) = scan.segments.back().cloned() else {
        return Err(damaged("the manifest names no segment".to_owned()));
    };
    let file = open_tail(directory, &tail, manifest.closed_after.is_some())?;
    let (first, last) = (manifest.first, tail.header.id);
    manifest.last = last;
    manifest.closed_after = None;
    manifest.store(directory)?;
    // Segments prepared ahead may hold the torn beginning of a batch, so they are made anew.
    let unused = ids.iter().copied().filter(|id| *id < first || *id > last);
    directory.remove_segments(unused)?;
    Ok(Recovered {
        manifest,
        file,
        segments: scan.segments,
        shards: scan.shards,
        lasts: scan.lasts,
        last: scan.last,
    })
}

/// Cuts the tail, zeroes the rest and syncs both, by way of a new file; nothing of that is due after a close in good
/// order.
fn open_tail(directory: &Directory, tail: &LiveSegment, closed: bool) -> Result<File, Error> {
    let path = directory.segment(tail.header.id);
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).open(&path);
    let file = file.map_err(failed("open", &path))?;
    let bytes = file.metadata().map_err(failed("read", &path))?.len();
    if closed && bytes == tail.header.bytes {
        return Ok(file);
    }
    tracing::info!(
        segment = %path.display(), bytes = tail.end, last_batch = tail.next_batch.saturating_sub(1),
        "the journal was not closed in good order: its newest segment is copied"
    );
    directory.copy_segment(&tail.header, tail.end)
}

/// Whether a segment that the manifest doesn't name is what a crash left of creating it.
fn is_unused(directory: &Directory, id: u64) -> Result<bool, Error> {
    let path = directory.segment(id);
    let unreadable = failed("read", &path);
    let file = File::open(&path).map_err(&unreadable)?;
    let bytes = file.metadata().map_err(&unreadable)?.len();
    match read_header(&file).map_err(&unreadable)? {
        Ok(header) => {
            let mut reader = BatchReader::new(file, header, BLOCK_BYTES, bytes);
            let found = reader.find_batch(BLOCK_BYTES).map_err(&unreadable)?;
            Ok(found.is_none())
        }
        Err(_) => {
            let header = new_header(id, [0; 16], bytes)?;
            let mut reader = BatchReader::new(file, header, 0, bytes);
            reader.is_zero_from(0).map_err(&unreadable)
        }
    }
}

fn read_header(file: &File) -> io::Result<Result<SegmentHeader, &'static str>> {
    use std::os::unix::fs::FileExt;
    let mut block = [0; 512];
    match file.read_exact_at(&mut block, 0) {
        Ok(()) => Ok(SegmentHeader::decode(&block)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Ok(Err("it ends within its header"))
        }
        Err(error) => Err(error),
    }
}

/// One pass over the live segments.
struct Scan<'a> {
    directory: &'a Directory,
    manifest: Manifest,
    /// Those with batches, and the first in any case.
    segments: VecDeque<LiveSegment>,
    /// Whether a segment without batches came after the first one: then no later one may have any.
    ended: bool,
    next_batch: u64,
    shards: Shards,
    lasts: HashMap<ShardId, Position>,
    last: Position,
}

impl<'a> Scan<'a> {
    fn new(directory: &'a Directory, manifest: Manifest) -> Scan<'a> {
        Scan {
            directory,
            segments: VecDeque::new(),
            ended: false,
            next_batch: manifest.first_batch,
            manifest,
            shards: Shards::default(),
            lasts: HashMap::new(),
            last: Position::START,
        }
    }

    fn segment(&mut self, id: u64) -> Result<(), Error> {
        let mut reader = self.open(id)?;
        let mut live = LiveSegment::empty(reader.header(), self.next_batch);
        loop {
            let at = reader.offset();
            let Some((batch, padded)) = reader.next_batch().map_err(self.unreadable(id))? else {
                break;
            };
            let number = batch.number;
            if self.ended || number != self.next_batch {
                return Err(self.missing(&live, number, id, at));
            }
            if let Err(fault) = self.batch(&batch) {
                return Err(self.damaged(id, at, &fault));
            }
            live.push(padded, self.last);
            self.next_batch = self.next_batch.saturating_add(1);
        }
        let empty = live.end == BLOCK_BYTES;
        if empty && !self.segments.is_empty() {
            self.ended = true;
            return self.check_nothing_behind(id, BLOCK_BYTES);
        }
        self.segments.push_back(live);
        Ok(())
    }

    /// Takes the items of one batch, and says what is wrong with them.
    fn batch(&mut self, batch: &Batch<'_>) -> Result<(), String> {
        let mut records = 0_u32;
        let mut items = batch.items();
        for item in &mut items {
            match item {
                Item::Shard(shard, log) => self.table_line(shard, log)?,
                Item::Record(position, record) => {
                    let verdict = self.shards.observe(&record);
                    if !verdict.counts() {
                        return Err(format!(
                            "a record of shard {} of epoch {} doesn't count: {verdict:?}",
                            record.shard, record.epoch
                        ));
                    }
                    self.lasts.insert(record.shard, position);
                    self.last = position;
                    records = records.saturating_add(1);
                }
            }
        }
        if records != batch.records || items.remaining() > 0 {
            return Err(format!("batch {} doesn't hold what it says", batch.number));
        }
        Ok(())
    }

    /// The first live segment's table is all that is known of what was trimmed; later ones must agree with what was
    /// read.
    fn table_line(&mut self, shard: ShardId, log: ShardLog) -> Result<(), String> {
        let known = self.shards.get(shard);
        // A gap is never written, so the poison that it leaves is only in the table.
        let agrees = (known.epoch(), known.owner()) == (log.epoch(), log.owner())
            && (log.next_seq().is_none() || log.next_seq() == known.next_seq());
        if !self.segments.is_empty() && !agrees {
            return Err(format!("the table is at odds with shard {shard}'s records"));
        }
        self.shards.set(shard, log);
        Ok(())
    }

    /// Nothing whole may lie behind the last batch; and it must be the last one, where that is known.
    fn check_end(&self) -> Result<(), Error> {
        let Some(tail) = self.segments.back() else {
            return Ok(());
        };
        let id = tail.header.id;
        self.check_nothing_behind(id, tail.end)?;
        let last = self.next_batch.saturating_sub(1);
        let closed_after = self.manifest.closed_after;
        if closed_after.is_some_and(|closed| closed != last) {
            let detail =
                format!("the last batch is {last}, but batch {closed_after:?} was durable");
            return Err(self.damaged(id, tail.end, &detail));
        }
        if last < self.manifest.first_batch && self.manifest.first_batch > 1 {
            let detail = "the first batch is missing or altered";
            return Err(self.damaged(id, BLOCK_BYTES, detail));
        }
        Ok(())
    }

    fn check_nothing_behind(&self, id: u64, end: u64) -> Result<(), Error> {
        let mut reader = self.open(id)?;
        let found = reader.find_batch(end).map_err(self.unreadable(id))?;
        match (found, self.segments.back()) {
            (Some((at, number)), Some(last)) => Err(self.missing(last, number, id, at)),
            (None, _) | (_, None) => Ok(()),
        }
    }

    /// The next batch is not where it belongs, but batch `number` lies at `at` of segment `id`.
    fn missing(&self, here: &LiveSegment, number: u64, id: u64, at: u64) -> Error {
        // If the segment has no batch at all, the last one before it may have lost its last.
        let lost = match self.segments.back() {
            Some(last) if here.end == BLOCK_BYTES => last,
            Some(_) | None => here,
        };
        let expected = self.next_batch;
        let found = self.directory.segment(id);
        let detail = format!(
            "batch {expected} is missing or altered, but batch {number} lies in {} at offset {at}",
            found.display()
        );
        self.damaged(lost.header.id, lost.end, &detail)
    }

    fn open(&self, id: u64) -> Result<BatchReader, Error> {
        let path = self.directory.segment(id);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(damaged(format!("{} is missing", path.display())));
            }
            Err(error) => return Err(failed("open", &path)(error)),
        };
        let header = read_header(&file)
            .map_err(self.unreadable(id))?
            .map_err(|fault| self.damaged(id, 0, fault))?;
        if header.id != id {
            return Err(self.damaged(id, 0, &format!("it is segment {}", header.id)));
        }
        if header.directory != self.manifest.directory {
            return Err(self.damaged(id, 0, "it belongs to another data directory"));
        }
        Ok(BatchReader::new(file, header, BLOCK_BYTES, header.bytes))
    }

    fn unreadable(&self, id: u64) -> impl Fn(io::Error) -> Error + use<> {
        failed("read", &self.directory.segment(id))
    }

    fn damaged(&self, id: u64, at: u64, fault: &str) -> Error {
        let path = self.directory.segment(id);
        damaged(format!("{} at offset {at}: {fault}", path.display()))
    }
}
