//! An erased contact is gone: from what is served, from what is stored, and from what was exported.

use clientele::actors::router::OpenedProfile;
use clientele::domain::contact;
use clientele::domain::entity::{Answer as Told, Command, Query};
use http::Method;
use serde_json::{Value, json};

use crate::contact_changes::{address_of, changed, created, delete, found, looks, refused};
use crate::node::{TestNode, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_contact_looks_like_one_that_never_was() {
    let mut node = TestNode::start().await;
    let body = json!({ "code": "GONE", "first_name": "Ada", "email_address": "gone@example.test",
        "phones": [{ "number": "+442079460018" }] });
    let id = created(&node, body.clone()).await;
    let card = node.post(&format!("/contacts/{id}/cards"), &json!({ "cim": "77" }));
    assert_eq!(card.send().await.status, 201);
    let wallet = node.get(&format!("/contacts/{id}")).send().await.json()["wallet"]["id"].clone();
    let wallet = format!("/wallets/{}", wallet.as_str().unwrap());
    let mut sale = node.purchase_body(node.contact(0), 20);
    sale["contact"] = json!({ "id": id });

    let path = format!("/contacts/{id}");
    let erase = |node: &TestNode| delete(node, &path).with("idempotency-key", "erase");
    let erased = erase(&node).send().await;
    assert_eq!((erased.status, erased.body.len()), (204, 0), "{erased:?}");
    let nobody = looks(&node.get("/contacts/NOBODY").send().await);
    for _ in 0..2 {
        assert_eq!(erase(&node).send().await.status, 204, "a replay");
        for path in [
            &path,
            &format!("{path}/cards"),
            &wallet,
            &"/contacts/GONE".to_owned(),
        ] {
            assert_eq!(looks(&node.get(path).send().await), nobody, "{path}");
        }
        let again = delete(&node, &path).send().await;
        assert_eq!(looks(&again), nobody);
        assert_eq!(
            looks(&changed(&node, &id, json!({ "title": "Dr" })).await),
            nobody
        );
        let card = node.post(&format!("{path}/cards"), &json!({ "cim": "78" }));
        assert_eq!(looks(&card.send().await), nobody);
        let late = node.post("/purchases", &sale).send().await;
        assert_eq!(late.problem(), refused(400, "unknown_contact"));
        for query in [
            "code=GONE",
            "email_address=gone@example.test",
            "cim=77",
            "cim=78",
        ] {
            assert!(found(&node, query).await.is_empty(), "{query}");
        }
        node.restart().await;
    }
    // All that it was known by is free.
    let next = created(&node, body).await;
    assert_ne!(next, id);
    let card = node.post(&format!("/contacts/{next}/cards"), &json!({ "cim": "77" }));
    assert_eq!(card.send().await.status, 201);
}

/// A business keeps its books: what was sold and what moved stays, of nobody and without a word about anybody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_purchases_and_the_journal_of_an_erased_contact_stay_in_the_books_without_it() {
    let mut node = TestNode::start().await;
    let id = created(&node, json!({ "code": "GONE", "first_name": "Ada" })).await;
    let wallet = node.get(&format!("/contacts/{id}")).send().await.json()["wallet"]["id"].clone();
    let wallet = wallet.as_str().unwrap();
    let mut first = None;
    // More than stay in memory.
    for number in 0..20 {
        let mut sale = node.purchase_body(node.contact(0), 20);
        sale["contact"] = json!({ "id": id });
        sale["id"] = json!(format!("own-{number}"));
        sale["reference_number"] = json!(format!("receipt-{number}"));
        sale["payment_medium_identifier"] = json!("4711");
        let sold = node.post("/purchases", &sale).send().await;
        assert_eq!(sold.status, 200, "{sold:?}");
        assert_eq!(sold.text("reference_number"), format!("receipt-{number}"));
        first.get_or_insert(sold.text("id"));
    }
    let paid = json!({ "wallet_id": wallet, "amount": 5, "code": "T-1", "payment_method": "CASH" });
    assert_eq!(node.post("/topups", &paid).send().await.status, 201);
    let paths = [
        format!("/purchases/{}", first.unwrap()),
        "/purchases?size=100".to_owned(),
        format!("/journals?wallet_id={wallet}&size=100"),
    ];
    node.restart().await;
    let mut kept = Vec::new();
    for path in &paths {
        let shown = node.get(path).send().await;
        assert_eq!(shown.status, 200, "{shown:?}");
        let (books, told) = without_texts(shown.json());
        assert!(told > 0, "{books}");
        kept.push(books);
    }
    let erased = delete(&node, &format!("/contacts/{id}")).send().await;
    assert_eq!(erased.status, 204, "{erased:?}");
    for _ in 0..2 {
        for (path, kept) in paths.iter().zip(&kept) {
            let shown = node.get(path).send().await;
            assert_eq!(shown.status, 200, "{path}: {shown:?}");
            assert_eq!(without_texts(shown.json()), (kept.clone(), 0), "{path}");
        }
        node.restart().await;
    }
}

