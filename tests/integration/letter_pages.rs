//! Links in letters to users: where the operator names a page, the letter leads to it.

use http::Method;
use serde_json::{Value, json};

use crate::node::{TestNode, eventually};
use crate::users::Session;

const READER: &str = "reader@shop.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_leads_to_the_operators_page_or_says_the_token_itself() {
    let sink = tempfile::tempdir().unwrap();
    let place = sink.path().to_owned();
    let node = TestNode::start_with(|config| {
        config.outbound.file_sink_dir = Some(place.clone());
        config.letters.invitation_page =
            "https://office.example.com/in?token={token}&by=mail".into();
    })
    .await;
    let integration = json!({
        "name": "File", "connector": "FILE",
        "file": { "file_name": "letters.jsonl", "channels": ["EMAIL"] },
    });
    node.connect(&integration).await;
    let owner = node.owner().await;
    node.invited_as_owner(&owner, READER, None).await;
    let file = place.join("tenant-1").join("letters.jsonl");
    eventually("a letter", async || {
        std::fs::read(&file).is_ok_and(|bytes| bytes.ends_with(b"\n"))
    })
    .await;
    let sent = std::fs::read_to_string(&file).unwrap();
    let sent: Value = serde_json::from_str(sent.lines().next().unwrap()).unwrap();
    let token = sent["code"].as_str().unwrap();
    let link = format!("https://office.example.com/in?token={token}&by=mail");
    let body = sent["body"].as_str().unwrap();
    assert!(body.starts_with(&format!("Follow {link} to ")), "{body}");
    let accepted = node.accepts(token, "own badger 77").await;
    assert_eq!(accepted.status, 200, "{accepted:?}");

    // The test inbox shows the same letters. No page was named for a password that was forgotten.
    let trier = node.trier().await;
    node.invited_as_owner(&trier, "another@shop.example", None)
        .await;
    let shown = newest(&node, &trier).await;
    let token = shown["code"].as_str().unwrap();
    let link = format!("https://office.example.com/in?token={token}&by=mail");
    assert!(shown["body"].as_str().unwrap().contains(&link), "{shown}");
    let owner = &node.seed.users[0].username;
    let forgot = node.stranger(Method::POST, "/users/forgot_password");
    let forgot = forgot.body(&json!({ "email": owner })).send().await;
    assert!(forgot.status < 300, "{forgot:?}");
    eventually("a second letter", async || {
        std::fs::read_to_string(&file).is_ok_and(|text| text.matches('\n').count() == 2)
    })
    .await;
    let sent = std::fs::read_to_string(&file).unwrap();
    let sent: Value = serde_json::from_str(sent.lines().nth(1).unwrap()).unwrap();
    let (body, token) = (
        sent["body"].as_str().unwrap(),
        sent["code"].as_str().unwrap(),
    );
    assert!(body.starts_with(token), "{body}");
}

async fn newest(node: &TestNode, reader: &Session) -> Value {
    let inbox = node.by(reader, Method::GET, "/test_inbox").send().await;
    inbox.json()["content"][0].clone()
}
