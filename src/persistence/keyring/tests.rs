use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

use super::shard_file::ShardFile;
use super::*;
use crate::limits::{KEY_SLOTS_READY_MIN, KEYS_PER_BLOCK};
use crate::persistence::durable;

const SHARD: ShardId = ShardId(3);
const HEADER_BYTES: usize = 512;
const BLOCK_BYTES: usize = 16 + 64 * 32;

fn open(directory: &Path) -> Keyring {
    Keyring::open(directory).unwrap()
}

fn refusal(directory: &Path) -> Error {
    Keyring::open(directory).expect_err("the keyring was opened")
}

fn file(directory: &Path) -> PathBuf {
    directory.join("00003.keys")
}

fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
    }
    to
}

fn seal(keyring: &Keyring, slot: KeySlot) -> Vec<u8> {
    keyring.seal(SHARD, slot, b"name", b"Ada").unwrap()
}

fn unseal(keyring: &Keyring, slot: KeySlot, sealed: &[u8]) -> Opened {
    keyring.open_sealed(SHARD, slot, b"name", sealed).unwrap()
}

fn ada() -> Opened {
    Opened::Plain(b"Ada".to_vec())
}

/// The raw key of a slot, as the file has it.
fn key_bytes(file: &[u8], slot: KeySlot) -> &[u8] {
    let at = HEADER_BYTES + slot.0 as usize / 64 * BLOCK_BYTES + 16 + slot.0 as usize % 64 * 32;
    &file[at..at + 32]
}

#[test]
fn what_is_sealed_opens_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = open(directory.path());
    let slots: Vec<_> = (0..200).map(|_| keyring.allocate(SHARD).unwrap()).collect();
    let sealed: Vec<_> = slots.iter().map(|slot| seal(&keyring, *slot)).collect();
    drop(keyring);
    let keyring = open(directory.path());
    for (slot, sealed) in slots.iter().zip(&sealed) {
        assert_eq!(unseal(&keyring, *slot, sealed), ada());
    }
}

#[test]
fn no_slot_is_handed_out_twice_over_restarts_and_threads() {
    let directory = tempfile::tempdir().unwrap();
    let mut seen = BTreeSet::new();
    for start in 0..4 {
        let keyring = open(directory.path());
        let taken: Vec<KeySlot> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let take = |_| {
                            keyring.prepare(SHARD).unwrap();
                            keyring.allocate(SHARD).unwrap()
                        };
                        (0..50).map(take).collect::<Vec<_>>()
                    })
                })
                .collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        for slot in taken {
            assert!(seen.insert(slot), "{slot:?} in start {start}");
        }
    }
    // 200 slots a start in blocks of 64 take 4 blocks, and one more may have been made ahead.
    assert!(seen.last().unwrap().0 < 4 * 5 * KEYS_PER_BLOCK);
}

#[test]
fn a_restart_begins_a_new_block() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(open(directory.path()).allocate(SHARD).unwrap(), KeySlot(0));
    // Starts that allocate nothing waste nothing.
    drop(open(directory.path()));
    let again = open(directory.path()).allocate(SHARD).unwrap();
    assert_eq!(again, KeySlot(KEYS_PER_BLOCK));
}

#[test]
fn a_slot_is_durable_before_it_is_handed_out_and_prepared_ahead() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = open(directory.path());
    let blocks = || {
        let bytes = std::fs::metadata(file(directory.path())).unwrap().len();
        (usize::try_from(bytes).unwrap() - HEADER_BYTES) / BLOCK_BYTES
    };
    for number in 0..KEYS_PER_BLOCK - KEY_SLOTS_READY_MIN {
        assert_eq!(keyring.allocate(SHARD).unwrap(), KeySlot(number));
        keyring.prepare(SHARD).unwrap();
        assert_eq!(blocks(), 1, "slot {number}");
    }
    let next = keyring.allocate(SHARD).unwrap();
    keyring.prepare(SHARD).unwrap();
    assert_eq!(blocks(), 2);
    // What was prepared follows without a gap.
    for number in next.0 + 1..2 * KEYS_PER_BLOCK {
        assert_eq!(keyring.allocate(SHARD).unwrap(), KeySlot(number));
    }
    assert_eq!(blocks(), 2);
}

