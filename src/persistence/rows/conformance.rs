//! What every store of rows must do: one set of claims, run on each of them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Error, Row, Rows, Write};
use crate::limits::ROW_BYTES_MAX;

/// A store whose stored bytes a test can damage.
pub(super) trait Subject: Rows {
    /// Flips a bit of what is stored under `key`.
    fn flip_stored_bit(&self, key: &[u8], bit: usize);
}

pub(super) fn row(entity_seq: u64) -> Row {
    Row {
        entity_seq,
        payload: format!("state {entity_seq}").into_bytes(),
    }
}

pub(super) fn put(key: &[u8], entity_seq: u64) -> Write {
    Write::Put {
        key: key.to_vec(),
        row: row(entity_seq),
    }
}

/// Runs every claim on stores that `open` makes, each empty.
pub(super) fn check<S: Subject>(open: impl Fn() -> S) {
    a_row_is_read_as_written(&open());
    a_scan_pages_through_a_prefix_and_no_further(&open());
    prefixes_of_0xff_have_no_upper_edge(&open());
    last_at_most_stays_within_the_prefix(&open());
    a_row_over_the_limit_refuses_the_whole_write(&open());
    a_damaged_row_is_never_served(&open());
    any_history_reads_like_a_sorted_map(open);
}

fn keys(found: Vec<(Vec<u8>, Row)>) -> Vec<Vec<u8>> {
    found.into_iter().map(|(key, _)| key).collect()
}

fn a_row_is_read_as_written(rows: &impl Subject) {
    assert_eq!(rows.get(b"a").unwrap(), None);
    rows.write(vec![put(b"a", 1), put(b"b", 1)]).unwrap();
    rows.write(vec![
        put(b"a", 2),
        Write::Delete { key: b"b".to_vec() },
        Write::Delete {
            key: b"never".to_vec(),
        },
    ])
    .unwrap();
    rows.sync().unwrap();
    assert_eq!(rows.get(b"a").unwrap(), Some(row(2)));
    assert_eq!(rows.get(b"b").unwrap(), None);
    // Of two writes to one key, the later counts.
    rows.write(vec![put(b"a", 3), put(b"a", 4)]).unwrap();
    assert_eq!(rows.get(b"a").unwrap(), Some(row(4)));
    rows.write(vec![put(b"a", 5), Write::Delete { key: b"a".to_vec() }])
        .unwrap();
    assert_eq!(rows.get(b"a").unwrap(), None);
}

fn a_scan_pages_through_a_prefix_and_no_further(rows: &impl Subject) {
    rows.write(vec![
        put(b"a", 1),
        put(b"b", 2),
        put(b"b1", 3),
        put(b"b2", 4),
        put(b"b3", 5),
        put(b"c", 6),
    ])
    .unwrap();
    let mut seen = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = keys(rows.scan(b"b", after.as_deref(), 2).unwrap());
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        seen.extend(page);
        assert!(seen.len() <= 4, "a page repeats: {seen:?}");
    }
    assert_eq!(seen, [&b"b"[..], b"b1", b"b2", b"b3"]);
    // A bound below the prefix starts at the prefix; one above it finds nothing.
    assert_eq!(rows.scan(b"b", Some(b"a"), 9).unwrap().len(), 4);
    assert_eq!(rows.scan(b"b", Some(b"c"), 9).unwrap(), []);
    assert_eq!(rows.scan(b"b", None, 0).unwrap(), []);
    assert_eq!(rows.scan(b"", None, 9).unwrap().len(), 6);
}

fn prefixes_of_0xff_have_no_upper_edge(rows: &impl Subject) {
    let stored: [&[u8]; 5] = [
        b"\xfe",
        b"\xfe\xff\xff",
        b"\xff",
        b"\xff\xff",
        b"\xff\xff\x00",
    ];
    rows.write(stored.iter().map(|key| put(key, 1)).collect())
        .unwrap();
    assert_eq!(keys(rows.scan(b"\xff", None, 9).unwrap()), &stored[2..]);
    assert_eq!(keys(rows.scan(b"\xff\xff", None, 9).unwrap()), &stored[3..]);
    assert_eq!(keys(rows.scan(b"\xfe", None, 9).unwrap()), &stored[..2]);
    let last = |prefix: &[u8], key: &[u8]| {
        let found = rows.last_at_most(prefix, key).unwrap();
        found.map(|(key, _)| key)
    };
    assert_eq!(last(b"\xff", b"\xff\xff\xff"), Some(stored[4].to_vec()));
    assert_eq!(last(b"\xfe\xff", b"\xff\xff"), Some(stored[1].to_vec()));
    assert_eq!(last(b"\xff\xff\xff", b"\xff\xff\xff\xff"), None);
}

