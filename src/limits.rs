//! Every bound of the system, each with its derivation beside it.

use std::time::Duration;

mod abuse;
mod identity;
mod load_generator;
mod organisations;
mod outbound;
mod rewards;
mod self_service;

pub use abuse::*;
pub use identity::*;
pub use load_generator::*;
pub use organisations::*;
pub use outbound::*;
pub use rewards::*;
pub use self_service::*;

/// The largest row, in bytes of payload: a row is rewritten whole whenever its entity changes, so its size bounds
/// both the write amplification of a checkpoint and the time of an activation. The largest contact's head fits: 28 KiB
/// of lots, 10 KiB of keys (31 of 47 bytes, and an 8 KiB filter), 16 KiB of sealed profile, 3 KiB of counts for capped offers, 8 KiB of
/// loyalty, 3 KiB of what lets it in, 2 KiB of the rest; and so does the largest purchase, which takes from every lot and is looked at by every offer (44 KiB).
pub const ROW_BYTES_MAX: usize = 72 * 1024;

/// The most memory that decoding one stored value may claim, in bytes: four times the largest row, for the room that
/// decoded collections take. Past it the bytes are damaged, whatever their checksum says.
pub const DECODED_BYTES_MAX: usize = 4 * ROW_BYTES_MAX;

/// The largest journal record of an award, in bytes: the rate of the journal goes by it.
pub const AWARD_RECORD_BYTES_MAX: usize = 600;
/// What sled may keep in memory, in bytes: hot entities live in actors and changed rows in the dirty-row table, so only
/// activations read here. 64 MiB holds the index over some millions of rows.
pub const ROWS_CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// How many head rows are compared with their tally before a node is ready: half a second's worth, so that damage in a
/// directory of up to some 100,000 contacts refuses the start. Those of a larger one are compared before their first use.
pub const ROWS_CHECKED_AT_START: usize = 200_000;

/// How long opening the journal or the rows waits for another holder to let go, in milliseconds: a process that was killed releases
/// its locks within a second or so, and a start has 10 s in all.
pub const LOCK_WAIT_MS: u64 = 5_000;

/// How long to wait between two tries for such a lock, in milliseconds: short against the wait, long against a try.
pub const LOCK_RETRY_MS: u64 = 50;
// ---- http: the edge

/// The most faults that one 422 names: a person mends a handful at a time, and a hostile body must not buy an answer
/// larger than itself (32 faults of 256 characters stay under 16 KiB).
pub const FAULTS_MAX: usize = 32;

/// The longest pointer of a fault, in characters: our own deepest one is under 80; the rest is room for free-form maps.
pub const FAULT_POINTER_CHARS_MAX: usize = 256;

/// The longest detail of a fault that quotes what was expected, in characters: our longest enum lists under 20 values of 25.
pub const FAULT_DETAIL_CHARS_MAX: usize = 512;

/// `Retry-After` on a 429 or 503 that knows no better: queues drain within milliseconds, so the smallest value that the
/// header can say is already generous.
pub const RETRY_AFTER_DEFAULT: std::time::Duration = std::time::Duration::from_secs(1);

/// The largest body of an ordinary request, in bytes. The largest one of the contract, a purchase with 500 lines of 400
/// bytes, is 200 KiB; 64 connections that all send the maximum hold 16 MiB.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// The deepest nesting of arrays and objects in a body. The contract's deepest is 6; parsing recurses, at under 1 KiB of
/// stack a level, so 128 levels stay far below the 2 MiB of a worker thread.
pub const JSON_DEPTH_MAX: usize = 128;
/// How many commands of timers and sagas may be under way in one shard: a few hundred keep a burst of expiries moving without
/// crowding the mailboxes of callers.
pub const INTERNAL_UNDER_WAY_MAX: u32 = 256;

/// How many leases a shard keeps in memory at about 300 bytes each: twice as many budgets as a tenant can have offers. Others leave.
pub const LEASES_HELD_MAX: usize = 1_024;

