//! The guides do what they say: their commands are run as they stand, and what they show of an answer is what comes.
//!
//! In a guide, an indented block that begins with `curl` or `export` is for the shell. A block that begins with `{` or `[` is what the
//! command before it answers; `…` in it stands for what is left out. `export NAME=…   # the answer's FIELD` keeps a field of it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::process::Site;

/// Stands for what is left out.
const ELLIPSIS: char = '…';

/// Where a reader's node listens; the test's own listens elsewhere.
const DOCUMENTED_ADDRESS: &str = "127.0.0.1:8080";

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

/// Makes JSON of an abridged answer: each `…` becomes a value, a member or an element that says so.
fn completed(abridged: &str) -> Value {
    let (mut json, mut open, mut is_text) = (String::new(), Vec::new(), false);
    for character in abridged.chars() {
        match character {
            '"' => is_text = !is_text,
            '{' | '[' if !is_text => open.push(character),
            '}' | ']' if !is_text => drop(open.pop()),
            ELLIPSIS if !is_text => {
                let is_value = json.trim_end().ends_with(':');
                json.push_str(match open.last() {
                    Some('{') if !is_value => r#""…": "#,
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

/// A reader at work: what the shell knows, and what came last.
struct Reader<'a> {
    guide: &'a str,
    exports: String,
    given: &'a [(&'a str, &'a str)],
    answer: Value,
    compared: usize,
}

impl Reader<'_> {
    /// What the reader fills in is given, or a field of the last answer.
    fn export(&mut self, line: &str) {
        match line.split_once("# the answer's ") {
            Some((name, field)) => {
                let name = name
                    .trim_start_matches("export ")
                    .split('=')
                    .next()
                    .unwrap();
                let pointer = format!("/{}", field.trim().replace('.', "/"));
                let value = self.answer.pointer(&pointer).and_then(Value::as_str);
                let value = value.unwrap_or_else(|| panic!("no {field} in {:#}", self.answer));
                self.exports += &format!("export {name}='{value}'\n");
            }
            None if line.contains(ELLIPSIS) => {}
            None => self.exports += &format!("{line}\n"),
        }
    }

    fn run(&mut self, command: &str) {
        let script = format!("set -eu\n{}{command}", self.exports);
        let mut shell = Command::new("bash");
        shell.args(["-c", &script]).envs(self.given.iter().copied());
        let ran = shell.output().unwrap();
        let (said, complaint) = (
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr),
        );
        assert!(ran.status.success(), "{}: {complaint}", self.guide);
        self.answer = serde_json::from_str(&said)
            .unwrap_or_else(|error| panic!("{}: {error} in {said} of {command}", self.guide));
    }

    fn compare(&mut self, shown: &Value) {
        let (guide, answer) = (self.guide, &self.answer);
        assert!(
            agrees(shown, answer),
            "{guide}: the answer is {answer:#}, and the guide shows {shown:#}"
        );
        self.compared += 1;
    }
}

/// Does what the guide says, with `given` in the environment; how many of its answers were compared.
fn follow(guide: &str, api: SocketAddr, given: &[(&str, &str)]) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(guide);
    let text = std::fs::read_to_string(path).unwrap();
    let mut reader = Reader {
        guide,
        exports: String::new(),
        given,
        answer: Value::Null,
        compared: 0,
    };
    for block in blocks(&text.replace(DOCUMENTED_ADDRESS, &api.to_string())) {
        if block.starts_with("export") {
            block.lines().for_each(|line| reader.export(line));
        } else if block.starts_with("curl") {
            reader.run(&block);
        } else if block.starts_with(['{', '[']) {
            reader.compare(&completed(&block));
        }
    }
    reader.compared
}

/// A reader of `guide` with a new demo network.
async fn reads(guide: &str) -> usize {
    reads_at(Site::new(), "test", guide).await
}

/// The same, of a node with settings of its own; the app key is of `mode`.
async fn reads_at(site: Site, mode: &str, guide: &str) -> usize {
    let process = site.start().await;
    let seed = process.seed();
    let text = |pointer: &str| seed.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let given = [
        ("KEY", text("/keys/live/secret")),
        ("TEST_KEY", text("/keys/test/secret")),
        ("APP_KEY", text(&format!("/keys/{mode}/self_service"))),
        ("SINK", site.beside("sink").display().to_string()),
        ("CONTACT", text("/contacts/0/id")),
        ("WALLET", text("/contacts/0/wallet_id")),
        ("VENUE", text("/organisations/merchants/0/venues/0/id")),
        ("OWNER", text("/users/0/username")),
        ("PASSWORD", text("/users/0/password")),
    ];
    let given = given.each_ref().map(|(name, value)| (*name, &**value));
    let compared = follow(guide, process.public, &given);
    process.stop().await;
    compared
}

#[tokio::test]
async fn the_readme_shows_what_happens() {
    assert_eq!(reads("README.md").await, 3);
}

#[tokio::test]
async fn a_tills_day_goes_as_the_guide_says() {
    assert_eq!(reads("docs/guides/a-tills-day.md").await, 22);
}

#[tokio::test]
async fn a_rewards_scheme_goes_as_the_guide_says() {
    assert_eq!(reads("docs/guides/a-rewards-scheme.md").await, 20);
}

#[tokio::test]
async fn tiers_and_goals_go_as_the_guide_says() {
    assert_eq!(reads("docs/guides/tiers-and-goals.md").await, 26);
}

#[tokio::test]
async fn the_published_commands_work_with_host_and_credentials_changed() {
    assert_eq!(reads("docs/guides/as-published.md").await, 3);
}

#[tokio::test]
async fn signing_in_goes_as_the_guide_says() {
    assert_eq!(reads("docs/guides/signing-in.md").await, 15);
}

#[tokio::test]
async fn guests_and_devices_come_in_as_the_guide_says() {
    assert_eq!(reads("docs/guides/guests-and-devices.md").await, 11);
}

#[tokio::test]
async fn venues_are_published_and_found_as_the_guide_says() {
    assert_eq!(reads("docs/guides/publishing-venues.md").await, 8);
}

#[tokio::test]
async fn spending_with_a_token_goes_as_the_guide_says() {
    assert_eq!(reads("docs/guides/spending-with-a-token.md").await, 16);
}

#[tokio::test]
async fn claiming_a_receipt_goes_as_the_guide_says() {
    assert_eq!(reads("docs/guides/claiming-a-receipt.md").await, 6);
}

#[tokio::test]
async fn codes_are_delivered_as_the_guide_says() {
    let site = Site::new();
    let sink = site.beside("sink").display().to_string();
    let site = site.with("OUTBOUND__FILE_SINK_DIR", sink);
    let guide = "docs/guides/delivering-codes.md";
    assert_eq!(reads_at(site, "live", guide).await, 8);
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

#[tokio::test]
async fn users_and_masquerade_go_as_the_guide_says() {
    let guide = "docs/guides/users-and-masquerade.md";
    assert_eq!(reads(guide).await, 17);
}