fn last_at_most_stays_within_the_prefix(rows: &impl Subject) {
    rows.write(vec![
        put(b"a9", 1),
        put(b"b1", 2),
        put(b"b5", 3),
        put(b"b50", 4),
        put(b"c1", 5),
    ])
    .unwrap();
    let last = |prefix: &[u8], key: &[u8]| {
        let found = rows.last_at_most(prefix, key).unwrap();
        found.map(|(_, row)| row.entity_seq)
    };
    assert_eq!(last(b"b", b"b5"), Some(3));
    assert_eq!(last(b"b", b"b4"), Some(2));
    assert_eq!(last(b"b", b"b9"), Some(4));
    assert_eq!(last(b"b", b"b0"), None);
    // A key beyond the prefix finds the prefix's last row, not the row nearest to the key.
    assert_eq!(last(b"b", b"c5"), Some(4));
    // A key below the prefix finds nothing, though a row lies below it.
    assert_eq!(last(b"b", b"a99"), None);
    assert_eq!(last(b"", b"zz"), Some(5));
}

fn a_row_over_the_limit_refuses_the_whole_write(rows: &impl Subject) {
    let sized = |bytes: usize| Write::Put {
        key: b"large".to_vec(),
        row: Row {
            entity_seq: 1,
            payload: vec![7; bytes],
        },
    };
    rows.write(vec![sized(ROW_BYTES_MAX)]).unwrap();
    let refused = rows.write(vec![put(b"small", 1), sized(ROW_BYTES_MAX + 1)]);
    assert!(matches!(
        refused,
        Err(Error::TooLarge { bytes, limit: ROW_BYTES_MAX, .. }) if bytes == ROW_BYTES_MAX + 1
    ));
    assert_eq!(rows.get(b"small").unwrap(), None);
    let kept = rows.get(b"large").unwrap().unwrap();
    assert_eq!(kept.payload.len(), ROW_BYTES_MAX);
}

fn a_damaged_row_is_never_served(rows: &impl Subject) {
    rows.write(vec![put(b"whole", 1), put(b"worn", 2)]).unwrap();
    rows.sync().unwrap();
    for bit in 0..8 * (1 + 4 + 8 + "state 2".len()) {
        rows.flip_stored_bit(b"worn", bit);
        let read: [Result<(), Error>; 3] = [
            rows.get(b"worn").map(drop),
            rows.scan(b"w", None, 9).map(drop),
            rows.last_at_most(b"w", b"worn").map(drop),
        ];
        for found in read {
            assert!(
                matches!(&found, Err(Error::Damaged { key, .. }) if key == "776f726e"),
                "bit {bit}: {found:?}"
            );
        }
        rows.flip_stored_bit(b"worn", bit);
    }
    assert_eq!(rows.get(b"worn").unwrap(), Some(row(2)));
}

#[derive(Clone, Debug)]
enum Step {
    Write(Vec<(Vec<u8>, Option<u64>)>),
    Get(Vec<u8>),
    LastAtMost(Vec<u8>, Vec<u8>),
    Scan(Vec<u8>, Option<Vec<u8>>, usize),
}

fn any_history_reads_like_a_sorted_map<S: Subject>(open: impl Fn() -> S) {
    // Few bytes and short keys, so that keys meet, nest and touch the edges.
    let key = || prop::collection::vec(prop::sample::select(vec![0_u8, 1, 0x61, 0xfe, 0xff]), 0..5);
    let step = prop_oneof![
        3 => prop::collection::vec((key(), any::<Option<u64>>()), 1..20).prop_map(Step::Write),
        1 => key().prop_map(Step::Get),
        2 => (key(), key()).prop_map(|(prefix, at)| Step::LastAtMost(prefix, at)),
        2 => (key(), any::<bool>(), key(), 0..8_usize)
            .prop_map(|(prefix, bounded, after, max)| Step::Scan(prefix, bounded.then_some(after), max)),
    ];
    let mut runner = TestRunner::new(Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&prop::collection::vec(step, 1..60), |steps| {
            let rows = open();
            let mut model = BTreeMap::new();
            for step in steps {
                take(step, &rows, &mut model)?;
            }
            Ok(())
        })
        .unwrap();
}

fn take(
    step: Step,
    rows: &impl Rows,
    model: &mut BTreeMap<Vec<u8>, Row>,
) -> Result<(), TestCaseError> {
    match step {
        Step::Write(changes) => {
            let mut writes = Vec::new();
            for (key, change) in changes {
                match change {
                    Some(sequence) => {
                        model.insert(key.clone(), row(sequence));
                        writes.push(put(&key, sequence));
                    }
                    None => {
                        model.remove(&key);
                        writes.push(Write::Delete { key });
                    }
                }
            }
            rows.write(writes).unwrap();
        }
        Step::Get(key) => prop_assert_eq!(rows.get(&key).unwrap(), model.get(&key).cloned()),
        Step::LastAtMost(prefix, at) => {
            let expected = model
                .iter()
                .rfind(|(key, _)| key.starts_with(&prefix) && **key <= at);
            let expected = expected.map(|(key, row)| (key.clone(), row.clone()));
            prop_assert_eq!(rows.last_at_most(&prefix, &at).unwrap(), expected);
        }
        Step::Scan(prefix, after, max) => {
            let expected: Vec<_> = model
                .iter()
                .filter(|(key, _)| {
                    key.starts_with(&prefix) && after.as_ref().is_none_or(|after| *key > after)
                })
                .take(max)
                .map(|(key, row)| (key.clone(), row.clone()))
                .collect();
            prop_assert_eq!(rows.scan(&prefix, after.as_deref(), max).unwrap(), expected);
        }
    }
    Ok(())
}
