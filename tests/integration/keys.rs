//! What a key opens, and that everything else looks like nothing at all.

use clientele::domain::address::{Address, Kind, Mode, TenantId};
use clientele::domain::api_key::{self, Scope, Scopes};
use clientele::domain::entity::Command;
use clientele::domain::ids::{Named, PublicId};
use clientele::domain::money::Currency;
use clientele::domain::organisation::{self, Organisation, Role};
use clientele::domain::tenant;
use clientele::http::control::{WireVisibility, fresh_key, make_key};
use serde_json::{Value, json};

use crate::node::{Answer, TestNode, cents, eventually};

const STRANGERS: TenantId = TenantId(2);
/// An organisation's number that the demo network does not use.
const STRANGE_VENUE: u64 = 900;

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_opens_what_it_covers_and_no_more() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    let public = node.seed.keys["live"].public.clone().unwrap();
    let (_, reader) = node.make_key(Scopes::of([Scope::WalletsRead]), None).await;

    let by_public = node.wallet(buyer).with("api_key", &public).send().await;
    assert_eq!(by_public.problem(), refused(403, "secret_key_required"));
    let award = node.purchase(buyer, 20, "a").with("api_key", &reader);
    let by_reader = award.send().await;
    assert_eq!(by_reader.problem(), refused(403, "insufficient_scope"));
    let read = node.wallet(buyer).with("api_key", &reader).send().await;
    assert_eq!((read.status, read.amount("balance")), (200, cents(0)));
    let nobody = node.wallet(buyer).without("api_key").send().await;
    assert_eq!(nobody.problem(), refused(401, "missing_credentials"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_over_its_rate_is_told_to_wait_and_nothing_happens() {
    const PER_SECOND: u32 = 5;
    let node =
        TestNode::start_with(|config| config.limits.requests_per_second_per_key = Some(PER_SECOND))
            .await;
    let buyer = node.contact(0);
    let (_, other) = node.make_key(Scopes::all(), None).await;
    // So many at once that it is over its rate however slow the machine is.
    let asked = 32 * PER_SECOND;
    let sale = |number| node.purchase(buyer, 20, &format!("sale {number}"));
    let begun: Vec<_> = (0..asked).map(|number| sale(number).begin()).collect();
    let mut awarded = 0;
    for pending in begun {
        let answer = pending.answer().await;
        if answer.status == 200 {
            awarded += 1;
            continue;
        }
        assert_eq!(answer.problem(), refused(429, "too_many_requests"));
        assert_eq!(answer.header("retry-after"), "1");
    }
    assert!(awarded >= i64::from(PER_SECOND), "{awarded}");
    assert!(awarded < i64::from(asked), "{awarded}");
    let read = node.wallet(buyer).with("api_key", &other).send().await;
    assert_eq!(
        (read.status, read.amount("balance")),
        (200, cents(100 * awarded))
    );
    eventually("the key is let in again", async || {
        node.wallet(buyer).send().await.status == 200
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_opens_nothing_from_then_on() {
    let mut node = TestNode::start().await;
    let (address, key) = node.make_key(Scopes::all(), None).await;
    let ask = |node: &TestNode| node.wallet(node.contact(0)).with("api_key", &key);
    assert_eq!(ask(&node).send().await.status, 200);
    let revoke = Command::ApiKey(api_key::Command::Revoke);
    node.command(address, revoke).await;
    for _ in 0..2 {
        let gone = ask(&node).send().await;
        assert_eq!(gone.problem(), refused(401, "invalid_api_key"));
        node.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_never_made_opens_nothing() {
    let node = TestNode::start().await;
    let real = node.secret_key("live");
    let flipped = |at: usize| {
        let mut key = real.clone().into_bytes();
        key[at] = if key[at] == b'0' { b'1' } else { b'0' };
        String::from_utf8(key).unwrap()
    };
    let visibility = WireVisibility::Secret;
    // Well-formed and with a true check, but nobody created it.
    let unborn = fresh_key(&node.api(), TenantId(1), Mode::Live, visibility).unwrap();
    for forged in [
        flipped(real.len() - 1),
        flipped("sk_live_".len() + 2),
        flipped("sk_live_".len() + 34),
        real.replace("sk_live_", "sk_test_"),
        real.replace("sk_live_", "pk_live_"),
        unborn.value,
        "sk_live_".to_owned(),
        "letmein".to_owned(),
        format!("{real}00"),
    ] {
        let answer = node.wallet(node.contact(0)).with("api_key", &forged);
        let problem = answer.send().await.problem();
        assert_eq!(problem, refused(401, "invalid_api_key"), "{forged}");
    }
}

/// Everything but the request's own name: status, body, and the names of the headers.
fn looks(answer: &Answer) -> (u16, Value, Vec<String>) {
    let mut body = answer.json();
    assert!(body["request_id"].take().is_string());
    let names = answer.headers.keys().map(ToString::to_string).collect();
    (answer.status, body, names)
}

/// The id of their organisation.
pub(crate) fn their_organisation(node: &TestNode) -> String {
    let id = PublicId::of(Named::Organisation, STRANGE_VENUE);
    node.api().router.secrets().public_ids().write(id)
}

/// The strangers' network, a key of theirs and a contact of theirs.
pub(crate) async fn strangers(node: &TestNode) -> (String, String) {
    let api = node.api();
    let tenant = Address::tenant(STRANGERS);
    let details = tenant::Details {
        name: "Strangers".to_owned(),
        currency: Currency::from_code("EUR").unwrap(),
        classifications: vec!["PURCHASE".to_owned()],
        time_zone: clientele::domain::calendar::Zone::utc(),
    };
    let create = Command::Tenant(tenant::Command::Create(details));
    node.command(tenant, create).await;
    let venue = Address {
        tenant: STRANGERS,
        mode: Mode::Shared,
        kind: Kind::Organisation,
        entity: STRANGE_VENUE,
    };
    let create = organisation::Command::Create(Organisation {
        name: "Elsewhere".to_owned(),
        role: Role::Venue,
        parent: None,
        time_zone: None,
        shares_contacts: false,
        profile: Default::default(),
    });
    node.command(venue, Command::Organisation(create)).await;
    let list = Command::Tenant(tenant::Command::ListOrganisation(STRANGE_VENUE, None));
    node.command(tenant, list).await;
    let visibility = WireVisibility::Secret;
    let minted = fresh_key(&api, STRANGERS, Mode::Live, visibility).unwrap();
    let (name, scopes) = ("theirs".to_owned(), Scopes::all());
    make_key(&api, &minted, visibility, name, scopes, None)
        .await
        .unwrap();
    let created = node.post("/contacts", &json!({ "code": "STRANGER" }));
    let created = created.with("api_key", &minted.value).send().await;
    assert_eq!(created.status, 201, "{created:?}");
    (minted.value, created.text("id"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_world_looks_like_nothing_at_all() {
    let node = TestNode::start().await;
    let (their_key, their_contact) = strangers(&node).await;
    let secrets = std::sync::Arc::clone(node.api().router.secrets());
    let ids = secrets.public_ids();
    let id = |named, entity, part| {
        ids.write(PublicId {
            part,
            ..PublicId::of(named, entity)
        })
    };
    let entity_of = |id: &str| ids.read(id).unwrap().entity;

    let theirs = format!("/contacts/{their_contact}");
    let seen = node.get(&theirs).with("api_key", &their_key).send().await;
    assert_eq!(seen.status, 200, "{seen:?}");
    let their_venue = id(Named::Organisation, STRANGE_VENUE, 0);
    let mut body = json!({
        "contact": { "id": their_contact },
        "organisation": { "id": their_venue },
        "transaction_amounts": { "total": 20 },
    });
    let sold = node.post("/purchases", &body).with("api_key", &their_key);
    let sold = sold.send().await;
    assert_eq!(sold.status, 200, "{sold:?}");

    let test_contact = node.seed.contacts.iter().find(|one| one.mode == "test");
    let test_contact = test_contact.unwrap().id.clone();
    let as_test = node.get(&format!("/contacts/{test_contact}"));
    let as_test = as_test.with("api_key", &node.secret_key("test"));
    assert_eq!(as_test.send().await.status, 200);

    let unknown = 4_711;
    for foreign in [entity_of(&their_contact), entity_of(&test_contact)] {
        for (path, named, part) in [
            ("contacts", Named::Contact, 0),
            ("wallets", Named::Wallet, 0),
            ("purchases", Named::Purchase, 1),
        ] {
            let ask = async |entity| {
                let path = format!("/{path}/{}", id(named, entity, part));
                looks(&node.get(&path).send().await)
            };
            let foreign = ask(foreign).await;
            assert_eq!((foreign.0, &foreign.1["code"]), (404, &json!("not_found")));
            assert_eq!(foreign, ask(unknown).await);
            let gibberish = node.get(&format!("/{path}/nothing-of-ours"));
            assert_eq!(foreign, looks(&gibberish.send().await));
        }
        let mut sell = async |entity| {
            body = node.purchase_body(node.contact(0), 20);
            body["contact"] = json!({ "id": id(Named::Contact, entity, 0) });
            looks(&node.post("/purchases", &body).send().await)
        };
        let foreign = sell(foreign).await;
        let refused = (400, &json!("unknown_contact"));
        assert_eq!((foreign.0, &foreign.1["code"]), refused);
        assert_eq!(foreign, sell(unknown).await);
    }
    let sell_at = async |venue: u64| {
        let mut body = node.purchase_body(node.contact(0), 20);
        body["organisation"] = json!({ "id": id(Named::Organisation, venue, 0) });
        looks(&node.post("/purchases", &body).send().await)
    };
    let foreign = sell_at(STRANGE_VENUE).await;
    let refused = (400, &json!("unknown_organisation"));
    assert_eq!((foreign.0, &foreign.1["code"]), refused);
    assert_eq!(foreign, sell_at(unknown).await);
    let by_code = node.get("/contacts/STRANGER").send().await;
    let nobody = node.get("/contacts/NOBODY").send().await;
    assert_eq!(looks(&by_code), looks(&nobody));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_keys_in_one_request_open_nothing() {
    let node = TestNode::start().await;
    let twice = |mut ask: crate::client::Ask, second: &str| {
        ask.headers.append("api_key", second.parse().unwrap());
        ask
    };
    let (live, test) = (node.secret_key("live"), node.secret_key("test"));
    for second in [&live, &test, &"junk".to_owned()] {
        let both = twice(node.get("/settings"), second).send().await;
        assert_eq!(both.problem(), refused(401, "invalid_api_key"), "{second}");
        assert!(both.text("detail").contains("twice"), "{both:?}");
    }
    let app = node.app("/contacts/otp", &serde_json::json!({}));
    let both = twice(app, &node.app_key("test")).send().await;
    assert_eq!(both.problem(), refused(401, "invalid_api_key"));
    assert_eq!(node.get("/settings").send().await.status, 200);
}
