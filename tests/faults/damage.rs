//! The journal's files are damaged while nothing runs.

use std::path::Path;

use crate::ledger::{Asked, Ledger};
use crate::process::{Ended, Site, text};
use crate::segment::{alter, assert_untouched, batches, contents, segments};

/// Records so many purchases of one contact, one after the other: a batch each.
async fn record(site: &Site, ledger: &mut Ledger, name: &str, count: i64) {
    let process = site.start().await;
    let (network, mut client) = (process.network(), process.client());
    for number in 0..count {
        let asked = Asked {
            key: format!("{name} {number}"),
            contact: 0,
            body: network.award(0, 1_000 + number * 20),
        };
        ledger.record(&mut client, asked).await;
    }
    process.kill();
}

/// Everything in the ledger must be there.
async fn holds(site: &Site, ledger: &mut Ledger) {
    let process = site.start().await;
    let (network, mut client) = (process.network(), process.client());
    ledger.check_balances(&mut client, &network).await;
    ledger.replay(&mut client).await;
    ledger.check_balances(&mut client, &network).await;
    process.kill();
}

/// The refusal must name `path` and what to do about it.
fn names(ended: &Ended, path: &Path) {
    for part in [
        text(path),
        "damaged",
        "Nothing was changed",
        "snapshot restore",
        "backup",
    ] {
        assert!(
            ended.stderr.contains(part),
            "{part} is not in: {}",
            ended.stderr
        );
    }
}

#[derive(Clone, Copy, Debug)]
enum Tear {
    /// The file ends within the batch.
    Cut,
    /// The batch's last blocks never reached the disk.
    Unwritten,
    /// They hold something else.
    Garbled,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_last_batch_is_cut_and_everything_before_it_is_kept() {
    for tear in [Tear::Cut, Tear::Unwritten, Tear::Garbled] {
        let site = Site::without_checkpoints();
        let mut ledger = Ledger::default();
        // These are in a checkpoint and in the journal…
        record(&site, &mut ledger, "checkpointed", 5).await;
        site.start().await.stop().await;
        // …and these in the journal only.
        record(&site, &mut ledger, "journal", 5).await;

        let path = segments(&site.data()).pop().unwrap();
        let last = *batches(&path).last().unwrap();
        let middle = last.offset + last.length / 2;
        alter(&path, |bytes| match tear {
            Tear::Cut => bytes.truncate(middle),
            Tear::Unwritten => bytes[middle..].fill(0),
            Tear::Garbled => {
                for byte in &mut bytes[middle..last.offset + last.length] {
                    *byte ^= 0x5A;
                }
            }
        });
        let (torn, _) = ledger.entries.pop().unwrap();

        let process = site.start().await;
        let (network, mut client) = (process.network(), process.client());
        ledger.check(&mut client, &network).await;
        ledger.replay(&mut client).await;
        // What was torn had no effect, so its key is free: a retry has the effect now, once.
        ledger.record(&mut client, torn).await;
        ledger.check_balances(&mut client, &network).await;
        process.kill();
        holds(&site, &mut ledger).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_before_the_last_batch_refuses_the_start_and_touches_nothing() {
    let site = Site::without_checkpoints();
    let mut ledger = Ledger::default();
    record(&site, &mut ledger, "purchase", 10).await;
    let path = segments(&site.data()).pop().unwrap();
    let all = batches(&path);
    // In the header of a batch, in its records, and in the padding behind them.
    let middle = all[all.len() / 2];
    for at in [
        middle.offset + 5,
        middle.offset + middle.length / 2,
        (middle.offset + middle.length).next_multiple_of(512) - 1,
    ] {
        alter(&path, |bytes| bytes[at] ^= 0x10);
        let before = contents(&site.data());
        let refused = site.refuse_to_start().await;
        names(&refused, &path);
        assert_untouched(&site.data(), &before);
        alter(&path, |bytes| bytes[at] ^= 0x10);
    }
    holds(&site, &mut ledger).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_file_of_the_journal_refuses_the_start() {
    let site = Site::without_checkpoints();
    let mut ledger = Ledger::default();
    record(&site, &mut ledger, "purchase", 5).await;
    let path = segments(&site.data()).pop().unwrap();
    for missing in [
        path,
        site.data().join("journal.manifest"),
        site.data().join("layout.json"),
    ] {
        let aside = site.beside("aside");
        std::fs::rename(&missing, &aside).unwrap();
        let before = contents(&site.data());
        let refused = site.refuse_to_start().await;
        assert!(
            refused.stderr.contains(text(&missing)) && refused.stderr.contains("missing"),
            "{}",
            refused.stderr
        );
        assert_untouched(&site.data(), &before);
        std::fs::rename(&aside, &missing).unwrap();
    }
    holds(&site, &mut ledger).await;
}

/// Rows without the journal that they were made from: a new journal would count its positions anew, and the next
/// start would pass over everything that is written from now on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_is_gone_altogether_is_noticed_by_its_rows() {
    let site = Site::without_checkpoints();
    let mut ledger = Ledger::default();
    record(&site, &mut ledger, "purchase", 5).await;
    let (journal, manifest) = (
        site.data().join("journal"),
        site.data().join("journal.manifest"),
    );
    let (kept, kept_manifest) = (site.beside("journal"), site.beside("manifest"));
    std::fs::rename(&journal, &kept).unwrap();
    std::fs::rename(&manifest, &kept_manifest).unwrap();
    let refused = site.refuse_to_start().await;
    for part in ["journal ends", "snapshot restore", "backup"] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    std::fs::remove_dir_all(&journal).unwrap();
    std::fs::rename(&kept, &journal).unwrap();
    std::fs::rename(&kept_manifest, &manifest).unwrap();
    holds(&site, &mut ledger).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_refusal_says_to_do_brings_back_what_the_export_holds() {
    let site = Site::new();
    let mut ledger = Ledger::default();
    record(&site, &mut ledger, "exported", 40).await;
    let process = site.start().await;
    let created = site.json(&["snapshot", "create"]).await;
    process.kill();
    let path = segments(&site.data()).remove(0);
    let second = batches(&path)[1];
    alter(&path, |bytes| bytes[second.offset + second.length / 2] ^= 1);
    let refused = site.refuse_to_start().await;
    names(&refused, &path);

    // To the letter.
    for part in ["journal", "journal.manifest", "rows"] {
        assert!(
            refused.stderr.contains(&format!("`{part}`")),
            "{}",
            refused.stderr
        );
        std::fs::rename(site.data().join(part), site.beside(part)).unwrap();
    }
    let export = created["path"].as_str().unwrap();
    site.json(&["snapshot", "restore", export]).await;
    holds(&site, &mut ledger).await;
    // The new journal goes on from there.
    record(&site, &mut ledger, "after", 40).await;
    holds(&site, &mut ledger).await;
}
