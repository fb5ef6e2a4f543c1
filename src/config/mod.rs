//! What a node is told when it starts: typed, checked as a whole, and refused with a message that says what to do.
//!
//! A setting comes from the first of these that has it: a flag, the environment (`CLIENTELE__SECTION__KEY`), the file
//! (TOML), the built-in default. Each value remembers which one it was, so that `clientele config show` and every
//! refusal can say so. A setting that nobody knows is refused wherever it stands, since a misspelt bound that is
//! silently the default is found out during an incident.
//!
//! Deliberately absent: secrets. A setting names the *file* that holds one; [`secrets`] reads it.
//!
//! Architecture invariant: nothing reads the environment or the file after the start. Layers below are handed plain
//! values, never a [`Config`].

mod layer;
mod load;
pub mod memory;
mod problem;
mod schema;
pub mod secrets;
mod sections;
mod validate;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::layer::{Flags, Origin};
pub use self::load::{Loaded, Setting, Sources, load};
pub use self::problem::{Error, Problem};
pub use self::sections::{
    Actors, Admin, Letters, Limits, Log, LogFormat, Outbound, Secrets, Server, Snapshots, Storage,
    Tokens,
};

/// Everything that `clientele server` can be told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "Clientele configuration")]
pub struct Config {
    /// The API.
    pub server: Server,
    /// The operators' listener: health, metrics, version.
    pub admin: Admin,
    /// What lasts.
    pub storage: Storage,
    /// Exports that the node makes by itself.
    pub snapshots: Snapshots,
    /// What lives in memory.
    pub actors: Actors,
    /// What a client may take.
    pub limits: Limits,
    /// What leaves the node on a tenant's word.
    pub outbound: Outbound,
    /// Letters to users of the Back Office.
    pub letters: Letters,
    /// What callers are believed by.
    pub tokens: Tokens,
    /// The log.
    pub log: Log,
    /// Files that hold secrets.
    pub secrets: Secrets,
}

/// Whether a configuration is for real use or for trying things out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Profile {
    /// As `clientele server` runs: listens on every address, and needs its secrets
    #[default]
    Production,
    /// As `clientele dev` runs: listens on this machine only, keeps its data in ./data, makes its own secrets there
    Development,
}

impl Config {
    /// The built-in defaults of `profile`.
    #[must_use]
    pub fn defaults(profile: Profile) -> Config {
        match profile {
            Profile::Production => Config::default(),
            Profile::Development => Config::dev(PathBuf::from("data")),
        }
    }

    /// The defaults of a development node with its data in `data_dir`: it listens on this machine only.
    #[must_use]
    pub fn dev(data_dir: PathBuf) -> Config {
        let production = Config::default();
        Config {
            server: Server {
                listen: ([127, 0, 0, 1], 8080).into(),
                ..production.server
            },
            storage: Storage {
                data_dir,
                ..production.storage
            },
            ..production
        }
    }

    /// The JSON Schema of the file: every setting with its type, bounds, default and description.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schema::of_config()
    }
}
