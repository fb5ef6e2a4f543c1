//! The size of files, and whether the documents say what is there.

use std::path::Path;

use crate::source::{Fault, Source};

/// The most lines of a file: what one sitting can hold.
const FILE_LINES_MAX: usize = 500;

/// How many joints a name has at least that can only be a test's.
const TEST_NAME_JOINTS: usize = 5;

/// The most lines of `src/main.rs`: parse, configure, run.
const MAIN_LINES_MAX: usize = 69;

/// A file that has grown too long.
pub(crate) fn length(source: &Source) -> Vec<Fault> {
    let lines = source.text.lines().count();
    let allowed = match &*source.path {
        "src/main.rs" => MAIN_LINES_MAX,
        _ => FILE_LINES_MAX,
    };
    if lines > allowed {
        let what = format!("{lines} lines, over {allowed}: cut it where two thoughts meet");
        vec![Fault::new(source, allowed + 1, what)]
    } else {
        Vec::new()
    }
}

/// A test that a document names, as `` `module::the_name_of_a_test` `` or by its name alone, and that is not there.
pub(crate) fn unknown_tests(document: &Source, rust: &[Source]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (number, line) in (1..).zip(document.text.lines()) {
        for word in line.split('`').skip(1).step_by(2) {
            let name = word.rsplit("::").next().unwrap_or(word);
            let is_test = name.matches('_').count() >= TEST_NAME_JOINTS
                && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            let defined = format!("fn {name}(");
            if is_test && !rust.iter().any(|source| source.text.contains(&defined)) {
                faults.push(Fault::new(
                    document,
                    number,
                    format!("no test is named {name}"),
                ));
            }
        }
    }
    faults
}

/// A link from a document to a file that is not there.
pub(crate) fn broken_links(source: &Source) -> Vec<Fault> {
    let folder = Path::new(&source.path).parent().unwrap_or(Path::new(""));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut faults = Vec::new();
    for (at, line) in source.text.lines().enumerate() {
        for target in line
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = target.split('#').next().unwrap_or_default();
            let is_here = !file.is_empty() && !file.contains("://") && !file.starts_with("mailto:");
            if is_here && !root.join(folder).join(file).exists() {
                faults.push(Fault::new(
                    source,
                    at + 1,
                    format!("links to {file}, which is not there"),
                ));
            }
        }
    }
    faults
}

/// A README that does not begin with how to run and how to test.
pub(crate) fn first_commands(source: &Source) -> Vec<Fault> {
    ["make run", "make test"]
        .iter()
        .filter(|command| {
            !source
                .text
                .lines()
                .take(10)
                .any(|line| line.contains(**command))
        })
        .map(|command| Fault::new(source, 1, format!("does not begin with `{command}`")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_long_is_seen() {
        let of =
            |path: &str, lines: usize| length(&Source::sample(path, &"\n".repeat(lines))).len();
        assert_eq!(of("src/x.rs", FILE_LINES_MAX), 0);
        assert_eq!(of("src/x.rs", FILE_LINES_MAX + 1), 1);
        assert_eq!(of("src/main.rs", MAIN_LINES_MAX), 0);
        assert_eq!(of("src/main.rs", MAIN_LINES_MAX + 1), 1);
    }

    #[test]
    fn a_broken_link_is_seen() {
        let of = |text: &str| broken_links(&Source::sample("docs/errors/x.md", text)).len();
        assert_eq!(of("[a](gone.md) and [b](../gone.md#part)"), 2);
        assert_eq!(
            of("[a](../../Cargo.toml) [b](#part) [c](https://example.com/x)"),
            0
        );
    }

    #[test]
    fn a_readme_without_its_commands_is_seen() {
        assert_eq!(
            first_commands(&Source::sample("README.md", "# X\n\n    make run\n")).len(),
            1
        );
        let late = format!("# X\n    make run\n{}    make test\n", "\n".repeat(10));
        assert_eq!(first_commands(&Source::sample("README.md", &late)).len(), 1);
    }
}
