//! What `dev` and `server` have in common: from settings to a node that runs until it is told to stop.

use tokio::signal::unix::{SignalKind, signal};

use crate::app::{self, Settings};
use crate::config::{self, Sources, secrets};
use crate::{logging, publishing, seeding, telemetry};

/// Why a node did not start or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The log.
    #[error(transparent)]
    Logging(#[from] logging::Error),
    /// The metrics.
    #[error("the metrics cannot be set up: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// The node.
    #[error(transparent)]
    Node(#[from] app::Error),
    /// The demo network.
    #[error(transparent)]
    Seed(#[from] seeding::Error),
    /// The seed file.
    #[error("the seed file {path} cannot be used: {detail}")]
    SeedFile {
        /// The file.
        path: String,
        /// What is wrong.
        detail: String,
    },
}

/// Reads the configuration and its secrets, and sets up the log and the metrics of the process.
///
/// # Errors
/// What is wrong with the configuration, with the remedy.
pub fn settings(sources: &Sources) -> Result<Settings, Error> {
    let loaded = config::load(sources)?;
    let material = secrets::read(&loaded)?;
    logging::init(&loaded.config.log)?;
    let metrics = telemetry::install()?;
    publishing::progress::describe();
    publishing::delivery::describe();
    let mut settings = Settings::new(loaded.config, metrics);
    settings.root_key = material.root_key.map(|key| *key.expose());
    Ok(settings)
}

/// Resolves at TERM or Ctrl-C.
pub async fn stop_signal() {
    let term = async {
        match signal(SignalKind::terminate()) {
            Ok(mut term) => {
                term.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "TERM cannot be waited for");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = term => {}
        interrupted = tokio::signal::ctrl_c() => {
            if let Err(error) = interrupted {
                tracing::warn!(%error, "Ctrl-C cannot be waited for");
            }
        }
    }
    tracing::info!("stopping: what was accepted is finished first");
}
