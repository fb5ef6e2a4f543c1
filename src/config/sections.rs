//! The sections of the file. A doc comment here is the setting's description in the schema; a range here is both the
//! schema's and the one that is enforced.

use std::net::SocketAddr;
use std::path::PathBuf;

use clientele_cluster::ShardCount;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::limits;

/// Where the API listens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port of the API, such as `0.0.0.0:8080` or `[::]:8080`. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// What addresses of this node begin with in its answers, such as `https://crm.example.com`. Empty: whatever the caller reached it by.
    /// With `https`, answers tell browsers to come back over TLS only.
    pub public_url: String,
    /// Pages of which other origins may call in browsers, with commas between them, such as `https://shop.example.com`. Empty: none.
    pub allowed_origins: String,
    /// The proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` are believed, by address or network, with commas
    /// between them, such as `10.0.0.0/8, 192.0.2.7`. From anybody else they are ignored. Empty: there is no proxy.
    pub trusted_proxies: String,
}

impl Default for Server {
    fn default() -> Self {
        Server {
            listen: ([0, 0, 0, 0], 8080).into(),
            public_url: String::new(),
            allowed_origins: String::new(),
            trusted_proxies: String::new(),
        }
    }
}

/// Where operators listen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Admin {
    /// Address and port of `/livez`, `/readyz`, `/startupz`, `/metrics` and `/version`. It asks for no credentials:
    /// keep it where only operators reach it.
    pub listen: SocketAddr,
}

impl Default for Admin {
    fn default() -> Self {
        Admin {
            listen: ([127, 0, 0, 1], 9090).into(),
        }
    }
}

/// The data directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// Directory of journal, rows and keyring; created if missing. One process at a time.
    pub data_dir: PathBuf,
    /// Size of a journal segment in MiB: space is given back, and zeroed ahead, in pieces of this size.
    #[schemars(range(min = limits::SEGMENT_MIB_MIN, max = limits::SEGMENT_MIB_MAX))]
    pub segment_mib: u64,
    /// Memory for the row store's cache in MiB: more makes activation of idle entities faster.
    #[schemars(range(min = limits::ROW_CACHE_MIB_MIN, max = limits::ROW_CACHE_MIB_MAX))]
    pub row_cache_mib: u64,
    /// How often changed rows are written, in milliseconds: a start replays at most what came since.
    #[schemars(range(min = limits::CHECKPOINT_EVERY_MS_MIN, max = limits::CHECKPOINT_EVERY_MS_MAX))]
    pub checkpoint_every_ms: u64,
}

impl Default for Storage {
    fn default() -> Self {
        Storage {
            data_dir: PathBuf::from("/var/lib/clientele"),
            segment_mib: limits::SEGMENT_BYTES / limits::MIB,
            row_cache_mib: limits::ROWS_CACHE_BYTES / limits::MIB,
            checkpoint_every_ms: limits::CHECKPOINT_EVERY_MS,
        }
    }
}

/// Exports that the node makes by itself, into the data directory's `exports`. The journal is trimmed to them only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Snapshots {
    /// How often an export is made and verified, in seconds.
    #[schemars(range(min = limits::EXPORT_EVERY_S_MIN, max = limits::EXPORT_EVERY_S_MAX))]
    pub export_every_s: u64,
    /// How many of them stay. Exports that were asked for stay until someone removes them.
    #[schemars(range(min = 1, max = limits::EXPORTS_KEPT_MAX))]
    pub keep: u64,
}

impl Default for Snapshots {
    fn default() -> Self {
        Snapshots {
            export_every_s: limits::EXPORT_EVERY_S,
            keep: limits::EXPORTS_KEPT,
        }
    }
}

/// The entities in memory, and how much may be asked of them at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Actors {
    /// Number of shards. Fixed when the data directory is created.
    #[schemars(range(min = ShardCount::MIN.get(), max = ShardCount::MAX.get()))]
    pub shards: u16,
    /// How many entities stay in memory at most; the ones used least recently leave first. Without it, half of the
    /// memory that the process may use is divided by what an entity takes.
    #[schemars(range(min = limits::RESIDENT_MIN, max = limits::RESIDENT_MAX))]
    pub resident_max: Option<u32>,
    /// After how long without a command an entity leaves memory, in milliseconds.
    #[schemars(range(min = limits::PASSIVATE_AFTER_MS_MIN, max = limits::PASSIVATE_AFTER_MS_MAX))]
    pub passivate_after_ms: u64,
    /// How many commands one shard takes in at once; more are refused with 503.
    #[schemars(range(min = 1, max = limits::UNDER_WAY_MAX))]
    pub under_way_per_shard: u32,
    /// How many commands one entity takes in at once; more are refused with 503.
    #[schemars(range(min = 1, max = limits::UNDER_WAY_MAX))]
    pub under_way_per_entity: u32,
}

