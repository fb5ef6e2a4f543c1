//! Many at once: one balance, one key.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::client::{Answer, Client};
use crate::ledger::{cents, is_too_low};
use crate::load::{Numbers, setting};
use crate::process::{Process, Site};

/// How many rounds, if `ROUNDS` does not say.
const ROUNDS: u32 = 20;

/// How many spend one balance.
const SPENDS: usize = 50;

/// How many send one key.
const REPEATS: usize = 20;

/// Clients that are connected, and ask at once.
struct Crowd(Vec<Client>);

impl Crowd {
    async fn of(process: &Process, size: usize) -> Crowd {
        let mut clients = Vec::new();
        for _ in 0..size {
            let mut client = process.client();
            let connected = client.get("/backoffice/v2/wallets/none").await.unwrap();
            assert_eq!(connected.status, 404);
            clients.push(client);
        }
        Crowd(clients)
    }

    /// Posts the purchases, each by a client of its own, all let go together.
    async fn at_once(&mut self, requests: Vec<(String, Value)>) -> Vec<Answer> {
        assert_eq!(requests.len(), self.0.len());
        let start = Arc::new(Barrier::new(requests.len()));
        let mut running = JoinSet::new();
        for (mut client, (key, body)) in self.0.drain(..).zip(requests) {
            let start = Arc::clone(&start);
            running.spawn(async move {
                start.wait().await;
                let answer = client.purchase(&key, &body).await.unwrap();
                (client, answer)
            });
        }
        let (clients, answers) = running.join_all().await.into_iter().unzip();
        self.0 = clients;
        answers
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_spends_of_one_balance_exactly_one_succeeds() {
    let (rounds, mut numbers) = (setting("ROUNDS", ROUNDS), Numbers::of_run());
    let site = Site::new();
    let process = site.start().await;
    let (network, mut client) = (process.network(), process.client());
    let mut crowd = Crowd::of(&process, SPENDS).await;
    for round in 0..rounds {
        let contact = usize::try_from(numbers.below(10)).unwrap();
        // Below 50.00: the offers from there on have an end.
        let total = 1_000 + 20 * i64::try_from(numbers.below(150)).unwrap();
        let filled = client
            .purchase(&format!("fill {round}"), &network.award(contact, total))
            .await
            .unwrap();
        assert_eq!(filled.status, 200);
        let balance = network.balance(&mut client, contact).await;
        assert_eq!(balance, total / 20, "and nothing of the round before");

        let spends = (0..SPENDS)
            .map(|number| {
                let key = format!("spend {round} {number}");
                (key, network.spend(contact, balance))
            })
            .collect();
        let answers = crowd.at_once(spends).await;
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
    eprintln!("{rounds} rounds of {SPENDS} spends at once: one each had its effect");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_twenty_times_at_once_has_one_effect_and_one_answer() {
    let (rounds, mut numbers) = (setting("ROUNDS", ROUNDS), Numbers::of_run());
    let site = Site::new();
    let process = site.start().await;
    let (network, mut client) = (process.network(), process.client());
    let mut crowd = Crowd::of(&process, REPEATS).await;
    for round in 0..rounds {
        let before = network.balance(&mut client, 0).await;
        let key = format!("again {round}");
        let total = 2_000 + 20 * i64::try_from(numbers.below(100)).unwrap();
        let request = (key.clone(), network.award(0, total));
        let answers = crowd.at_once(vec![request; REPEATS]).await;
        assert_eq!(answers.len(), REPEATS);
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
    eprintln!("{rounds} rounds of one key {REPEATS} times at once: one effect, one answer");
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
