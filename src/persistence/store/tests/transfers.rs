//! An export gives back what it was taken of, and only where there is nothing.

use std::sync::Arc;

use super::history::{History, SHARD, load, open};
use crate::domain::contact::SealedProfile;
use crate::persistence::codec;
use crate::persistence::export::Header;
use crate::persistence::journal::Position;
use crate::persistence::listing::Cursor;
use crate::persistence::rows::{MemoryRows, Row, Rows, Write};
use crate::persistence::store::{Store, TransferFailed, cursor_key, inspect};

#[test]
fn restored_rows_hold_equal_entities_and_a_filled_place_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("export");
    let store = open(Arc::new(MemoryRows::new()));
    // More entities than fit one page of rows.
    let histories: Vec<_> = (0..300)
        .map(|entity| {
            let mut history = History::contact(SealedProfile::default());
            history.address.entity = entity;
            let purchases = if entity == 0 { 200 } else { 1 };
            (1..=purchases).for_each(|number| drop(history.purchase(number)));
            history.note(&store, &history.effects);
            history
        })
        .collect();
    let mark = Position(9_000);
    store.checkpoint(mark).unwrap();
    let header = Header {
        data_directory_id: [7; 16],
        journal_position: mark,
        created_at_ms: 1,
        shard_count: 4,
    };
    store.export(store.snapshot(), &path, header).unwrap();

    let rows: Arc<dyn Rows> = Arc::new(MemoryRows::new());
    let restored = Store::restore(&rows, &path, Position(9_001)).unwrap();
    let all = store.rows().scan(&[], None, usize::MAX).unwrap();
    assert_eq!(restored, all.len());
    let again = open(Arc::clone(&rows));
    assert_eq!(again.mark(), Position(9_001), "the caller's");
    for history in &histories {
        assert_eq!(load(&again, history.address), load(&store, history.address));
        history.assert_holds(load(&again, history.address));
    }
    let except_meta = |rows: &Arc<dyn Rows>| -> Vec<_> {
        let all = rows.scan(&[], None, usize::MAX).unwrap();
        all.into_iter().filter(|(key, _)| key[0] > 0).collect()
    };
    assert_eq!(except_meta(&rows), except_meta(&store.rows()));
    assert!(again.check(SHARD).is_ok());

    let refused = Store::restore(&rows, &path, mark);
    assert!(
        matches!(refused, Err(TransferFailed::NotEmpty)),
        "{refused:?}"
    );
}

#[test]
fn a_cursor_comes_back_where_what_follows_it_does() {
    let exported = Position(500);
    let restored = |cursor: u64, mark: Position| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export");
        let store = open(Arc::new(MemoryRows::new()));
        let key = cursor_key("lists");
        let cursor = Cursor {
            version: 3,
            position: Position(cursor),
        };
        let row = Row {
            entity_seq: 0,
            payload: codec::encode_cursor(&cursor),
        };
        let put = Write::Put {
            key: key.clone(),
            row,
        };
        store.rows().write(vec![put]).unwrap();
        store.checkpoint(exported).unwrap();
        let header = Header {
            data_directory_id: [7; 16],
            journal_position: exported,
            created_at_ms: 1,
            shard_count: 4,
        };
        store.export(store.snapshot(), &path, header).unwrap();
        assert_eq!(inspect(&path).unwrap().reach, exported.min(cursor.position));
        let rows: Arc<dyn Rows> = Arc::new(MemoryRows::new());
        Store::restore(&rows, &path, mark).unwrap();
        let found = rows.get(&key).unwrap();
        found.map(|row| codec::decode_cursor(&row.payload).unwrap().position)
    };
    // Beside its own journal it goes on from where it was.
    for cursor in [400, 500, 600] {
        assert_eq!(restored(cursor, exported), Some(Position(cursor)));
    }
    // Beside a new one only a cursor that fits the rows does, and from the start.
    assert_eq!(restored(400, Position::START), None);
    assert_eq!(restored(500, Position::START), Some(Position::START));
    assert_eq!(restored(600, Position::START), None);
}
