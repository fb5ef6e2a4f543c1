//! The rows are lost: the journal, and an export where the journal was trimmed, bring everything back.

use std::path::Path;

use crate::ledger::{Ledger, Network};
use crate::load::{Load, Numbers};
use crate::process::{Process, Site, text};
use crate::segment::{alter, segments};

const CONTACTS: u64 = 5;

/// Clients award and spend until so many were acknowledged.
async fn purchases(process: &Process, name: &str, count: u32, numbers: &mut Numbers) -> Ledger {
    let load = Load::start(process, name, 4, CONTACTS, numbers);
    load.acknowledged(count).await;
    let mut ledger = Ledger::default();
    ledger.entries = load.finish().await;
    ledger
}

async fn holds(process: &Process, ledger: &mut Ledger) {
    let (network, mut client): (Network, _) = (process.network(), process.client());
    ledger.check(&mut client, &network).await;
    ledger.replay(&mut client).await;
    ledger.check_balances(&mut client, &network).await;
}

fn lose_rows(site: &Site) {
    std::fs::remove_dir_all(site.data().join("rows")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_rebuilt_from_the_journal_alone() {
    let mut numbers = Numbers::of_run();
    let site = Site::new();
    let process = site.start().await;
    let mut ledger = purchases(&process, "first", 200, &mut numbers).await;
    process.kill();
    lose_rows(&site);
    let process = site.start().await;
    holds(&process, &mut ledger).await;
    process.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_and_the_journal_after_it_bring_everything_back() {
    let mut numbers = Numbers::of_run();
    let site = Site::new();
    let process = site.start().await;
    let mut ledger = purchases(&process, "before", 200, &mut numbers).await;
    let created = site.json(&["snapshot", "create"]).await;
    let export = created["path"].as_str().unwrap().to_owned();
    let verified = site.json(&["snapshot", "verify", &export]).await;
    assert_eq!(verified["records"], created["records"]);
    assert_eq!(verified["bytes"], created["bytes"]);
    let after = purchases(&process, "after", 200, &mut numbers).await;
    ledger.entries.extend(after.entries);
    process.kill();

    let listed = site.json(&["snapshot", "list"]).await;
    assert_eq!(listed, serde_json::json!([verified]));

    let refused = site.on_data(&["snapshot", "restore", &export], false).await;
    assert!(!refused.status.success());
    assert!(refused.stderr.contains("not empty"), "{}", refused.stderr);
    lose_rows(&site);
    let restored = site.json(&["snapshot", "restore", &export]).await;
    assert_eq!(restored["replay_after"], verified["journal_position"]);
    let process = site.start().await;
    holds(&process, &mut ledger).await;
    process.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_a_trimmed_journal_come_from_the_export_and_from_nothing_less() {
    let mut numbers = Numbers::of_run();
    let site = Site::new().with("STORAGE__SEGMENT_MIB", 1);
    let process = site.start().await;
    let first = segments(&site.data()).remove(0);
    let mut ledger = purchases(&process, "before", 200, &mut numbers).await;
    // Fill the first segment, so that it can be trimmed.
    let network = process.network();
    let mut client = process.client();
    for number in 0.. {
        if segments(&site.data()).len() > 1 {
            break;
        }
        assert!(number < 4_000, "the journal does not take a second segment");
        let mut body = network.award(50, 1_000);
        body["reference_number"] = "x".repeat(64).into();
        let answer = client.purchase(&format!("fill {number}"), &body).await;
        assert_eq!(answer.unwrap().status, 200);
    }
    // Trimming stays behind the checkpoint before last, so the second export is the one that trims.
    let created = site.json(&["snapshot", "create"]).await;
    let later = purchases(&process, "later", 20, &mut numbers).await;
    ledger.entries.extend(later.entries);
    let newest = site.json(&["snapshot", "create"]).await;
    assert!(!first.exists(), "the export let nothing be trimmed");
    let after = purchases(&process, "after", 20, &mut numbers).await;
    ledger.entries.extend(after.entries);
    process.kill();

    lose_rows(&site);
    let (exports, aside) = (site.data().join("exports"), site.beside("exports"));
    std::fs::rename(&exports, &aside).unwrap();
    let refused = site.refuse_to_start().await;
    for part in ["trimmed", "snapshot restore"] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    // The refused start may have left empty rows behind; they are no obstacle.
    std::fs::rename(&aside, &exports).unwrap();
    let newest = newest["path"].as_str().unwrap();
    assert_ne!(newest, created["path"].as_str().unwrap());
    let process = site.start().await;
    holds(&process, &mut ledger).await;
    process.kill();

    // A damaged one is passed over: the journal reaches back to the one before.
    alter(Path::new(newest), |bytes| bytes[40] ^= 1);
    lose_rows(&site);
    let process = site.start().await;
    holds(&process, &mut ledger).await;
    process.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_byte_anywhere_in_an_export_is_found() {
    let site = Site::new();
    let process = site.start().await;
    let file = site.beside("monday.export");
    site.json(&["snapshot", "export", text(&file)]).await;
    process.stop().await;
    let length = std::fs::read(&file).unwrap().len();
    for at in [0, 9, 40, length / 3, length / 2, length - 20, length - 1] {
        alter(&file, |bytes| bytes[at] ^= 0x04);
        let found = site.run(&["snapshot", "verify", text(&file)]).await;
        assert!(
            !found.status.success(),
            "byte {at} of {length}: {}",
            found.stdout
        );
        assert!(found.stderr.contains(text(&file)), "{}", found.stderr);
        lose_rows_if_any(&site);
        let restored = site
            .on_data(&["snapshot", "restore", text(&file)], false)
            .await;
        assert!(!restored.status.success(), "byte {at} was restored");
        alter(&file, |bytes| bytes[at] ^= 0x04);
    }
    let whole = site.json(&["snapshot", "verify", text(&file)]).await;
    assert!(whole["records"].as_u64().unwrap() > 100);
}

fn lose_rows_if_any(site: &Site) {
    if site.data().join("rows").exists() {
        lose_rows(site);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_restored_only_where_it_was_taken_or_where_nothing_is() {
    let mut numbers = Numbers::of_run();
    let (site, stranger) = (Site::new(), Site::new());
    let process = site.start().await;
    let mut ledger = purchases(&process, "some", 50, &mut numbers).await;
    let created = site.json(&["snapshot", "create"]).await;
    let export = created["path"].as_str().unwrap().to_owned();
    process.kill();
    stranger.start().await.kill();

    lose_rows(&stranger);
    let restore = ["snapshot", "restore", &export];
    let refused = stranger.on_data(&restore, false).await;
    assert!(!refused.status.success());
    for part in ["was taken of data directory", "snapshot list", "--data-dir"] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    // The same directory, as if it had been made for twice as many shards.
    let layout = site.data().join("layout.json");
    let kept = std::fs::read_to_string(&layout).unwrap();
    let other = kept.replace("\"shards\":", "\"shards\":1");
    assert_ne!(kept, other);
    std::fs::write(&layout, other).unwrap();
    lose_rows(&site);
    let refused = site.on_data(&restore, false).await;
    assert!(!refused.status.success());
    for part in ["shards", "actors.shards ="] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    std::fs::write(&layout, kept).unwrap();
    site.json(&restore).await;
    let process = site.start().await;
    holds(&process, &mut ledger).await;
    process.kill();
}
