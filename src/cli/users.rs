//! `clientele users`: people of the Back Office of a running node.

use http::Method;

use super::control::{Error, NodeArgs, call};
use super::output::{OutputFormat, print, print_json};
use crate::http::control::{CreatedUser, NewUser};

/// Make users of a running node
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clientele users create --email ada@example.com --first-name Ada --last-name King
  clientele users create --email till@example.com --organisation 6b1f… -o json")]
pub struct UsersArgs {
    #[command(subcommand)]
    command: UsersCommand,

    #[command(flatten)]
    node: NodeArgs,

    /// The tenant's number
    #[arg(long, default_value_t = 1, global = true)]
    tenant: u64,
}

#[derive(Debug, clap::Subcommand)]
enum UsersCommand {
    /// Make an owner: with a password to sign in with once, shown now and never again
    Create {
        /// By what it signs in
        #[arg(long)]
        email: String,
        /// Its first name
        #[arg(long)]
        first_name: Option<String>,
        /// Its last name
        #[arg(long)]
        last_name: Option<String>,
        /// The id of the organisation that it is to own; the whole network, if left out
        #[arg(long, value_name = "ID")]
        organisation: Option<String>,
    },
}

/// Asks the node and prints what it says.
///
/// # Errors
/// When no node runs there, or it refuses.
pub async fn run(args: UsersArgs, output: OutputFormat) -> Result<(), Error> {
    let UsersCommand::Create {
        email,
        first_name,
        last_name,
        organisation,
    } = args.command;
    let new = NewUser {
        tenant: args.tenant,
        email,
        first_name,
        last_name,
        organisation_id: organisation,
    };
    let data_dir = &args.node.data_dir;
    let created: CreatedUser = call(data_dir, Method::POST, "/users", Some(&new)).await?;
    match output {
        OutputFormat::Json => print_json(&created)?,
        OutputFormat::Table => print(&format!(
            "id        {}\nusername  {}\npassword  {}\n\nIt opens nothing until another is chosen: POST /backoffice/v2/users/{}/change_password",
            created.id, created.username, created.password, created.id
        ))?,
    }
    Ok(())
}
