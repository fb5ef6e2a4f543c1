//! Lists against a model: whatever was written when, lost or built anew, they show the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::purchases::{Purchases, class_of};
use super::*;
use crate::domain::address::Kind;
use crate::domain::contact::{self, Amounts, Private, Purchase};
use crate::domain::money::{Currency, Minor};
use crate::domain::organisation::{self, Organisation, Role};
use crate::domain::time::{Span, Timestamp};
use crate::limits;
use crate::persistence::codec;
use crate::persistence::follower::{Follower, bench};
use crate::persistence::journal::Position;
use crate::persistence::listing::Cursor;
use crate::persistence::rows::{Row, Rows, Write};
use crate::persistence::store;

const TENANT: TenantId = TenantId(1);
const BEGIN: Timestamp = Timestamp(1_780_000_000_000);
/// Number and parent: an owner, a business, two merchants, three venues.
const NETWORK: [(u64, Option<u64>); 7] = [
    (1, None),
    (2, Some(1)),
    (3, Some(2)),
    (4, Some(3)),
    (5, Some(3)),
    (6, Some(2)),
    (7, Some(6)),
];
const VENUES: [u64; 3] = [4, 5, 7];

/// Rows, a feed, and what must be in the lists.
struct Bench {
    inner: bench::Bench,
    brake: Brake,
    projector: Arc<Projector<Purchases>>,
    /// Every purchase: the contact's mode, the venue's number, the entry.
    model: Vec<(Mode, Entry)>,
}

/// A projector over the rows, as a process has it that starts now.
fn begun(inner: &bench::Bench, brake: &Brake) -> Arc<Projector<Purchases>> {
    let feed = Arc::clone(&inner.feed);
    let projector = Projector::open(&inner.store, feed, brake.clone()).unwrap();
    projector.begin(&inner.store).unwrap();
    projector
}

impl Bench {
    fn new() -> Bench {
        let inner = bench::Bench::new();
        let brake = Brake::default();
        let mut bench = Bench {
            projector: begun(&inner, &brake),
            inner,
            brake,
            model: Vec::new(),
        };
        for (number, parent) in NETWORK {
            let created = organisation::Event::Created(Organisation {
                name: "O".to_owned(),
                role: Role::Venue,
                parent,
                time_zone: None,
                shares_contacts: false,
                profile: Default::default(),
            });
            bench.happens(
                Mode::Shared,
                Kind::Organisation,
                number,
                Event::Organisation(created),
            );
        }
        bench
    }

    fn happens(&mut self, mode: Mode, kind: Kind, entity: u64, event: Event) {
        let address = Address {
            tenant: TENANT,
            mode,
            kind,
            entity,
        };
        self.inner.happens(address, event, BEGIN);
    }

    /// The `number`-th purchase: each a second after the one before it, some said to be made a day earlier.
    fn buys(&mut self, number: u32) {
        let mode = if number.is_multiple_of(11) {
            Mode::Test
        } else {
            Mode::Live
        };
        let recorded_at = BEGIN.after(Span::seconds(number));
        let performed_on = (number.is_multiple_of(17)).then(|| recorded_at.before(Span::days(1)));
        let classification = if number.is_multiple_of(5) {
            "FUEL"
        } else {
            "PURCHASE"
        };
        let owner = u64::from(number % 40);
        let organisation = VENUES[usize::try_from(number % 3).unwrap()];
        let purchase = Purchase {
            number,
            organisation,
            amounts: Amounts {
                total: Minor(100),
                ..Amounts::default()
            },
            currency: Currency::from_code("EUR").unwrap(),
            classification: classification.into(),
            texts: Private::default(),
            recorded_at,
            performed_on,
            spent: None,
            products: Vec::new(),
            offers: Vec::new(),
            activity: None,
        };
        let event = contact::Event::PurchaseRecorded(Arc::new(purchase));
        self.happens(mode, Kind::Contact, owner, Event::Contact(event));
        let entry = Entry {
            at: performed_on.unwrap_or(recorded_at),
            owner,
            part: number,
            organisation,
            class: class_of(classification),
        };
        self.model.push((mode, entry));
    }

    /// Takes the rows as a process finds them that starts now.
    fn restart(&mut self) {
        self.projector = begun(&self.inner, &self.brake);
    }

    fn checkpoint(&self) {
        let follower = Arc::clone(&self.projector) as Arc<dyn Follower>;
        let durable = Position(self.inner.position);
        self.inner
            .store
            .checkpoint_with(durable, &[follower])
            .unwrap();
    }

