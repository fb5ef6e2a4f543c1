//! The commands of the `clientele` binary.
//!
//! A command reads its arguments, calls down into the layers, and writes its result through [`output`], the only place
//! that touches standard output. No command holds logic that another layer could need.

pub mod audit;
pub mod bench;
pub mod config;
pub mod control;
pub mod dev;
pub mod keys;
pub mod node;
pub mod output;
pub mod server;
pub mod snapshot;
pub mod tenants;
pub mod users;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use self::output::{OutputArgs, print, print_json};
use crate::http::gateways;

/// A customer and rewards platform in one binary
#[derive(Debug, Parser)]
#[command(name = "clientele", version, about, long_about = None, propagate_version = true)]
#[command(
    after_help = "Start with `clientele dev`: it needs nothing else, and prints what to do next."
)]
pub struct Cli {
    #[command(subcommand)]
    command: CliCommand,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    Dev(Box<dev::DevArgs>),
    Server(Box<server::ServerArgs>),
    Config(Box<config::ConfigArgs>),
    Keys(keys::KeysArgs),
    Tenants(tenants::TenantsArgs),
    Users(users::UsersArgs),
    Snapshot(snapshot::SnapshotArgs),
    Audit(audit::AuditArgs),
    Bench(Box<bench::BenchArgs>),
    /// Print the OpenAPI 3.1 document of a gateway
    Openapi {
        /// The gateway
        #[arg(long, value_enum, default_value_t = Gateway::Backoffice)]
        gateway: Gateway,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Which of the API's families.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Gateway {
    /// For servers and tills
    Backoffice,
    /// For the apps and pages that contacts use
    SelfService,
}

/// Runs what the command line says; how the process is to end.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error),
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&*error),
    }
}

async fn run(cli: Cli) -> Result<(), Box<dyn std::error::Error>> {
    let output = cli.output.output;
    match cli.command {
        CliCommand::Dev(args) => Box::pin(dev::run(*args, output)).await?,
        CliCommand::Server(args) => Box::pin(server::run(*args)).await?,
        CliCommand::Config(args) => config::run(*args, output)?,
        CliCommand::Keys(args) => Box::pin(keys::run(args, output)).await?,
        CliCommand::Tenants(args) => Box::pin(tenants::run(args, output)).await?,
        CliCommand::Users(args) => Box::pin(users::run(args, output)).await?,
        CliCommand::Snapshot(args) => Box::pin(snapshot::run(args, output)).await?,
        CliCommand::Audit(args) => audit::run(args, output)?,
        CliCommand::Bench(args) => Box::pin(bench::run(*args, output)).await?,
        CliCommand::Openapi { gateway } => {
            let (_, document) = match gateway {
                Gateway::Backoffice => gateways::backoffice::router(),
                Gateway::SelfService => gateways::self_service::router(),
            };
            print_json(&document)?;
        }
        CliCommand::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "clientele", &mut script);
            print(&String::from_utf8_lossy(&script))?;
        }
    }
    Ok(())
}

/// Says what is wrong, with its causes, on standard error.
fn complain(error: &dyn std::error::Error) -> ExitCode {
    use std::io::Write;
    let mut text = format!("clientele: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(&format!(": {inner_text}"));
        }
        cause = inner.source();
    }
    // A closed standard error leaves the exit status to speak.
    let told = writeln!(std::io::stderr().lock(), "{text}");
    if told.is_ok() {
        ExitCode::FAILURE
    } else {
        ExitCode::from(2)
    }
}
