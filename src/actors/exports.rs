//! Exports: on demand and on a schedule; and the one place that lets the journal be trimmed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::node::{Checkpoints, Node};
use crate::domain::time::{Span, Timestamp};
use crate::limits;
use crate::persistence::durable;
use crate::persistence::export::{self, ExportReader, ExportSummary, Header};
use crate::persistence::journal::Position;
use crate::persistence::rows::Rows;
use crate::persistence::store::{self, Inspected, Store, TransferFailed, inspect};

/// What the name of an export ends with.
const ENDING: &str = "export";
/// What the name of an export made on the schedule ends with: no other is ever removed.
const SCHEDULED: &str = ".scheduled.export";

/// Exports that are made by themselves.
#[derive(Clone, Debug)]
pub struct ExportPlan {
    /// Where they lie, together with those that are asked for.
    pub directory: PathBuf,
    /// Which data directory they are of.
    pub data_directory_id: [u8; 16],
    /// How often one is made.
    pub every: Duration,
    /// How many stay.
    pub keep: usize,
}

/// An export that was found whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exported {
    /// What comes after here, a restore of it needs from the journal.
    reach: Position,
    created_at: Timestamp,
}

impl Exported {
    fn of(inspected: &Inspected) -> Exported {
        let created_at = i64::try_from(inspected.header.created_at_ms).unwrap_or(i64::MAX);
        Exported {
            reach: inspected.reach,
            created_at: Timestamp(created_at),
        }
    }
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportFailed {
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The rows cannot be written to it.
    #[error(transparent)]
    Transfer(#[from] store::TransferFailed),
    /// The file.
    #[error(transparent)]
    Export(#[from] export::Error),
    /// The folder.
    #[error("the folder {} cannot be used: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
}

impl Node {
    /// Writes a verified export of everything durable to `path`, and lets the journal be trimmed to it. One at a time; everything else
    /// goes on meanwhile.
    ///
    /// # Errors
    /// The checkpoint before it fails, or the file cannot be written or is not as it was written.
    pub async fn export(
        &self,
        path: PathBuf,
        data_directory_id: [u8; 16],
    ) -> Result<ExportSummary, ExportFailed> {
        let _alone = self.exporting.lock().await;
        self.checkpoint().await?;
        let checkpoints = self.checkpoints.lock().await;
        let header = Header {
            data_directory_id,
            journal_position: checkpoints.last,
            created_at_ms: u64::try_from(self.core.clock.wall().0).unwrap_or_default(),
            shard_count: u32::from(self.core.options.shards.get()),
        };
        let snapshot = self.core.store.snapshot();
        drop(checkpoints);
        let core = Arc::clone(&self.core);
        let inspected = off_thread(move || {
            core.store.export(snapshot, &path, header)?;
            Ok(inspect(&path)?)
        })
        .await?;
        *self.exported.lock() = Some(Exported::of(&inspected));
        self.trim(&*self.checkpoints.lock().await);
        Ok(inspected.summary)
    }

    /// Drops what the journal need no longer keep: nothing after the checkpoint before last, the newest export, or anybody's
    /// cursor; and nothing at all without an export.
    pub(super) fn trim(&self, checkpoints: &Checkpoints) {
        let Some(exported) = *self.exported.lock() else {
            return;
        };
        let followers = self.core.followers.iter();
        let to = followers
            .map(|follower| follower.durable())
            .fold(checkpoints.before_last, Position::min)
            .min(exported.reach);
        if let Err(error) = self.core.journal.trim(to) {
            tracing::error!(%error, "the journal cannot be trimmed; it grows until it can");
        }
    }

    /// Finds the newest export again, and makes one whenever it is time.
    pub(super) async fn keep_exports(self: Arc<Node>, plan: ExportPlan) {
        let every = Span(i64::try_from(plan.every.as_millis()).unwrap_or(i64::MAX));
        let looked_at = plan.clone();
        let found = off_thread(move || Ok(newest_whole(&looked_at))).await;
        let found = found.ok().flatten();
        let found = found.map(|(_, inspected)| Exported::of(&inspected));
        if let Some(found) = found {
            self.exported.lock().get_or_insert(found);
        }
        let began = found.map_or_else(|| self.core.clock.wall(), |found| found.created_at);
        let mut due = began.after(every);
        loop {
            tokio::time::sleep(limits::EXPORT_LOOK_EVERY).await;
            let wall = self.core.clock.wall();
            self.tell_age(wall);
            if wall < due {
                continue;
            }
            due = match self.export_on_schedule(&plan).await {
                Ok(()) => wall.after(every),
                Err(error) => {
                    tracing::error!(%error, "an export on the schedule failed; the journal keeps everything until one succeeds");
                    metrics::counter!("clientele_export_failures_total").increment(1);
                    wall.after(every.min(Span(limits::EXPORT_RETRY_AFTER_MS)))
                }
            };
        }
    }

    /// Tells the metrics how old the newest export is.
    fn tell_age(&self, wall: Timestamp) {
        let Some(exported) = *self.exported.lock() else {
            return;
        };
        let age = wall.0.saturating_sub(exported.created_at.0).max(0);
        let age = Duration::from_millis(u64::try_from(age).unwrap_or_default());
        metrics::gauge!("clientele_export_age_seconds").set(age.as_secs_f64());
    }

    async fn export_on_schedule(&self, plan: &ExportPlan) -> Result<(), ExportFailed> {
        let folder = plan.directory.clone();
        let path = folder.join(format!("{}{SCHEDULED}", uuid::Uuid::now_v7()));
        off_thread(move || {
            durable::create_directory(&folder).map_err(|source| ExportFailed::Folder {
                path: folder,
                source,
            })
        })
        .await?;
        let summary = self.export(path.clone(), plan.data_directory_id).await?;
        tracing::info!(
            path = %path.display(), rows = summary.records, bytes = summary.bytes,
            "an export was made and verified"
        );
        let plan = plan.clone();
        off_thread(move || {
            remove_old(&plan);
            Ok(())
        })
        .await
    }
}

/// Runs what waits for a disk.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ExportFailed> + Send + 'static,
) -> Result<T, ExportFailed> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_cut_short) => Err(ExportFailed::Store(store::Error::Cancelled)),
    }
}

