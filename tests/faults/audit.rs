//! The audit log over a kill of the process, and `clientele audit verify` over what was done to an export.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::process::{Ended, Process, Site, text};

const KEYS: &str = "/backoffice/v2/api_keys";

async fn export(process: &Process) -> String {
    let exported = process
        .client()
        .get("/backoffice/v2/audit_log/export")
        .await;
    let exported = exported.unwrap();
    assert_eq!(exported.status, 200, "{exported:?}");
    String::from_utf8(exported.body.to_vec()).unwrap()
}

async fn verify(site: &Site, export: &str, more: &[&str]) -> Ended {
    let file = site.beside("audit.ndjson");
    std::fs::write(&file, export).unwrap();
    site.run(&[&["audit", "verify", text(&file)], more].concat())
        .await
}

fn key(number: usize) -> Value {
    json!({ "name": format!("till {number}"), "type": "SECRET", "scopes": ["purchases.write"] })
}

/// Several at a time make keys until the node is killed under them: what anybody was told stands in the log with its outcome, and what has none was
/// told to nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_kill_cut_short_stands_as_asked_for_and_was_told_to_nobody() {
    let site = Site::new();
    let process = site.start().await;
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let mut client = process.client();
        callers.spawn(async move {
            let mut told = Vec::new();
            for number in 0.. {
                match client.post(KEYS, &key(number)).await {
                    Ok(made) if made.status == 201 => {
                        told.push(made.json()["id"].as_str().unwrap().to_owned());
                    }
                    Ok(refused) => panic!("{refused:?}"),
                    Err(_killed) => break,
                }
            }
            told
        });
    }
    // Whichever is under way when enough are through.
    let mut reader = process.client();
    loop {
        let page = reader
            .get("/backoffice/v2/audit_log?include_total=true&size=1")
            .await;
        if page.unwrap().json()["paging"]["total"].as_u64().unwrap() >= 60 {
            break;
        }
    }
    process.kill();
    let told: Vec<_> = callers.join_all().await.concat();
    let process = site.start().await;
    let export = export(&process).await;
    let verified = verify(&site, &export, &[]).await;
    assert!(verified.status.success(), "{}", verified.stderr);
    let mut outcomes: HashMap<String, Vec<String>> = HashMap::new();
    for line in export.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if let (Some(target), Some(outcome)) = (line["target"].as_str(), line["outcome"].as_str()) {
            outcomes
                .entry(target.to_owned())
                .or_default()
                .push(outcome.to_owned());
        }
    }
    for id in &told {
        assert_eq!(outcomes[id], ["ASKED", "DONE"], "{id}");
    }
    assert!(told.len() >= 25, "only {}", told.len());
    let cut_short: Vec<_> = outcomes.iter().filter(|(_, it)| it.len() == 1).collect();
    assert!(cut_short.len() <= 4, "{cut_short:?}");
    for (id, lines) in cut_short {
        assert_eq!(lines[0], "ASKED");
        assert!(!told.contains(id));
    }
    process.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_finds_one_line_that_was_altered_taken_out_or_moved() {
    let site = Site::new();
    let process = site.start().await;
    for number in 0..3 {
        let made = process.client().post(KEYS, &key(number)).await.unwrap();
        assert_eq!(made.status, 201, "{made:?}");
    }
    let export = export(&process).await;
    process.kill();
    let lines: Vec<&str> = export.lines().collect();
    assert_eq!(lines.len(), 7, "{export}");
    let whole = verify(&site, &export, &["--output", "json"]).await;
    assert_eq!(whole.status.code(), Some(0), "{}", whole.stderr);
    let verified: Value = serde_json::from_str(&whole.stdout).unwrap();
    assert_eq!(verified["lines"], 6);
    let hash = verified["hash"].as_str().unwrap();
    let again = verify(&site, &export, &["--hash", hash]).await;
    assert_eq!(again.status.code(), Some(0), "{}", again.stderr);
    let replaced = lines[3].replace("\"DONE\"", "\"REFUSED\"");
    assert_ne!(replaced, lines[3]);
    let altered = |mut lines: Vec<&str>, change: &dyn Fn(&mut Vec<&str>)| {
        change(&mut lines);
        lines.join("\n")
    };
    let replaced = &*replaced;
    let all = lines.clone();
    for (export, complaint) in [
        (
            altered(all.clone(), &|lines| lines[3] = "replaced"),
            "line 4 of the file is no line of an audit log",
        ),
        (
            all.join("\n").replace(lines[3], replaced),
            "line 4 of the file, number 4 of the log, was altered",
        ),
        (
            altered(all.clone(), &|lines| lines.retain(|it| *it != all[2])),
            "line 3 of the file is number 4 of the log, where 3 would follow",
        ),
        (
            altered(all.clone(), &|lines| lines.swap(1, 2)),
            "line 2 of the file is number 3 of the log, where 2 would follow",
        ),
        (
            altered(all.clone(), &|lines| lines.retain(|it| *it != all[5])),
            "the last line counts 6 lines, but there are 5",
        ),
        (
            altered(all.clone(), &|lines| lines.truncate(all.len() - 1)),
            "it was cut off",
        ),
    ] {
        let refused = verify(&site, &export, &[]).await;
        assert_eq!(refused.status.code(), Some(1), "{}", refused.stdout);
        assert!(
            refused.stderr.contains(complaint),
            "{complaint}: {}",
            refused.stderr
        );
    }
    let other = verify(&site, &export, &["--hash", &"0".repeat(64)]).await;
    assert_eq!(other.status.code(), Some(1));
    assert!(
        other.stderr.contains("the hash of the last line is"),
        "{}",
        other.stderr
    );
}