    /// What a list must hold, newest first.
    fn expected(&self, list: &ListKey, selection: &Selection) -> Vec<Entry> {
        let within = |venue: u64| {
            list.organisation.is_none_or(|wanted| {
                let mut at = Some(venue);
                while let Some(number) = at {
                    if number == wanted {
                        return true;
                    }
                    at = NETWORK.iter().find(|(one, _)| *one == number).unwrap().1;
                }
                false
            })
        };
        let fits = |entry: &Entry| {
            selection.from.is_none_or(|from| entry.at >= from)
                && selection.to.is_none_or(|to| entry.at <= to)
                && selection.class.is_none_or(|class| entry.class == class)
                && selection
                    .organisations
                    .as_ref()
                    .is_none_or(|those| those.contains(&entry.organisation))
        };
        let newest_first = self.model.iter().rev();
        newest_first
            .filter(|(mode, entry)| *mode == list.mode && within(entry.organisation))
            .map(|(_, entry)| *entry)
            .filter(fits)
            .collect()
    }

    /// Every list, every selection, in pages of several sizes.
    fn check(&self) {
        let organisations = NETWORK.iter().map(|(number, _)| Some(*number));
        for organisation in organisations.chain([None, Some(99)]) {
            for mode in [Mode::Live, Mode::Test, Mode::Shared] {
                let list = ListKey {
                    tenant: TENANT,
                    mode,
                    organisation,
                };
                for selection in self.selections() {
                    self.check_pages(list, &selection);
                }
                let foreign = ListKey {
                    tenant: TenantId(2),
                    ..list
                };
                let listed = self.projector.select_now(foreign, &Selection::default());
                assert_eq!(listed.unwrap(), Listed::default());
            }
        }
    }

    /// Every entry is in one row of each of its lists: nothing is left of what full blocks replaced.
    fn check_rows(&self) {
        let prefix = [store::projection_prefix(Purchases::NAME), vec![b'e']].concat();
        let rows = self.inner.rows.scan(&prefix, None, usize::MAX).unwrap();
        let stored = rows.iter().map(|(_, row)| {
            let entries = codec::decode_entries(&row.payload);
            entries.unwrap().len()
        });
        // A venue, a merchant, the business, the owner, the tenant.
        assert_eq!(stored.sum::<usize>(), 5 * self.model.len());
    }

    fn selections(&self) -> Vec<Selection> {
        let at = |second: u32| Some(BEGIN.after(Span::seconds(second)));
        let newest = u32::try_from(self.model.len()).unwrap();
        vec![
            Selection::default(),
            Selection {
                from: at(newest / 3),
                to: at(newest / 2),
                ..Selection::default()
            },
            Selection {
                to: at(7),
                ..Selection::default()
            },
            Selection {
                from: at(newest - 5),
                class: Some(class_of("FUEL")),
                ..Selection::default()
            },
            Selection {
                class: Some(class_of("FUEL")),
                organisations: Some(BTreeSet::from([4, 7])),
                ..Selection::default()
            },
        ]
    }

    fn check_pages(&self, list: ListKey, selection: &Selection) {
        let expected = self.expected(&list, selection);
        for take in [7, 100, 1_000] {
            let mut skip = 0;
            // The first pages, the last ones, and one past the end.
            while skip <= expected.len() {
                let asked = Selection {
                    skip: skip.try_into().unwrap(),
                    take,
                    count: true,
                    ..selection.clone()
                };
                let listed = self.projector.select_now(list, &asked).unwrap();
                let end = expected.len().min(skip + take);
                assert_eq!(listed.entries, expected[skip..end], "{list:?} {asked:?}");
                assert_eq!(listed.has_more, end < expected.len());
                assert_eq!(listed.total, Some(expected.len().try_into().unwrap()));
                let is_far = skip >= 2 * take && expected.len() > skip + 3 * take;
                skip = if is_far {
                    expected.len() - take
                } else {
                    skip + take
                };
            }
        }
    }
}

#[tokio::test]
async fn a_list_shows_the_same_whatever_was_written_when() {
    let mut bench = Bench::new();
    // Blocks of 512 become full with all, some or none of their parts written before.
    for number in 1..=2_600 {
        bench.buys(number);
        if number % 97 == 0 || (1_000..1_012).contains(&number) {
            bench.checkpoint();
        }
        if number % 700 == 0 {
            bench.checkpoint();
            bench.restart();
        }
        if [300, 1_024, 1_600].contains(&number) {
            bench.projector.flush().unwrap();
            bench.check();
        }
    }
    bench.projector.flush().unwrap();
    bench.check();
    bench.checkpoint();
    bench.check_rows();
    bench.restart();
    bench.check();
}

#[tokio::test]
async fn what_a_power_cut_takes_back_is_built_again_and_nothing_twice() {
    let mut bench = Bench::new();
    for number in 1..=1_500 {
        bench.buys(number);
        match number % 300 {
            100 => bench.checkpoint(),
            // Written, but not synced: all of it goes, or all of it stays.
            200 => {
                bench.projector.flush().unwrap();
                if number < 800 {
                    bench.inner.rows.lose_unsynced();
                }
                bench.restart();
            }
            _ => {}
        }
    }
    bench.projector.flush().unwrap();
    bench.check();
}

