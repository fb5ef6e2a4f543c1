//! The `clientele` binary: parse, configure, run.

use std::process::ExitCode;

/// Gives memory back after passivation, which the system's allocator does not.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    clientele::cli::main()
}
