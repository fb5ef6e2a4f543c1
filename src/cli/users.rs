//! `clientele users`: people of the Back Office of a running node.

use http::Method;

use super::control::{Error, NodeArgs, call};
use super::output::{OutputFormat, print, print_json};
use crate::http::control::{CreatedUser, NewUser, ResetUser, TotpReset};

/// Make users of a running node, and let those in again who lost their second factor
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clientele users create --email ada@example.com --first-name Ada --last-name King
  clientele users create --email till@example.com --organisation 6b1f… -o json
  clientele users reset-totp ada@example.com")]
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
    /// Remove the app for codes of a user who lost it, and its recovery codes
    ///
    /// The user is signed out everywhere and told by mail. Its password alone signs it in until it sets up another app. It
    /// stands in the audit log of every network that the user works for. Make sure that it is the user who asks: a stranger
    /// with the password asks for the same.
    #[command(after_help = "Try first:
  a recovery code of the user's own, with its password: DELETE /backoffice/v2/users/totp
  another user who manages it: POST /backoffice/v2/users/{id}/reset_totp

Examples:
  clientele users reset-totp ada@example.com
  clientele users reset-totp ada@example.com --data-dir /var/lib/clientele -o json")]
    ResetTotp {
        /// By what it signs in
        email: String,
    },
}

/// Asks the node and prints what it says.
///
/// # Errors
/// When no node runs there, or it refuses.
pub async fn run(args: UsersArgs, output: OutputFormat) -> Result<(), Error> {
    let data_dir = &args.node.data_dir;
    match args.command {
        UsersCommand::Create {
            email,
            first_name,
            last_name,
            organisation,
        } => {
            let new = NewUser {
                tenant: args.tenant,
                email,
                first_name,
                last_name,
                organisation_id: organisation,
            };
            let created: CreatedUser = call(data_dir, Method::POST, "/users", Some(&new)).await?;
            match output {
                OutputFormat::Json => print_json(&created)?,
                OutputFormat::Table => print(&format!(
                    "id        {}\nusername  {}\npassword  {}\n\nIt opens nothing until another is chosen: POST /backoffice/v2/users/{}/change_password",
                    created.id, created.username, created.password, created.id
                ))?,
            }
        }
        UsersCommand::ResetTotp { email } => {
            let path = "/users/reset_totp";
            let reset = TotpReset { email };
            let reset: ResetUser = call(data_dir, Method::POST, path, Some(&reset)).await?;
            match output {
                OutputFormat::Json => print_json(&reset)?,
                OutputFormat::Table => print(&format!(
                    "id        {}\nusername  {}\n\n{}",
                    reset.id,
                    reset.username,
                    match reset.had_totp {
                        true => "Its app for codes is removed, and it is signed out everywhere.",
                        false => "It had no app for codes; nothing has changed.",
                    }
                ))?,
            }
        }
    }
    Ok(())
}
