//! Bytes that are not what they should be are refused with their reason, and never panic.

use proptest::prelude::*;

use super::{fixtures, golden, wallet};
use crate::persistence::codec::{self, Error, VERSION};

/// What every reader makes of `bytes`, with its name.
fn read_by_all(bytes: &[u8]) -> [(&'static str, Result<(), Error>); 6] {
    [
        ("effect", codec::decode_effect(bytes).map(drop)),
        ("entity", codec::decode_entity(bytes).map(drop)),
        ("purchases", codec::decode_purchases(bytes).map(drop)),
        ("answered", codec::decode_answered(bytes).map(drop)),
        ("profile", codec::decode_profile(bytes).map(drop)),
        ("answers", codec::decode_answers(bytes).map(drop)),
    ]
}

/// Whole bytes and their reader's place in [`read_by_all`].
fn written() -> Vec<(usize, Vec<u8>)> {
    let mut written = vec![
        (2, codec::encode_purchases(&vec![wallet::kept(None)])),
        (3, codec::encode_answered(&fixtures::answered(1))),
        (4, codec::encode_profile(&fixtures::profile())),
        (5, codec::encode_answers(&vec![fixtures::answered(1)])),
    ];
    for (_, event) in fixtures::events() {
        let address = fixtures::address(golden::kind(&event));
        written.push((0, codec::encode_effect(&address, &fixtures::effect(event))));
    }
    for (_, state) in fixtures::states() {
        let entity = fixtures::entity(state, fixtures::remembered());
        written.push((1, codec::encode_entity(&entity)));
    }
    written
}

#[test]
fn another_version_is_refused_as_such() {
    for (reader, mut bytes) in written() {
        for version in [0, VERSION + 1, u8::MAX] {
            bytes[0] = version;
            let (name, read) = &read_by_all(&bytes)[reader];
            assert!(
                matches!(read, Err(Error::Version { found: Some(found), .. }) if *found == version),
                "{name}: {read:?}"
            );
        }
    }
    for (name, read) in read_by_all(&[]) {
        assert!(
            matches!(read, Err(Error::Version { found: None, .. })),
            "{name}: {read:?}"
        );
    }
}

#[test]
fn cut_bytes_do_not_follow_the_layout() {
    for (reader, bytes) in written() {
        for length in 1..bytes.len() {
            let (name, read) = &read_by_all(&bytes[..length])[reader];
            assert!(
                matches!(read, Err(Error::Layout { .. })),
                "{name} cut at {length} of {}: {read:?}",
                bytes.len()
            );
        }
    }
}

#[test]
fn bytes_after_the_layout_are_refused() {
    for (reader, mut bytes) in written() {
        bytes.push(0);
        let (name, read) = &read_by_all(&bytes)[reader];
        assert!(
            matches!(read, Err(Error::Layout { .. })),
            "{name}: {read:?}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_at_all_make_a_reader_panic(mut bytes in prop::collection::vec(any::<u8>(), 1..200)) {
        bytes[0] = VERSION;
        for (name, read) in read_by_all(&bytes) {
            prop_assert!(!matches!(read, Err(Error::Version { .. })), "{}", name);
        }
    }

    #[test]
    fn an_altered_byte_never_makes_a_reader_panic(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        to: u8,
    ) {
        let mut written = written();
        let (reader, mut bytes) = written.swap_remove(which.index(written.len()));
        let at = 1 + at.index(bytes.len() - 1);
        bytes[at] = to;
        let (name, read) = &read_by_all(&bytes)[reader];
        prop_assert!(!matches!(read, Err(Error::Version { .. })), "{}", name);
    }
}
