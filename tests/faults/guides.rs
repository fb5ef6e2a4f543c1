//! The guides do what they say: their commands are run as they stand, and what they show of an answer is what comes.
//!
//! In a guide, an indented block that begins with `curl` or `export` is for the shell, one shell for the whole guide. A block
//! that begins with `{` or `[` is what the block before it answers; `…` in it stands for what is left out.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::Site;

/// Stands for what is left out.
const ELLIPSIS: char = '…';

/// Where a reader's node listens; the test's own listens elsewhere.
const DOCUMENTED_ADDRESS: &str = "127.0.0.1:8080";

struct Step {
    command: String,
    shown: Option<Value>,
}

/// The indented blocks of a Markdown text.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in text.lines() {
        match (line.strip_prefix("    "), blocks.last_mut()) {
            (Some(code), Some(block)) => {
                block.push_str(code);
                block.push('\n');
            }
            _ => blocks.push(String::new()),
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// Makes JSON of an abridged answer: each `…` between values becomes a member or an element that says so.
fn completed(abridged: &str) -> Value {
    let (mut json, mut open, mut is_text) = (String::new(), Vec::new(), false);
    for character in abridged.chars() {
        match character {
            '"' => is_text = !is_text,
            '{' | '[' if !is_text => open.push(character),
            '}' | ']' if !is_text => drop(open.pop()),
            ELLIPSIS if !is_text => {
                json.push_str(match open.last() {
                    Some('{') => r#""…": "#,
                    _ => "",
                });
                json.push_str(r#""…""#);
                continue;
            }
            _ => {}
        }
        json.push(character);
    }
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error} in {json}"))
}

/// Whether `actual` is what `shown` abridges.
fn agrees(shown: &Value, actual: &Value) -> bool {
    match (shown, actual) {
        (Value::String(shown), actual) if shown == "…" => !actual.is_null(),
        (Value::String(shown), Value::String(actual)) => match shown.split_once(ELLIPSIS) {
            // What comes before is an example of an id, not a promise.
            Some((example, "")) => actual.len() > example.chars().count(),
            _ => shown == actual,
        },
        (Value::Object(shown), Value::Object(actual)) => shown
            .iter()
            .filter(|(name, _)| *name != "…")
            .all(|(name, shown)| actual.get(name).is_some_and(|actual| agrees(shown, actual))),
        (Value::Array(shown), Value::Array(actual)) => {
            let is_open = shown.last().is_some_and(|last| last == "…");
            let named = shown.len() - usize::from(is_open);
            (is_open || actual.len() == named)
                && actual.len() >= named
                && shown[..named].iter().zip(actual).all(|(s, a)| agrees(s, a))
        }
        (Value::Number(shown), Value::Number(actual)) => shown.as_f64() == actual.as_f64(),
        (shown, actual) => shown == actual,
    }
}

fn steps(text: &str, api: SocketAddr) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in blocks(text) {
        if block.starts_with("curl") || block.starts_with("export") {
            // What the reader fills in is given in the environment.
            let lines = block.lines().filter(|line| !line.contains(ELLIPSIS));
            let command: String = lines.flat_map(|line| [line, "\n"]).collect();
            steps.push(Step {
                command: command.replace(DOCUMENTED_ADDRESS, &api.to_string()),
                shown: None,
            });
        } else if block.starts_with(['{', '[']) {
            let step = steps.last_mut().unwrap();
            assert!(step.shown.is_none(), "two answers to {}", step.command);
            step.shown = Some(completed(&block));
        }
    }
    steps
}

/// Runs the guide's commands with `given` in the environment; how many of their answers were compared.
fn follow(guide: &str, api: SocketAddr, given: &[(&str, &str)]) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(guide);
    let steps = steps(&std::fs::read_to_string(path).unwrap(), api);
    let outputs = TempDir::new().unwrap();
    let mut script = "set -eu\n".to_owned();
    for (number, step) in steps.iter().enumerate() {
        script += &format!("{{\n{}\n}} > '{number}'\n", step.command);
    }
    let ran = Command::new("bash")
        .args(["-c", &script])
        .current_dir(outputs.path())
        .envs(given.iter().copied())
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{guide}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let mut compared = 0;
    for (number, step) in steps.iter().enumerate() {
        let Some(shown) = &step.shown else { continue };
        let said = std::fs::read_to_string(outputs.path().join(number.to_string())).unwrap();
        let actual: Value = serde_json::from_str(&said)
            .unwrap_or_else(|error| panic!("{guide}: {error} in {said} of {}", step.command));
        assert!(
            agrees(shown, &actual),
            "{guide}: after {}the answer is {actual:#}, and the guide shows {shown:#}",
            step.command
        );
        compared += 1;
    }
    compared
}

#[tokio::test]
async fn the_readme_shows_what_happens() {
    let site = Site::new();
    let process = site.start().await;
    let seed = process.seed();
    let text = |pointer: &str| seed.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let given = [
        ("KEY", text("/keys/live/secret")),
        ("CONTACT", text("/contacts/0/id")),
        ("WALLET", text("/contacts/0/wallet_id")),
        ("VENUE", text("/organisations/merchants/0/venues/0/id")),
    ];
    let given: Vec<_> = given
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    assert_eq!(follow("README.md", process.public, &given), 3);
    process.stop().await;
}

#[test]
fn an_answer_that_differs_is_noticed() {
    let shown = completed(r#"{"id": "17-…", "state": "POSTED", "offers": [{"amount": 1}, …], …}"#);
    let actual = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let good =
        r#"{"id": "17-abc", "state": "POSTED", "offers": [{"amount": 1.0, "n": 2}, 7], "x": 1}"#;
    assert!(agrees(&shown, &actual(good)));
    for (from, to) in [
        ("POSTED", "PENDING"),
        (r#""amount": 1.0"#, r#""amount": 2"#),
        ("17-abc", "17"),
        (r#"{"amount": 1.0, "n": 2}, 7"#, ""),
        ("state", "status"),
    ] {
        assert!(!agrees(&shown, &actual(&good.replace(from, to))), "{to}");
    }
    assert!(!agrees(&completed("[1]"), &actual("[1, 2]")));
}
