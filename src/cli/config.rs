//! `clientele config`: what a node would start with, without starting it.

use std::io;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;

use crate::cli::output::{self, OutputFormat};
use crate::config::{self, Config, Flags, Loaded, Profile, Sources, secrets};

const EXAMPLES: &str = "\
Where a setting comes from, the first that has it:
  a flag of `clientele server`, such as --listen
  the environment: CLIENTELE__SERVER__LISTEN=0.0.0.0:8080
  the file (TOML): [server] listen = \"0.0.0.0:8080\"
  the built-in default

Examples:
  clientele config validate --config /etc/clientele.toml
  clientele config show --config /etc/clientele.toml -o json | jq -r '.\"server.listen\".source'
  clientele config schema > clientele.schema.json";

/// Check and show the configuration that a node would start with
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum ConfigCommand {
    /// Check everything, secrets' files included, as a start would; exit code 0 means that it would start
    Validate {
        #[command(flatten)]
        from: FromArgs,

        /// Leave the secrets' files alone, on a machine that does not hold them
        #[arg(long)]
        without_secrets: bool,
    },
    /// Print every setting in effect, and where its value comes from; of a secret, the path only
    Show {
        #[command(flatten)]
        from: FromArgs,
    },
    /// Print the JSON Schema of the file, for editors and checks
    Schema,
}

#[derive(Debug, Clone, Args)]
struct FromArgs {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "CLIENTELE_CONFIG")]
    config: Option<PathBuf>,

    /// Whose defaults apply
    #[arg(long, value_enum, default_value_t)]
    profile: Profile,

    #[command(flatten)]
    flags: Flags,
}

impl FromArgs {
    fn load(self) -> Result<Loaded, config::Error> {
        config::load(&Sources::of_process(self.profile, self.flags, self.config))
    }
}

/// Why `clientele config` fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration is no good.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The result cannot be printed.
    #[error("the result cannot be printed: {0}")]
    Output(#[from] io::Error),
}

/// Runs the command and prints its result.
///
/// # Errors
/// [`Error::Config`] with everything that is wrong; [`Error::Output`] if standard output refuses.
pub fn run(args: ConfigArgs, format: OutputFormat) -> Result<(), Error> {
    match args.command {
        ConfigCommand::Validate {
            from,
            without_secrets,
        } => {
            let loaded = from.load()?;
            if !without_secrets {
                secrets::read(&loaded)?;
            }
            match format {
                OutputFormat::Table => output::print("the configuration is valid")?,
                OutputFormat::Json => output::print_json(&json!({ "valid": true }))?,
            }
        }
        ConfigCommand::Show { from } => {
            let loaded = from.load()?;
            match format {
                OutputFormat::Table => output::print(&table(&loaded))?,
                OutputFormat::Json => output::print_json(&object(&loaded))?,
            }
        }
        ConfigCommand::Schema => output::print_json(&Config::schema())?,
    }
    Ok(())
}

fn table(loaded: &Loaded) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["setting", "value", "source"]);
    for setting in loaded.settings() {
        let value = match setting.value {
            serde_json::Value::String(text) => text,
            serde_json::Value::Null => "(not set)".to_owned(),
            other => other.to_string(),
        };
        table.add_row([setting.setting, value, setting.source]);
    }
    table.to_string()
}

fn object(loaded: &Loaded) -> serde_json::Value {
    loaded
        .settings()
        .into_iter()
        .map(|setting| {
            let about = json!({ "value": setting.value, "source": setting.source });
            (setting.setting, about)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded() -> Loaded {
        config::load(&Sources {
            flags: Flags {
                data_dir: Some("/srv/clientele".into()),
                ..Flags::default()
            },
            environment: vec![(
                "CLIENTELE__SECRETS__ROOT_KEY_FILE".to_owned(),
                "/run/secrets/root.key".to_owned(),
            )],
            ..Sources::default()
        })
        .unwrap()
    }

    #[test]
    fn show_says_where_each_value_comes_from() {
        let shown = object(&loaded());
        assert_eq!(
            shown["storage.data_dir"],
            json!({ "value": "/srv/clientele", "source": "--data-dir" })
        );
        assert_eq!(
            shown["secrets.root_key_file"],
            json!({ "value": "/run/secrets/root.key", "source": "CLIENTELE__SECRETS__ROOT_KEY_FILE" })
        );
        assert_eq!(
            shown["actors.resident_max"],
            json!({ "value": null, "source": "default" })
        );
        let lines = table(&loaded());
        let line = lines
            .lines()
            .find(|line| line.contains("storage.data_dir"))
            .unwrap();
        assert!(
            line.contains("/srv/clientele") && line.contains("--data-dir"),
            "{line}"
        );
    }
}