/// How many loans of one offer may be under way on a node, until their awards are decided; the others wait their turn. A quarter of
/// [`INTERNAL_UNDER_WAY_MAX`], so that they never crowd out other work of the offer's shard; in one batch of the journal they still
/// make 64 loans a millisecond or so.
pub const LOANS_UNDER_WAY_MAX: usize = 64;

/// How often a command may be sent for loans: once for each budget that it draws on, and again where another award took the loan
/// first. Each time some award is made or some budget found exhausted, so that more than a few are rare.
pub const LOAN_ROUNDS_MAX: u32 = 16;

/// How many shards a recall visits at a time: each is one record, so a recall of 256 shards takes eight batches.
pub const RECALLS_AT_A_TIME: usize = 32;

/// How often a lost shard is claimed before it is given up until the next start. Another claim between ours and its verdict
/// is rare, and ten in a row mean that another node wants the shard.
pub const RECLAIMS_MAX: u32 = 10;

/// The pause before a shard is claimed again: a few batches of the journal, well within the 2 s that a request may be held.
pub const RECLAIM_PAUSE: Duration = Duration::from_millis(20);

/// How often due timers are looked for, in milliseconds: they only tidy up, so a tenth of a second is soon enough.
pub const TIMER_TICK_MS: u64 = 100;

/// How many timers fire in one shard at one tick: 10 ticks a second in 256 shards make 160,000 a second at most, each
/// of which yields to requests in its entity's mailbox.
pub const TIMERS_A_TICK_AND_SHARD: usize = 64;

/// How many panics within [`QUARANTINE_WINDOW_MS`] quarantine an entity.
pub const QUARANTINE_PANICS: usize = 3;

/// For how long panics count, in milliseconds: an entity in quarantine is tried again once the oldest is this old.
pub const QUARANTINE_WINDOW_MS: u64 = 60_000;

/// Into how many sweeps the interval of passivation is cut: each looks at that share of the entities in memory.
pub const PASSIVATION_SWEEPS_A_ROUND: usize = 64;

/// From how many records on a batch is taken for a sign of load, and the next one gathers for [`SYNC_PACE`].
pub const SYNC_PACE_FROM_RECORDS: usize = 4;

/// How far apart syncs begin under load: each costs some 40 us of the processor beside its own 100 to 200 us, so this leaves
/// nine tenths of it to requests, and adds less than half of itself to the mean wait.
pub const SYNC_PACE: std::time::Duration = std::time::Duration::from_micros(600);

/// How often the checkpointer looks whether too much waits, in milliseconds.
pub const CHECKPOINT_LOOK_MS: u64 = 50;

/// How many effects may wait before a checkpoint is made ahead of its time: at 500 bytes or so each, 150 MB.
pub const DIRTY_EFFECTS_CHECKPOINT: usize = 300_000;

/// How many effects may wait before requests are refused: a checkpoint is then too slow for the load. 500 MB or so.
pub const DIRTY_EFFECTS_MAX: usize = 1_000_000;

/// How far the newest record may lie ahead of the machine's clock at a start, in milliseconds: past five minutes the clock is
/// wrong, and expiries would be too.
pub const CLOCK_AHEAD_MAX_MS: i64 = 5 * 60 * 1_000;

/// How many keys the keyring adds to a shard at a time. A restart leaves up to two blocks of a shard unused, so it
/// wastes at most 1 MiB over 256 shards; and a sync of 150 us for 64 new contacts is 2.4 us each. One bit each in the
/// block's `u64` of shredded keys.
pub const KEYS_PER_BLOCK: u32 = 64;

/// How many slots of a shard should be ready without a sync: `Keyring::prepare` adds a block below this. A quarter of a
/// block, several times what a shard creates during the millisecond that a block takes.
pub const KEY_SLOTS_READY_MIN: u32 = 16;

