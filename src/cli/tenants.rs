//! `clientele tenants`: the customers of the platform that a running node serves.

use http::Method;

use super::control::{Error, NodeArgs, call};
use super::output::{OutputFormat, print, print_json};
use crate::http::control::{CreatedTenant, NewTenant};

/// Make tenants of a running node
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clientele tenants create --name \"Corner Coffee\" --currency EUR --time-zone Europe/Nicosia
  clientele users create --email ada@example.com")]
pub struct TenantsArgs {
    #[command(subcommand)]
    command: TenantsCommand,

    #[command(flatten)]
    node: NodeArgs,

    /// The tenant's number
    #[arg(long, default_value_t = 1, global = true)]
    tenant: u64,
}

#[derive(Debug, clap::Subcommand)]
enum TenantsCommand {
    /// Make a tenant, and the organisation that owns its network
    Create {
        /// What people call it
        #[arg(long)]
        name: String,
        /// What its wallets are kept in: ISO 4217
        #[arg(long, value_name = "CODE")]
        currency: String,
        /// Where its days and hours are; UTC, if left out
        #[arg(long, value_name = "ZONE")]
        time_zone: Option<String>,
    },
}

/// Asks the node and prints what it says.
///
/// # Errors
/// When no node runs there, or it refuses.
pub async fn run(args: TenantsArgs, output: OutputFormat) -> Result<(), Error> {
    let TenantsCommand::Create {
        name,
        currency,
        time_zone,
    } = args.command;
    let new = NewTenant {
        tenant: args.tenant,
        name,
        currency,
        time_zone,
    };
    let data_dir = &args.node.data_dir;
    let created: CreatedTenant = call(data_dir, Method::POST, "/tenants", Some(&new)).await?;
    match output {
        OutputFormat::Json => print_json(&created)?,
        OutputFormat::Table => print(&format!(
            "tenant           {0}\norganisation id  {1}\n\nIts first user: clientele users create --tenant {0} --email …\nIts first key:  clientele keys create --tenant {0} --name …\n",
            created.tenant, created.organisation_id
        ))?,
    }
    Ok(())
}
