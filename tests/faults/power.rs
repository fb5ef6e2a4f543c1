//! The power is cut under load: what the disk did not confirm is gone, and what was acknowledged is not.

use std::time::{Duration, Instant};

use crate::ledger::Ledger;
use crate::load::{Load, Numbers, setting};
use crate::process::{Launched, Process, Site};
use crate::volume::Volume;

/// How many cuts, if `POWER_CUTS` does not say; half of them soon after a first start.
const POWER_CUTS: u32 = 20;

const CONTACTS: u64 = 20;
const CLIENTS: usize = 8;

/// The image: what a node makes on its first start, with room for the load.
const IMAGE_MIB: u64 = 64;

/// Soon after a start: files are made, and the kernel has not written anything back by itself yet.
const SOON: Duration = Duration::from_secs(5);

/// A cut in the middle of a first start comes within this time, in milliseconds.
const START_MS: u64 = 1_000;

/// Cuts the power of `volume`. The process is stopped first, so that it writes nothing after; every other time it is not waited for, so
/// that the cut finds its writes and syncs under way.
fn cut(volume: &mut Volume, process: &impl Stoppable, numbers: &mut Numbers) {
    process.suspend(numbers.below(2) == 0);
    volume.fail();
}

trait Stoppable {
    fn suspend(&self, wait: bool);
}

impl Stoppable for Process {
    fn suspend(&self, wait: bool) {
        Process::suspend(self, wait);
    }
}

impl Stoppable for Launched {
    fn suspend(&self, wait: bool) {
        Launched::suspend(self, wait);
    }
}

/// Loads the node until some purchases were acknowledged, and then cuts the power.
async fn cut_under_load(
    (volume, site): (&mut Volume, &Site),
    ledger: &mut Ledger,
    name: &str,
    numbers: &mut Numbers,
) {
    let process = site.start().await;
    let (network, mut client) = (process.network(), process.client());
    ledger.settle(&mut client).await;
    ledger.check(&mut client, &network).await;
    let load = Load::start(&process, name, CLIENTS, CONTACTS, numbers);
    let wanted = 1 + u32::try_from(numbers.below(200)).unwrap();
    load.acknowledged(wanted).await;
    // waits for: nothing. An answer marks the end of a batch; a moment of its own lets the cut fall anywhere within the next.
    tokio::time::sleep(Duration::from_millis(numbers.below(4))).await;
    cut(volume, &process, numbers);
    process.kill();
    let noted = load.finish().await;
    let acknowledged = noted.iter().flat_map(|(_, answer)| answer).count();
    assert!(acknowledged > 0, "no load before cut {name}");
    ledger.entries.extend(noted);
    volume.boot();
}

/// Everything must be there, and each key must have had one effect.
async fn holds(site: &Site, ledger: &mut Ledger) -> usize {
    let process = site.start().await;
    let (network, mut client) = (process.network(), process.client());
    let unknown = ledger.settle(&mut client).await;
    ledger.check(&mut client, &network).await;
    ledger.replay(&mut client).await;
    ledger.check_balances(&mut client, &network).await;
    ledger.check_lines(&mut client, &network).await;
    process.kill();
    unknown
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_soon_after_the_first_start_loses_nothing_that_was_acknowledged() {
    let (cuts, mut numbers) = (setting("POWER_CUTS", POWER_CUTS) / 2, Numbers::of_run());
    let (mut requests, mut unknown) = (0, 0);
    let mut after = Vec::new();
    for number in 0..cuts {
        let Some(mut volume) = Volume::or_skip(IMAGE_MIB) else {
            return;
        };
        let site = Site::on(&volume.path()).with("STORAGE__CHECKPOINT_EVERY_MS", 100);
        let mut ledger = Ledger::default();
        let started = Instant::now();
        if number % 2 == 0 {
            // waits for: nothing. Wherever in the start it falls, the next one must find its way.
            let launched = site.launch();
            tokio::time::sleep(Duration::from_millis(numbers.below(START_MS))).await;
            cut(&mut volume, &launched, &mut numbers);
            after.push(started.elapsed());
            launched.kill();
            volume.boot();
        }
        let name = format!("early {number}");
        let on = (&mut volume, &site);
        cut_under_load(on, &mut ledger, &name, &mut numbers).await;
        after.push(started.elapsed());
        unknown += holds(&site, &mut ledger).await;
        requests += ledger.entries.len();
    }
    let soon = after.iter().filter(|after| **after < SOON).count();
    eprintln!(
        "{} power cuts after {cuts} first starts, {soon} of them within {SOON:?}: {requests} requests, {unknown} with an unknown outcome, \
         0 lost, 0 doubled",
        after.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_cuts_of_one_directory_lose_nothing_that_was_acknowledged() {
    let (cuts, mut numbers) = (setting("POWER_CUTS", POWER_CUTS) / 2, Numbers::of_run());
    let Some(mut volume) = Volume::or_skip(4 * IMAGE_MIB) else {
        return;
    };
    let site = Site::on(&volume.path()).with("STORAGE__CHECKPOINT_EVERY_MS", 100);
    let mut ledger = Ledger::default();
    for number in 0..cuts {
        let name = format!("cut {number}");
        let on = (&mut volume, &site);
        cut_under_load(on, &mut ledger, &name, &mut numbers).await;
    }
    holds(&site, &mut ledger).await;
    let requests = ledger.entries.len();
    eprintln!("{cuts} power cuts, {requests} requests, 0 lost, 0 doubled");
}