/// How much of an export may be written and not synced, in bytes: few milliseconds of a disk.
pub const EXPORT_UNSYNCED_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The largest block of an export, in bytes: large enough that its frame and checksum cost nothing beside a disk's
/// speed, small enough that a reader's memory does not matter; 15 rows of the largest size fit.
pub const EXPORT_BLOCK_BYTES_MAX: usize = 1024 * 1024;

/// The most minor units that an amount on the wire may have: 15 digits, which binary floating point, and so every JSON
/// library, carries exactly. It is ten trillion euro.
pub const WIRE_MINOR_MAX: i64 = 999_999_999_999_999;

/// The longest request id that a client may choose, in bytes: a UUID has 36, a trace id 32, and it goes into every log line.
pub const REQUEST_ID_BYTES_MAX: usize = 64;

/// How long a request's head may take from its first byte. A head fits two packets; 10 s is three retransmissions on a bad
/// mobile link.
pub const HEAD_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// How long a body may take: `BODY_BYTES_MAX` in 30 s is 9 KB/s, which the slowest link that tills are on (2G) reaches.
pub const BODY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// How long a connection may be silent: longer than the 60 s after which common load balancers drop theirs, so that it is
/// always the client's side that closes, and no request meets a closing connection.
pub const IDLE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(75);

/// How long a peer may leave an answer unread before its connection is dropped; as for a body that it sends.
pub const WRITE_STALL_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// How long shutdown waits for requests in flight: promise 6 of the security notes, and Kubernetes' default grace.
pub const DRAIN_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// Connections in all. One takes about 30 KiB with its buffers, so 16,384 are 0.5 GiB; raise the limit of open files above.
pub const CONNECTIONS_MAX: usize = 16_384;

/// Connections of one peer: a site of 200 tills behind one address with 5 each. Behind a proxy that hides its clients'
/// addresses, raise it to `CONNECTIONS_MAX`.
pub const CONNECTIONS_PER_PEER_MAX: usize = 1_024;

/// Connections that the kernel completes before they are accepted: one second of reconnecting tills at 4,096 a second.
/// The kernel caps it at `net.core.somaxconn`, 4,096 by default.
pub const LISTEN_BACKLOG: u32 = 4_096;

/// The largest head, in bytes: a token of 4 KiB, cookies of 8 KiB, and a URL of 2 KiB, rounded up. Over it: 431.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The most header lines; hyper's own bound. Over it: 431.
pub const HEAD_LINES_MAX: usize = 100;

/// How much of a head's copy an idle connection keeps allocated: an ordinary head with its small body.
pub const HEAD_BYTES_KEPT: usize = 1024;

/// The largest read buffer of a connection, in bytes: twice the largest head. Bodies pass through it in pieces.
pub const CONNECTION_BUFFER_BYTES_MAX: usize = 2 * HEAD_BYTES_MAX;

/// How long, and how many bytes, a closing connection still reads so that its last answer is not lost to a reset: a
/// client that has sent `BODY_BYTES_MAX` too much sees its 413.
pub const LINGER_TIMEOUT: std::time::Duration = std::time::Duration::from_millis(500);

/// See [`LINGER_TIMEOUT`].
pub const LINGER_BYTES_MAX: usize = 2 * BODY_BYTES_MAX;

/// How many connections over the cap wait for room or are told that there is none, at a time; the rest are just closed.
pub const CONNECTIONS_WAITING_MAX: usize = 512;

/// How long a connection over the cap waits before it is looked again whether there is room, and it is told if not: a client that
/// tries again at once does so four times a second, and costs next to nothing.
pub const SEAT_PATIENCE: std::time::Duration = std::time::Duration::from_millis(250);

/// How long accepting pauses when the process is out of file descriptors: a tenth of what a client waits at most.
pub const ACCEPT_BACKOFF: std::time::Duration = std::time::Duration::from_millis(100);