/// The exports of this data directory that the folder holds, by what their headers say, newest first.
fn in_folder(plan: &ExportPlan) -> Vec<(PathBuf, Header)> {
    let Ok(entries) = std::fs::read_dir(&plan.directory) else {
        return Vec::new();
    };
    let mut found: Vec<(PathBuf, Header)> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == ENDING))
        .filter_map(|path| {
            let header = ExportReader::open(&path).ok()?.header();
            (header.data_directory_id == plan.data_directory_id).then_some((path, header))
        })
        .collect();
    // One of the same position may have been made of it again: the later one is as good.
    found.sort_by_key(|(path, header)| {
        let key = (header.journal_position, header.created_at_ms, path.clone());
        std::cmp::Reverse(key)
    });
    found
}

/// The newest export that is whole; one that isn't is told of and passed over.
fn newest_whole(plan: &ExportPlan) -> Option<(PathBuf, Inspected)> {
    remove_unfinished(&plan.directory);
    in_folder(plan)
        .into_iter()
        .find_map(|(path, _)| match inspect(&path) {
            Ok(inspected) => Some((path, inspected)),
            Err(error) => {
                tracing::warn!(%error, "an export is passed over");
                None
            }
        })
}

/// Fills empty rows from the newest whole export, where the journal alone cannot: it was trimmed up to `trimmed_to`. Without an
/// export that reaches the journal nothing is done, and the node refuses to start.
///
/// # Errors
/// As [`Store::restore`].
pub fn refill_rows(
    rows: &Arc<dyn Rows>,
    trimmed_to: Position,
    plan: &ExportPlan,
) -> Result<(), TransferFailed> {
    let is_empty = rows
        .scan(&[], None, 1)
        .map_err(store::Error::from)?
        .is_empty();
    if !is_empty || trimmed_to == Position::START {
        return Ok(());
    }
    let newest = newest_whole(plan);
    // An older one than the journal begins would only stand in the way of a better one.
    let fitting = newest.filter(|(_, inspected)| inspected.reach >= trimmed_to);
    if let Some((path, inspected)) = fitting {
        let restored = Store::restore(rows, &path, inspected.header.journal_position)?;
        tracing::warn!(
            path = %path.display(), rows = restored,
            "the rows were gone, and came from the newest export; the journal has what came after it"
        );
    }
    Ok(())
}

fn is_scheduled(path: &Path, suffix: &str) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.ends_with(&format!("{SCHEDULED}{suffix}")))
}

/// Removes what a crash left of exports on the schedule.
fn remove_unfinished(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if is_scheduled(&path, ".partial")
            && let Err(error) = std::fs::remove_file(&path)
        {
            tracing::warn!(path = %path.display(), %error, "an unfinished export cannot be removed");
        }
    }
}

/// Removes the exports on the schedule beyond those that stay. Called once a newer one is verified.
fn remove_old(plan: &ExportPlan) {
    let scheduled = in_folder(plan)
        .into_iter()
        .filter(|(path, _)| is_scheduled(path, ""));
    for (path, _) in scheduled.skip(plan.keep.max(1)) {
        match std::fs::remove_file(&path) {
            Ok(()) => tracing::info!(path = %path.display(), "an older export was removed"),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "an older export cannot be removed");
            }
        }
    }
}
