//! The four sources of a value. Each becomes a layer of plain values that knows where it came from.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Provider};

use super::problem::Error;
use super::schema::{self, Type};
use super::{Config, LogFormat, Profile};

/// What a variable of ours begins with. Two underscores, since Kubernetes sets `CLIENTELE_PORT` and the like in every
/// pod of a namespace that has a service of our name.
pub(super) const VARIABLE_PREFIX: &str = "CLIENTELE__";

/// Settings that have a flag of their own, to be flattened into a command that starts a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Flags {
    /// Address and port of the API, such as 0.0.0.0:8080 [setting: server.listen]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,

    /// Address and port of health, metrics and version [setting: admin.listen]
    #[arg(long, value_name = "ADDRESS")]
    pub admin_listen: Option<SocketAddr>,

    /// Directory of journal, rows and keyring [setting: storage.data_dir]
    #[arg(long, value_name = "DIRECTORY")]
    pub data_dir: Option<PathBuf>,

    /// Form of the log [setting: log.format]
    #[arg(long, value_enum)]
    pub log_format: Option<LogFormat>,

    /// What is logged, such as info,clientele::actors=debug [setting: log.level]
    #[arg(long, value_name = "DIRECTIVES")]
    pub log_level: Option<String>,
}

impl Flags {
    fn values(&self) -> Vec<(&'static str, String)> {
        let format = self
            .log_format
            .and_then(|format| format.to_possible_value())
            .map(|value| value.get_name().to_owned());
        [
            (flag::LISTEN.0, self.listen.map(|it| it.to_string())),
            (
                flag::ADMIN_LISTEN.0,
                self.admin_listen.map(|it| it.to_string()),
            ),
            (
                flag::DATA_DIR.0,
                self.data_dir
                    .as_ref()
                    .map(|it| it.to_string_lossy().into_owned()),
            ),
            (flag::LOG_FORMAT.0, format),
            (flag::LOG_LEVEL.0, self.log_level.clone()),
        ]
        .into_iter()
        .filter_map(|(key, value)| value.map(|value| (key, value)))
        .collect()
    }
}

/// Settings that have a flag, and its name.
mod flag {
    pub(super) const LISTEN: (&str, &str) = ("server.listen", "--listen");
    pub(super) const ADMIN_LISTEN: (&str, &str) = ("admin.listen", "--admin-listen");
    pub(super) const DATA_DIR: (&str, &str) = ("storage.data_dir", "--data-dir");
    pub(super) const LOG_FORMAT: (&str, &str) = ("log.format", "--log-format");
    pub(super) const LOG_LEVEL: (&str, &str) = ("log.level", "--log-level");
    pub(super) const ALL: [(&str, &str); 5] =
        [LISTEN, ADMIN_LISTEN, DATA_DIR, LOG_FORMAT, LOG_LEVEL];
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag on the command line.
    Flag,
    /// A variable of the environment.
    Environment,
    /// The file.
    File(PathBuf),
    /// Built in.
    Default,
}

impl Origin {
    /// The place where the value of `key` stands, as a person looks for it: `--listen`, `CLIENTELE__SERVER__LISTEN`.
    #[must_use]
    pub fn of(&self, key: &str) -> String {
        match self {
            Origin::Flag => flag::ALL
                .iter()
                .find(|(setting, _)| *setting == key)
                .map_or_else(|| "a flag".to_owned(), |(_, name)| (*name).to_owned()),
            Origin::Environment => {
                format!("{VARIABLE_PREFIX}{}", key.to_uppercase().replace('.', "__"))
            }
            Origin::File(path) => path.display().to_string(),
            Origin::Default => "default".to_owned(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Origin::Flag => "flag",
            Origin::Environment => "environment",
            Origin::File(_) => "file",
            Origin::Default => "default",
        }
    }

    pub(super) fn from_metadata(metadata: Option<&Metadata>) -> Origin {
        let path = metadata
            .and_then(|metadata| metadata.source.as_ref())
            .and_then(|source| source.file_path());
        match (metadata.map(|metadata| metadata.name.as_ref()), path) {
            (Some("flag"), _) => Origin::Flag,
            (Some("environment"), _) => Origin::Environment,
            (_, Some(path)) => Origin::File(path.to_owned()),
            _ => Origin::Default,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The values of one source.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) origin: Origin,
    pub(super) values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        let metadata = Metadata::named(self.origin.name());
        match &self.origin {
            Origin::File(path) => metadata.source(path.as_path()),
            Origin::Flag | Origin::Environment | Origin::Default => metadata,
        }
    }

    fn data(&self) -> Result<Map<figment::Profile, Dict>, figment::Error> {
        Ok(figment::Profile::Default.collect(self.values.clone()))
    }
}

impl Layer {
    pub(super) fn defaults(profile: Profile) -> Result<Layer, Box<figment::Error>> {
        let values = Value::serialize(Config::defaults(profile)).map_err(Box::new)?;
        Ok(Layer {
            origin: Origin::Default,
            values: values.into_dict().unwrap_or_default(),
        })
    }

    pub(super) fn file(path: &Path) -> Result<Layer, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let values = toml::from_str::<Dict>(&text).map_err(|error| {
            let before = error
                .span()
                .and_then(|span| text.get(..span.start))
                .unwrap_or_default();
            let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
            let column = before.get(line_start..).unwrap_or_default().chars().count();
            Error::Syntax {
                path: path.to_owned(),
                line: before.matches('\n').count().saturating_add(1),
                column: column.saturating_add(1),
                detail: error.message().to_owned(),
            }
        })?;
        Ok(Layer {
            origin: Origin::File(path.to_owned()),
            values,
        })
    }

    /// Variables that do not begin with [`VARIABLE_PREFIX`] are someone else's.
    pub(super) fn environment<'a>(variables: impl Iterator<Item = (&'a str, &'a str)>) -> Layer {
        let ours = variables.filter_map(|(name, value)| {
            let key = name.strip_prefix(VARIABLE_PREFIX)?;
            Some((key.to_lowercase().replace("__", "."), value))
        });
        Layer::of(Origin::Environment, ours)
    }

    pub(super) fn flags(flags: &Flags) -> Layer {
        let values = flags.values();
        let borrowed = values
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.as_str()));
        Layer::of(Origin::Flag, borrowed)
    }

    fn of<'a>(origin: Origin, values: impl Iterator<Item = (String, &'a str)>) -> Layer {
        let mut layer = Dict::new();
        for (key, text) in values {
            // Text stays text, even where it looks like a number: a directory may be called 7.
            let value = match schema::find(&key).map(|known| known.type_) {
                Some(Type::Whole { .. }) => {
                    let Ok(value) = text.parse::<Value>();
                    value
                }
                Some(Type::Text) | None => Value::from(text),
            };
            insert(&mut layer, &key, value);
        }
        Layer {
            origin,
            values: layer,
        }
    }
}

/// Puts `value` under `section.key`; whatever does not have that shape becomes a key that nobody knows.
fn insert(layer: &mut Dict, key: &str, value: Value) {
    let Some((section, rest)) = key.split_once('.') else {
        layer.insert(key.to_owned(), value);
        return;
    };
    let entry = layer
        .entry(section.to_owned())
        .or_insert_with(|| Value::from(Dict::new()));
    if let Value::Dict(_, settings) = entry {
        settings.insert(rest.to_owned(), value);
    }
}
