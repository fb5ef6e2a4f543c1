//! `clientele audit`: checks an exported audit log.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::output::{OutputFormat, print, print_json};
use crate::domain::audit::{Break, Verifier};
use crate::http::audit::{ExportedEnd, ExportedLine, hex};

/// Check exported audit logs
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  curl -H \"api_key: $KEY\" http://127.0.0.1:8080/backoffice/v2/audit_log/export > audit.ndjson
  clientele audit verify audit.ndjson
  clientele audit verify - < audit.ndjson")]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AuditCommand {
    /// Check that no line of an export was altered, taken out, put in or moved
    ///
    /// Whoever makes up the whole log anew can make it fit. Keep the hash of the last line elsewhere, and compare.
    Verify {
        /// The export; - for standard input
        file: PathBuf,
        /// The hash that the last line must have
        #[arg(long)]
        hash: Option<String>,
    },
}

/// What is wrong with an export.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's own error.
        source: std::io::Error,
    },
    /// A line that no export has.
    #[error("line {line} of the file is no line of an audit log")]
    NoLine {
        /// Which, from 1.
        line: usize,
    },
    /// Lines are missing, doubled or in another order.
    #[error(
        "line {line} of the file is number {found} of the log, where {expected} would follow: lines were taken out, put in or moved"
    )]
    Number {
        /// Which, from 1.
        line: usize,
        /// The number that would follow.
        expected: u64,
        /// What stands there.
        found: u64,
    },
    /// A line is not as it was written.
    #[error(
        "line {line} of the file, number {number} of the log, was altered, or what stood before it"
    )]
    Altered {
        /// Which, from 1.
        line: usize,
        /// Its number.
        number: u64,
    },
    /// The end is missing.
    #[error("the export has no last line that counts the others: it was cut off")]
    CutOff,
    /// The end does not fit.
    #[error(
        "the last line counts {said} lines, but there are {found}, or the last of them is another"
    )]
    End {
        /// What it says.
        said: u64,
        /// How many there are.
        found: u64,
    },
    /// Something follows the end.
    #[error("line {line} of the file stands after the end of the log")]
    AfterEnd {
        /// Which, from 1.
        line: usize,
    },
    /// It is whole, and another log.
    #[error("the hash of the last line is {found}, not {expected}")]
    OtherHash {
        /// As asked for.
        expected: String,
        /// As it is.
        found: String,
    },
    /// The result cannot be written.
    #[error("cannot write the result: {0}")]
    Output(#[from] std::io::Error),
}

/// What was verified.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// How many lines there are.
    pub lines: u64,
    /// The hash of the last one.
    pub hash: String,
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the export.
pub fn run(args: AuditArgs, output: OutputFormat) -> Result<(), Error> {
    let AuditCommand::Verify { file, hash } = args.command;
    let verified = verify_file(&file)?;
    if let Some(expected) = hash.filter(|expected| *expected != verified.hash) {
        return Err(Error::OtherHash {
            expected,
            found: verified.hash,
        });
    }
    match output {
        OutputFormat::Json => print_json(&verified)?,
        _ => print(&format!(
            "{} lines, none altered, missing or moved; the last one has the hash {}\n",
            verified.lines, verified.hash
        ))?,
    }
    Ok(())
}

fn verify_file(path: &Path) -> Result<Verified, Error> {
    if path == Path::new("-") {
        return verify(std::io::stdin().lock(), path);
    }
    let file = File::open(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    verify(BufReader::new(file), path)
}

/// Checks an export, line by line.
fn verify(export: impl BufRead, path: &Path) -> Result<Verified, Error> {
    let mut verifier = Verifier::default();
    let mut end: Option<ExportedEnd> = None;
    for (at, text) in export.lines().enumerate() {
        let line = at.saturating_add(1);
        let text = text.map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        if end.is_some() {
            return Err(Error::AfterEnd { line });
        }
        if let Ok(last) = serde_json::from_str(&text) {
            end = Some(last);
            continue;
        }
        let exported = serde_json::from_str::<ExportedLine>(&text).ok();
        let exported = exported.and_then(|exported| exported.line());
        let exported = exported.ok_or(Error::NoLine { line })?;
        verifier.take(&exported).map_err(|broken| match broken {
            Break::Number { expected, found } => Error::Number {
                line,
                expected,
                found,
            },
            Break::Hash { number } => Error::Altered { line, number },
        })?;
    }
    let (said, found) = (end.ok_or(Error::CutOff)?, verifier.end());
    let hash = hex(&found.hash);
    if said.lines != found.lines || said.hash != hash {
        return Err(Error::End {
            said: said.lines,
            found: found.lines,
        });
    }
    Ok(Verified {
        lines: found.lines,
        hash,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::{Entry, Line, Outcome};
    use crate::domain::time::Timestamp;

    /// An export of so many lines.
    fn export(lines: u64) -> Vec<String> {
        let mut verifier = Verifier::default();
        let mut texts = Vec::new();
        for number in 0..lines {
            let entry = Entry {
                actor: "key:1".to_owned(),
                masquerader: None,
                operation: "api_keys.create".to_owned(),
                target: Some(number.to_string()),
                outcome: Outcome::Done,
            };
            let at = Timestamp(1_780_000_000_000);
            let line = Line::after(number, &verifier.end().hash, at, entry);
            verifier.take(&line).unwrap();
            texts.push(serde_json::to_string(&ExportedLine::of(&line)).unwrap());
        }
        let end = ExportedEnd {
            lines,
            hash: hex(&verifier.end().hash),
        };
        texts.push(serde_json::to_string(&end).unwrap());
        texts
    }

    fn verified(lines: &[String]) -> Result<Verified, String> {
        let text = lines.join("\n");
        verify(text.as_bytes(), Path::new("-")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_whole_export_is_verified() {
        assert_eq!(verified(&export(5)).unwrap().lines, 5);
        assert_eq!(verified(&export(0)).unwrap().lines, 0);
    }

    #[test]
    fn one_line_that_was_altered_is_named() {
        for at in 0..5 {
            let mut lines = export(5);
            lines[at] = lines[at].replace("DONE", "REFUSED");
            let error = verified(&lines).unwrap_err();
            assert!(
                error.starts_with(&format!("line {} of the file, ", at + 1)),
                "{error}"
            );
            assert!(error.contains("was altered"), "{error}");
        }
    }

    #[test]
    fn one_line_that_was_taken_out_is_noticed_wherever_it_stood() {
        for at in 0..5 {
            let mut lines = export(5);
            lines.remove(at);
            let error = verified(&lines).unwrap_err();
            let is_last = at == 4;
            assert_eq!(error.contains("taken out"), !is_last, "{error}");
            assert_eq!(error.contains("counts 5 lines"), is_last, "{error}");
        }
        let mut lines = export(5);
        lines.pop();
        assert!(verified(&lines).unwrap_err().contains("cut off"));
    }

    #[test]
    fn two_lines_that_changed_places_are_noticed() {
        for at in 0..5 {
            let mut lines = export(5);
            lines.swap(at, at + 1);
            verified(&lines).unwrap_err();
        }
        let mut lines = export(5);
        lines.insert(2, lines[1].clone());
        assert!(verified(&lines).unwrap_err().contains("put in"));
        let mut lines = export(5);
        lines.insert(2, "{}".to_owned());
        assert!(
            verified(&lines)
                .unwrap_err()
                .contains("no line of an audit log")
        );
    }
}
