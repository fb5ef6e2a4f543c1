//! What a contact writes of itself is a text of its profile until it is proven: it is nobody's address because of it.

use clientele::domain::directory_entry::SEND_PAUSE;
use clientele::domain::time::Span;
use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::client::Answer;
use crate::contact_changes::{looks, refused};
use crate::node::TestNode;
use crate::own_data::{PHONE, till};

const EMAIL: &str = "victim@example.test";
const MOBILE: &str = "+447566224500";
const PASSWORD: &str = "vivid turtle 9";

/// A profile that says both are its own.
fn said() -> Value {
    json!({ "email": "Victim@example.test", "phone": { "type": "MOBILE", "country_code": "GBR", "number": "07566 224500" } })
}

/// Somebody who is signed in by a phone of its own, and says more than that.
async fn attacker(node: &TestNode) -> Person {
    let person = node.signed_up(PHONE).await;
    let changed = person.changes(node, said()).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.json(), json!({ "id": person.id }));
    person
}

/// The ids of whom a till finds.
async fn found(node: &TestNode, query: &str) -> Vec<String> {
    let page = node.get(&format!("/contacts?{query}"));
    let page = page.with("api_key", &node.secret_key("test")).send().await;
    assert_eq!(page.status, 200, "{page:?}");
    let content = page.json()["content"].as_array().unwrap().clone();
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    content.iter().map(id).collect()
}

async fn by_email(node: &TestNode, address: &str) -> Vec<String> {
    found(node, &format!("email_address={address}")).await
}

async fn by_phone(node: &TestNode, number: &str) -> Vec<String> {
    found(node, &format!("phone=%2B{}", &number[1..])).await
}

/// A purchase of whoever is meant by `contact`.
async fn bought(node: &TestNode, contact: Value) -> Answer {
    let body = json!({
        "contact": contact,
        "organisation": { "id": node.seed.organisations.merchants[0].venues[0].id },
        "transaction_amounts": { "total": 20 },
    });
    till(node, "/purchases", &body).send().await
}

/// A change by the business.
async fn written(node: &TestNode, id: &str, body: Value) -> Answer {
    let path = format!("/contacts/{id}");
    node.trial(Method::PUT, &path, Some(&body)).send().await
}

async fn created(node: &TestNode, body: Value) -> Answer {
    till(node, "/contacts", &body).send().await
}

