//! Followers get every durable effect once and in order, whatever the ring has forgotten or never had.

use std::collections::VecDeque;

use bytes::Bytes;
use clientele_cluster::{Epoch, NodeId, Seq};

use super::*;
use crate::domain::address::{Kind, Mode, TenantId};
use crate::domain::time::Timestamp;
use crate::persistence::journal::conformance::soon;
use crate::persistence::journal::memory::{FaultPlan, MemoryJournal, MemoryLog};
use crate::persistence::journal::{Appended, Completion, Record};

const SHARDS: u16 = 3;

fn effect(number: u64) -> (Address, Effect) {
    let address = Address {
        tenant: TenantId(1),
        mode: Mode::Live,
        kind: Kind::Contact,
        entity: number,
    };
    let effect = Effect {
        seq: number,
        at: Timestamp(1),
        wall: Timestamp(1),
        events: Vec::new(),
        remember: None,
        leases: Vec::new(),
    };
    (address, effect)
}

/// Does what a shard does with an outcome.
struct Outcome {
    feed: Arc<Feed>,
    shard: ShardId,
    number: u64,
    /// The outcome, and what the feed says is durable while it is told.
    told: Mutex<Option<tokio::sync::oneshot::Sender<(Appended, Position)>>>,
}

impl Completion for Outcome {
    fn resolve(&self, appended: Appended) {
        match appended {
            Appended::Durable(position) => {
                let (address, effect) = effect(self.number);
                self.feed.push(Fed {
                    position,
                    shard: self.shard,
                    address,
                    effect: Arc::new(effect),
                });
            }
            Appended::Unknown => self.feed.skip(),
        }
        if let Some(told) = self.told.lock().take() {
            told.send((appended, self.feed.durable())).unwrap();
        }
    }
}

/// A journal with a feed, and the owner of its shards.
struct Bench {
    log: MemoryLog,
    journal: Arc<MemoryJournal>,
    feed: Arc<Feed>,
    places: Vec<(Epoch, Seq)>,
    number: u64,
}

impl Bench {
    async fn new(capacity: usize, plan: FaultPlan) -> Bench {
        let log = MemoryLog::new();
        let journal = Arc::new(MemoryJournal::open(log.clone(), plan));
        let shared: Arc<dyn Journal> = Arc::clone(&journal) as Arc<dyn Journal>;
        let mut bench = Bench {
            log,
            feed: Arc::new(Feed::with_capacity(shared, capacity)),
            journal,
            places: Vec::new(),
            number: 0,
        };
        for shard in 0..SHARDS {
            let place = bench.claim(shard).await;
            bench.places.push(place);
        }
        bench
    }

    async fn claim(&self, shard: u16) -> (Epoch, Seq) {
        let claimed = self.journal.claim(ShardId(shard), NodeId(1)).await.unwrap();
        (claimed.epoch, claimed.next_seq)
    }

    /// Appends one effect; claims its shard again if the outcome is unknown.
    async fn append(&mut self) {
        self.number += 1;
        let shard = u16::try_from(self.number % u64::from(SHARDS)).unwrap();
        let place = &mut self.places[usize::from(shard)];
        let (address, effect) = effect(self.number);
        let record = Record {
            shard: ShardId(shard),
            epoch: place.0,
            body: Body::Effect {
                seq: place.1,
                payload: Bytes::from(codec::encode_effect(&address, &effect)),
            },
        };
        place.1 = Seq(place.1.0 + 1);
        let (told, outcome) = tokio::sync::oneshot::channel();
        let completion = Outcome {
            feed: Arc::clone(&self.feed),
            shard: ShardId(shard),
            number: self.number,
            told: Mutex::new(Some(told)),
        };
        self.journal.append(record, Arc::new(completion));
        match soon(outcome).await.unwrap() {
            // Who hears of it and asks at once is made to wait for it.
            (Appended::Durable(position), durable) => assert!(durable >= position),
            (Appended::Unknown, _) => {
                self.places[usize::from(shard)] = self.claim(shard).await;
            }
        }
    }

    /// The positions and numbers of all effects that count.
    fn all(&self) -> Vec<(Position, u64)> {
        let mut all = Vec::new();
        let mut each = |position, record: Record| {
            if let Body::Effect { payload, .. } = &record.body {
                let (_, effect) = codec::decode_effect(payload).unwrap();
                all.push((position, effect.seq));
            }
            ControlFlow::Continue(())
        };
        self.journal.replay(Position::START, &mut each).unwrap();
        all
    }
}

