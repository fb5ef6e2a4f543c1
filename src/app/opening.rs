//! What a node has open: its directory, the journal, the rows, and what follows them.

use std::sync::Arc;

use clientele_cluster::ShardCount;

use super::{Error, Settings};
use crate::actors::exports::refill_rows;
use crate::data_directory::DataDirectory;
use crate::limits;
use crate::persistence::feed::Feed;
use crate::persistence::journal::Journal;
use crate::persistence::journal::segment::{self, SegmentJournal};
use crate::persistence::keyring::{Keyring, RootSecret};
use crate::persistence::profiles::Profiles;
use crate::persistence::rows::{self, Rows, SledRows};
use crate::persistence::store::Store;
use crate::publishing::contacts::Contacts;
use crate::publishing::delivery::Queue;
use crate::publishing::inbox::Inbox;
use crate::publishing::projections::Projector;
use crate::publishing::projections::purchases::PurchaseLists;
use crate::secrets::Secrets;

pub(super) struct Opened {
    pub(super) directory: DataDirectory,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) store: Arc<Store>,
    pub(super) feed: Arc<Feed>,
    pub(super) purchases: PurchaseLists,
    pub(super) contacts: Arc<Contacts>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) undelivered: Arc<Queue>,
    pub(super) keyring: Arc<Keyring>,
    pub(super) secrets: Arc<Secrets>,
}

pub(super) fn open(settings: &Settings) -> Result<Opened, Error> {
    let storage = &settings.config.storage;
    let shards = ShardCount::new(u64::from(settings.config.actors.shards))?;
    let directory = DataDirectory::open_or_create(&storage.data_dir, shards)?;
    let journal = SegmentJournal::open(
        directory.path(),
        segment::Options {
            segment_bytes: storage.segment_mib.saturating_mul(limits::MIB),
            faults: settings.faults.clone(),
            ..segment::Options::default()
        },
    )?;
    let rows: Arc<dyn Rows> = Arc::new(SledRows::open_with(
        &directory.rows(),
        &rows::sled::Options {
            cache_bytes: storage.row_cache_mib.saturating_mul(limits::MIB),
            ..rows::sled::Options::default()
        },
    )?);
    let rows = match &settings.around_rows {
        Some(around) => around(rows),
        None => rows,
    };
    let journal: Arc<dyn Journal> = Arc::new(journal);
    refill_rows(&rows, journal.trimmed_to(), &settings.exports(&directory))?;
    let feed = Arc::new(Feed::new(Arc::clone(&journal)));
    let root = match settings.root_key {
        Some(bytes) => RootSecret::from_bytes(bytes),
        None => RootSecret::open_or_create(&directory.root_key())?,
    };
    let store = Arc::new(Store::open(rows, shards)?);
    let purchases = Projector::open(&store, Arc::clone(&feed), settings.brake.clone())?;
    let keyring = Arc::new(Keyring::open(&directory.keyring())?);
    let contacts = Contacts::new(
        Arc::clone(&store),
        Arc::clone(&feed),
        Profiles::new(Arc::clone(&keyring), shards),
        settings.contacts,
        settings.brake.clone(),
    );
    let secrets = Arc::new(Secrets::derive(|purpose| root.subkey(purpose)));
    let inbox = Inbox::new(
        store.rows(),
        Arc::clone(&feed),
        Arc::clone(&secrets),
        settings.brake.clone(),
    );
    let undelivered = Queue::new(
        store.rows(),
        Arc::clone(&feed),
        Arc::clone(&secrets),
        settings.brake.clone(),
    );
    Ok(Opened {
        undelivered,
        journal,
        feed,
        purchases,
        contacts,
        inbox,
        store,
        keyring,
        secrets,
        directory,
    })
}