#[test]
fn sealed_bytes_open_only_where_they_were_sealed() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = open(directory.path());
    let slot = keyring.allocate(SHARD).unwrap();
    let other = keyring.allocate(SHARD).unwrap();
    let elsewhere = keyring.allocate(ShardId(4)).unwrap();
    let sealed = seal(&keyring, slot);
    let broken = |shard, slot, aad: &[u8], sealed: &[u8]| {
        let opened = keyring.open_sealed(shard, slot, aad, sealed);
        assert!(
            matches!(opened, Err(Error::SealBroken { .. })),
            "{opened:?}"
        );
    };
    broken(SHARD, slot, b"phone", &sealed);
    broken(SHARD, other, b"name", &sealed);
    broken(ShardId(4), elsewhere, b"name", &sealed);
    for at in 0..sealed.len() {
        let mut worn = sealed.clone();
        worn[at] ^= 1;
        broken(SHARD, slot, b"name", &worn);
        broken(SHARD, slot, b"name", &sealed[..at]);
    }
    assert_eq!(unseal(&keyring, slot, &sealed), ada());
    assert_ne!(seal(&keyring, slot), sealed, "a nonce was used twice");
    let unknown = keyring.seal(SHARD, KeySlot(KEYS_PER_BLOCK), b"", b"");
    assert!(matches!(unknown, Err(Error::UnknownSlot { .. })));
    let unknown = keyring.seal(ShardId(9), slot, b"", b"");
    assert!(matches!(unknown, Err(Error::UnknownSlot { .. })));
}

#[test]
fn a_shredded_key_is_gone_from_every_file_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = open(directory.path());
    let slots: Vec<_> = (0..100).map(|_| keyring.allocate(SHARD).unwrap()).collect();
    let sealed: Vec<_> = slots.iter().map(|slot| seal(&keyring, *slot)).collect();
    let before = std::fs::read(file(directory.path())).unwrap();
    // A second name for the old file shows what becomes of its bytes.
    let old = directory.path().join("old");
    std::fs::hard_link(file(directory.path()), &old).unwrap();
    // One in a full block, one in the block that slots are still taken from.
    let shredded = [slots[7], slots[80]];
    keyring.shred(SHARD, shredded[0]).unwrap();
    keyring.shred_all(SHARD, &shredded).unwrap();
    let check = |keyring: &Keyring| {
        for (slot, sealed) in slots.iter().zip(&sealed) {
            if shredded.contains(slot) {
                assert_eq!(unseal(keyring, *slot, sealed), Opened::Erased);
                let refused = keyring.seal(SHARD, *slot, b"name", b"Ada");
                assert!(matches!(refused, Err(Error::Shredded { .. })));
            } else {
                assert_eq!(unseal(keyring, *slot, sealed), ada());
            }
        }
    };
    check(&keyring);
    assert_eq!(keyring.allocate(SHARD).unwrap(), KeySlot(100));
    assert_eq!(
        key_bytes(&std::fs::read(&old).unwrap(), shredded[0]),
        [0; 32]
    );
    std::fs::remove_file(&old).unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for slot in shredded {
            let key = key_bytes(&before, slot);
            assert!(!bytes.windows(32).any(|window| window == key));
        }
    }
    drop(keyring);
    check(&open(directory.path()));
}