/// The largest journal record, in bytes, its header included: an award's record stays under 600 bytes, the largest effects
/// under 59 KiB (a purchase that takes from every lot of its wallet, and draws on the budgets of 500 offers at 28 bytes
/// each); as much as a row, and 16 of them still fit a batch.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;

/// The most bytes of records in a batch of the journal: the disk writes 1 MiB in about a millisecond, so a full batch
/// no more than doubles the wait for the sync.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// The most records in a batch of the journal: the completions of a batch run one after the other, at under 0.2 us
/// each, so that the last waits for the others no longer than for the sync. Below 65,535, which a position can tell
/// apart.
pub const BATCH_RECORDS_MAX: usize = 8_192;

/// The most records that wait for the journal's writer. Admission bounds them long before (512 permits an entity, and
/// far fewer in all); beyond this the caller has lost count, and an append resolves as unknown at once. At 600 bytes a
/// record it is 150 MB.
pub const JOURNAL_WAITING_MAX: usize = 262_144;

/// The bytes of the newest journal records kept in memory for cursors. At 50,000 awards a second it is over a second
/// of history, and a healthy cursor is milliseconds behind; a slower one reads the files.
pub const RECENT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The default size of a journal segment, in bytes: six seconds of awards at full speed, so that creating and zeroing
/// the next costs little beside them, while trimming still gives space back in small pieces.
pub const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;

/// The smallest segment, in bytes: the table of 256 shards and a few records.
pub const SEGMENT_BYTES_MIN: u64 = 32 * 1024;

/// The largest segment, in bytes: a start copies the newest after a crash, which must stay within the ten seconds that
/// a start may take.
pub const SEGMENT_BYTES_MAX: u64 = 1024 * 1024 * 1024;

// ---- the configuration: defaults, and what a setting may be

/// A MiB, in bytes.
pub const MIB: u64 = 1024 * 1024;

/// The smallest segment that can be configured, in MiB: one full batch.
pub const SEGMENT_MIB_MIN: u64 = 1;

/// The largest segment that can be configured, in MiB.
pub const SEGMENT_MIB_MAX: u64 = SEGMENT_BYTES_MAX / MIB;

/// The smallest cache of the row store that can be configured, in MiB: below it, sled thrashes on its index.
pub const ROW_CACHE_MIB_MIN: u64 = 8;

/// The largest cache of the row store that can be configured, in MiB: 64 GiB, to catch a number that was meant in bytes.
pub const ROW_CACHE_MIB_MAX: u64 = 64 * 1024;

/// How often rows are brought up to date, in milliseconds, unless `DIRTY_EFFECTS_CHECKPOINT` comes first: a start then replays that many records, in
/// a second or so. Twice as often costs nearly twice as much, since an entity's row is written once for all that happened to it.
pub const CHECKPOINT_EVERY_MS: u64 = 10_000;

/// The shortest interval of checkpoints that can be configured, in milliseconds: a few times what one takes.
pub const CHECKPOINT_EVERY_MS_MIN: u64 = 100;

/// The longest interval of checkpoints that can be configured, in milliseconds: `DIRTY_EFFECTS_CHECKPOINT` forces them
/// under load, and a minute keeps the tail of an idle node short.
pub const CHECKPOINT_EVERY_MS_MAX: u64 = 60_000;

/// What an entity in memory takes, in bytes, as measured over 100,000 contacts: 8 KB for its actor, its state, what is waiting for a checkpoint,
/// its places in the tables, and what the allocator has around them.
pub const RESIDENT_BYTES: u64 = 28 * 1024;

/// The fewest entities that a node can be told to keep in memory. What is busy stays in any case, so a small number is
/// slow, and never wrong.
pub const RESIDENT_MIN: u32 = 64;

/// The fewest entities that a node keeps in memory unless told otherwise: more than the requests that connections can have
/// under way, so that no entity leaves while it is needed.
pub const RESIDENT_DEFAULT_MIN: u32 = 10_000;

