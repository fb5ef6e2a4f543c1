//! `clientele dev`: a node with a demo network, and nothing else to start.

use std::path::{Path, PathBuf};

use super::node::{self, stop_signal};
use super::output::{OutputFormat, print, print_json};
use crate::app;
use crate::config::{Flags, Profile, Sources};
use crate::data_directory::write_private;
use crate::limits::SEEDED_CONTACTS_MAX;
use crate::seeding::{self, Seed};

/// Start a node with a demo network: embedded, durable, nothing else to start
///
/// The first start on a data directory makes the demo network and prints its keys: secret keys are shown only then, or
/// written to the seed file. A second start finds everything as it was.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clientele dev
  clientele dev --contacts 100000 --seed-file seed.json
  clientele dev --listen 127.0.0.1:9000 --admin-listen 127.0.0.1:9001 --data-dir /tmp/demo --seed-file seed.json")]
pub struct DevArgs {
    #[command(flatten)]
    flags: Flags,

    /// Also write the demo network's URLs, ids and keys to this file as JSON, readable by you alone
    #[arg(long, value_name = "FILE")]
    seed_file: Option<PathBuf>,

    /// How many live contacts the demo network has at least; the seed file lists them all
    #[arg(long, value_name = "N", default_value_t = seeding::LIVE_CONTACTS,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(SEEDED_CONTACTS_MAX)))]
    contacts: u32,
}

/// Runs until TERM or Ctrl-C.
///
/// # Errors
/// When the node cannot start, or its journal fails.
pub async fn run(args: DevArgs, output: OutputFormat) -> Result<(), node::Error> {
    let sources = Sources::of_process(Profile::Development, args.flags, None);
    let settings = node::settings(&sources)?;
    let running = app::start(settings).await?;
    let api = running.api();
    let held = match &args.seed_file {
        Some(file) => held_seed(file)?,
        None => None,
    };
    let base_url = format!("http://{}", running.public);
    let seed = seeding::seed(&api, base_url, args.contacts, held.as_ref()).await?;
    if let Some(file) = &args.seed_file {
        let json = serde_json::to_vec_pretty(&seed).unwrap_or_default();
        write_private(file, &json).map_err(|source| node::Error::SeedFile {
            path: file.display().to_string(),
            detail: source.to_string(),
        })?;
    }
    let shown = match output {
        OutputFormat::Json => print_json(&seed),
        OutputFormat::Table => print(&welcome(&seed, &running.admin.to_string())),
    };
    if let Err(error) = shown {
        tracing::warn!(%error, "the welcome cannot be printed");
    }
    running.until(stop_signal()).await?;
    Ok(())
}

fn held_seed(file: &Path) -> Result<Option<Seed>, node::Error> {
    let refused = |detail: String| node::Error::SeedFile {
        path: file.display().to_string(),
        detail,
    };
    match std::fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            refused(format!(
                "it is not a seed file ({error}); it may hold the only copy of secret keys, so it is not overwritten"
            ))
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refused(error.to_string())),
    }
}

fn welcome(seed: &Seed, admin: &str) -> String {
    let mut lines = vec![
        "Clientele is ready.".to_owned(),
        String::new(),
        format!("  API            {}/backoffice/v2", seed.base_url),
        format!("  API reference  {}/backoffice/docs/", seed.base_url),
        format!("  Self-service   {}/self-service/docs/", seed.base_url),
        format!("  Health         http://{admin}/readyz?verbose"),
        String::new(),
    ];
    for (mode, keys) in &seed.keys {
        let secret = keys.secret.as_deref().unwrap_or(
            "(shown at the first start only; make another with `clientele keys create`)",
        );
        lines.push(format!("  {mode} secret key   {secret}"));
        lines.push(format!(
            "  {mode} public key   {}",
            keys.public.as_deref().unwrap_or("(none)")
        ));
        lines.push(format!(
            "  {mode} app key      {}",
            keys.self_service.as_deref().unwrap_or("(none)")
        ));
    }
    for user in &seed.users {
        lines.push(format!("  owner          {}", user.username));
        lines.push(format!(
            "  its password   {}",
            user.password.as_deref().unwrap_or("(its own)")
        ));
    }
    if let Some(contact) = seed.contacts.first() {
        lines.push(String::new());
        lines.push(format!("  A contact      {}", contact.id));
        lines.push(format!("  its wallet     {}", contact.wallet_id));
    }
    if let Some(venue) = seed
        .organisations
        .merchants
        .first()
        .and_then(|merchant| merchant.venues.first())
    {
        lines.push(format!("  A venue        {}", venue.id));
    }
    lines.push(String::new());
    lines.push("Stop it with Ctrl-C: everything acknowledged is on disk.".to_owned());
    lines.join("\n")
}