#[test]
fn an_erasure_cut_off_at_any_step_is_whole_or_undone() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = open(directory.path());
    let kept = keyring.allocate(SHARD).unwrap();
    let erased = keyring.allocate(SHARD).unwrap();
    let (kept_sealed, erased_sealed) = (seal(&keyring, kept), seal(&keyring, erased));
    let untouched = copy(directory.path());
    keyring.shred(SHARD, erased).unwrap();
    let new = std::fs::read(file(directory.path())).unwrap();
    let after_crash = |left_behind: &[u8], overwrite: bool| {
        let crashed = copy(untouched.path());
        let rewritten = durable::with_suffix(&file(crashed.path()), ".rewritten");
        std::fs::write(&rewritten, left_behind).unwrap();
        if overwrite {
            let mut old = std::fs::read(file(crashed.path())).unwrap();
            old[HEADER_BYTES + 16 + 32..HEADER_BYTES + 16 + 64].fill(0);
            std::fs::write(file(crashed.path()), old).unwrap();
        }
        let old = crashed.path().join("old");
        std::fs::hard_link(file(crashed.path()), &old).unwrap();
        let keyring = open(crashed.path());
        assert!(!rewritten.exists());
        assert_eq!(unseal(&keyring, kept, &kept_sealed), ada());
        let old = std::fs::read(old).unwrap();
        let is_overwritten = key_bytes(&old, erased) == [0; 32];
        let opened = unseal(&keyring, erased, &erased_sealed);
        assert_eq!(is_overwritten, opened == Opened::Erased);
        opened
    };
    // Step 1 not complete: the header goes last, and any part of the rest may be missing.
    for length in (0..new.len()).step_by(97) {
        assert_eq!(after_crash(&new[..length], false), ada(), "{length} bytes");
        let mut torn = new.clone();
        torn[length] ^= 1;
        assert_eq!(after_crash(&torn, false), ada(), "torn at {length}");
    }
    // Step 1 complete, with and without step 2.
    assert_eq!(after_crash(&new, false), Opened::Erased);
    assert_eq!(after_crash(&new, true), Opened::Erased);
}

#[test]
fn a_torn_last_block_is_cut_and_its_slots_are_handed_out_later() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = open(directory.path());
    let first = keyring.allocate(SHARD).unwrap();
    let sealed = seal(&keyring, first);
    let before = std::fs::read(file(directory.path())).unwrap();
    drop(keyring);
    open(directory.path()).allocate(SHARD).unwrap();
    let mut after = std::fs::read(file(directory.path())).unwrap();
    assert_eq!(after.len(), before.len() + BLOCK_BYTES);
    // The header does not count a block that was not synced.
    after[..HEADER_BYTES].copy_from_slice(&before[..HEADER_BYTES]);
    let after_crash = |torn: &[u8]| {
        let crashed = copy(directory.path());
        std::fs::write(file(crashed.path()), torn).unwrap();
        let keyring = open(crashed.path());
        assert_eq!(unseal(&keyring, first, &sealed), ada());
        let next = keyring.allocate(SHARD).unwrap();
        assert_eq!(unseal(&keyring, next, &seal(&keyring, next)), ada());
        drop(keyring);
        drop(open(crashed.path()));
        next
    };
    for length in (before.len()..after.len()).step_by(101) {
        assert_eq!(after_crash(&after[..length]), KeySlot(64), "{length} bytes");
        let mut torn = after.clone();
        torn[length..].fill(0);
        assert_eq!(after_crash(&torn), KeySlot(64), "zero from {length}");
    }
    // Whole, though not counted: nobody can tell whether its slots were taken, so they are passed over.
    assert_eq!(after_crash(&after), KeySlot(128));
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = open(directory.path());
    for _ in 0..=KEYS_PER_BLOCK {
        keyring.allocate(SHARD).unwrap();
    }
    drop(keyring);
    for name in ["00003.keys", "shards"] {
        let whole = std::fs::read(directory.path().join(name)).unwrap();
        for at in (0..whole.len()).step_by(13) {
            let mut worn = whole.clone();
            worn[at] ^= 4;
            std::fs::write(directory.path().join(name), &worn).unwrap();
            let refused = refusal(directory.path());
            assert!(matches!(refused, Error::Damaged { .. }), "{name}, {at}");
            std::fs::write(directory.path().join(name), &whole[..at]).unwrap();
            let refused = refusal(directory.path());
            assert!(matches!(refused, Error::Damaged { .. }), "{name}, {at}");
        }
        std::fs::write(directory.path().join(name), &whole).unwrap();
    }
    drop(open(directory.path()));
}

#[test]
fn a_key_damaged_while_running_is_found() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).allocate(SHARD).unwrap();
    let keyring = open(directory.path());
    let sealed = seal(&keyring, KeySlot(0));
    let whole = std::fs::read(file(directory.path())).unwrap();
    let mut worn = whole.clone();
    worn[HEADER_BYTES + 100] ^= 1;
    std::fs::write(file(directory.path()), worn).unwrap();
    let opened = keyring.open_sealed(SHARD, KeySlot(0), b"name", &sealed);
    assert!(matches!(opened, Err(Error::Damaged { .. })), "{opened:?}");
}

