use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::limits::EXPORT_BLOCK_BYTES_MAX;

fn header() -> Header {
    Header {
        data_directory_id: *b"0123456789abcdef",
        journal_position: Position(77),
        created_at_ms: 1_760_000_000_000,
        shard_count: 256,
    }
}

fn item(section: Section, key: &[u8], value: &[u8]) -> Item {
    Item {
        section,
        key: key.to_vec(),
        value: value.to_vec(),
    }
}

fn write(path: &Path, items: &[Item]) -> ExportSummary {
    let mut writer = ExportWriter::create(path, header()).unwrap();
    for item in items {
        writer.write(item.section, &item.key, &item.value).unwrap();
    }
    writer.finish().unwrap()
}

fn read(path: &Path) -> Result<(Vec<Item>, ExportSummary), Error> {
    let mut reader = ExportReader::open(path)?;
    assert_eq!(reader.header(), header());
    let mut items = Vec::new();
    while let Some(item) = reader.next_item()? {
        items.push(item);
    }
    assert_eq!(reader.next_item()?, None, "the end is the end");
    Ok((items, reader.summary().unwrap()))
}

/// An export of a few items and two blocks, and what it holds.
fn two_blocks(directory: &Path) -> (PathBuf, Vec<Item>) {
    let items = vec![
        item(Section::META, b"mark", b"77"),
        item(
            Section::ROWS,
            b"large",
            &vec![3; EXPORT_BLOCK_BYTES_MAX - 60],
        ),
        item(Section::ROWS, b"contact", b"state"),
        item(Section::ROWS, b"", b""),
    ];
    let path = directory.join("whole.export");
    write(&path, &items);
    (path, items)
}

fn assert_damaged(path: &Path, what: &str) {
    for found in [verify(path).map(drop), read(path).map(drop)] {
        let Err(error @ Error::Damaged { .. }) = found else {
            panic!("{what}: {found:?}");
        };
        let message = error.to_string();
        assert!(message.contains(path.to_str().unwrap()), "{message}");
        assert!(message.contains("clientele snapshot create"), "{message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn an_export_gives_back_what_was_written(
        items in prop::collection::vec(
            (
                any::<u8>(),
                prop::collection::vec(any::<u8>(), 0..40),
                prop_oneof![
                    9 => prop::collection::vec(any::<u8>(), 0..2_000),
                    // Long enough that a few fill a block.
                    1 => (0..400_000_usize).prop_map(|bytes| vec![0x5a; bytes]),
                ],
            ),
            0..40,
        )
    ) {
        let items: Vec<_> = items
            .iter()
            .map(|(section, key, value)| item(Section(*section), key, value))
            .collect();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export");
        let written = write(&path, &items);
        prop_assert_eq!(written.records, items.len() as u64);
        prop_assert_eq!(written.bytes, std::fs::metadata(&path).unwrap().len());
        prop_assert_eq!(verify(&path).unwrap(), (header(), written));
        prop_assert_eq!(read(&path).unwrap(), (items, written));
    }
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let (path, items) = two_blocks(directory.path());
    let whole = std::fs::read(&path).unwrap();
    let small = directory.path().join("small.export");
    write(&small, &items[2..]);
    // Every bit of a small file; of the large one, every byte at its ends and some between.
    let mut worn = std::fs::read(&small).unwrap();
    for bit in 0..worn.len() * 8 {
        worn[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&small, &worn).unwrap();
        assert_damaged(&small, &format!("bit {bit} of the small file"));
        worn[bit / 8] ^= 1 << (bit % 8);
    }
    let last = whole.len() - 200;
    let positions = (0..200)
        .chain((200..last).step_by(99_991))
        .chain(last..whole.len());
    let mut worn = whole;
    for at in positions {
        worn[at] ^= 0x20;
        std::fs::write(&path, &worn).unwrap();
        assert_damaged(&path, &format!("byte {at}"));
        worn[at] ^= 0x20;
    }
    std::fs::write(&path, &worn).unwrap();
    assert_eq!(read(&path).unwrap().0, items);
}

#[test]
fn an_export_cut_off_at_any_length_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("export");
    write(
        &path,
        &[
            item(Section::META, b"mark", b"77"),
            item(Section::ROWS, b"contact", b"state"),
        ],
    );
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_damaged(&path, &format!("{length} bytes"));
    }
    std::fs::write(&path, [whole.as_slice(), b"\0"].concat()).unwrap();
    assert_damaged(&path, "a byte more");
}

