//! What a command line and a seed file may say.

use clap::{CommandFactory, Parser};
use serde_json::{Value, json};

use super::super::seed::Seed;
use super::super::{BenchArgs, BenchError, plan};
use super::seed_document;

#[derive(Debug, Parser)]
struct CommandLine {
    #[command(flatten)]
    bench: BenchArgs,
}

pub(super) fn arguments(words: &[&str]) -> BenchArgs {
    CommandLine::try_parse_from(["bench"].iter().chain(words))
        .unwrap()
        .bench
}

#[tokio::test]
async fn without_a_target_the_error_says_how_to_get_one() {
    for words in [&[][..], &["--url", "http://127.0.0.1:1"]] {
        let refused = plan(&arguments(words)).await.unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("clientele dev --seed-file seed.json"),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_seed_that_points_elsewhere_is_refused_unless_the_url_or_the_switch_says_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seed.json");
    std::fs::write(&path, seed_document("http://192.0.2.1:8080").to_string()).unwrap();
    let path = path.to_str().unwrap();
    let refused = plan(&arguments(&["--seed-file", path])).await.unwrap_err();
    assert!(
        matches!(refused, BenchError::NotLoopback { .. }),
        "{refused}"
    );
    assert!(
        plan(&arguments(&["--seed-file", path, "--allow-remote"]))
            .await
            .is_ok()
    );
    let local = plan(&arguments(&[
        "--seed-file",
        path,
        "--url",
        "http://127.0.0.1:9",
    ]))
    .await
    .unwrap();
    assert_eq!(local.target.address.port(), 9);
    assert!(
        !format!("{local:?}").contains("sk_live_x"),
        "a secret never shows"
    );
}

#[tokio::test]
async fn a_seed_file_that_is_missing_or_malformed_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seed.json");
    let words = ["--seed-file", path.to_str().unwrap()];
    let missing = plan(&arguments(&words)).await.unwrap_err();
    assert!(
        matches!(missing, BenchError::SeedUnreadable { .. }),
        "{missing}"
    );
    std::fs::write(&path, r#"{"base_url": 7}"#).unwrap();
    let malformed = plan(&arguments(&words)).await.unwrap_err();
    let BenchError::SeedMalformed { source, .. } = malformed else {
        panic!("{malformed}")
    };
    assert!(source.to_string().contains("base_url"), "{source}");
}

#[test]
fn contacts_are_the_first_live_ones_up_to_the_limit() {
    let ids = |document: &Value, limit| -> Vec<String> {
        let seed = Seed::parse(&document.to_string(), limit).unwrap();
        seed.contacts
            .into_iter()
            .map(|contact| contact.id)
            .collect()
    };
    let mut document = seed_document("http://127.0.0.1");
    assert_eq!(ids(&document, None), ["c1", "c2", "c3"]);
    assert_eq!(ids(&document, Some(2)), ["c1", "c2"]);
    document["contacts"] = (0..150)
        .map(|number| json!({ "id": number.to_string() }))
        .collect();
    assert_eq!(
        ids(&document, None).len(),
        100,
        "without modes, live contacts are the first hundred"
    );
    document["contacts"] = json!([{ "id": "c", "mode": "test" }]);
    let refused = Seed::parse(&document.to_string(), None).unwrap_err();
    assert!(
        matches!(
            refused,
            BenchError::SeedLacks {
                what: "live contact"
            }
        ),
        "{refused}"
    );
}

#[test]
fn the_help_has_examples_and_figures_out_of_bounds_are_refused() {
    let help = CommandLine::command().render_long_help().to_string();
    assert!(
        help.contains("clientele bench --seed-file seed.json --scenario award --rate 5000"),
        "{help}"
    );
    for words in [
        ["--rate", "0"],
        ["--connections", "0"],
        ["--duration", "0"],
        ["--contacts", "0"],
        ["--scenario", "x"],
        ["--ramp-from", "5"],
        ["--p99-max", "5"],
        ["--ramp", "--rate=5"],
    ] {
        assert!(
            CommandLine::try_parse_from(["bench"].iter().chain(&words)).is_err(),
            "{words:?}"
        );
    }
}