#[test]
fn a_missing_file_is_refused_never_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).allocate(SHARD).unwrap();
    let without_list = copy(directory.path());
    std::fs::remove_file(without_list.path().join("shards")).unwrap();
    let refused = refusal(without_list.path()).to_string();
    assert!(refused.contains("shards, offset 0"), "{refused}");
    std::fs::remove_file(file(directory.path())).unwrap();
    let refused = refusal(directory.path()).to_string();
    assert!(refused.contains("the file is missing"), "{refused}");
    assert!(refused.contains("Restore the keyring"), "{refused}");
}

#[test]
fn a_file_that_a_crash_left_unlisted_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    std::fs::write(file(directory.path()), b"torn").unwrap();
    let keyring = open(directory.path());
    assert_eq!(keyring.allocate(SHARD).unwrap(), KeySlot(0));
    drop(keyring);
    drop(open(directory.path()));
}

#[test]
fn a_held_keyring_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let holder = open(directory.path());
    assert!(matches!(refusal(directory.path()), Error::Held { .. }));
    drop(holder);
    drop(open(directory.path()));
}

#[test]
fn after_a_failed_erasure_the_shard_takes_no_change() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = open(directory.path());
    let slot = keyring.allocate(SHARD).unwrap();
    // A directory where the new file should go makes the write fail.
    let obstacle = durable::with_suffix(&file(directory.path()), ".rewritten");
    std::fs::create_dir(&obstacle).unwrap();
    assert!(matches!(keyring.shred(SHARD, slot), Err(Error::Io { .. })));
    std::fs::remove_dir(&obstacle).unwrap();
    assert!(matches!(
        keyring.shred(SHARD, slot),
        Err(Error::Failed { .. })
    ));
    drop(keyring);
    open(directory.path()).shred(SHARD, slot).unwrap();
}

#[test]
fn files_are_for_the_owner_alone_and_debug_shows_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = open(directory.path());
    let slot = keyring.allocate(SHARD).unwrap();
    let (mut files, mut names) = (0, Vec::new());
    let mut check = || {
        for entry in std::fs::read_dir(directory.path()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
            names.push(entry.file_name());
            files += 1;
        }
    };
    check();
    keyring.shred(SHARD, slot).unwrap();
    check();
    assert_eq!(files, 6, "{names:?}");
    assert_eq!(format!("{keyring:?}"), "Keyring { .. }");
    assert_eq!(format!("{:?}", ada()), "Plain(..)");
}

#[test]
fn in_memory_all_follows_from_the_seed() {
    let history = |seed| {
        let keyring = Keyring::in_memory(seed);
        let slot = keyring.allocate(SHARD).unwrap();
        let sealed = (seal(&keyring, slot), seal(&keyring, slot));
        assert_ne!(sealed.0, sealed.1);
        assert_eq!(unseal(&keyring, slot, &sealed.0), ada());
        let unknown = keyring.seal(SHARD, KeySlot(1), b"", b"");
        assert!(matches!(unknown, Err(Error::UnknownSlot { .. })));
        keyring.shred(SHARD, slot).unwrap();
        assert_eq!(unseal(&keyring, slot, &sealed.0), Opened::Erased);
        let refused = keyring.seal(SHARD, slot, b"name", b"Ada");
        assert!(matches!(refused, Err(Error::Shredded { .. })));
        sealed
    };
    assert_eq!(history(1), history(1));
    assert_ne!(history(1), history(2));
}

#[test]
fn the_last_slot_there_can_be_is_not_passed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let mut shard = ShardFile::create(&path, SHARD).unwrap();
    shard.pretend_blocks(u32::MAX / KEYS_PER_BLOCK);
    assert!(matches!(shard.extension(), Err(Error::Full { .. })));
    shard.pretend_blocks(u32::MAX / KEYS_PER_BLOCK - 1);
    assert!(shard.extension().is_ok());
}
