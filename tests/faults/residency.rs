//! Many more contacts than there is room for in memory.

use std::ops::Range;

use futures_util::{StreamExt, stream};
use serde_json::json;

use crate::client::Client;
use crate::ledger::Network;
use crate::process::{Process, Site};

const CONTACTS: u32 = 10_000;
const RESIDENT_MAX: u32 = 100;
const CLIENTS: u32 = 8;

/// What an entity that stays in memory takes at the very least: its actor alone takes as much.
const RESIDENT_ENTITY_BYTES: u64 = 6_000;

/// What a contact buys for, in cents: below 50.00, from where on another offer gives as well.
fn total(number: u32) -> i64 {
    100 * (1 + i64::from(number % 40))
}

/// Creates contacts, with an award each; their numbers, ids and wallets.
async fn create(
    process: &Process,
    network: &Network,
    numbers: Range<u32>,
) -> Vec<(u32, (String, String))> {
    let shares = (0..CLIENTS).map(async |client| {
        let (mut http, mut network) = (process.client(), network.clone());
        let mut created = Vec::new();
        for number in numbers.clone().filter(|number| number % CLIENTS == client) {
            let contact = create_one(&mut http, number).await;
            network.contacts = vec![contact.clone()];
            let award = network.award(0, total(number));
            let awarded = http.purchase(&format!("award-{number}"), &award).await;
            assert_eq!(awarded.unwrap().status, 200);
            created.push((number, contact));
        }
        created
    });
    let created = stream::iter(shares).buffer_unordered(8);
    created.concat().await
}

async fn create_one(client: &mut Client, number: u32) -> (String, String) {
    let code = json!({ "code": format!("GUEST-{number}") });
    let created = client.post("/backoffice/v2/contacts", &code).await.unwrap();
    assert_eq!(created.status, 201, "{created:?}");
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/backoffice/v2/contacts/{id}");
    let shown = client.get(&path).await.unwrap().json();
    (id, shown["wallet"]["id"].as_str().unwrap().to_owned())
}

async fn check(process: &Process, network: &Network, contacts: &[(u32, (String, String))]) {
    stream::iter(contacts.chunks(contacts.len() / 8 + 1))
        .for_each_concurrent(8, async |contacts| {
            let mut client = process.client();
            for (number, contact) in contacts {
                let mut network = network.clone();
                network.contacts = vec![contact.clone()];
                let balance = network.balance(&mut client, 0).await;
                assert_eq!(balance, total(*number) / 20, "contact {number}");
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_contacts_under_a_cap_of_a_hundred_keep_their_money_in_flat_memory() {
    let site = Site::new()
        .with("ACTORS__RESIDENT_MAX", RESIDENT_MAX)
        .with("STORAGE__ROW_CACHE_MIB", 8)
        .with("STORAGE__CHECKPOINT_EVERY_MS", 1_000);
    let process = site.start().await;
    let network = process.network();
    let first = create(&process, &network, 0..CONTACTS / 4).await;
    check(&process, &network, &first).await;
    let early = process.resident_bytes();
    let rest = create(&process, &network, CONTACTS / 4..CONTACTS).await;
    check(&process, &network, &rest).await;
    check(&process, &network, &first).await;
    let late = process.resident_bytes();
    let grown = late.saturating_sub(early) / u64::from(CONTACTS * 3 / 4);
    eprintln!("memory: {early} bytes, then {late}: {grown} a contact");
    assert!(grown < RESIDENT_ENTITY_BYTES, "{grown} bytes a contact");

    process.kill();
    let process = site.start().await;
    check(&process, &network, &rest).await;
    process.stop().await;
}
