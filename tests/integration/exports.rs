//! Exports that a node makes by itself.

use std::path::{Path, PathBuf};

use clientele::domain::time::Span;
use clientele::persistence::export;

use crate::node::{TestNode, eventually};

const HOUR: Span = Span::seconds(3_600);

/// The exports in the data directory, oldest first.
fn exports(data: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(data.join("exports")) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "export"))
        .collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_exports_on_its_schedule_and_keeps_the_newest() {
    let mut node = TestNode::start_with(|config| config.snapshots.keep = 2).await;
    let asked_for = node.control("POST", "/snapshots", "{}").await;
    assert!(asked_for.contains("200 OK"), "{asked_for}");
    let by_hand = exports(node.data()).remove(0);
    let mut made = Vec::new();
    for round in 0..4 {
        let bought = node
            .purchase(node.contact(0), 20, &round.to_string())
            .send()
            .await;
        assert_eq!(bought.status, 200, "{bought:?}");
        node.clock.advance(HOUR);
        // Removing comes last.
        eventually(
            "the next export is there, and those beyond it gone",
            async || {
                let files = exports(node.data());
                files.len() == made.len().min(1) + 2 && !made.contains(files.last().unwrap())
            },
        )
        .await;
        let newest = exports(node.data()).pop().unwrap();
        let (header, _) = export::verify(&newest).unwrap();
        assert!(header.journal_position <= node.node().checkpointed());
        made.push(newest);
        // A schedule goes on where it was.
        if round == 1 {
            node.restart().await;
        }
    }
    let expected = [vec![by_hand], made[2..].to_vec()].concat();
    assert_eq!(exports(node.data()), expected);
    assert!(node.metric("clientele_export_age_seconds").unwrap() >= 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_export_stops_nothing_and_is_tried_again() {
    let node = TestNode::start().await;
    let in_the_way = node.data().join("exports");
    std::fs::write(&in_the_way, "not a folder").unwrap();
    let failures = || {
        node.metric("clientele_export_failures_total")
            .unwrap_or(0.0)
    };
    let before = failures();
    node.clock.advance(HOUR);
    eventually("the export has failed", async || failures() > before).await;
    let bought = node.purchase(node.contact(0), 20, "after").send().await;
    assert_eq!(bought.status, 200, "{bought:?}");
    assert_eq!(node.admin("/readyz").send().await.status, 200);
    std::fs::remove_file(&in_the_way).unwrap();
    node.clock.advance(Span::seconds(60));
    eventually("the export is there", async || {
        !exports(node.data()).is_empty()
    })
    .await;
    export::verify(&exports(node.data())[0]).unwrap();
}