impl Default for Actors {
    fn default() -> Self {
        Actors {
            shards: ShardCount::DEFAULT.get(),
            resident_max: None,
            passivate_after_ms: limits::PASSIVATE_AFTER_MS,
            under_way_per_shard: limits::UNDER_WAY_PER_SHARD,
            under_way_per_entity: limits::UNDER_WAY_PER_ENTITY,
        }
    }
}

/// The edge's bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections to the API in all. Each takes about 30 KiB and a file descriptor.
    #[schemars(range(min = 1, max = limits::CONNECTIONS_SETTING_MAX))]
    pub connections: usize,
    /// Connections from one address. Behind a proxy that hides its clients' addresses, set it as high as `connections`.
    #[schemars(range(min = 1, max = limits::CONNECTIONS_SETTING_MAX))]
    pub connections_per_address: usize,
    /// Requests a second of one API key, and as many at once after a quiet second, whatever its tenant has set. More are
    /// answered 429. Without it, a secret key has no limit but its tenant's.
    #[schemars(range(min = 1, max = limits::REQUESTS_PER_SECOND_PER_KEY_MAX))]
    pub requests_per_second_per_key: Option<u32>,
    /// Requests a minute of one address that come without a credential, or with one that does not work. More are answered
    /// 429. A /64 of IPv6 counts as one address.
    #[schemars(range(min = 1, max = limits::REQUESTS_PER_MINUTE_PER_ADDRESS_MAX))]
    pub anonymous_requests_per_minute_per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: limits::CONNECTIONS_MAX,
            connections_per_address: limits::CONNECTIONS_PER_PEER_MAX,
            requests_per_second_per_key: None,
            anonymous_requests_per_minute_per_address:
                limits::ANONYMOUS_REQUESTS_PER_MINUTE_PER_ADDRESS,
        }
    }
}

/// What leaves the node on a tenant's word: messages through its integrations, and questions to identity providers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Outbound {
    /// Networks that may be called although they are not public, with commas between: `10.1.0.0/16, fd00::/8`. They may also be
    /// called in clear. Without it, only public addresses are called, by TLS.
    pub allow_networks: String,
    /// Directory in which integrations of connector FILE write what they would send, with the codes in it: for development only.
    /// Without it, there is no such connector.
    pub file_sink_dir: Option<PathBuf>,
}

/// Pages that take the tokens of letters to users of the Back Office. Each is an address with `{token}` in it, such as
/// `https://office.example.com/accept?token={token}`; where one is left out, the letter says the token itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Letters {
    /// Where somebody who is invited chooses a password: it sends the token to `POST /backoffice/v2/users/accept`.
    pub invitation_page: String,
    /// Where whoever registers proves the e-mail address: `GET /backoffice/v2/users/verify_email?token={token}`, or a page that calls it.
    pub verification_page: String,
    /// Where whoever forgot the password chooses another: `POST /backoffice/v2/users/reset_password`.
    pub reset_page: String,
}

/// The tokens that contacts and users get.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    /// Signing keys that are not believed any more, since they have leaked: each by its `kid` in `/.well-known/jwks.json`, with commas between.
    /// Another key takes the place of each. Whoever has a token of such a key gets another with the refresh token.
    pub withdrawn_keys: String,
}

/// How the log is written, to standard error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The form of the log.
    pub format: LogFormat,
    /// What is logged: `error`, `warn`, `info`, `debug` or `trace`, or directives such as
    /// `info,clientele::actors=debug`. The environment variable `RUST_LOG` overrides it.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Log {
            format: LogFormat::Auto,
            level: "info".to_owned(),
        }
    }
}

/// The form of the log.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text on a terminal, JSON lines elsewhere.
    #[default]
    Auto,
    /// A line of text an event.
    Text,
    /// A JSON object a line.
    Json,
}

/// Files that hold secrets. A secret itself never stands in a configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Secrets {
    /// File of the root key, 32 random bytes from which every other key derives. Required by `clientele server`.
    /// Keep a copy: without it, the data directory cannot be read.
    pub root_key_file: Option<PathBuf>,
}
