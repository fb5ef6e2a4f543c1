//! Where every command's result goes: standard output, as a table for people or as JSON for programs.
//!
//! Progress, notes and errors go to standard error, so that `clientele … -o json | jq` always works.

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

/// The form in which a command prints its result: the value of `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OutputFormat {
    /// A table for people
    #[default]
    Table,
    /// One JSON document for programs
    Json,
}

/// The `-o` option, to be flattened into whatever parses the command line.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct OutputArgs {
    /// How to print the result
    #[arg(
        short = 'o',
        long = "output",
        value_enum,
        default_value_t,
        global = true
    )]
    pub output: OutputFormat,
}

/// Writes one text and a line end to standard output.
///
/// A reader that has gone away (`| head -1`) is no error: it has what it wanted.
///
/// # Errors
/// When standard output cannot be written for another reason, such as a full disk behind a redirection.
pub fn print(text: &str) -> io::Result<()> {
    write_line(&mut io::stdout().lock(), text)
}

/// Writes one value to standard output as an indented JSON document.
///
/// # Errors
/// As [`print()`], and when the value cannot be represented as JSON.
pub fn print_json<T: Serialize>(value: &T) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    print(&text)
}

fn write_line(out: &mut impl Write, text: &str) -> io::Result<()> {
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_left_is_no_error_but_a_full_disk_is() {
        assert!(write_line(&mut Failing(io::ErrorKind::BrokenPipe), "x").is_ok());
        assert!(write_line(&mut Failing(io::ErrorKind::StorageFull), "x").is_err());
    }
}
