//! A purchase that was made by nobody known is claimed by a contact: by one, once, with the code on the receipt.

use clientele::domain::address::{Address, Kind, Mode};
use clientele::domain::entity::Command;
use clientele::domain::receipt::{self, Claim, SETTLED_AFTER, Said};
use clientele::domain::time::Span;
use clientele::limits::{
    CLAIM_MISSES_MAX, WRONG_FROM_AN_ADDRESS_LASTS_S, WRONG_FROM_AN_ADDRESS_MAX,
};
use clientele::secrets::read_code;
use clientele::seeding::TENANT;
use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::client::{Answer, Ask};
use crate::commerce::merged;
use crate::contact_changes::{looks, refused};
use crate::keys::strangers;
use crate::node::{TestNode, eventually};
use crate::own_data::{OTHER, PHONE, gives_three, till};
use crate::privacy::files_with;

/// What 20.00 earn: 3.00 by the tests' own offer, and 5% by the network's.
const AWARDED: i64 = 4;

fn venue(node: &TestNode) -> &str {
    &node.seed.organisations.merchants[0].venues[0].id
}

/// A purchase of 20.00 by nobody who is known, with more about it in `rest`.
fn selling(node: &TestNode, rest: &Value) -> Ask {
    let body = json!({
        "organisation": { "id": venue(node) },
        "transaction_amounts": { "total": 20, "net": 18, "tax": 2 },
    });
    till(node, "/purchases", &merged(body, rest))
}

async fn sold(node: &TestNode, rest: &Value) -> Value {
    let sold = selling(node, rest).send().await;
    assert_eq!(sold.status, 200, "{sold:?}");
    sold.json()
}

fn claiming(node: &TestNode, person: &Person, body: &Value) -> Ask {
    node.own(Method::POST, "/purchases/reclaim", &person.access)
        .with("content-type", "application/json")
        .body(body)
}

async fn claimed(node: &TestNode, person: &Person, code: &Value) -> Answer {
    claiming(node, person, &json!({ "id": code })).send().await
}

async fn balance(node: &TestNode, person: &Person) -> Value {
    let wallet = person.wallet(node).await;
    person.sees(node, format!("/wallets/{wallet}")).await["balance"].clone()
}

async fn purchases(node: &TestNode, person: &Person) -> Vec<Value> {
    let path = format!("/contacts/{}/purchases", person.id);
    let list = person.sees(node, path).await;
    list["content"].as_array().unwrap().clone()
}

