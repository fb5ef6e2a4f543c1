//! `clientele keys`: API keys of a running node.

use comfy_table::Table;
use http::Method;

use super::control::{Error, NodeArgs, call};
use super::output::{OutputFormat, print, print_json};
use crate::http::control::{CreatedKey, ListedKey, NewKey, RolledKey, WireMode, WireVisibility};

/// Create, list, roll and revoke the API keys of a running node
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clientele keys create --name till-7 --mode live
  clientele keys create --name sign-up-page --public --expires-at 1798761600
  clientele keys list -o json
  clientele keys roll 6b1f… --expire-current-at 1798761600
  clientele keys revoke 6b1f…")]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,

    #[command(flatten)]
    node: NodeArgs,

    /// The tenant's number
    #[arg(long, default_value_t = 1, global = true)]
    tenant: u64,
}

#[derive(Debug, clap::Subcommand)]
enum KeysCommand {
    /// Make a key; a secret key's value is shown now and never again
    Create {
        /// What people call it
        #[arg(long)]
        name: String,
        /// Live or test
        #[arg(long, value_enum, default_value = "live")]
        mode: WireMode,
        /// A key that may be embedded in a page or an app
        #[arg(long)]
        public: bool,
        /// What it may do, such as purchases.write; all that it can, if left out: a public key can organisations.register. Can be repeated
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
        /// When it stops working, in Unix seconds
        #[arg(long, value_name = "SECONDS")]
        expires_at: Option<i64>,
    },
    /// List the keys with their last use
    List {
        /// Only live or only test keys
        #[arg(long, value_enum)]
        mode: Option<WireMode>,
    },
    /// Make a new key in the place of a key; both work until the current one's end
    Roll {
        /// The current key's id
        id: String,
        /// When the current key stops working, in Unix seconds; at once, if left out
        #[arg(long, value_name = "SECONDS")]
        expire_current_at: Option<i64>,
    },
    /// Stop a key from working, now and for ever
    Revoke {
        /// The key's id
        id: String,
    },
}

/// Runs the command.
///
/// # Errors
/// When no node runs there, or it refuses.
pub async fn run(args: KeysArgs, output: OutputFormat) -> Result<(), Error> {
    let data_dir = &args.node.data_dir;
    let tenant = args.tenant;
    match args.command {
        KeysCommand::Create {
            name,
            mode,
            public,
            scopes,
            expires_at,
        } => {
            let new = NewKey {
                tenant,
                mode,
                visibility: if public {
                    WireVisibility::Public
                } else {
                    WireVisibility::Secret
                },
                name,
                scopes,
                expires_at,
            };
            let created: CreatedKey = call(data_dir, Method::POST, "/keys", Some(&new)).await?;
            show_created(&created, output)?;
        }
        KeysCommand::List { mode } => {
            let mode = match mode {
                Some(WireMode::Live) => "&mode=live",
                Some(WireMode::Test) => "&mode=test",
                None => "",
            };
            let path = format!("/keys?tenant={tenant}{mode}");
            let keys: Vec<ListedKey> = call(data_dir, Method::GET, &path, None::<&()>).await?;
            show(&keys, output)?;
        }
        KeysCommand::Roll {
            id,
            expire_current_at,
        } => {
            let path = format!("/keys/{id}/roll?tenant={tenant}");
            let how = RolledKey { expire_current_at };
            let created: CreatedKey = call(data_dir, Method::POST, &path, Some(&how)).await?;
            show_created(&created, output)?;
        }
        KeysCommand::Revoke { id } => {
            let path = format!("/keys/{id}/revoke?tenant={tenant}");
            let key: ListedKey = call(data_dir, Method::POST, &path, None::<&()>).await?;
            show(&[key], output)?;
        }
    }
    Ok(())
}

fn show_created(created: &CreatedKey, output: OutputFormat) -> std::io::Result<()> {
    match output {
        OutputFormat::Json => print_json(created),
        OutputFormat::Table => print(&format!(
            "id     {}\nvalue  {}\n\nKeep the value of a secret key now: it is not shown again.",
            created.id, created.value
        )),
    }
}

fn show(keys: &[ListedKey], output: OutputFormat) -> std::io::Result<()> {
    if output == OutputFormat::Json {
        return print_json(&keys);
    }
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(["ID", "NAME", "MODE", "KIND", "STATE", "SCOPES", "LAST USED"]);
    for key in keys {
        table.add_row([
            key.id.clone(),
            key.name.clone(),
            word(key.mode),
            word(key.visibility),
            key.state.clone(),
            key.scopes.join(" "),
            key.last_used_at
                .map_or_else(|| "-".to_owned(), |at| at.to_string()),
        ]);
    }
    print(&table.to_string())
}

fn word(value: impl clap::ValueEnum) -> String {
    value
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}
