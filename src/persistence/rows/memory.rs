//! Rows in memory, for tests and simulation: framed as on a disk, so that both stores refuse the same.

use std::collections::BTreeMap;
use std::ops::Bound;

use parking_lot::RwLock;

use super::{Error, Keyed, Row, Rows, Write, frame, range};

/// An ordered store of rows in memory.
#[derive(Default)]
pub struct MemoryRows {
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    framed: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What each write since the last sync replaced, oldest first: how a simulated power cut takes them back.
    unsynced: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl MemoryRows {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes back every write since the last [`Rows::sync`], as the worst power cut would.
    pub fn lose_unsynced(&self) {
        let mut state = self.state.write();
        while let Some((key, before)) = state.unsynced.pop() {
            match before {
                Some(framed) => state.framed.insert(key, framed),
                None => state.framed.remove(&key),
            };
        }
    }
}

impl Rows for MemoryRows {
    fn may_block(&self) -> bool {
        false
    }

    fn get(&self, key: &[u8]) -> Result<Option<Row>, Error> {
        let state = self.state.read();
        state
            .framed
            .get(key)
            .map(|framed| frame::decode(key, framed))
            .transpose()
    }

    fn last_at_most(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Keyed>, Error> {
        let Some((lower, upper)) = range::at_most(prefix, key) else {
            return Ok(None);
        };
        let state = self.state.read();
        let mut found = state.framed.range::<[u8], _>((
            Bound::Included(lower),
            upper.as_ref().map(|upper| upper.as_ref()),
        ));
        found
            .next_back()
            .map(|(key, framed)| Ok((key.clone(), frame::decode(key, framed)?)))
            .transpose()
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        max_rows: usize,
    ) -> Result<Vec<Keyed>, Error> {
        let lower = range::above(prefix, after);
        let state = self.state.read();
        state
            .framed
            .range::<[u8], _>((lower, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(max_rows)
            .map(|(key, framed)| Ok((key.clone(), frame::decode(key, framed)?)))
            .collect()
    }

    fn write(&self, writes: Vec<Write>) -> Result<(), Error> {
        let writes = frame::encode_all(writes)?;
        let mut state = self.state.write();
        for (key, framed) in writes {
            let before = match framed {
                Some(framed) => state.framed.insert(key.clone(), framed),
                None => state.framed.remove(&key),
            };
            state.unsynced.push((key, before));
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        self.state.write().unsynced.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance::{self, put};
    use super::*;

    impl conformance::Subject for MemoryRows {
        fn flip_stored_bit(&self, key: &[u8], bit: usize) {
            let mut state = self.state.write();
            state.framed.get_mut(key).unwrap()[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn memory_rows_keep_the_contract() {
        conformance::check(MemoryRows::new);
    }

    #[test]
    fn a_power_cut_takes_back_what_was_not_synced_and_nothing_else() {
        let rows = MemoryRows::new();
        rows.write(vec![put(b"kept", 1), put(b"removed", 1)])
            .unwrap();
        rows.sync().unwrap();
        rows.write(vec![put(b"kept", 2), put(b"new", 2)]).unwrap();
        rows.write(vec![
            put(b"kept", 3),
            Write::Delete {
                key: b"removed".to_vec(),
            },
        ])
        .unwrap();
        rows.lose_unsynced();
        let found = rows.scan(b"", None, 10).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|(key, row)| (key.as_slice(), row.entity_seq))
            .collect();
        assert_eq!(found, [(&b"kept"[..], 1), (&b"removed"[..], 1)]);
    }
}