#[test]
fn a_block_left_out_or_moved_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _) = two_blocks(directory.path());
    let whole = std::fs::read(&path).unwrap();
    let header_bytes = format::HEADER_BYTES;
    let length = |at: usize| {
        let bytes = whole[at + 1..at + 5].try_into().unwrap();
        17 + usize::try_from(u32::from_le_bytes(bytes)).unwrap()
    };
    let second = header_bytes + length(header_bytes);
    let footer = second + length(second);
    assert_eq!(whole[footer], format::TAG_FOOTER);
    let (head, first) = (&whole[..header_bytes], &whole[header_bytes..second]);
    let (second, footer) = (&whole[second..footer], &whole[footer..]);
    std::fs::write(&path, [head, first, footer].concat()).unwrap();
    assert_damaged(&path, "the second block left out");
    std::fs::write(&path, [head, second, footer].concat()).unwrap();
    assert_damaged(&path, "the first block left out");
    std::fs::write(&path, [head, second, first, footer].concat()).unwrap();
    assert_damaged(&path, "the blocks exchanged");
}

#[test]
fn a_footer_of_another_export_is_found_by_its_digest() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (directory.path().join("one"), directory.path().join("other"));
    write(&one, &[item(Section::ROWS, b"a", b"1")]);
    write(&other, &[item(Section::ROWS, b"a", b"2")]);
    let (whole, foreign) = (std::fs::read(&one).unwrap(), std::fs::read(&other).unwrap());
    let footer = whole.len() - 1 - format::FOOTER_FIELDS_BYTES - format::DIGEST_BYTES;
    std::fs::write(&one, [&whole[..footer], &foreign[footer..]].concat()).unwrap();
    assert_damaged(&one, "a foreign footer");
}

#[test]
fn nothing_unfinished_bears_an_exports_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("export");
    // What a crash left of an earlier attempt is no obstacle.
    std::fs::write(directory.path().join("export.partial"), b"torn").unwrap();
    let mut writer = ExportWriter::create(&path, header()).unwrap();
    writer
        .write(Section::ROWS, b"a", &vec![0; EXPORT_BLOCK_BYTES_MAX / 2])
        .unwrap();
    assert!(!path.exists());
    drop(writer);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    write(&path, &[item(Section::ROWS, b"a", b"1")]);
    let names: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["export"]);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_export_never_replaces_another() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("export");
    let late = ExportWriter::create(&path, header()).unwrap();
    std::fs::write(&path, b"another").unwrap();
    assert!(matches!(late.finish(), Err(Error::Exists { .. })));
    let refused = ExportWriter::create(&path, header()).map(drop);
    assert!(matches!(refused, Err(Error::Exists { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"another");
}

#[test]
fn two_exports_of_one_name_do_not_mix() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("export");
    let mut first = ExportWriter::create(&path, header()).unwrap();
    first.write(Section::ROWS, b"a", b"1").unwrap();
    let second = ExportWriter::create(&path, header()).map(drop);
    assert!(matches!(second, Err(Error::Exists { .. })));
    first.finish().unwrap();
    assert_eq!(read(&path).unwrap().0, [item(Section::ROWS, b"a", b"1")]);
}

#[test]
fn an_item_over_a_block_is_refused_and_the_rest_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("export");
    let mut writer = ExportWriter::create(&path, header()).unwrap();
    let refused = writer.write(Section::ROWS, b"a", &vec![0; EXPORT_BLOCK_BYTES_MAX]);
    assert!(matches!(refused, Err(Error::ItemTooLarge { .. })));
    // The largest that fits.
    let largest = vec![1; EXPORT_BLOCK_BYTES_MAX - 17 - 9 - 1];
    writer.write(Section::ROWS, b"a", &largest).unwrap();
    assert_eq!(writer.finish().unwrap().records, 1);
    assert_eq!(
        read(&path).unwrap().0,
        [item(Section::ROWS, b"a", &largest)]
    );
}
