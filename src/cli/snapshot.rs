//! `clientele snapshot`: verified copies of everything, outside the store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use comfy_table::Table;
use http::Method;
use serde::Serialize;

use super::control::{self, NodeArgs, call};
use super::output::{OutputFormat, print, print_json};
use crate::data_directory::{self, DataDirectory};
use crate::http::control::{CreatedSnapshot, NewSnapshot};
use crate::persistence::export;
use crate::persistence::journal::Position;
use crate::persistence::rows::{self, Rows, SledRows};
use crate::persistence::store::{Store, TransferFailed};

/// Export, verify and restore the state of a data directory
///
/// An export holds every row as of one journal position, checksummed. It does not hold the keyring: keep copies of
/// `keyring/` and `root.key` apart from it, or personal fields cannot be read after a restore.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clientele snapshot create
  clientele snapshot export /backup/monday.export
  clientele snapshot verify /backup/monday.export
  clientele snapshot restore /backup/monday.export --data-dir data")]
pub struct SnapshotArgs {
    #[command(subcommand)]
    command: SnapshotCommand,

    #[command(flatten)]
    node: NodeArgs,
}

#[derive(Debug, clap::Subcommand)]
enum SnapshotCommand {
    /// Export into the data directory's `exports` folder, from a running node
    Create,
    /// Export to a file of your choice, from a running node
    Export {
        /// The file
        file: PathBuf,
    },
    /// List the exports in the data directory
    List,
    /// Read an export to its end and check everything in it
    Verify {
        /// The file
        file: PathBuf,
    },
    /// Fill a data directory's rows from an export, while no node runs
    ///
    /// With the directory's own journal beside it, what came after the export is replayed at the next start.
    Restore {
        /// The file
        file: PathBuf,
    },
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The running node.
    #[error(transparent)]
    Control(#[from] control::Error),
    /// The file.
    #[error(transparent)]
    Export(#[from] export::Error),
    /// The rows.
    #[error(transparent)]
    Rows(#[from] rows::Error),
    /// The restore.
    #[error(transparent)]
    Transfer(#[from] TransferFailed),
    /// The data directory.
    #[error(transparent)]
    DataDirectory(#[from] data_directory::Error),
    /// The export is of another data directory.
    #[error(
        "{} was taken of data directory {export}, but {} is {directory_id}: restore one of its own exports (`clientele snapshot list` shows them), or restore this one into an empty directory with --data-dir", file.display(), directory.display()
    )]
    OtherDirectory {
        /// The export.
        file: PathBuf,
        /// Of which directory it is.
        export: uuid::Uuid,
        /// Where it was to be restored.
        directory: PathBuf,
        /// Which directory that is.
        directory_id: uuid::Uuid,
    },
    /// The export spreads its entities otherwise.
    #[error(
        "{} spreads its entities over {export} shards, but {} was created with {created}: restore an export of the same count, or restore this one into an empty directory with --data-dir and start that with actors.shards = {export}", file.display(), directory.display()
    )]
    OtherShards {
        /// The export.
        file: PathBuf,
        /// Over how many shards it spreads its entities.
        export: u32,
        /// Where it was to be restored.
        directory: PathBuf,
        /// With how many shards that was created.
        created: u16,
    },
    /// A path or the output.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's own error.
        source: std::io::Error,
    },
}