/// Proves that it reads what is sent to `email`.
async fn proves(node: &TestNode, person: &Person, email: &str) {
    node.clock.advance(SEND_PAUSE);
    let add = json!({ "provider": "EMAIL", "email": email });
    let add = person.write(node, Method::POST, &person.path("/identities"), &add);
    let added = add.send().await;
    assert_eq!(added.status, 201, "{added:?}");
    let code = node.code(email).await;
    let answer = node.answered(&added.text("auth_otp"), &code).await;
    assert_eq!(Person::of(&answer).id, person.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_till_finds_nobody_by_what_a_contact_says_of_itself() {
    let mut node = TestNode::start().await;
    let person = attacker(&node).await;
    for _ in 0..2 {
        let own = person.read(&node).send().await.json();
        assert_eq!(own["email"], said()["email"]);
        assert_eq!(own["phone"], said()["phone"]);
        assert!(by_email(&node, EMAIL).await.is_empty());
        assert!(by_phone(&node, MOBILE).await.is_empty());
        assert!(
            found(&node, &format!("search_value={EMAIL}"))
                .await
                .is_empty()
        );
        for (claimed, unknown) in [
            (
                json!({ "email_address": EMAIL }),
                json!({ "email_address": "nobody@example.test" }),
            ),
            (
                json!({ "phone": { "number": MOBILE } }),
                json!({ "phone": { "number": "+447566224599" } }),
            ),
        ] {
            let refusal = bought(&node, claimed).await;
            assert!((400..500).contains(&refusal.status), "{refusal:?}");
            assert_eq!(looks(&refusal), looks(&bought(&node, unknown).await));
        }
        // By what it has proven it is found, whatever its profile says.
        assert_eq!(by_phone(&node, PHONE).await, [&*person.id]);
        node.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_owns_an_address_registers_by_it_whatever_others_say() {
    let mut node = TestNode::start().await;
    let person = attacker(&node).await;
    let by_address = node.signed_up_by_email(EMAIL, PASSWORD).await;
    let by_number = node.signed_up(MOBILE).await;
    assert_ne!(by_address.id, person.id);
    assert_ne!(by_number.id, person.id);
    for _ in 0..2 {
        assert_eq!(by_email(&node, EMAIL).await, [&*by_address.id]);
        assert_eq!(by_phone(&node, MOBILE).await, [&*by_number.id]);
        // It says it again, and something else beside it.
        let again = person.changes(&node, said()).await;
        assert_eq!(again.status, 200, "{again:?}");
        let named = person.changes(&node, json!({ "first_name": "Mallory" }));
        assert_eq!(named.await.status, 200);
        node.restart().await;
    }
    let sold = bought(&node, json!({ "email_address": EMAIL })).await;
    assert_eq!(sold.status, 200, "{sold:?}");
    let theirs = format!("/contacts/{}/purchases", by_address.id);
    let rows = by_address.sees(&node, theirs).await;
    assert_eq!(rows["content"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_business_writes_whatever_address_another_contact_says() {
    let mut node = TestNode::start().await;
    let person = attacker(&node).await;
    let desk = json!({ "code": "DESK", "email_address": EMAIL, "phones": [{ "number": MOBILE }] });
    let made = created(&node, desk).await;
    assert_eq!(made.status, 201, "{made:?}");
    let desk = made.text("id");
    let twice = created(&node, json!({ "code": "TWO", "email_address": EMAIL })).await;
    assert_eq!(twice.problem(), refused(400, "contact_not_unique"));
    // A change of something else makes no address its own, and is not refused because of one.
    let titled = written(&node, &person.id, json!({ "title": "Dr" })).await;
    assert_eq!(titled.status, 200, "{titled:?}");
    let card = till(
        &node,
        &format!("/contacts/{}/cards", person.id),
        &json!({ "cim": "978123" }),
    );
    assert_eq!(card.send().await.status, 201);
    for taken in [
        json!({ "email_address": EMAIL }),
        json!({ "phones": [{ "number": MOBILE }] }),
    ] {
        let refusal = written(&node, &person.id, taken).await;
        assert_eq!(refusal.problem(), refused(400, "contact_not_unique"));
    }
    for _ in 0..2 {
        assert_eq!(by_email(&node, EMAIL).await, [&*desk]);
        assert_eq!(by_phone(&node, MOBILE).await, [&*desk]);
        node.restart().await;
    }
    // What a contact says becomes what it is known by, once the business says the same.
    let own = "own@example.test";
    assert_eq!(
        person.changes(&node, json!({ "email": own })).await.status,
        200
    );
    assert!(by_email(&node, own).await.is_empty());
    let same = written(&node, &person.id, json!({ "email_address": own })).await;
    assert_eq!(same.status, 200, "{same:?}");
    assert_eq!(by_email(&node, own).await, [&*person.id]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_neither_finds_nor_goes_to_what_a_contact_says_of_itself() {
    let node = TestNode::start().await;
    let person = attacker(&node).await;
    let born =
        json!({ "demographics": { "date_of_birth": { "year": 1815, "month": 12, "day": 10 } } });
    assert_eq!(person.changes(&node, born).await.status, 200);
    let card = till(
        &node,
        &format!("/contacts/{}/cards", person.id),
        &json!({ "cim": "978123" }),
    );
    assert_eq!(card.send().await.status, 201);
    let asked = async |method: &str, credentials: Value| {
        node.clock.advance(Span::seconds(3_700));
        let body = json!({ "method": method, "credentials": credentials });
        let answer = node.app("/contacts/otp", &body).send().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        node.inbox().await.len()
    };
    let email = json!({ "name": "EMAIL", "value": EMAIL });
    let phone = json!({ "name": "PHONE", "value": MOBILE });
    let born = json!({ "name": "BIRTHDATE", "value": "1815-12-10" });
    let card = json!({ "name": "CARD", "value": "978123" });
    let before = node.inbox().await.len();
    for (method, credentials) in [
        ("EMAIL", json!([email, phone])),
        ("SMS", json!([email, phone])),
        ("EMAIL", json!([email, born])),
        ("SMS", json!([email, born])),
        ("SMS", json!([card, email])),
        // The card finds it; where it says that it is reached, somebody else may be.
        ("SMS", json!([card, born])),
        ("EMAIL", json!([card, born])),
    ] {
        let sent = asked(method, credentials.clone()).await;
        assert_eq!(sent, before, "{method} {credentials}");
    }
    // What it signs in by is its own, and what the business writes is, too.
    let person = Person::of(&person.refreshed(&node).send().await);
    let back = json!({ "phone": { "type": "MOBILE", "number": PHONE } });
    assert_eq!(person.changes(&node, back).await.status, 200);
    assert_eq!(asked("SMS", json!([card, born])).await, before + 1);
    assert_eq!(node.inbox().await[0]["recipient"], PHONE);
    let known = json!({ "email_address": EMAIL });
    assert_eq!(written(&node, &person.id, known).await.status, 200);
    assert_eq!(asked("EMAIL", json!([card, born])).await, before + 2);
    assert_eq!(node.inbox().await[0]["recipient"], EMAIL);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_is_known_by_what_it_has_proven_in_either_order() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let (first, second) = ("first@example.test", "second@example.test");
    // Said, and proven then.
    let says = |email: &str| person.changes(&node, json!({ "email": email }));
    assert_eq!(says(first).await.status, 200);
    assert!(by_email(&node, first).await.is_empty());
    proves(&node, &person, first).await;
    assert_eq!(by_email(&node, first).await, [&*person.id]);
    // Proven, and said then.
    proves(&node, &person, second).await;
    assert_eq!(says(second).await.status, 200);
    node.restart().await;
    let named = person.changes(&node, json!({ "first_name": "Augusta" }));
    assert_eq!(named.await.status, 200);
    for address in [first, second] {
        assert_eq!(by_email(&node, address).await, [&*person.id]);
        let twice = created(&node, json!({ "email_address": address })).await;
        assert_eq!(twice.problem(), refused(400, "contact_not_unique"));
    }
    // What the business knows another contact by stays that one's, and the answer is the same.
    let third = "third@example.test";
    let desk = created(&node, json!({ "email_address": third })).await;
    proves(&node, &person, third).await;
    let changed = person.changes(&node, json!({ "email": third })).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.json(), json!({ "id": person.id }));
    assert_eq!(by_email(&node, third).await, [desk.text("id")]);
    assert_eq!(person.read(&node).send().await.text("email"), third);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_business_wrote_is_free_once_the_contact_writes_another() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let known =
        json!({ "email_address": EMAIL, "phones": [{ "number": MOBILE, "is_primary": true }] });
    assert_eq!(written(&node, &person.id, known).await.status, 200);
    // A change of something else gives nothing up.
    let named = person.changes(&node, json!({ "first_name": "Augusta" }));
    assert_eq!(named.await.status, 200);
    assert_eq!(by_email(&node, EMAIL).await, [&*person.id]);
    assert_eq!(by_phone(&node, MOBILE).await, [&*person.id]);
    let other = json!({ "email": "other@example.test", "phone": { "type": "MOBILE", "number": "+447566224501" } });
    assert_eq!(person.changes(&node, other).await.status, 200);
    node.restart().await;
    assert!(by_email(&node, EMAIL).await.is_empty());
    assert!(by_phone(&node, MOBILE).await.is_empty());
    let desk = json!({ "email_address": EMAIL, "phones": [{ "number": MOBILE }] });
    assert_eq!(created(&node, desk).await.status, 201);
    // It cannot take it back by saying it again.
    let back = person.changes(&node, said()).await;
    assert_eq!(back.status, 200, "{back:?}");
    assert_ne!(by_email(&node, EMAIL).await, [person.id]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_who_says_an_address_takes_it_from_nobody() {
    let node = TestNode::start().await;
    let key = crate::guests::guest_key(&node, "test").await;
    let guest = crate::guests::guest(&node, &key).await;
    assert_eq!(guest.changes(&node, said()).await.status, 200);
    assert!(by_email(&node, EMAIL).await.is_empty());
    assert!(by_phone(&node, MOBILE).await.is_empty());
    let owner = node.signed_up_by_email(EMAIL, PASSWORD).await;
    assert_eq!(by_email(&node, EMAIL).await, [owner.id]);
}