/// The most entities that can be kept in memory: 48 GB of them. Past it, more nodes serve better than a larger one.
pub const RESIDENT_MAX: u32 = 4_000_000;

/// After how long without a command an entity leaves memory, in milliseconds: ten minutes span a visit to a shop, from
/// identification over the basket to the payment.
pub const PASSIVATE_AFTER_MS: u64 = 10 * 60 * 1_000;

/// The shortest such time that can be configured, in milliseconds.
pub const PASSIVATE_AFTER_MS_MIN: u64 = 1_000;

/// The longest such time that can be configured, in milliseconds: a day; the cap on entities does the rest.
pub const PASSIVATE_AFTER_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

/// How many requests may be under way for one entity: a peak of 50,000 a second on one contact times a p99 of 10 ms.
pub const UNDER_WAY_PER_ENTITY: u32 = 512;

/// How many requests may be under way in one shard: four entities at their own cap.
pub const UNDER_WAY_PER_SHARD: u32 = 4 * UNDER_WAY_PER_ENTITY;

/// The most that either cap can be configured to: a mailbox of 65,536 commands takes over a second to answer.
pub const UNDER_WAY_MAX: u32 = 65_536;

/// The most connections that can be configured: the usual hard limit of open files.
pub const CONNECTIONS_SETTING_MAX: usize = 1_048_576;

// ---- followers of the journal: the feed, projections, lists

/// How many of the newest durable effects are kept in memory for followers: over half a second at 50,000 a second, while
/// a follower looks fifty times a second. They share their bytes with the effects that wait for a checkpoint.
pub const FEED_EFFECTS_MAX: usize = 32_768;

/// How often a follower looks for new effects when nobody waits for it: at 50,000 a second it then takes a thousand at a
/// time, and an idle one costs fifty looks a second.
pub const FOLLOW_EVERY: Duration = Duration::from_millis(20);

/// How many effects a follower takes at a time: under a millisecond of work, for which readers of its lists wait.
pub const FOLLOW_EFFECTS_A_PULL: usize = 1_024;

/// How long a follower rests after an error, such as a row that cannot be read: it says so once a second, not more.
pub const FOLLOW_ERROR_PAUSE: Duration = Duration::from_secs(1);

/// How many entries a block of a list holds: 42 bytes each at most make 21 KiB, a third of the largest row. A checkpoint
/// rewrites the last block of each list that has grown, so larger blocks would cost more writing.
pub const LIST_BLOCK_ENTRIES: usize = 512;

/// How many entries a projection keeps that are in no row yet; past it, it writes them without waiting for a checkpoint.
/// 200,000 effects force one, and each purchase is in five lists (venue, merchant, business, owner, tenant) at 40 bytes:
/// 40 MB, cut to a quarter.
pub const LIST_ENTRIES_UNWRITTEN_MAX: usize = 262_144;

/// How many bytes of older rows an export may have kept before checkpoints wait for it: what 100,000 contacts change at most in the half minute
/// that some gigabytes take.
pub const SNAPSHOT_KEPT_BYTES_MAX: usize = 512 * 1024 * 1024;

/// How many entries of last blocks a projection keeps in memory once they are written, so that a list that grows is not
/// read back: 20 MB, the lists of 2,000 venues.
pub const LIST_ENTRIES_KEPT_MAX: usize = 524_288;

/// How many rows are deleted or written at a time when a projection is dropped or built anew: a few MiB.
pub const PROJECTION_ROWS_A_BATCH: usize = 256;

/// How many blocks one request may look into for entries that fit its filters: 131,072 entries, some 5 MB and 20 ms.
/// Past it the request is asked to narrow its dates.
pub const LIST_BLOCKS_LOOKED_INTO_MAX: usize = 256;

/// How many blocks' times one request may look at, to find those that lie within its dates: 33 million entries, some
/// 65,536 rows of 30 bytes and 100 ms.
pub const LIST_TIMES_LOOKED_AT_MAX: usize = 65_536;

