//! How a row lies in a store: a version byte, a checksum, the sequence, the payload.
//!
//! The checksum covers the row's key too: a row that a store hands out under another row's key is damage like any
//! other, and is found.

use super::{Error, Row, Write};
use crate::limits::ROW_BYTES_MAX;

/// The one version there is; another layout gets another number, and old ones stay readable.
const VERSION: u8 = 1;

/// Version (1), CRC-32C (4, little-endian), the entity's sequence (8, little-endian).
const HEADER_BYTES: usize = 1 + 4 + 8;

/// The stored form of `row` under `key`.
///
/// # Errors
/// [`Error::TooLarge`] for a payload over [`ROW_BYTES_MAX`].
pub(super) fn encode(key: &[u8], row: &Row) -> Result<Vec<u8>, Error> {
    if row.payload.len() > ROW_BYTES_MAX {
        return Err(Error::TooLarge {
            key: hex(key),
            bytes: row.payload.len(),
            limit: ROW_BYTES_MAX,
        });
    }
    let sequence = row.entity_seq.to_le_bytes();
    let mut framed = Vec::with_capacity(HEADER_BYTES + row.payload.len());
    framed.push(VERSION);
    framed.extend_from_slice(&checksum(VERSION, key, &sequence, &row.payload).to_le_bytes());
    framed.extend_from_slice(&sequence);
    framed.extend_from_slice(&row.payload);
    Ok(framed)
}

/// The row that `framed` holds under `key`.
///
/// # Errors
/// [`Error::Damaged`] unless version, length and checksum are right.
pub(super) fn decode(key: &[u8], framed: &[u8]) -> Result<Row, Error> {
    let damaged = |detail: String| Error::Damaged {
        key: hex(key),
        detail,
    };
    let Some((header, payload)) = framed.split_first_chunk::<HEADER_BYTES>() else {
        return Err(damaged(format!("{} bytes hold no header", framed.len())));
    };
    let [version, c0, c1, c2, c3, sequence @ ..] = *header;
    if version != VERSION {
        return Err(damaged(format!("version {version} is unknown")));
    }
    if payload.len() > ROW_BYTES_MAX {
        return Err(damaged(format!(
            "{} bytes, over the limit of {ROW_BYTES_MAX}",
            payload.len()
        )));
    }
    let expected = u32::from_le_bytes([c0, c1, c2, c3]);
    let found = checksum(version, key, &sequence, payload);
    if expected != found {
        return Err(damaged(format!(
            "its checksum is {found:08x}, {expected:08x} was stored"
        )));
    }
    Ok(Row {
        entity_seq: u64::from_le_bytes(sequence),
        payload: payload.to_vec(),
    })
}

/// A key and the framed row to store under it; `None` removes it.
pub(super) type Framed = (Vec<u8>, Option<Vec<u8>>);

/// The stored forms of `writes`, in their order. All are checked before a store applies any.
///
/// # Errors
/// As [`encode`].
pub(super) fn encode_all(writes: Vec<Write>) -> Result<Vec<Framed>, Error> {
    writes
        .into_iter()
        .map(|write| match write {
            Write::Put { key, row } => {
                let framed = encode(&key, &row)?;
                Ok((key, Some(framed)))
            }
            Write::Delete { key } => Ok((key, None)),
        })
        .collect()
}

fn checksum(version: u8, key: &[u8], sequence: &[u8], payload: &[u8]) -> u32 {
    // The key's length comes first, so that no byte can move between key and row unseen.
    let key_bytes = (key.len() as u64).to_le_bytes();
    let mut sum = crc32c::crc32c(&[version]);
    for part in [&key_bytes, key, sequence, payload] {
        sum = crc32c::crc32c_append(sum, part);
    }
    sum
}

/// `bytes` in hex, as errors name keys.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_frame_gives_its_row_back(key: Vec<u8>, entity_seq: u64, payload: Vec<u8>) {
            let row = Row { entity_seq, payload };
            let framed = encode(&key, &row).unwrap();
            prop_assert_eq!(decode(&key, &framed).unwrap(), row);
        }

        #[test]
        fn no_flipped_bit_goes_unseen(key: Vec<u8>, entity_seq: u64, payload: Vec<u8>, at: prop::sample::Index) {
            let mut framed = encode(&key, &Row { entity_seq, payload }).unwrap();
            let bit = at.index(framed.len() * 8);
            framed[bit / 8] ^= 1 << (bit % 8);
            let refused = matches!(decode(&key, &framed), Err(Error::Damaged { .. }));
            prop_assert!(refused);
        }
    }

    #[test]
    fn a_row_under_anothers_key_is_damaged() {
        let row = Row {
            entity_seq: 7,
            payload: b"state".to_vec(),
        };
        let framed = encode(b"mine", &row).unwrap();
        assert!(matches!(
            decode(b"yours", &framed),
            Err(Error::Damaged { .. })
        ));
    }

    #[test]
    fn a_truncated_frame_is_damaged_at_every_length() {
        let row = Row {
            entity_seq: 7,
            payload: b"state".to_vec(),
        };
        let framed = encode(b"key", &row).unwrap();
        for length in 0..framed.len() {
            assert!(
                decode(b"key", &framed[..length]).is_err(),
                "length {length}"
            );
        }
    }
}
