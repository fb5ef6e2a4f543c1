//! What a start makes of altered files: it cuts a torn tail, and refuses everything else.

use std::fs;
use std::os::unix::fs::FileExt;

use super::*;

fn alter(path: &Path, at: u64, change: impl FnOnce(&mut [u8]), bytes: usize) {
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut piece = vec![0; bytes];
    file.read_exact_at(&mut piece, at).unwrap();
    change(&mut piece);
    file.write_all_at(&piece, at).unwrap();
}

fn flip(path: &Path, at: u64) {
    alter(path, at, |piece| piece[0] ^= 0x10, 1);
}

/// A journal of several segments that crashed.
async fn crashed(count: usize) -> (Disk, Vec<(u64, u64, u64)>) {
    let disk = Disk::new();
    let journal = disk.start();
    let mut appender = Appender::claim(&journal, 0).await;
    for _ in 0..count {
        write(&journal, &appender.next(2_000)).await;
    }
    let live = live(&journal);
    (disk, live)
}

/// All files of a data directory.
fn saved(disk: &Disk) -> Vec<(PathBuf, Vec<u8>)> {
    let segments = fs::read_dir(disk.path().join("journal")).unwrap();
    let segments = segments.map(|entry| entry.unwrap().path());
    let paths = segments.chain([disk.path().join("journal.manifest")]);
    paths
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

fn restore(disk: &Disk, files: &[(PathBuf, Vec<u8>)]) {
    fs::remove_dir_all(disk.path().join("journal")).unwrap();
    fs::create_dir(disk.path().join("journal")).unwrap();
    for (path, bytes) in files {
        fs::write(path, bytes).unwrap();
    }
}

#[tokio::test]
async fn a_tail_torn_at_any_byte_is_cut() {
    let disk = Disk::new();
    let journal = disk.start();
    let mut appender = Appender::claim(&journal, 0).await;
    let mut written = Vec::new();
    for _ in 0..3 {
        written.push(write(&journal, &appender.next(60)).await);
    }
    let (id, start, end) = live(&journal)[0];
    let used = start + 40 + 23 + 60;
    drop(journal);
    let files = saved(&disk);
    let zeros = (start..used + 3).map(|at| (at, 0x00));
    let garbage = (start..end).step_by(5).map(|at| (at, 0xa5));
    for (at, filler) in zeros.chain(garbage) {
        restore(&disk, &files);
        let bytes = usize::try_from(end - at).unwrap();
        alter(&disk.segment(id), at, |torn| torn.fill(filler), bytes);
        let journal = disk.start();
        let kept = if at >= used && filler == 0 { 3 } else { 2 };
        assert_eq!(
            effects(&journal),
            written[..kept],
            "torn at {at} by {filler}"
        );
        drop(journal);
        let after = fs::read(disk.segment(id)).unwrap();
        let cut = usize::try_from(if kept == 3 { end } else { start }).unwrap();
        assert!(
            after[cut..].iter().all(|byte| *byte == 0),
            "the rest is zeroed"
        );
    }
    let journal = disk.start();
    let mut appender = Appender::claim(&journal, 0).await;
    let next = write(&journal, &appender.next(10)).await;
    drop(journal);
    assert_eq!(
        effects(&disk.start()).last(),
        Some(&next),
        "and written over"
    );
}

#[tokio::test]
async fn a_tail_cut_short_is_cut_and_made_whole() {
    let (disk, live) = crashed(5).await;
    let (id, start, end) = live[0];
    let file = fs::OpenOptions::new()
        .write(true)
        .open(disk.segment(id))
        .unwrap();
    file.set_len(end - 1).unwrap();
    let journal = disk.start();
    assert_eq!(effects(&journal).len(), 4);
    drop(journal);
    assert_eq!(fs::metadata(disk.segment(id)).unwrap().len(), SEGMENT);
    file.set_len(start).unwrap();
}

#[tokio::test]
async fn a_flipped_bit_before_the_last_batch_is_damage() {
    let (disk, live) = crashed(80).await;
    assert!(live.len() >= 3);
    let (newest, last, _) = live[live.len() - 1];
    let mut flips = 0;
    for (id, _, end) in &live {
        let end = if *id == newest { last } else { *end };
        for at in (0..end).step_by(97) {
            flip(&disk.segment(*id), at);
            let refusal = disk.refusal();
            assert!(
                refusal.contains(&format!("{id:016}.seg at offset")),
                "{refusal}"
            );
            assert!(refusal.contains("clientele snapshot restore"), "{refusal}");
            flip(&disk.segment(*id), at);
            flips += 1;
        }
    }
    assert!(flips > 1_000);
    assert_eq!(
        effects(&disk.start()).len(),
        80,
        "a refusal changes nothing"
    );
}

#[tokio::test]
async fn an_altered_last_batch_is_damage_after_a_close_in_good_order() {
    let (disk, _) = crashed(3).await;
    let journal = disk.start();
    let (id, start, _) = live(&journal)[0];
    journal.close().await.unwrap();
    flip(&disk.segment(id), start + 50);
    assert!(disk.refusal().contains("was durable"));
    flip(&disk.segment(id), start + 50);
    assert_eq!(effects(&disk.start()).len(), 3);
}

#[tokio::test]
async fn a_missing_file_is_damage() {
    let (disk, live) = crashed(80).await;
    for (id, _, _) in live {
        let path = disk.segment(id);
        let aside = disk.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        let refusal = disk.refusal();
        assert!(
            refusal.contains(&format!("{id:016}.seg is missing")),
            "{refusal}"
        );
        fs::rename(&aside, &path).unwrap();
    }
    assert_eq!(effects(&disk.start()).len(), 80);
}

#[tokio::test]
async fn a_journal_that_is_gone_is_damage_and_never_a_new_one() {
    let (disk, _) = crashed(3).await;
    let segments = disk.path().join("journal");
    let aside = disk.path().join("aside");
    fs::rename(&segments, &aside).unwrap();
    assert!(disk.refusal().contains("is missing"), "the folder is gone");
    fs::remove_dir_all(&segments).unwrap();
    fs::rename(&aside, &segments).unwrap();
    let manifest = disk.path().join("journal.manifest");
    fs::rename(&manifest, &aside).unwrap();
    assert!(disk.refusal().contains("manifest is missing"));
    fs::rename(&aside, &manifest).unwrap();
    flip(&manifest, 30);
    assert!(disk.refusal().contains("altered"));
    flip(&manifest, 30);
    assert_eq!(effects(&disk.start()).len(), 3);
}

#[tokio::test]
async fn a_foreign_or_misplaced_file_is_damage() {
    let (disk, _) = crashed(80).await;
    let (other, _) = crashed(80).await;
    let own = fs::read(disk.segment(2)).unwrap();
    fs::copy(other.segment(2), disk.segment(2)).unwrap();
    assert!(disk.refusal().contains("another data directory"));
    fs::copy(disk.segment(1), disk.segment(2)).unwrap();
    assert!(disk.refusal().contains("it is segment 1"));
    fs::write(disk.segment(2), own).unwrap();
    fs::copy(disk.segment(1), disk.segment(99)).unwrap();
    assert!(disk.refusal().contains("newer than the manifest"));
    fs::remove_file(disk.segment(99)).unwrap();
    assert_eq!(effects(&disk.start()).len(), 80);
}

#[tokio::test]
async fn a_payload_that_looks_like_a_batch_is_not_taken_for_one() {
    let disk = Disk::new();
    let journal = disk.start();
    let mut appender = Appender::claim(&journal, 0).await;
    let first = write(&journal, &appender.next(10)).await;
    let (id, start, end) = live(&journal)[0];
    let whole = fs::read(disk.segment(id)).unwrap();
    let copied = &whole[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
    // A whole batch of another file, where a batch may lie: after the headers of its own batch and record, a payload
    // that a caller chose may hold it.
    let mut forged = copied.to_vec();
    forged[16] ^= 1;
    let crc = crc32c::crc32c(&forged[8..]).to_le_bytes();
    forged[4..8].copy_from_slice(&crc);
    let mut record = appender.next(0);
    if let Body::Effect { payload, .. } = &mut record.body {
        *payload = bytes::Bytes::from([vec![0; 512 - 40 - 23], forged.repeat(4)].concat());
    }
    write(&journal, &record).await;
    let (id, start, _) = live(&journal)[0];
    drop(journal);
    let file = fs::read(disk.segment(id)).unwrap();
    let forged_at = usize::try_from(start).unwrap() + 512;
    assert_eq!(&file[forged_at..forged_at + 4], &copied[..4]);
    flip(&disk.segment(id), start + 50);
    assert_eq!(effects(&disk.start()), [first], "only a torn tail");
}