/// How long a list waits for its projection to reach what was durable when the request arrived: 25 looks of a follower,
/// and far below what a person notices as broken.
pub const LIST_WAIT_MAX: Duration = Duration::from_millis(500);

/// How many contacts a node lists, at about 75 bytes each in memory: 1.5 GB at the most, 75 MB for a million. Past it, contacts are
/// found by what they are known by only.
pub const CONTACTS_LISTED_MAX: usize = 20_000_000;

/// How many bytes the names take, about, that a node searches: 100 for an ordinary contact of two or three words, so five
/// million of them. Past it, contacts are found by what they are known by only.
pub const CONTACT_NAMES_BYTES_MAX: usize = 512 * 1024 * 1024;

/// The shortest text that contacts are searched for, in characters: one letter begins a word of nearly everybody's name.
pub const SEARCH_CHARS_MIN: usize = 2;

/// The longest text that contacts are searched for, in characters: the longest e-mail address.
pub const SEARCH_CHARS_MAX: usize = EMAIL_CHARS_MAX;

/// How many entries a page has if nobody asks: the contract's.
pub const PAGE_SIZE_DEFAULT: u32 = 10;

/// How many entries a page may have: the contract's.
pub const PAGE_SIZE_MAX: u32 = 100;

/// How many organisations one list may name: more than a merchant's regions, and each is looked up in the network.
pub const LIST_ORGANISATIONS_MAX: usize = 20;

/// How many entries of a page are asked of their owners at a time: a page of 100 takes seven rounds, and one contact that
/// has them all sees a thirtieth of its permits taken.
pub const LIST_FETCHES_AT_ONCE: usize = 16;

/// The last second of the year 9999, past which a date is a mistake.
pub const UNIX_SECONDS_MAX: i64 = 253_402_300_799;

/// How often a change of a contact is made again because another came first: each time some other change has succeeded, and
/// people don't edit one contact eight times within milliseconds.
pub const CONTACT_CHANGE_TRIES_MAX: u32 = 8;

/// How many purchases of one contact a list looks at for its filters: a visit a day for three years.
pub const CONTACT_PURCHASES_LOOKED_AT_MAX: u32 = 1_000;

// ---- exports on a schedule

/// How often an export is made, in seconds: after a loss of the rows an hour of the journal is replayed at most, some
/// minutes of work; and the journal of an hour at 5,000 awards a second is 10 GB.
pub const EXPORT_EVERY_S: u64 = 60 * 60;

/// The shortest interval of exports that can be configured, in seconds: a small node's export takes less.
pub const EXPORT_EVERY_S_MIN: u64 = 1;

/// The longest interval of exports that can be configured, in seconds: a week. Nothing is trimmed between.
pub const EXPORT_EVERY_S_MAX: u64 = 7 * 24 * 60 * 60;

/// How many exports made on the schedule stay: the newest, and two more in case a copy of it went wrong.
pub const EXPORTS_KEPT: u64 = 3;

/// The most exports that can be configured to stay.
pub const EXPORTS_KEPT_MAX: u64 = 1_000;

/// How often the schedule of exports is looked at: far below the shortest interval, and a look is a comparison.
pub const EXPORT_LOOK_EVERY: Duration = Duration::from_millis(200);

/// After how long an export that failed is tried again, in milliseconds, unless its interval is shorter: a full disk or a
/// missing mount is mended by people, and each try writes much.
pub const EXPORT_RETRY_AFTER_MS: i64 = 60_000;

// ---- operations: health, metrics

/// The bounds of the buckets of every histogram of seconds: from a tenth of a sync to past every timeout of a request,
/// with the finest steps around a millisecond, where awards are answered.
pub const SECONDS_BUCKETS: [f64; 17] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.000_75, 0.001, 0.001_5, 0.002_5, 0.005, 0.01, 0.025,
    0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// The bounds of the buckets of every histogram of counts: powers of four up to a full batch of the journal.
