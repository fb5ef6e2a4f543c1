//! A contact is found by what it is known by, in its own world only.

use serde_json::json;

use crate::node::{Answer, TestNode};

const NOT_UNIQUE: &str = "COM.CRM.EXCEPTIONS.CONTACTUNIQUELYIDENTIFYEXCEPTION";

/// The ids of the contacts of a page.
fn ids(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{page:?}");
    let content = page.json()["content"].as_array().unwrap().clone();
    let id = |one: &serde_json::Value| one["id"].as_str().unwrap().to_owned();
    content.iter().map(id).collect()
}

async fn find(node: &TestNode, query: &str) -> Vec<String> {
    ids(&node.get(&format!("/contacts?{query}")).send().await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_number_belongs_to_one_contact_however_it_is_written() {
    let mut node = TestNode::start().await;
    let with = |phone: serde_json::Value| json!({ "phones": [phone] });
    let first = with(json!({ "number": "+44 20 7946 0018" }));
    let created = node.post("/contacts", &first).send().await;
    assert_eq!(created.status, 201, "{created:?}");
    let id = created.text("id");
    for same in [
        json!({ "number": "+442079460018" }),
        json!({ "number": "020 7946 0018", "country_code": "GBR" }),
    ] {
        let answer = node.post("/contacts", &with(same)).send().await;
        assert_eq!(answer.problem(), (400, "contact_not_unique".to_owned()));
        assert_eq!(answer.text("error"), NOT_UNIQUE);
        assert!(answer.text("detail").contains("phone"), "{answer:?}");
    }
    node.restart().await;
    for query in [
        "phone=%2B442079460018",
        "phone=020%207946%200018&country_code=GBR",
    ] {
        assert_eq!(find(&node, query).await.join(" "), id, "{query}");
    }
    assert!(find(&node, "phone=020%207946%200018").await.is_empty());
    assert!(find(&node, "phone=%2B44207946001").await.is_empty());

    let elsewhere = node.post("/contacts", &first);
    let elsewhere = elsewhere.with("api_key", &node.secret_key("test"));
    assert_eq!(elsewhere.send().await.status, 201);

    let twice = json!({ "phones": [
        { "number": "+44 20 7946 0019" }, { "number": "+44 (0)20 7946 0019" },
    ] });
    assert_eq!(node.post("/contacts", &twice).send().await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_phone_number_is_refused_where_it_stands() {
    let node = TestNode::start().await;
    let body = json!({ "code": "NO-PHONE", "phones": [
        { "number": "+44 20 7946 0018" }, { "number": "020 7946 0020" },
    ] });
    let refused = node.post("/contacts", &body).send().await;
    assert_eq!(refused.problem(), (422, "invalid_request".to_owned()));
    assert_eq!(refused.json()["errors"][0]["pointer"], "/phones/1/number");
    assert!(find(&node, "code=NO-PHONE").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_is_found_by_what_fits_as_a_whole() {
    let node = TestNode::start().await;
    let body = json!({
        "id": "OWN-1", "code": "CODE-1", "first_name": "Ada", "last_name": "Byron",
        "email_address": "Ada@Example.test", "phones": [{ "number": "+44 20 7946 0018" }],
    });
    assert_eq!(node.post("/contacts", &body).send().await.status, 201);
    let other = json!({ "code": "CODE-2" });
    assert_eq!(node.post("/contacts", &other).send().await.status, 201);

    for query in [
        "code=CODE-1",
        "email_address=ada@example.TEST",
        "code=CODE-1&phone=%2B442079460018&email_address=ada@example.test",
    ] {
        assert_eq!(find(&node, query).await, ["OWN-1"], "{query}");
        let by_test = node.get(&format!("/contacts?{query}"));
        let by_test = by_test.with("api_key", &node.secret_key("test"));
        assert!(ids(&by_test.send().await).is_empty(), "{query}");
    }
    for query in [
        "code=CODE",
        "code=code-1",
        "email_address=ada@example",
        "code=CODE-2&email_address=ada@example.test",
        "cim=CODE-1",
        "code=CODE-1&page=2",
    ] {
        assert!(find(&node, query).await.is_empty(), "{query}");
    }
    let page = node.get("/contacts?code=CODE-1&include_wallet=true");
    let page = page.send().await.json();
    assert_eq!(page["content"][0]["name"], "Ada Byron");
    assert_eq!(page["content"][0]["code"], "CODE-1");
    assert_eq!(page["content"][0]["wallet"]["balance"], 0);
    assert_eq!(page["paging"]["has_more"], false);
    let shown = node.get("/contacts/CODE-1").send().await.json();
    assert_eq!(page["content"][0]["wallet"]["id"], shown["wallet"]["id"]);

    for (query, found) in [
        ("code=CODE-1&search_value=byr", 1),
        ("code=CODE-1&search_value=CODE-1", 1),
        ("code=CODE-1&search_value=CODE-2", 0),
        ("code=CODE-1&search_value=ben", 0),
    ] {
        assert_eq!(find(&node, query).await.len(), found, "{query}");
    }
    let sized = node.get("/contacts?code=CODE-1&size=101").send().await;
    assert_eq!(sized.json()["errors"][0]["pointer"], "size");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_finds_its_buyer_by_each_name_and_by_exactly_one() {
    let node = TestNode::start().await;
    let contact = json!({
        "id": "crm-7", "code": "GOLD-7", "email_address": "Ada@Example.test",
        "phones": [{ "number": "+44 20 7946 0018" }],
    });
    let id = node.post("/contacts", &contact).send().await.text("id");
    let card = node.post(
        &format!("/contacts/{id}/cards"),
        &json!({ "cim": "card-7" }),
    );
    assert_eq!(card.send().await.status, 201);
    let buy = async |contact: serde_json::Value, card: Option<&str>| {
        let mut body = node.purchase_body(node.contact(0), 20);
        body["contact"] = contact;
        body["payment_medium_identifier"] = json!(card);
        node.post("/purchases", &body).send().await
    };
    let nobody = json!(null);
    for (name, card) in [
        (json!({ "id": "crm-7" }), None),
        (json!({ "code": "GOLD-7" }), Some("not the buyer's")),
        (json!({ "email_address": "ada@example.TEST" }), None),
        (
            json!({ "phone": { "number": "020 7946 0018", "country_code": "GBR" } }),
            None,
        ),
        (nobody.clone(), Some("card-7")),
    ] {
        let answer = buy(name.clone(), card).await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        assert_eq!(answer.json()["contact"]["id"], "crm-7", "{name}");
    }
    for (name, card) in [
        (json!({ "email_address": "eve@example.test" }), None),
        (nobody.clone(), Some("card-8")),
    ] {
        let answer = buy(name.clone(), card).await;
        assert_eq!(
            answer.problem(),
            (400, "unknown_contact".to_owned()),
            "{name}"
        );
    }
    for (name, card) in [
        (json!({}), None),
        (json!({}), Some("card-7")),
        (json!({ "id": "crm-7", "code": "GOLD-7" }), None),
    ] {
        let answer = buy(name.clone(), card).await;
        assert_eq!(
            answer.problem(),
            (422, "invalid_request".to_owned()),
            "{name}"
        );
        assert_eq!(answer.json()["errors"][0]["pointer"], "/contact", "{name}");
    }
}
