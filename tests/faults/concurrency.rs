//! Many at once: one balance, one key.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::client::{Answer, Client};
use crate::ledger::{cents, is_too_low};
use crate::process::{Process, Site};

/// Posts the purchases all at once, each over a connection of its own.
async fn at_once(process: &Process, requests: Vec<(String, Value)>) -> Vec<Answer> {
    let start = Arc::new(Barrier::new(requests.len()));
    let mut running = JoinSet::new();
    for (key, body) in requests {
        let (mut client, start) = (process.client(), Arc::clone(&start));
        running.spawn(async move {
            // Connected before the others are let go.
            let connected = client.get("/backoffice/v2/wallets/none").await.unwrap();
            assert_eq!(connected.status, 404);
            start.wait().await;
            client.purchase(&key, &body).await.unwrap()
        });
    }
    running.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_spends_of_one_balance_exactly_one_succeeds() {
    const SPENDS: usize = 50;
    let site = Site::new();
    let process = site.start().await;
    let (network, mut client) = (process.network(), process.client());
    for round in 0..5 {
        let contact = round % 2;
        let filled = client
            .purchase(&format!("fill {round}"), &network.award(contact, 10_000))
            .await
            .unwrap();
        assert_eq!(filled.status, 200);
        let balance = network.balance(&mut client, contact).await;
        assert_eq!(
            balance, 800,
            "5 %, 2.00 and 1.00, and nothing left of the round before"
        );

        let spends = (0..SPENDS)
            .map(|number| {
                let key = format!("spend {round} {number}");
                (key, network.spend(contact, balance))
            })
            .collect();
        let answers = at_once(&process, spends).await;
        let (spent, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(spent.len(), 1, "round {round}");
        assert_eq!(refused.len(), SPENDS - 1);
        for answer in refused {
            assert!(is_too_low(answer), "{answer:?}");
        }
        let rewards = &spent[0].json()["rewards"];
        assert_eq!(
            (cents(&rewards["spend"]), cents(&rewards["award"])),
            (balance, 0)
        );
        assert_eq!(network.balance(&mut client, contact).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_twenty_times_at_once_has_one_effect_and_one_answer() {
    let site = Site::new();
    let process = site.start().await;
    let (network, mut client) = (process.network(), process.client());
    for round in 0..5 {
        let before = network.balance(&mut client, 0).await;
        let key = format!("again {round}");
        let total = 2_000 + round * 100;
        let request = (key.clone(), network.award(0, total));
        let answers = at_once(&process, vec![request; 20]).await;
        assert_eq!(answers.len(), 20);
        for answer in &answers {
            assert_eq!(answer.status, 200, "{answer:?}");
            assert_eq!(answer, &answers[0], "byte for byte");
        }
        let after = network.balance(&mut client, 0).await;
        assert_eq!(after - before, total / 20, "one award of 5 %");

        let other = client.purchase(&key, &network.award(0, total + 1)).await;
        let other = other.unwrap();
        assert_eq!(other.status, 422);
        assert_eq!(other.json()["code"], "idempotency_key_reused");
        assert_eq!(network.balance(&mut client, 0).await, after);
    }
}

/// What the other tests are answered with is owed to their key, then.
#[tokio::test]
async fn a_wrong_key_of_the_right_form_is_refused() {
    let site = Site::new();
    let process = site.start().await;
    let network = process.network();
    let mut wrong = network.secret.clone();
    let last = wrong.pop().unwrap();
    wrong.push(if last == 'a' { 'b' } else { 'a' });
    let mut client = Client::new(process.public, &wrong);
    let path = format!("/backoffice/v2/wallets/{}", network.contacts[0].1);
    assert_eq!(client.get(&path).await.unwrap().status, 401);
}