pub const COUNT_BUCKETS: [f64; 8] = [1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 8_192.0];

/// How often collected histogram values are folded into their buckets, where nobody scrapes: at 50,000 requests a
/// second it bounds what waits to 250,000 values, 4 MB.
pub const METRICS_UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// The longest id that a caller may choose, in characters: the contract's.
pub const OWN_ID_CHARS_MAX: usize = 36;

/// The longest code, reference number or medium identifier, in characters: twice what is printed on cards and receipts.
pub const CODE_CHARS_MAX: usize = 64;

/// The longest e-mail address, in characters (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const EMAIL_CHARS_MAX: usize = 254;

/// The longest name, line of an address or custom value, in characters: longer than any in use.
pub const NAME_CHARS_MAX: usize = 200;

/// How many phones, addresses and custom fields a contact may have, each.
pub const PROFILE_LIST_MAX: usize = 20;

/// How much text these lists may hold in all, in bytes of UTF-8: twenty addresses of 150, phones of 20 and fields of 100
/// are 5.4 KiB. With the names (5 KiB at most) it keeps a sealed profile under a quarter of a row.
pub const PROFILE_LISTS_BYTES_MAX: usize = 8 * 1024;

/// The longest idempotency key, in characters: what comparable interfaces allow.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;

/// How long a node waits for its actors once the public listener has drained, in milliseconds: what they still do is one
/// journal batch or two away from its answer.
pub const DRAIN_ENGINE_MS: u64 = 5_000;

/// The memory that is assumed where the system does not tell how much there is, in bytes.
pub const MEMORY_ASSUMED_BYTES: u64 = 2 * 1024 * MIB;

/// How many lines of a wallet's journal one request looks through, a hundred at a time: ten movements a day for a quarter of a century,
/// and some 200 ms. Whoever wants older ones goes on from there.
pub const JOURNAL_LINES_LOOKED_AT_MAX: u32 = 100_000;
/// How many organisations, products, classifications or stretches of hours an offer may name in each of its conditions: more than
/// a person keeps in view, and every purchase is compared with each.
pub const OFFER_LIST_MAX: usize = 20;

/// The most text that an offer has in all, in bytes: its name, its group, its classifications and its products. What it has lent
/// to the largest number of shards takes 60 KiB of its row, the keys that it remembers 3 KiB.
pub const OFFER_TEXT_BYTES_MAX: usize = 1_000;

/// How many lines a receipt tells: with names of 64 bytes each, 16 KiB of the purchase's record.
pub const PURCHASE_PRODUCTS_MAX: usize = 100;

/// For how long an award may last at most, in seconds: 50 years. For ever is another thing.
pub const AWARD_LASTS_S_MAX: i64 = 50 * 366 * 86_400;

/// How many changes of contacts go on at a time, each of contacts that share a place in line: two changes of one contact would
/// overtake each other for ever. A change takes a few syncs, some milliseconds, so these make some ten thousand a second.
pub const CONTACT_CHANGES_AT_A_TIME: usize = 64;

/// The longest address of a page that letters link to, in bytes: with the token, less than a line of mail may have (RFC 5321).
pub const LETTER_PAGE_BYTES_MAX: usize = 500;

/// How many purchases one batch holds: what a till records in a busy day offline.
pub const OFFLINE_BATCH_PURCHASES_MAX: usize = 1_000;

/// The largest batch, in bytes: as many purchases of 2 KiB each, some of which may have a dozen lines.
pub const OFFLINE_BATCH_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The longest name of a device, in characters: a serial number or a UUID.
pub const OFFLINE_BATCH_DEVICE_CHARS_MAX: usize = 64;

/// Of how many contacts purchases of one batch are under way at a time: as many as fill a batch of the journal, and far fewer
/// than a shard lets in, so that a batch does not crowd out single sales.
pub const OFFLINE_BATCH_CONTACTS_AT_A_TIME: usize = 64;