fn not_claimable() -> (u16, String) {
    refused(404, "purchase_not_claimable")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_of_nobody_is_claimed_by_one_contact_and_then_its_own() {
    let mut node = TestNode::start().await;
    gives_three(&node, "Three", &json!({})).await;
    let (ada, eve) = (node.signed_up(PHONE).await, node.signed_up(OTHER).await);
    let selling = |node: &TestNode| {
        let rest =
            json!({ "reference_number": "R-1", "products": [{ "sku": "BEAN", "quantity": 1 }] });
        selling(node, &rest).with("idempotency-key", "sold")
    };
    let sold = selling(&node).send().await;
    assert_eq!(sold.status, 200, "{sold:?}");
    let code = sold.json()["claim_code"].clone();
    let lasts =
        sold.json()["claim_until"].as_i64().unwrap() - sold.json()["date"].as_i64().unwrap();
    assert_eq!(lasts, 30 * 86_400);
    assert!(sold.json()["contact"].is_null() && sold.json()["rewards"].is_null());
    node.restart().await;
    // The answer was lost.
    assert_eq!(selling(&node).send().await.body, sold.body);

    let first = claimed(&node, &ada, &code).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(claimed(&node, &eve, &code).await.problem(), not_claimable());
    node.restart().await;
    assert_eq!(claimed(&node, &eve, &code).await.problem(), not_claimable());
    let again = claimed(&node, &ada, &code).await;
    assert_eq!((again.status, &again.body), (200, &first.body), "{again:?}");
    // As somebody types it, beside the number on the receipt.
    let typed = code.as_str().unwrap().to_lowercase().replace('-', " ");
    let typed = json!({ "id": "R-1", "transaction_code": typed });
    let typed = claiming(&node, &ada, &typed).send().await;
    assert_eq!((typed.status, &typed.body), (200, &first.body), "{typed:?}");

    let own = purchases(&node, &ada).await;
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!(own[0]["id"], first.json()["id"]);
    assert_eq!(own[0]["reference_number"], "R-1");
    assert_eq!(balance(&node, &ada).await, json!(AWARDED));
    assert_eq!(purchases(&node, &eve).await.len(), 0);
    let at_till = format!("/purchases/{}", first.text("id"));
    let at_till = node.get(&at_till).with("api_key", &node.secret_key("test"));
    let at_till = at_till.send().await.json();
    assert_eq!(at_till["contact"]["id"], json!(ada.id));
    assert_eq!(at_till["products"][0]["product_sku"]["sku"], "BEAN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_contacts_that_claim_one_receipt_at_once_exactly_one_gets_it() {
    let node = TestNode::start().await;
    gives_three(&node, "Three", &json!({})).await;
    let people = [node.signed_up(PHONE).await, node.signed_up(OTHER).await];
    for _ in 0..3 {
        let before = [
            balance(&node, &people[0]).await,
            balance(&node, &people[1]).await,
        ];
        let code = sold(&node, &json!({})).await["claim_code"].clone();
        let mut begun = Vec::new();
        for _ in 0..3 {
            for person in &people {
                begun.push(claiming(&node, person, &json!({ "id": code })).begin());
            }
        }
        let mut ids = Vec::new();
        for (at, pending) in begun.into_iter().enumerate() {
            let answer = pending.answer().await;
            match answer.status {
                200 | 201 => ids.push((at % 2, answer.text("id"))),
                _ => assert_eq!(answer.problem(), not_claimable()),
            }
        }
        assert_eq!(ids.len(), 3, "{ids:?}");
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
        let (winner, _) = ids[0];
        let after = [
            balance(&node, &people[0]).await,
            balance(&node, &people[1]).await,
        ];
        assert_eq!(
            after[winner].as_i64(),
            before[winner].as_i64().map(|it| it + AWARDED)
        );
        assert_eq!(after[1 - winner], before[1 - winner]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_wrong_with_a_claim_the_answer_is_the_same() {
    let node = TestNode::start().await;
    let (ada, eve) = (node.signed_up(PHONE).await, node.signed_up(OTHER).await);
    let code = async |rest: Value| sold(&node, &rest).await["claim_code"].clone();
    let taken = code(json!({})).await;
    assert_eq!(claimed(&node, &eve, &taken).await.status, 201);
    let void = sold(&node, &json!({})).await;
    let cancel = format!("/purchases/{}/cancel", void["id"].as_str().unwrap());
    for _ in 0..2 {
        let cancelled = till(&node, &cancel, &json!({})).send().await;
        assert_eq!(cancelled.status, 200, "{cancelled:?}");
    }
    let live =
        json!({ "organisation": { "id": venue(&node) }, "transaction_amounts": { "total": 20 } });
    let live = node
        .post("/purchases", &live)
        .with("api_key", &node.secret_key("live"));
    let live = live.send().await;
    assert_eq!(live.status, 200, "{live:?}");
    let (their_key, _) = strangers(&node).await;
    let theirs =
        json!({ "organisation": { "id": venue(&node) }, "transaction_amounts": { "total": 20 } });
    let theirs = node.post("/purchases", &theirs).with("api_key", &their_key);
    assert_eq!(
        theirs.send().await.problem(),
        refused(400, "unknown_organisation")
    );
    let good = code(json!({ "reference_number": "R-7" })).await;
    let unknown = claimed(&node, &ada, &json!("0000-0000-0000-0000")).await;
    assert_eq!(unknown.problem(), not_claimable());
    let of = |rest: Value| merged(json!({ "id": good }), &rest);
    let amounts = |total: i32, net: i32| json!({ "transaction_amounts": { "total": total, "net": net, "tax": 2 } });
    let other = &node.seed.organisations.merchants[0].id;
    for wrong in [
        json!({ "id": taken }),
        json!({ "id": void["claim_code"] }),
        json!({ "id": live.json()["claim_code"] }),
        json!({ "id": "no code" }),
        json!({ "id": "R-8", "transaction_code": good }),
        json!({ "id": void["id"], "transaction_code": good }),
    ] {
        let refusal = claiming(&node, &ada, &wrong).send().await;
        assert_eq!(looks(&refusal), looks(&unknown), "{wrong}");
    }
    // The others by somebody who has not guessed as often.
    for wrong in [
        of(amounts(21, 18)),
        of(amounts(20, 17)),
        of(json!({ "organisation": { "id": other } })),
        of(json!({ "organisation": { "venue_tap": { "code": "no tap" } } })),
        of(json!({ "organisation": { "id": venue(&node), "venue_tap": { "code": "no tap" } } })),
        of(json!({ "currency_code": "USD" })),
    ] {
        let refusal = claiming(&node, &eve, &wrong).send().await;
        assert_eq!(looks(&refusal), looks(&unknown), "{wrong}");
    }
    let right = merged(
        of(amounts(20, 18)),
        &json!({ "organisation": { "id": venue(&node) }, "currency_code": "EUR" }),
    );
    let right = claiming(&node, &ada, &right).send().await;
    assert_eq!(right.status, 201, "{right:?}");
    for (wrong, code) in [
        (json!({}), "invalid_request"),
        (json!({ "id": "" }), "invalid_request"),
        (of(json!({ "contact_id": ada.id })), "unknown_field"),
        (of(json!({ "currency_code": "euro" })), "invalid_request"),
        (of(amounts(0, 0)), "invalid_request"),
    ] {
        let refusal = claiming(&node, &ada, &wrong).send().await;
        assert_eq!(refusal.problem(), refused(422, code), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_tries_codes_until_one_fits_is_let_wait() {
    let node = TestNode::start().await;
    let (ada, eve) = (node.signed_up(PHONE).await, node.signed_up(OTHER).await);
    let code = sold(&node, &json!({})).await["claim_code"].clone();
    for _ in 0..CLAIM_MISSES_MAX {
        let missed = claimed(&node, &eve, &json!("0000-0000-0000-0000")).await;
        assert_eq!(missed.problem(), not_claimable());
    }
    let late = claimed(&node, &eve, &code).await;
    assert_eq!(late.problem(), refused(429, "too_many_requests"));
    assert!(!late.header("retry-after").is_empty());
    assert_eq!(claimed(&node, &ada, &code).await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_tries_codes_by_many_contacts_from_one_address_is_let_wait() {
    let node = TestNode::start().await;
    let ada = node.signed_up(PHONE).await;
    let code = sold(&node, &json!({})).await["claim_code"].clone();
    let each = CLAIM_MISSES_MAX - 1;
    let mut left = WRONG_FROM_AN_ADDRESS_MAX;
    for number in 0.. {
        let phone = format!("+4420794600{:02}", 20 + number);
        let eve = node.signed_up(&phone).await;
        for _ in 0..each.min(left) {
            let missed = claimed(&node, &eve, &json!("0000-0000-0000-0000")).await;
            assert_eq!(missed.problem(), not_claimable());
            left -= 1;
        }
        if left == 0 {
            break;
        }
    }
    let right = claimed(&node, &ada, &code).await;
    assert_eq!(right.problem(), refused(429, "too_many_requests"));
    node.clock
        .advance(Span::seconds(WRONG_FROM_AN_ADDRESS_LASTS_S));
    assert_eq!(ada.read(&node).send().await.status, 401, "it has expired");
    let ada = Person::of(&ada.refreshed(&node).send().await);
    assert_eq!(claimed(&node, &ada, &code).await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_is_cut_short_is_recorded_once_whoever_goes_on_with_it() {
    let mut node = TestNode::start().await;
    gives_three(&node, "Three", &json!({})).await;
    let ada = node.signed_up(PHONE).await;
    let ids = node.api();
    let number = ids
        .router
        .secrets()
        .public_ids()
        .read(&ada.id)
        .unwrap()
        .entity;
    drop(ids);
    for asks in [false, true] {
        let code = sold(&node, &json!({})).await["claim_code"].clone();
        let before = balance(&node, &ada).await.as_i64().unwrap();
        // The receipt is the contact's, and the node stops.
        let text = read_code(code.as_str().unwrap()).unwrap();
        let (place, hash) = node.api().router.receipt_of(TENANT, Mode::Test, &text);
        let claim = Claim {
            code: hash,
            by: number,
            said: Said::default(),
        };
        let claim = receipt::Command::Claim(Box::new(claim));
        node.command(place, Command::Receipt(claim)).await;
        node.restart().await;
        assert_eq!(balance(&node, &ada).await, json!(before));
        if asks {
            assert_eq!(claimed(&node, &ada, &code).await.status, 201);
        }
        node.clock.advance(SETTLED_AFTER);
        eventually("the purchase is recorded", async || {
            balance(&node, &ada).await == json!(before + AWARDED)
        })
        .await;
        node.clock.advance(SETTLED_AFTER);
        node.restart().await;
        let again = claimed(&node, &ada, &code).await;
        assert_eq!(again.status, 200, "{again:?}");
        assert_eq!(balance(&node, &ada).await, json!(before + AWARDED));
    }
    assert_eq!(purchases(&node, &ada).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_is_awarded_as_of_the_day_of_the_purchase_and_until_its_time_is_over() {
    let node = TestNode::start().await;
    let ada = node.signed_up(PHONE).await;
    let first = sold(&node, &json!({})).await;
    let late = sold(&node, &json!({})).await;
    let at = first["date"].as_i64().unwrap();
    let then = json!({ "conditions": { "valid_to": at + 86_400 } });
    gives_three(&node, "Then", &then).await;
    let since = json!({ "conditions": { "valid_from": at + 86_400 } });
    gives_three(&node, "Since", &since).await;
    let advance = async |seconds: i64| {
        let moved = till(&node, "/test_clock/advance", &json!({ "seconds": seconds }));
        let moved = moved.send().await;
        assert_eq!(moved.status, 200, "{moved:?}");
    };
    advance(29 * 86_400).await;
    let answer = claimed(&node, &ada, &first["claim_code"]).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let purchase = person_purchase(&node, &ada, &answer).await;
    assert_eq!(purchase["date"], json!(at));
    let gave = |name: &str| {
        let offers = purchase["offers"].as_array().unwrap();
        offers.iter().find(|it| it["name"] == name).unwrap().clone()
    };
    assert_eq!(gave("Then")["amount"], json!(3));
    assert_eq!(gave("Since")["reason"], "NOT_STARTED");
    advance(86_400).await;
    let over = claimed(&node, &ada, &late["claim_code"]).await;
    assert_eq!(over.problem(), not_claimable());
    // What is the contact's stays so.
    let again = claimed(&node, &ada, &first["claim_code"]).await;
    assert_eq!((again.status, &again.body), (200, &answer.body));
}

async fn person_purchase(node: &TestNode, person: &Person, claim: &Answer) -> Value {
    let id = claim.text("id");
    person.sees(node, format!("/purchases/{id}")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_till_takes_a_receipt_back_whether_or_not_it_was_claimed() {
    let node = TestNode::start().await;
    gives_three(&node, "Three", &json!({})).await;
    let ada = node.signed_up(PHONE).await;
    let receipt = sold(&node, &json!({})).await;
    let claim = claimed(&node, &ada, &receipt["claim_code"]).await;
    assert_eq!(claim.status, 201, "{claim:?}");
    assert_eq!(balance(&node, &ada).await, json!(AWARDED));
    let cancel = format!("/purchases/{}/cancel", receipt["id"].as_str().unwrap());
    let elsewhere = json!({ "name": "till", "type": "SECRET", "scopes": ["purchases.write"], "organisation_id": node.seed.organisations.merchants[1].id });
    let elsewhere = till(&node, "/api_keys", &elsewhere)
        .send()
        .await
        .text("value");
    let unclaimed = sold(&node, &json!({})).await;
    let open = format!("/purchases/{}/cancel", unclaimed["id"].as_str().unwrap());
    for cancel in [&cancel, &open] {
        let foreign = till(&node, cancel, &json!({})).with("api_key", &elsewhere);
        assert_eq!(foreign.send().await.problem(), refused(404, "not_found"));
    }
    let late = claimed(&node, &ada, &unclaimed["claim_code"]).await;
    assert_eq!(late.status, 201, "nobody else has taken it back");
    let own = format!("/purchases/{}/cancel", late.text("id"));
    assert_eq!(till(&node, &own, &json!({})).send().await.status, 200);
    for _ in 0..2 {
        let cancelled = till(&node, &cancel, &json!({})).send().await;
        assert_eq!(cancelled.status, 200, "{cancelled:?}");
        assert_eq!(cancelled.json()["id"], receipt["id"]);
    }
    assert_eq!(balance(&node, &ada).await, json!(0));
    assert_eq!(
        person_purchase(&node, &ada, &claim).await["state"],
        "CANCELLED"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_sale_is_kept_for_nobody_and_a_till_is_told_what_is_wrong_with_it() {
    let node = TestNode::start().await;
    for (rest, status, code) in [
        (
            json!({ "spend_request": { "amount": 1 } }),
            422,
            "invalid_request",
        ),
        (json!({ "estimate_id": "x" }), 422, "invalid_request"),
        (json!({ "currency_code": "USD" }), 422, "currency_mismatch"),
        (
            json!({ "classification": { "name": "NONE" } }),
            422,
            "invalid_request",
        ),
    ] {
        let refusal = selling(&node, &rest).send().await;
        assert_eq!(refusal.problem(), refused(status, code), "{rest}");
    }
    let body =
        json!({ "organisation": { "id": venue(&node) }, "transaction_amounts": { "total": 20 } });
    for path in ["/purchases?simulate=true", "/purchases/estimates"] {
        let refusal = till(&node, path, &body).send().await;
        assert_eq!(refusal.problem(), refused(422, "invalid_request"), "{path}");
    }
    // One number on a receipt is one receipt; so is one id, and one key.
    for own in [
        json!({ "reference_number": "R-1" }),
        json!({ "id": "own-1" }),
    ] {
        let first = sold(&node, &own).await;
        assert_eq!(sold(&node, &own).await, first);
        let other = merged(own, &json!({ "transaction_amounts": { "total": 21 } }));
        let other = selling(&node, &other).send().await;
        assert_eq!(other.problem(), refused(422, "idempotency_key_reused"));
    }
    let one = sold(&node, &json!({})).await;
    assert_ne!(
        sold(&node, &json!({})).await["claim_code"],
        one["claim_code"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_file_holds_a_code_that_claims_anything() {
    let mut node = TestNode::start().await;
    let ada = node.signed_up(PHONE).await;
    let mut codes = Vec::new();
    for _ in 0..2 {
        let code = sold(&node, &json!({})).await["claim_code"].clone();
        codes.push(code.as_str().unwrap().to_owned());
    }
    assert_eq!(claimed(&node, &ada, &json!(codes[0])).await.status, 201);
    node.clock.advance(Span::seconds(60));
    node.restart().await;
    let bare: Vec<_> = codes.iter().map(|code| code.replace('-', "")).collect();
    for text in codes.iter().chain(&bare) {
        assert_eq!(files_with(node.data(), text), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_that_the_contact_cannot_take_stays_its_own_to_claim() {
    let node = TestNode::start().await;
    gives_three(&node, "Three", &json!({})).await;
    let (ada, eve) = (node.signed_up(PHONE).await, node.signed_up(OTHER).await);
    let receipt = sold(&node, &json!({})).await;
    let text = read_code(receipt["claim_code"].as_str().unwrap()).unwrap();
    let (place, hash) = node.api().router.receipt_of(TENANT, Mode::Test, &text);
    // A contact that is not there any more.
    let claim = Claim {
        code: hash,
        by: 1,
        said: Said::default(),
    };
    let refusal = node.api().router.claim_receipt(place, claim).await;
    assert!(refusal.is_err(), "{refusal:?}");
    for person in [&ada, &eve] {
        let answer = claimed(&node, person, &receipt["claim_code"]).await;
        assert_eq!(answer.problem(), not_claimable());
    }
    let address = Address {
        kind: Kind::Receipt,
        ..place
    };
    let kept = node.api().router.receipt(address).await.unwrap();
    assert!(
        matches!(kept.standing, receipt::Standing::Refused(1, _)),
        "{kept:?}"
    );
}
