//! `clientele server`: a node for production.

use std::path::PathBuf;

use super::node::{self, stop_signal};
use crate::app;
use crate::config::{Flags, Profile, Sources};

/// Start a node for production
///
/// Settings come from flags, the environment (CLIENTELE__SECTION__KEY), the file and the defaults, in this order.
/// Secrets come from files that settings name; without them the node doesn't start, and says how to make them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clientele server --config /etc/clientele/clientele.toml
  clientele config validate --config /etc/clientele/clientele.toml")]
pub struct ServerArgs {
    /// The configuration, in TOML
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(flatten)]
    flags: Flags,
}

/// Runs until TERM or Ctrl-C.
///
/// # Errors
/// When the configuration is refused, the node cannot start, or its journal fails.
pub async fn run(args: ServerArgs) -> Result<(), node::Error> {
    let sources = Sources::of_process(Profile::Production, args.flags, args.config);
    let settings = node::settings(&sources)?;
    let running = app::start(settings).await?;
    tracing::info!(api = %running.public, admin = %running.admin, "ready");
    running.until(stop_signal()).await?;
    Ok(())
}