/// One that follows, and remembers what it was given.
#[derive(Default)]
struct Reader {
    at: Position,
    read: Vec<(Position, u64)>,
}

impl Reader {
    fn pull(&mut self, feed: &Feed, max: usize) -> usize {
        let Pulled { effects, reached } = feed.pull(self.at, max).unwrap();
        assert!(effects.len() <= max);
        assert!(reached >= self.at);
        for fed in &effects {
            assert!(fed.position > self.at && fed.position <= reached);
            self.at = fed.position;
            self.read.push((fed.position, fed.effect.seq));
        }
        self.at = reached;
        effects.len()
    }
}

fn plan(lost_ack_per_million: u32, gap_per_million: u32) -> FaultPlan {
    FaultPlan {
        seed: 7,
        lost_ack_per_million,
        gap_per_million,
        ..FaultPlan::none()
    }
}

#[tokio::test]
async fn whoever_falls_behind_the_ring_misses_nothing_and_gets_nothing_twice() {
    let mut bench = Bench::new(8, plan(0, 0)).await;
    let (mut quick, mut slow) = (Reader::default(), Reader::default());
    let mut pauses = VecDeque::from([1, 3, 7, 8, 9, 20, 2, 64, 1]);
    while let Some(appends) = pauses.pop_front() {
        for _ in 0..appends {
            bench.append().await;
            quick.pull(&bench.feed, 100);
        }
        // Behind by up to 64 effects in a ring of 8, and back in the ring by the last pull of each round.
        while slow.pull(&bench.feed, 3) == 3 {}
    }
    assert_eq!(bench.all().len(), 115);
    assert_eq!(quick.read, bench.all());
    assert_eq!(slow.read, bench.all());
    // Claims are no effects, but count as reached: who waits for the journal's newest position does not wait for ever.
    bench.claim(0).await;
    for reader in [&mut quick, &mut slow] {
        assert_eq!(reader.pull(&bench.feed, 3), 0);
        assert_eq!(reader.at, bench.journal.durable());
        assert_eq!(reader.at, bench.feed.durable());
    }
}

#[tokio::test]
async fn an_effect_of_unknown_outcome_that_counts_is_fed_in_its_place() {
    let mut bench = Bench::new(1_000, plan(150_000, 50_000)).await;
    let mut readers: Vec<Reader> = (0..4).map(|_| Reader::default()).collect();
    for round in 1..=400 {
        bench.append().await;
        for (number, reader) in readers.iter_mut().enumerate() {
            if round % (number * 5 + 1) == 0 {
                reader.pull(&bench.feed, 2 + number * 50);
            }
        }
    }
    let struck = bench.journal.struck();
    assert!(struck.lost_acks > 10 && struck.gaps > 5, "{struck:?}");
    let all = bench.all();
    assert!(all.len() < 400, "gaps do not count");
    for reader in &mut readers {
        while reader.pull(&bench.feed, 50) == 50 {}
        assert_eq!(reader.read, all);
    }
}

#[tokio::test]
async fn a_feed_that_is_opened_later_begins_in_the_journal() {
    let mut bench = Bench::new(8, plan(0, 0)).await;
    for _ in 0..20 {
        bench.append().await;
    }
    let all = bench.all();
    drop(bench.journal);
    let journal = Arc::new(MemoryJournal::open(bench.log.clone(), plan(0, 0)));
    let feed = Feed::new(Arc::clone(&journal) as Arc<dyn Journal>);
    let mut reader = Reader::default();
    while reader.pull(&feed, 6) == 6 {}
    assert_eq!(reader.read, all);
}

#[tokio::test]
async fn what_was_trimmed_is_refused_and_not_left_out() {
    let mut bench = Bench::new(8, plan(0, 0)).await;
    for _ in 0..40 {
        bench.append().await;
    }
    let all = bench.all();
    let kept_from = all[19].0;
    bench.journal.trim(kept_from).unwrap();
    let refused = bench.feed.pull(all[9].0, 5);
    assert!(matches!(refused, Err(Error::Trimmed { .. })), "{refused:?}");
    let mut reader = Reader {
        at: kept_from,
        read: Vec::new(),
    };
    while reader.pull(&bench.feed, 5) == 5 {}
    assert_eq!(reader.read, all[20..]);
}