#[tokio::test]
async fn a_stored_version_that_is_unknown_is_dropped_and_built_from_the_rows() {
    let later = Cursor {
        version: Purchases::VERSION + 1,
        position: Position(1_000),
    };
    let past_the_end = Cursor {
        version: Purchases::VERSION,
        position: Position(1_000_000),
    };
    for damage in [
        codec::encode_cursor(&later),
        codec::encode_cursor(&past_the_end),
        b"\x09".to_vec(),
        Vec::new(),
    ] {
        let mut bench = Bench::new();
        for number in 1..=1_300 {
            bench.buys(number);
        }
        bench.checkpoint();
        let key = store::cursor_key(Purchases::NAME);
        let write = if damage.is_empty() {
            Write::Delete { key }
        } else {
            let payload = damage;
            let entity_seq = 0;
            Write::Put {
                key,
                row: Row {
                    entity_seq,
                    payload,
                },
            }
        };
        bench.inner.rows.write(vec![write]).unwrap();
        let before = bench.inner.rows.scan(&[4], None, usize::MAX).unwrap();
        bench.restart();
        assert_eq!(bench.projector.durable(), Position(bench.inner.position));
        bench.check();
        // Nothing is left of the sorting.
        let after = bench.inner.rows.scan(&[4], None, usize::MAX).unwrap();
        assert_eq!(after, before);
        for number in 1_301..=1_400 {
            bench.buys(number);
        }
        bench.projector.flush().unwrap();
        bench.check();
    }
}

#[tokio::test]
async fn a_cursor_is_durable_with_the_checkpoint_and_not_before() {
    let mut bench = Bench::new();
    bench.checkpoint();
    let before = bench.projector.durable();
    assert_eq!(before, Position(bench.inner.position));
    bench.buys(1);
    bench.projector.flush().unwrap();
    assert_eq!(bench.projector.durable(), before);
    bench.checkpoint();
    assert_eq!(bench.projector.durable(), Position(bench.inner.position));
    let held = bench.brake.hold();
    bench.buys(2);
    bench.checkpoint();
    assert_eq!(
        bench.projector.durable(),
        Position(bench.inner.position - 1)
    );
    drop(held);
    bench.checkpoint();
    assert_eq!(bench.projector.durable(), Position(bench.inner.position));
}

#[tokio::test]
async fn what_waits_is_bounded_and_durable_only_with_a_checkpoint() {
    let mut bench = Bench::new();
    bench.projector.flush().unwrap();
    let flushed = Position(bench.inner.position);
    let mut number = 0;
    let mut most = 0;
    // Each is in five lists. A thousand at a time, so that the ring has all of it.
    for _ in 0..=limits::LIST_ENTRIES_UNWRITTEN_MAX / 5_000 {
        for _ in 0..1_000 {
            number += 1;
            bench.buys(number);
        }
        while bench.projector.advance().unwrap() {}
        most = most.max(bench.projector.unwritten());
    }
    let a_pull = 5 * limits::FOLLOW_EFFECTS_A_PULL;
    assert!(most > limits::LIST_ENTRIES_UNWRITTEN_MAX - 2 * a_pull);
    assert!(most < limits::LIST_ENTRIES_UNWRITTEN_MAX);
    assert!(
        bench.projector.unwritten() < a_pull,
        "written without being asked"
    );
    // A sync that was under way with the flush need not cover what was written since.
    bench.projector.synced();
    assert_eq!(bench.projector.durable(), flushed);
    bench.checkpoint();
    bench.restart();
    let all = ListKey {
        tenant: TENANT,
        mode: Mode::Live,
        organisation: None,
    };
    bench.check_pages(all, &Selection::default());
}

#[tokio::test]
async fn looking_for_too_little_in_too_much_is_refused_and_narrower_dates_help() {
    let mut bench = Bench::new();
    let blocks = u32::try_from(limits::LIST_BLOCKS_LOOKED_INTO_MAX + 1).unwrap();
    let block = u32::try_from(limits::LIST_BLOCK_ENTRIES).unwrap();
    // One in eleven is a test.
    let count = blocks * block * 11 / 10 + 20;
    for number in 1..=count {
        bench.buys(number);
        if number % 20_000 == 0 {
            bench.projector.flush().unwrap();
        }
    }
    bench.projector.flush().unwrap();
    let list = ListKey {
        tenant: TENANT,
        mode: Mode::Live,
        organisation: None,
    };
    let nothing = Selection {
        class: Some(1),
        take: 10,
        ..Selection::default()
    };
    let refused = bench.projector.select_now(list, &nothing);
    assert!(matches!(refused, Err(Refused::TooBroad)), "{refused:?}");
    let narrow = Selection {
        to: Some(BEGIN.after(Span::seconds(2_000))),
        ..nothing.clone()
    };
    let listed = bench.projector.select_now(list, &narrow).unwrap();
    assert_eq!(listed, Listed::default());
    let all = Selection {
        class: None,
        count: true,
        ..nothing
    };
    let listed = bench.projector.select_now(list, &all).unwrap();
    assert_eq!(listed.total, Some(u64::from(count - count / 11)));
}
