//! What time makes due: at once for whoever asks, and on record soon after, wherever the entity was.

use clientele::domain::address::{Address, Kind, Mode};
use clientele::domain::api_key::{Scopes, Stage};
use clientele::domain::entity::{Answer, Command, Query};
use clientele::domain::money::Minor;
use clientele::domain::offer::{self, Award, Offer};
use clientele::domain::tenant;
use clientele::domain::time::Span;
use clientele::seeding::{SeedContact, TENANT};
use rust_decimal::Decimal;

use crate::node::{TestNode, cents, eventually};

/// Gives 3.00 for ten seconds on every purchase.
async fn list_short_offer(node: &TestNode) {
    let address = Address {
        tenant: TENANT,
        mode: Mode::Live,
        kind: Kind::Offer,
        entity: 100,
    };
    let offer = Offer {
        award_lasts: Some(Span::seconds(10)),
        ..Offer::new("Be quick", Award::Fixed(Minor(300)))
    };
    let create = Command::Offer(offer::Command::Create(Box::new(offer)));
    node.command(address, create).await;
    let list = Command::Tenant(tenant::Command::ListOffer(Mode::Live, address.entity));
    node.command(Address::tenant(TENANT), list).await;
}

/// The wallet's count of changes, which expiry alone leaves as it is, and its balance.
async fn wallet(node: &TestNode, contact: &SeedContact) -> (u32, Decimal) {
    let wallet = node.wallet(contact).send().await;
    assert_eq!(wallet.status, 200, "{wallet:?}");
    let tag = wallet.header("etag").trim_start_matches("W/\"");
    let version = tag.split('.').next().unwrap().parse().unwrap();
    (version, wallet.amount("balance"))
}

async fn funded(node: &TestNode, number: usize) -> (SeedContact, u32) {
    let contact = node.contact(number).clone();
    let award = node.purchase(&contact, 20, "fund").send().await;
    assert_eq!(award.status, 200, "{award:?}");
    let (version, balance) = wallet(node, &contact).await;
    assert_eq!(balance, cents(400));
    (contact, version)
}

async fn is_written_off(node: &TestNode, contact: &SeedContact, version: u32) {
    assert_eq!(node.balance(contact).await, cents(100));
    eventually("the expired lot is written off", async || {
        wallet(node, contact).await.0 == version + 1
    })
    .await;
    assert_eq!(node.balance(contact).await, cents(100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_expires_cannot_be_spent_and_is_written_off() {
    let node = TestNode::start().await;
    list_short_offer(&node).await;
    let (contact, version) = funded(&node, 0).await;
    let (other, _) = funded(&node, 1).await;
    node.clock.advance(Span::seconds(9));
    assert_eq!(node.balance(&contact).await, cents(400));
    node.clock.advance(Span::seconds(2));
    let late = node.spend(&other, 2, "late").send().await;
    assert_eq!(late.problem(), (400, "wallet_balance_too_low".to_owned()));
    is_written_off(&node, &contact, version).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expiry_finds_contacts_that_have_left_memory() {
    let node = TestNode::start_with(|config| config.actors.resident_max = Some(2)).await;
    list_short_offer(&node).await;
    let (contact, version) = funded(&node, 0).await;
    for number in 1..40 {
        assert_eq!(node.balance(node.contact(number)).await, cents(0));
    }
    assert!(node.node().resident() <= 3);
    node.clock.advance(Span::seconds(11));
    is_written_off(&node, &contact, version).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expiry_survives_a_restart() {
    let mut node = TestNode::start().await;
    list_short_offer(&node).await;
    let (after, after_version) = funded(&node, 0).await;
    node.restart().await;
    node.clock.advance(Span::seconds(11));
    is_written_off(&node, &after, after_version).await;

    let (during, during_version) = funded(&node, 1).await;
    node.take_running().shut_down().await.unwrap();
    node.clock.advance(Span::seconds(11));
    node.start_again().await;
    is_written_off(&node, &during, during_version).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_expires_by_itself() {
    let mut node = TestNode::start().await;
    let expires_at = clientele::clock::Clock::wall(&*node.clock).after(Span::seconds(60));
    let (address, key) = node.make_key(Scopes::all(), Some(expires_at)).await;
    let ask = |node: &TestNode| node.wallet(node.contact(0)).with("api_key", &key);
    node.clock.advance(Span::seconds(59));
    assert_eq!(ask(&node).send().await.status, 200);
    node.clock.advance(Span::seconds(1));
    let expired = (401, "api_key_expired".to_owned());
    assert_eq!(ask(&node).send().await.problem(), expired);
    eventually("the expiry is on record", async || {
        let reply = node.api().router.query(address, Query::ApiKey).await;
        let Ok(Answer::ApiKey(key)) = reply.result else {
            panic!("the key is gone");
        };
        key.stage == Stage::Expired
    })
    .await;
    let listed = node.control("GET", "/keys?tenant=1&mode=live", "").await;
    assert_eq!(
        listed.matches("\"state\":\"expired\"").count(),
        1,
        "{listed}"
    );
    node.restart().await;
    assert_eq!(ask(&node).send().await.problem(), expired);
    assert_eq!(node.wallet(node.contact(0)).send().await.status, 200);
}
