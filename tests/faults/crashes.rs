//! The process is killed, again and again, while clients award and spend.

use std::time::Duration;

use crate::ledger::Ledger;
use crate::load::{Load, Numbers, setting};
use crate::process::Site;

const CONTACTS: u64 = 20;
const CLIENTS: usize = 8;

/// How often the process is killed, if `CYCLES` does not say.
const CYCLES: u32 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_every_kill_and_each_key_has_one_effect() {
    let cycles = setting("CYCLES", CYCLES);
    let mut numbers = Numbers::of_run();
    // Checkpoints come often, so that kills meet them too.
    let site = Site::new().with("STORAGE__CHECKPOINT_EVERY_MS", 100);
    let mut ledger = Ledger::default();
    let mut unknown = 0;
    for cycle in 0..cycles {
        let process = site.start().await;
        let network = process.network();
        let mut client = process.client();
        unknown += ledger.settle(&mut client).await;
        ledger.check(&mut client, &network).await;

        let load = Load::start(
            &process,
            &format!("{cycle}"),
            CLIENTS,
            CONTACTS,
            &mut numbers,
        );
        let wanted = 10 + u32::try_from(numbers.below(150)).unwrap();
        load.acknowledged(wanted).await;
        // waits for: nothing. An answer marks the end of a batch; a moment of its own lets the kill fall anywhere within the next.
        tokio::time::sleep(Duration::from_millis(numbers.below(4))).await;
        process.kill();
        let noted = load.finish().await;
        let acknowledged = noted.iter().flat_map(|(_, answer)| answer).count();
        assert!(acknowledged > 0, "no load in cycle {cycle}");
        ledger.entries.extend(noted);
        if (cycle + 1) % 100 == 0 {
            eprintln!("{} kills, {} requests", cycle + 1, ledger.entries.len());
        }
    }
    let process = site.start().await;
    let (network, mut client) = (process.network(), process.client());
    unknown += ledger.settle(&mut client).await;
    ledger.check(&mut client, &network).await;
    ledger.replay(&mut client).await;
    ledger.check_balances(&mut client, &network).await;
    ledger.check_lines(&mut client, &network).await;
    assert!(unknown > 0, "no kill met a request under way");
    eprintln!(
        "{cycles} kills, {} requests, {unknown} of them with an unknown outcome",
        ledger.entries.len()
    );
}

/// How many first starts are killed.
const FIRST_STARTS: u32 = 8;

/// A first start is killed within this time, in milliseconds.
const FIRST_START_MS: u64 = 600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_that_is_killed_is_taken_up_by_the_next() {
    let mut numbers = Numbers::of_run();
    let mut cut_short = 0;
    while cut_short < FIRST_STARTS {
        let site = Site::new();
        let launched = site.launch();
        // waits for: nothing. Wherever in the start the kill falls, the next one must find its way.
        tokio::time::sleep(Duration::from_millis(numbers.below(FIRST_START_MS))).await;
        launched.kill();
        cut_short += u32::from(site.data().exists() && !site.seed_file().exists());

        let process = site.start().await;
        let (network, mut client) = (process.network(), process.client());
        let mut ledger = Ledger::default();
        let load = Load::start(&process, "first", CLIENTS, CONTACTS, &mut numbers);
        load.acknowledged(20).await;
        ledger.entries = load.finish().await;
        ledger.check(&mut client, &network).await;
        ledger.check_lines(&mut client, &network).await;
        process.kill();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn term_under_load_ends_well_and_keeps_what_was_acknowledged() {
    let mut numbers = Numbers::of_run();
    let site = Site::without_checkpoints();
    let process = site.start().await;
    let mut ledger = Ledger::default();
    let load = Load::start(&process, "term", CLIENTS, CONTACTS, &mut numbers);
    load.acknowledged(200).await;
    process.stop().await;
    ledger.entries.extend(load.finish().await);

    let process = site.start().await;
    let (network, mut client) = (process.network(), process.client());
    ledger.settle(&mut client).await;
    ledger.check(&mut client, &network).await;
    ledger.replay(&mut client).await;
}
