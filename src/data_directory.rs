//! The data directory: where each part lives, and what is fixed when it is created.

use std::fs;
use std::path::{Path, PathBuf};

use clientele_cluster::ShardCount;
use serde::{Deserialize, Serialize};

use crate::persistence::durable;

/// A data directory.
#[derive(Clone, Debug)]
pub struct DataDirectory {
    path: PathBuf,
    layout: Layout,
}

/// What is fixed when a data directory is created, in `layout.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layout {
    version: u32,
    id: uuid::Uuid,
    shards: u16,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refuses.
    #[error("cannot use {path}: {source}; check that the directory exists, is yours, and has room")]
    Io {
        /// The file or directory.
        path: String,
        /// The system's own error.
        source: std::io::Error,
    },
    /// `layout.json` is not what this build writes.
    #[error("{path} is not the layout of a data directory of this version: {detail}")]
    Layout {
        /// The file.
        path: String,
        /// What is wrong.
        detail: String,
    },
    /// The journal is there but the layout is not.
    #[error(
        "{path} is missing although the directory holds data; copy it back, since ids and shards depend on it"
    )]
    LayoutMissing {
        /// The file.
        path: String,
    },
    /// Another shard count than the directory was created with.
    #[error(
        "the directory was created with {created} shards; actors.shards must stay {created}, not {asked}"
    )]
    Shards {
        /// As created.
        created: u16,
        /// As configured.
        asked: u16,
    },
}

const VERSION: u32 = 1;

impl DataDirectory {
    /// Opens the directory at `path`, or creates it for `shards` shards.
    pub fn open_or_create(path: &Path, shards: ShardCount) -> Result<DataDirectory, Error> {
        fs::create_dir_all(path).map_err(io(path))?;
        let file = path.join("layout.json");
        let layout = match read_layout(path)? {
            Some(layout) => layout,
            None => {
                if path.join("journal").exists() {
                    let path = file.display().to_string();
                    return Err(Error::LayoutMissing { path });
                }
                let layout = Layout {
                    version: VERSION,
                    id: uuid::Uuid::now_v7(),
                    shards: shards.get(),
                };
                durable::replace_file(&file, &serde_json::to_vec(&layout).unwrap_or_default())
                    .map_err(io(&file))?;
                layout
            }
        };
        if layout.shards != shards.get() {
            return Err(Error::Shards {
                created: layout.shards,
                asked: shards.get(),
            });
        }
        Ok(DataDirectory {
            path: path.to_owned(),
            layout,
        })
    }

    /// Opens the directory at `path`, if there is one.
    pub fn open_existing(path: &Path) -> Result<Option<DataDirectory>, Error> {
        let layout = read_layout(path)?;
        Ok(layout.map(|layout| DataDirectory {
            path: path.to_owned(),
            layout,
        }))
    }

    /// For how many shards it was created.
    pub fn shards(&self) -> u16 {
        self.layout.shards
    }

    /// What names this directory in exports.
    pub fn id(&self) -> [u8; 16] {
        self.layout.id.into_bytes()
    }

    /// The directory itself: the journal keeps a folder of its own in it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rows' folder.
    pub fn rows(&self) -> PathBuf {
        self.path.join("rows")
    }

    /// The keyring's folder: outside of journal, rows and exports.
    pub fn keyring(&self) -> PathBuf {
        self.path.join("keyring")
    }

    /// The root secret's file, where the configuration names none.
    pub fn root_key(&self) -> PathBuf {
        self.path.join("root.key")
    }

    /// The exports' folder.
    pub fn exports(&self) -> PathBuf {
        self.path.join("exports")
    }

    /// The socket through which this machine's owner controls a running node.
    pub fn control_socket(&self) -> PathBuf {
        control_socket(&self.path)
    }
}

/// The control socket of the data directory at `path`.
pub fn control_socket(path: &Path) -> PathBuf {
    path.join("control.sock")
}

fn io(at: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = at.display().to_string();
    move |source| Error::Io { path, source }
}

/// What is fixed of the directory at `path`, if it was created.
fn read_layout(path: &Path) -> Result<Option<Layout>, Error> {
    let file = path.join("layout.json");
    let refused = |detail: String| Error::Layout {
        path: file.display().to_string(),
        detail,
    };
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(&file)(error)),
    };
    let layout =
        serde_json::from_slice::<Layout>(&bytes).map_err(|error| refused(error.to_string()))?;
    if layout.version != VERSION {
        let version = layout.version;
        return Err(refused(format!(
            "version {version}, this build knows {VERSION}"
        )));
    }
    Ok(Some(layout))
}

/// Writes `bytes` to `path`, readable by its owner alone, whole or not at all.
///
/// # Errors
/// What the operating system says.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    durable::replace_file(path, bytes)
}
