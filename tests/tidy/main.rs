//! Keeps the house in order: what no compiler and no lint checks, and every review would otherwise have to.
//!
//! Each rule is a function from a file to its faults, so that it is tested on bad samples too; below, each is held
//! against the repository.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this is a test: a panic is a failed rule"
)]

mod layers;
mod leftovers;
mod shape;
mod source;

use source::{Fault, Source, file, files};

/// Where Rust lies.
const RUST: [&str; 4] = ["src", "cluster", "tests", "benches"];

fn holds(rule: impl Fn(&Source) -> Vec<Fault>, sources: &[Source]) {
    assert!(
        !sources.is_empty(),
        "a rule that looks at nothing holds nothing"
    );
    let faults: Vec<String> = sources
        .iter()
        .flat_map(rule)
        .map(|Fault { path, line, what }| format!("{path}:{line}: {what}"))
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The documents of the root, and those below `docs`.
fn documents() -> Vec<Source> {
    let mut documents = files(&["docs"], "md");
    documents.extend(["README.md", "ARCHITECTURE.md"].map(file));
    documents
}

#[test]
fn layers_use_only_what_lies_below_them() {
    holds(layers::edges, &files(&["src"], "rs"));
}

#[test]
fn the_domain_and_the_rules_of_ownership_are_pure() {
    holds(layers::purity, &files(&["src/domain", "cluster/src"], "rs"));
}

#[test]
fn no_file_is_too_long() {
    holds(shape::length, &files(&RUST, "rs"));
}

#[test]
fn nothing_is_left_unfinished() {
    holds(leftovers::unfinished, &files(&RUST, "rs"));
    holds(leftovers::unfinished, &documents());
}

#[test]
fn no_gateway_serves_what_its_document_does_not_list() {
    let gateways = files(&["src/http/gateways"], "rs");
    holds(leftovers::undocumented_routes, &gateways);
    let beside = Source::sample(
        "src/http/gateways/x.rs",
        "fn f() { router.route(\"/x\", get(x)); }",
    );
    assert_eq!(leftovers::undocumented_routes(&beside).len(), 1);
}

#[test]
fn no_test_is_switched_off() {
    holds(leftovers::ignored_tests, &files(&RUST, "rs"));
}

#[test]
fn no_test_waits_in_hope() {
    holds(leftovers::hopeful_waits, &files(&RUST, "rs"));
}

#[test]
fn every_silenced_lint_has_a_reason() {
    holds(leftovers::silenced_lints, &files(&RUST, "rs"));
}

#[test]
fn documents_link_to_what_is_there() {
    holds(shape::broken_links, &documents());
}

#[test]
fn documents_name_tests_that_are_there() {
    let rust = files(&RUST, "rs");
    let rule = |document: &Source| shape::unknown_tests(document, &rust);
    holds(rule, &[file("docs/faults.md"), file("docs/misuse.md")]);
    let renamed = Source::sample("x.md", "`a::what_nobody_ever_wrote_as_a_test`");
    assert_eq!(shape::unknown_tests(&renamed, &rust).len(), 1);
}

#[test]
fn the_readme_begins_with_how_to_run_and_how_to_test() {
    holds(shape::first_commands, &[file("README.md")]);
}
