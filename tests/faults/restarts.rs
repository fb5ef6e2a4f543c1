//! A second start finds everything as it was, and nobody else gets in.

use std::os::unix::fs::PermissionsExt;

use crate::client::Client;
use crate::ledger::{Asked, Ledger};
use crate::process::{Site, text};
use crate::segment::contents;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_finds_everything_and_the_seed_file_keeps_its_secrets() {
    let site = Site::new();
    let process = site.start().await;
    let mut first = process.seed();
    let mut ledger = Ledger::default();
    let asked = Asked {
        key: "one".to_owned(),
        contact: 0,
        body: process.network().award(0, 5_000),
    };
    ledger.record(&mut process.client(), asked).await;
    process.stop().await;

    let process = site.start().await;
    let mut second = process.seed();
    let mode = std::fs::metadata(site.seed_file())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    // Each start takes a free port here, so this one may differ.
    let base_url = format!("http://{}", process.public);
    assert_eq!(second["base_url"].take(), base_url.as_str());
    first["base_url"].take();
    assert_eq!(first, second);
    for mode in ["live", "test"] {
        for kind in ["secret", "public"] {
            assert!(second["keys"][mode][kind].is_string(), "{mode} {kind}");
        }
    }
    let (network, mut client) = (process.network(), process.client());
    ledger.check(&mut client, &network).await;
    ledger.replay(&mut client).await;
    // Purchases are not a public key's to read; that it is refused as such shows that the key is known.
    let public = second["keys"]["live"]["public"].as_str().unwrap();
    let wallet = format!("/backoffice/v2/wallets/{}", network.contacts[0].1);
    let refused = Client::new(process.public, public)
        .get(&wallet)
        .await
        .unwrap();
    assert_ne!(refused.status, 401, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_hold_secrets_are_their_owners_alone() {
    let site = Site::new();
    let process = site.start().await;
    process.stop().await;
    let secret = ["root.key", "keyring", "journal", "exports", "layout.json"];
    for path in contents(&site.data()).keys() {
        let below = path.strip_prefix(site.data()).unwrap();
        if secret.iter().any(|part| below.starts_with(part)) {
            let mode = std::fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} is {mode:o}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_directory_refuses_and_leaves_the_first_alone() {
    let site = Site::new();
    let process = site.start().await;
    let before = process.seed();
    let refused = site.refuse_to_start().await;
    assert!(
        refused.stderr.contains("another process"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains(text(&site.data())),
        "{}",
        refused.stderr
    );
    assert_eq!(process.seed(), before);

    let (network, mut client) = (process.network(), process.client());
    let mut ledger = Ledger::default();
    let asked = Asked {
        key: "one".to_owned(),
        contact: 0,
        body: network.award(0, 5_000),
    };
    ledger.record(&mut client, asked).await;
    // The control socket is still the first one's.
    let keys = site.json(&["keys", "list"]).await;
    assert_eq!(keys.as_array().unwrap().len(), 6);
    process.stop().await;
    let process = site.start().await;
    ledger.check(&mut process.client(), &network).await;
}
