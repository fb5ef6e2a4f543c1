//! Why a configuration is refused: everything that is wrong with it at once, each with where it stands and what to do.

use std::fmt;
use std::path::PathBuf;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting, such as `server.listen`.
    pub setting: String,
    /// Where its value stands: a file, an environment variable, a flag, the defaults.
    pub origin: String,
    /// What is wrong. Never the value of a secret.
    pub fault: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem {
            setting,
            origin,
            fault,
            remedy,
        } = self;
        write!(formatter, "{setting} ({origin}) {fault}; {remedy}")
    }
}

/// Why there is no configuration to start with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read: {source}; check --config and the file's owner", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's own error.
        source: std::io::Error,
    },
    /// The file is not TOML. The line itself is not quoted, since a secret might stand there by mistake.
    #[error("{}:{line}:{column} is not TOML: {detail}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What the parser expected there.
        detail: String,
    },
    /// Settings are unknown, out of range, of the wrong type, or contradict each other.
    #[error("the configuration is refused:{}", Listed(.0))]
    Refused(Vec<Problem>),
}

struct Listed<'a>(&'a [Problem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in self.0 {
            write!(formatter, "\n  {problem}")?;
        }
        Ok(())
    }
}
