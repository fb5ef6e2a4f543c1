//! The process is killed while an offer's budget is lent, awarded and recalled.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::ledger::{Asked, Ledger, Network, cents};
use crate::load::{Load, Numbers};
use crate::process::Site;

/// The offer that is made over HTTP before the first kill, and what it may give in all, in cents.
const OFFER: (&str, i64) = ("Whatever is killed", 50_000);

/// Makes the offer: 1.00 from 50.00 on.
async fn create_offer(client: &mut Client) {
    let body = json!({
        "name": OFFER.0,
        "awards": [{ "amount": 1, "amount_type": "FIXED", "currency": "EUR" }],
        "conditions": { "minimum_amount": 50 },
        "budget": OFFER.1 / 100,
    });
    let created = client.post("/backoffice/v2/reward_offers", &body).await;
    assert_eq!(created.unwrap().status, 201);
}

/// So many contacts live in some 80 of the 256 shards.
const CONTACTS: u64 = 100;
const CLIENTS: usize = 8;
const KILLS: u32 = 6;

/// What the offer gave for a purchase.
fn given(purchase: &Value) -> i64 {
    let offers = purchase["offers"].as_array().unwrap();
    let outcome = offers.iter().find(|it| it["name"] == OFFER.0);
    let outcome = outcome.unwrap_or_else(|| panic!("no {}: {purchase}", OFFER.0));
    if outcome["amount"].is_null() {
        let reason = outcome["reason"].as_str().unwrap();
        assert!(["BELOW_MINIMUM", "BUDGET_EXHAUSTED"].contains(&reason));
        return 0;
    }
    cents(&outcome["amount"])
}

fn given_in_all(ledger: &Ledger) -> i64 {
    let answers = ledger.entries.iter().flat_map(|(_, answer)| answer);
    let purchases = answers.filter(|answer| answer.status == 200);
    purchases.map(|answer| given(&answer.json())).sum()
}

/// Every contact buys for 50.00, again and again, until none is given anything.
async fn drive_on(client: &mut Client, network: &Network, ledger: &mut Ledger) {
    for round in 0.. {
        let mut gave = false;
        for contact in 0..usize::try_from(CONTACTS).unwrap() {
            let asked = Asked {
                key: format!("on {round} {contact}"),
                contact,
                body: network.award(contact, 5_000),
            };
            gave |= given(&ledger.record(client, asked).await) > 0;
        }
        if !gave {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_is_spent_to_the_end_and_never_beyond_whenever_the_process_is_killed() {
    let mut numbers = Numbers::of_run();
    let site = Site::new().with("STORAGE__CHECKPOINT_EVERY_MS", 100);
    let mut ledger = Ledger::default();
    for kill in 0..KILLS {
        let process = site.start().await;
        let mut client = process.client();
        if kill == 0 {
            create_offer(&mut client).await;
        }
        ledger.settle(&mut client).await;
        ledger.check(&mut client, &process.network()).await;
        let name = format!("kill {kill}");
        let load = Load::start(&process, &name, CLIENTS, CONTACTS, &mut numbers);
        let wanted = 40 + u32::try_from(numbers.below(160)).unwrap();
        load.acknowledged(wanted).await;
        // waits for: nothing. An answer marks the end of a batch; a moment of its own lets the kill fall anywhere within the next.
        tokio::time::sleep(Duration::from_millis(numbers.below(4))).await;
        process.kill();
        ledger.entries.extend(load.finish().await);
    }
    let process = site.start().await;
    let (network, mut client) = (process.network(), process.client());
    ledger.settle(&mut client).await;
    let before = given_in_all(&ledger);
    assert!(
        before > 0 && before < OFFER.1,
        "the kills met no budget that was being spent: {before}"
    );
    drive_on(&mut client, &network, &mut ledger).await;
    assert_eq!(given_in_all(&ledger), OFFER.1);
    ledger.check(&mut client, &network).await;
    process.kill();

    let process = site.start().await;
    let mut client = process.client();
    let again = Asked {
        key: "after all".to_owned(),
        contact: 0,
        body: network.award(0, 5_000),
    };
    let beyond = ledger.record(&mut client, again).await;
    assert_eq!(given(&beyond), 0, "a kill makes no money");
    eprintln!(
        "{before} cents of {} were given between {KILLS} kills",
        OFFER.1
    );
}
