//! The disk fails or is full under load: nothing is acknowledged that is not on it, the node says what is wrong, and the next start
//! finds everything.

use crate::ledger::Ledger;
use crate::load::{Load, Numbers};
use crate::process::Site;
use crate::volume::Volume;

const CONTACTS: u64 = 20;
const CLIENTS: usize = 8;

/// How many purchases are acknowledged before the fault.
const BEFORE: u32 = 100;

/// Everything that was asked must have had one effect, or none where nothing was answered.
async fn holds(site: &Site, ledger: &mut Ledger, numbers: &mut Numbers) -> usize {
    let process = site.start().await;
    let (network, mut client) = (process.network(), process.client());
    let unknown = ledger.settle(&mut client).await;
    ledger.check(&mut client, &network).await;
    ledger.replay(&mut client).await;
    ledger.check_balances(&mut client, &network).await;
    ledger.check_lines(&mut client, &network).await;
    let load = Load::start(&process, "after", CLIENTS, CONTACTS, numbers);
    load.acknowledged(BEFORE).await;
    ledger.entries.extend(load.finish().await);
    ledger.check(&mut client, &network).await;
    process.stop().await;
    unknown
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_stops_the_node_and_nothing_is_acknowledged_falsely() {
    let mut numbers = Numbers::of_run();
    let Some(mut volume) = Volume::or_skip(64) else {
        return;
    };
    let site = Site::on(&volume.path()).with("STORAGE__CHECKPOINT_EVERY_MS", 100);
    let mut ledger = Ledger::default();
    let process = site.start().await;
    let load = Load::start(&process, "failing", CLIENTS, CONTACTS, &mut numbers);
    load.acknowledged(BEFORE).await;
    // The node runs on, and its next write or sync gets EIO.
    volume.fail();
    let ended = process.ended().await;
    assert!(!ended.status.success(), "it ended well: {}", ended.stderr);
    for part in ["Input/output error", "the journal has failed", "restart"] {
        assert!(ended.stderr.contains(part), "no {part} in {}", ended.stderr);
    }
    ledger.entries.extend(load.finish().await);
    volume.boot();
    let unknown = holds(&site, &mut ledger, &mut numbers).await;
    assert!(unknown > 0, "the fault met no request under way");
    eprintln!(
        "a failed disk: {} requests, {unknown} with an unknown outcome, 0 lost, 0 doubled",
        ledger.entries.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_the_node_and_it_goes_on_once_there_is_room() {
    let mut numbers = Numbers::of_run();
    let Some(volume) = Volume::or_skip(64) else {
        return;
    };
    let site = Site::on(&volume.path())
        .with("STORAGE__CHECKPOINT_EVERY_MS", 100)
        .with("STORAGE__SEGMENT_MIB", 1);
    let mut ledger = Ledger::default();
    let process = site.start().await;
    let load = Load::start(&process, "filling", CLIENTS, CONTACTS, &mut numbers);
    load.acknowledged(BEFORE).await;
    let filler = volume.fill();
    // It fills what is prepared, and then finds no room for more.
    let ended = process.ended().await;
    assert!(!ended.status.success(), "it ended well: {}", ended.stderr);
    for part in ["No space left on device", "restart"] {
        assert!(ended.stderr.contains(part), "no {part} in {}", ended.stderr);
    }
    ledger.entries.extend(load.finish().await);

    let refused = site.refuse_to_start().await;
    assert!(
        refused.stderr.contains("No space left on device"),
        "{}",
        refused.stderr
    );
    std::fs::remove_file(filler).unwrap();
    let unknown = holds(&site, &mut ledger, &mut numbers).await;
    eprintln!(
        "a full disk: {} requests, {unknown} with an unknown outcome, 0 lost, 0 doubled",
        ledger.entries.len()
    );
}