/// The same without what is told of a contact, and without texts that others wrote about what it did; how many these were.
fn without_texts(mut shown: Value) -> (Value, usize) {
    let told = match shown.get_mut("content").and_then(Value::as_array_mut) {
        Some(list) => list.iter_mut().map(strip).sum(),
        None => strip(&mut shown),
    };
    (shown, told)
}

fn strip(shown: &mut Value) -> usize {
    let members = [
        "contact",
        "reference_number",
        "payment_medium_identifier",
        "code",
        "payment_method",
    ];
    let shown = shown.as_object_mut().unwrap();
    let taken = members.iter().filter_map(|member| shown.remove(*member));
    taken.filter(|text| !text.is_null()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_retry_of_a_creation_neither_brings_an_erased_contact_back_nor_is_told_to_try_again()
{
    let node = TestNode::start().await;
    let creation = node.post("/contacts", &json!({ "first_name": "Ada" }));
    let creation = creation.with("idempotency-key", "create");
    let id = creation.clone().send().await.text("id");
    let erased = delete(&node, &format!("/contacts/{id}")).send().await;
    assert_eq!(erased.status, 204, "{erased:?}");
    for _ in 0..2 {
        let retried = creation.clone().send().await;
        assert_eq!(retried.problem(), refused(404, "not_found"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_was_cut_short_is_finished_by_itself() {
    let mut node = TestNode::start().await;
    let body = json!({ "code": "HALF", "first_name": "Ada" });
    let id = created(&node, body.clone()).await;
    let contact = address_of(&node, &id);
    let erase = Command::Contact(contact::Command::Erase);
    let Told::Contact(view) = node.command(contact, erase).await else {
        panic!("no contact");
    };
    node.restart().await;
    eventually("its key is shredded", async || {
        let router = node.api().router.clone();
        router.open_profile(&contact, &view.profile) == Ok(OpenedProfile::Erased)
    })
    .await;
    eventually("its code is free", async || {
        node.post("/contacts", &body).send().await.status == 201
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_from_before_an_erasure_holds_nothing_personal() {
    let node = TestNode::start().await;
    let body = json!({ "code": "EXPORTED", "first_name": "Ada" });
    let id = created(&node, body).await;
    let contact = address_of(&node, &id);
    let Ok(Told::Contact(before)) = node
        .api()
        .router
        .query(contact, Query::Contact)
        .await
        .result
    else {
        panic!("no contact");
    };
    let made = node.control("POST", "/snapshots", "{}").await;
    assert!(made.starts_with("HTTP/1.1 200"), "{made}");
    let plain = node.api().router.open_profile(&contact, &before.profile);
    assert!(matches!(plain, Ok(OpenedProfile::Plain(_))));
    assert_eq!(
        delete(&node, &format!("/contacts/{id}"))
            .send()
            .await
            .status,
        204
    );
    // What the export has of it is these sealed bytes, and the keyring is no part of it.
    let sealed = node.api().router.open_profile(&contact, &before.profile);
    assert_eq!(sealed, Ok(OpenedProfile::Erased));
}

/// As the contract has it: a contact unregisters itself, and the business does it with a secret key or as a user.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_business_erases_a_contact_where_the_contact_unregisters() {
    let node = TestNode::start().await;
    let person = node.signed_up("+447566224395").await;
    let erase = |id: &str| {
        let path = format!("/self-service/v2/contacts/{id}");
        node.ask(Method::DELETE, &path).without("api_key")
    };
    let reads = json!({ "name": "reads", "type": "SECRET", "scopes": ["contacts.read"] });
    let reads = node
        .post("/api_keys", &reads)
        .with("api_key", &node.secret_key("test"));
    let reads = reads.send().await.text("value");
    let weak = erase(&person.id).with("api_key", &reads).send().await;
    assert_eq!(weak.problem(), refused(403, "insufficient_scope"));
    let live = node.secret_key("live");
    let of_other_mode = erase(&person.id).with("api_key", &live).send().await;
    assert_eq!(of_other_mode.problem(), refused(404, "not_found"));
    assert_eq!(person.read(&node).send().await.status, 200);
    let test = node.secret_key("test");
    let erased = erase(&person.id).with("api_key", &test).send().await;
    assert_eq!(erased.status, 200, "{erased:?}");
    assert_eq!(erased.text("id"), person.id);
    assert_eq!(
        person.read(&node).send().await.problem(),
        refused(401, "invalid_token")
    );
    let again = erase(&person.id).with("api_key", &test).send().await;
    assert_eq!(again.problem(), refused(404, "not_found"));
    // A user, in the mode that its session looks at; by the contact's code as well.
    let id = created(&node, json!({ "code": "BY-CODE" })).await;
    let user = format!("Bearer {}", node.owner().await.access);
    let unknown = erase("NO-SUCH-CODE").with("authorization", &user);
    assert_eq!(unknown.send().await.problem(), refused(404, "not_found"));
    let erased = erase("BY-CODE").with("authorization", &user).send().await;
    assert_eq!(erased.status, 200, "{erased:?}");
    let gone = node.get(&format!("/contacts/{id}")).send().await;
    assert_eq!(gone.problem(), refused(404, "not_found"));
}
