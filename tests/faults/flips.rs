//! One bit of one file is another, anywhere in the data directory: the node finds it, or it does not matter. No balance is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::client::Client;
use crate::ledger::{Asked, Ledger, Network, cents};
use crate::load::{Load, Numbers, setting};
use crate::process::Site;
use crate::segment::contents;

/// How many bits are flipped, one at a time, if `FLIPS` does not say.
const FLIPS: u32 = 10;

const CONTACTS: u64 = 20;
const CLIENTS: usize = 4;

/// Whose purchase is the last before the kill, in a batch of its own: a flip in it makes a torn tail, and it may be gone.
const LAST: usize = 30;

/// What became of the flips.
#[derive(Debug, Default)]
struct Found {
    /// The node refused to start.
    refused: u32,
    /// It served, but not what is damaged.
    unread: u32,
    /// The last purchase is gone: a torn tail.
    torn: u32,
    /// It was in nothing that is read again.
    harmless: u32,
}

/// A bit anywhere, of the journal as often as of the rows or the keyring, which is many files; three of four times one of a byte that is not zero, since most of a prepared file is.
fn flip(
    data: &Path,
    files: &BTreeMap<PathBuf, Vec<u8>>,
    numbers: &mut Numbers,
) -> (PathBuf, usize, u8) {
    let part = |path: &Path| {
        let below = path.strip_prefix(data).unwrap();
        below.components().next().unwrap().as_os_str().to_owned()
    };
    let parts: BTreeSet<_> = files.keys().map(|path| part(path)).collect();
    let below = |numbers: &mut Numbers, bound: usize| {
        usize::try_from(numbers.below(u64::try_from(bound).unwrap())).unwrap()
    };
    loop {
        let chosen = parts.iter().nth(below(numbers, parts.len())).unwrap();
        let within: Vec<_> = files
            .iter()
            .filter(|(path, _)| part(path) == *chosen)
            .collect();
        let (path, bytes) = within[below(numbers, within.len())];
        if bytes.is_empty() {
            continue;
        }
        let written: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        let at = match numbers.below(4) {
            0 => below(numbers, bytes.len()),
            _ if written.is_empty() => continue,
            _ => written[below(numbers, written.len())],
        };
        return (path.to_owned(), at, 1 << numbers.below(8));
    }
}

/// Puts the files back as they were.
fn restore(data: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) {
    for path in contents(data).keys() {
        if !files.contains_key(path) {
            std::fs::remove_file(path).unwrap();
        }
    }
    for (path, bytes) in files {
        std::fs::write(path, bytes).unwrap();
    }
}

/// A balance, or nothing if the node does not give it.
async fn balance(client: &mut Client, network: &Network, contact: usize) -> Option<i64> {
    let path = format!("/backoffice/v2/wallets/{}", network.contacts[contact].1);
    let answer = client.get(&path).await.ok()?;
    match answer.status {
        200 => Some(cents(&answer.json()["balance"])),
        401 | 404 => panic!("what is damaged is said not to be: {answer:?}"),
        status => {
            assert!(status >= 500, "{answer:?}");
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_in_any_file_is_found_or_harmless() {
    let (flips, mut numbers) = (setting("FLIPS", FLIPS), Numbers::of_run());
    let site = Site::new().with("STORAGE__CHECKPOINT_EVERY_MS", 100);
    let process = site.start().await;
    let network = process.network();
    let load = Load::start(&process, "some", CLIENTS, CONTACTS, &mut numbers);
    load.acknowledged(200).await;
    let mut ledger = Ledger::default();
    ledger.entries = load.finish().await;
    site.json(&["snapshot", "create"]).await;
    let load = Load::start(&process, "more", CLIENTS, CONTACTS, &mut numbers);
    load.acknowledged(200).await;
    ledger.entries.extend(load.finish().await);
    let asked = Asked {
        key: "last".to_owned(),
        contact: LAST,
        body: network.award(LAST, 2_000),
    };
    let last: Value = ledger.record(&mut process.client(), asked).await;
    let last = cents(&last["rewards"]["award"]);
    process.kill();
    let files = contents(&site.data());

    let mut expected = BTreeMap::from([(LAST, last)]);
    for (asked, answer) in &ledger.entries {
        let answer = answer.as_ref().unwrap();
        if answer.status == 200 && asked.contact != LAST {
            let rewards = &answer.json()["rewards"];
            *expected.entry(asked.contact).or_default() +=
                cents(&rewards["award"]) - cents(&rewards["spend"]);
        }
    }
    let mut found = Found::default();
    for _ in 0..flips {
        let (path, at, bit) = flip(&site.data(), &files, &mut numbers);
        let mut bytes = files[&path].clone();
        bytes[at] ^= bit;
        std::fs::write(&path, bytes).unwrap();
        let where_it_is = format!("bit {bit:#04x} of byte {at} of {}", path.display());
        match site.launch().ready_or_ended().await {
            Err(ended) => {
                assert!(!ended.status.success(), "{where_it_is}");
                assert!(!ended.stderr.is_empty(), "{where_it_is}: not a word");
                found.refused += 1;
            }
            Ok(process) => {
                let mut client = Client::new(process.public, &network.secret);
                let (mut unread, mut torn) = (false, false);
                for (contact, expected) in &expected {
                    match balance(&mut client, &network, *contact).await {
                        None => unread = true,
                        Some(0) if *contact == LAST => torn = true,
                        Some(balance) => {
                            assert_eq!(balance, *expected, "contact {contact}: {where_it_is}");
                        }
                    }
                }
                process.kill();
                match (unread, torn) {
                    (true, _) => found.unread += 1,
                    (_, true) => found.torn += 1,
                    _ => found.harmless += 1,
                }
            }
        }
        restore(&site.data(), &files);
    }
    eprintln!("{flips} bits flipped in {} files: {found:?}", files.len());
    assert!(found.refused > 0, "nothing was damaged");
    let process = site.start().await;
    let mut client = process.client();
    ledger.check(&mut client, &network).await;
    ledger.check_lines(&mut client, &network).await;
    process.kill();
}
