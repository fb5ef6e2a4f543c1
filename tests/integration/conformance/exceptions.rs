//! What is not as the contract has it, on purpose, each with its reason: `tests/contract/exceptions.txt`.

use super::contract::folder;

/// A line of the file: the operation, the fact, and why. Either of the first two may end in `*`.
#[derive(Debug)]
pub(crate) struct Exception {
    pub(crate) operation: String,
    pub(crate) fact: String,
    pub(crate) reason: String,
}

/// What stands for every fact of an operation: it does not count.
pub(crate) const WHOLE: &str = "*";

impl Exception {
    /// Whether it is about this fact.
    pub(crate) fn covers(&self, operation: &str, fact: &str) -> bool {
        fits(&self.operation, operation) && fits(&self.fact, fact)
    }

    /// Whether the operation does not count at all.
    pub(crate) fn leaves_out(&self, operation: &str) -> bool {
        self.fact == WHOLE && fits(&self.operation, operation)
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => text.starts_with(beginning),
        None => pattern == text,
    }
}

/// Every exception, in the order of the file.
pub(crate) fn read() -> Vec<Exception> {
    let text = std::fs::read_to_string(folder().join("exceptions.txt")).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut parts = line.splitn(3, " : ").map(|part| part.trim().to_owned());
            let mut part = || {
                parts
                    .next()
                    .unwrap_or_else(|| panic!("operation : fact : reason, not {line}"))
            };
            Exception {
                operation: part(),
                fact: part(),
                reason: part(),
            }
        })
        .collect()
}