#[derive(Serialize)]
struct Verified {
    path: PathBuf,
    journal_position: u64,
    created_at_ms: u64,
    records: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct Restored {
    path: PathBuf,
    rows: usize,
    replay_after: u64,
}

/// Runs the command.
///
/// # Errors
/// When the node, the file or the data directory does not allow it.
pub async fn run(args: SnapshotArgs, output: OutputFormat) -> Result<(), Error> {
    let data_dir = &args.node.data_dir;
    match args.command {
        SnapshotCommand::Create => create(data_dir, None, output).await,
        SnapshotCommand::Export { file } => {
            let path = std::path::absolute(&file)
                .map_err(|source| io(format!("cannot use {}", file.display()), source))?;
            create(data_dir, Some(path), output).await
        }
        SnapshotCommand::List => list(data_dir, output),
        SnapshotCommand::Verify { file } => {
            let verified = verify(&file)?;
            show(&verified, output, || {
                format!(
                    "{} is whole: {} rows in {} bytes, up to journal position {}",
                    file.display(),
                    verified.records,
                    verified.bytes,
                    verified.journal_position
                )
            })
        }
        SnapshotCommand::Restore { file } => {
            let restored = restore(data_dir, &file)?;
            show(&restored, output, || {
                format!(
                    "{} rows restored; the next start replays the journal after position {}",
                    restored.rows, restored.replay_after
                )
            })
        }
    }
}

async fn create(data_dir: &Path, path: Option<PathBuf>, output: OutputFormat) -> Result<(), Error> {
    let created: CreatedSnapshot = call(
        data_dir,
        Method::POST,
        "/snapshots",
        Some(&NewSnapshot { path }),
    )
    .await?;
    show(&created, output, || {
        format!(
            "{} has {} rows in {} bytes, and is verified",
            created.path.display(),
            created.records,
            created.bytes
        )
    })
}

fn list(data_dir: &Path, output: OutputFormat) -> Result<(), Error> {
    let folder = data_dir.join("exports");
    let mut files: Vec<PathBuf> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "export"))
            .collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(io(format!("cannot read {}", folder.display()), source)),
    };
    // Their names begin with their time.
    files.sort();
    let verified = files
        .iter()
        .map(|file| verify(file))
        .collect::<Result<Vec<_>, _>>()?;
    show(&verified, output, || {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_header(["FILE", "ROWS", "BYTES", "POSITION"]);
        for export in &verified {
            table.add_row([
                export.path.display().to_string(),
                export.records.to_string(),
                export.bytes.to_string(),
                export.journal_position.to_string(),
            ]);
        }
        table.to_string()
    })
}

fn verify(file: &Path) -> Result<Verified, Error> {
    let (header, summary) = export::verify(file)?;
    Ok(Verified {
        path: file.to_owned(),
        journal_position: header.journal_position.0,
        created_at_ms: header.created_at_ms,
        records: summary.records,
        bytes: summary.bytes,
    })
}

fn restore(data_dir: &Path, file: &Path) -> Result<Restored, Error> {
    let (header, _) = export::verify(file)?;
    if let Some(directory) = DataDirectory::open_existing(data_dir)? {
        let (export, directory_id) = (
            uuid::Uuid::from_bytes(header.data_directory_id),
            uuid::Uuid::from_bytes(directory.id()),
        );
        if export != directory_id {
            return Err(Error::OtherDirectory {
                file: file.to_owned(),
                export,
                directory: data_dir.to_owned(),
                directory_id,
            });
        }
        if header.shard_count != u32::from(directory.shards()) {
            return Err(Error::OtherShards {
                file: file.to_owned(),
                export: header.shard_count,
                directory: data_dir.to_owned(),
                created: directory.shards(),
            });
        }
    }
    // Beside its own journal the export goes on where it ended; a new journal begins at the start.
    let mark = if data_dir.join("journal").exists() {
        header.journal_position
    } else {
        Position::START
    };
    let rows: Arc<dyn Rows> = Arc::new(SledRows::open(&data_dir.join("rows"))?);
    let restored = Store::restore(&rows, file, mark)?;
    Ok(Restored {
        path: file.to_owned(),
        rows: restored,
        replay_after: mark.0,
    })
}

fn show<T: Serialize>(
    value: &T,
    output: OutputFormat,
    text: impl FnOnce() -> String,
) -> Result<(), Error> {
    let printed = match output {
        OutputFormat::Json => print_json(value),
        OutputFormat::Table => print(&text()),
    };
    printed.map_err(|source| io("the result cannot be printed".to_owned(), source))
}

fn io(what: String, source: std::io::Error) -> Error {
    Error::Io { what, source }
}
